"""The rule of thumb for tokens, against what Qwen's own tokeniser makes of such texts."""

from __future__ import annotations

import pytest

from finr1_desk.core.prompts import Turn
from finr1_desk.core.token_estimate import about_tokens

# text, and the tokens that Qwen2.5's vocabulary makes of it
COUNTED = [
    ("Growth of 净利润 from 100 to 120?", 17),
    (
        "公司2023年实现营业收入12,345.67万元,同比增长8.9%,归属于上市公司股东的净利润为1,234.56万元。请计算净利率。",
        45,
    ),
    (
        "A bond with a face value of $1,000 pays a coupon of 5% annually and matures in 10 years. What is its price if "
        "the yield to maturity is 6%?",
        43,
    ),
    (
        "| year | revenue | costs |\n|---|---|---|\n| 2021 | 1,234.5 | 987.6 |\n| 2022 | 1,456.7 | 1,012.3 |\n",
        62,
    ),
    (
        "请根据以下材料判断该交易是否符合合规要求,并说明理由:客户经理在未取得客户书面授权的情况下,代客户操作股票账户。",
        32,
    ),
]


@pytest.mark.parametrize(("text", "tokens"), COUNTED)
def test_it_is_about_right(text: str, tokens: int) -> None:
    assert about_tokens([Turn("user", text)]) - about_tokens([Turn("user", "")]) == pytest.approx(
        tokens, rel=0.2, abs=2
    )


def test_nothing_costs_the_markers_only() -> None:
    assert about_tokens([]) == 0
    assert about_tokens([Turn("user", "")]) == about_tokens([Turn("user", " ")]) > 0
