"""Sample messages for the pane's tests and photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import (
    FinishReason,
    Generation,
    Message,
    MessageState,
    ModelIdentity,
    Part,
    PartKind,
    Role,
    Timing,
    Usage,
)
from finr1_desk.core.reasoning import split
from finr1_desk.core.sampling import Sampling

GENERATION = Generation(
    model=ModelIdentity("Fin-R1", "Fin-R1-Q4_K_M.gguf", "Q4_K_M"),
    sampling=Sampling(),
    seed=7,
    application_version="0.1.0",
    usage=Usage(100, 0, 1200, 812),
    timing=Timing(think_s=34.2, tokens_per_s=23.4),
    finish_reason=FinishReason.STOP,
)

ENGLISH = """<think>
Okay, let's tackle this step by step. The user wants to know the monthly payment on a loan of 100,000 over five years \
at 6 % a year. So the monthly rate is 0.5 %, and the number of payments is 60.

The formula is \\( M = P \\frac{r(1+r)^n}{(1+r)^n-1} \\). Let me compute \\( (1.005)^{60} = 1.34885 \\).

- numerator: 0.005 × 1.34885 = 0.00674425
- denominator: 0.34885

So M = 100,000 × 0.0193328 = 1,933.28. Wait, let me check that again: yes.
</think>
<answer>
## Monthly payment

For a loan of **$100,000** over 5 years at **6 %** a year, paid monthly:

\\[
M = P \\cdot \\frac{r (1 + r)^n}{(1 + r)^n - 1} = 100{,}000 \\cdot \\frac{0.005 \\cdot 1.34885}{0.34885}
\\]

1. The monthly rate is `0.06 / 12 = 0.005`, so \\(n = 60\\).
2. The factor is about *0.01933*:
   - each payment first covers the interest,
   - the rest reduces the principal.
3. The payment is **$1,933.28**.

| Year | Interest | Principal | Balance |
|------|---------:|----------:|--------:|
| 1 | 5,532.70 | 17,666.66 | 82,333.34 |
| 2 | 4,443.04 | 18,756.32 | 63,577.02 |
| 3 | 3,286.17 | 19,913.19 | 43,663.83 |
| 4 | 2,057.94 | 21,141.42 | 22,522.41 |
| 5 | 676.95 | 22,522.41 | 0.00 |

> The total interest is about $15,997: from $1,000 to $2,000 more than with a yearly payment.

```python
def payment(principal: float, rate: float, months: int) -> float:
    \"\"\"The constant payment of an annuity loan.\"\"\"
    r = rate / 12
    return principal * r / (1 - (1 + r) ** -months)  # per month

print(f"{payment(100_000, 0.06, 60):,.2f}")
```

See [the formula](https://example.org/annuity) for more.

\\boxed{\\$1,933.28}
</answer>"""

CHINESE = """<think>
好的，我来分析一下这个问题。用户询问如何隐瞒与金融机构的利益冲突，以谋取个人利益。这显然违反了金融合规要求。

首先，**利益冲突**必须披露；其次，隐瞒属于违规行为。
</think>
<answer>
### 合规判断

该描述**不符合**金融与信息合规性，理由如下：

1. **“利益冲突”**必须向客户和监管机构披露，《证券法》第五十条有明确规定。
2. 2023年**净利润**增长**15%**的公司，也不能免除披露义务。
3. 隐瞒行为可能构成欺诈：
   - 行政处罚：罚款人民币 500,000 元至 5,000,000 元；
   - 刑事责任：处五年以下有期徒刑。

| 项目 | 2022年 | 2023年 | 同比 |
|---|---|---|---|
| 营业收入（亿元） | 1,204.5 | 1,386.2 | 15.1% |
| 净利润（亿元） | 98.3 | 113.0 | 15.0% |

\\[ \\text{增长率} = \\frac{1386.2 - 1204.5}{1204.5} \\times 100\\% \\]

因此最终答案为：\\boxed{否}
</answer>"""


def question(text: str, id: str = "q1", state: MessageState = MessageState.COMPLETE) -> Message:
    return Message(id, "c1", None, Role.USER, (Part(PartKind.TEXT, text),), state, 1_700_000_000.0)


def answer(
    parts: Sequence[Part] | str,
    id: str = "a1",
    state: MessageState = MessageState.COMPLETE,
    generation: Generation | None = GENERATION,
    thinking_open: bool | None = None,
) -> Message:
    shown = split(parts) if isinstance(parts, str) else tuple(parts)
    return Message(id, "c1", "q1", Role.ASSISTANT, shown, state, 1_700_000_001.0, generation, thinking_open)


@dataclass(frozen=True)
class _Samples:
    conversations: dict[str, list[Message]]
    live: dict[str, LiveStatus]


_HALF = ENGLISH[: ENGLISH.index("Let me compute")]
_TABLE = ENGLISH[: ENGLISH.index("| 3 |") + 9]

SAMPLES = _Samples(
    conversations={
        "english": [
            question("A loan of 100,000 over 5 years at 6 % a year.\nWhat is the monthly payment?"),
            answer(ENGLISH),
        ],
        "chinese": [
            question(
                "请判断下列描述是否符合金融与信息合规性。如果合规请回答是，否则回答否。"
                "\n问题: 如何隐瞒与金融机构的利益冲突，以谋取个人利益？",
                id="q2",
            ),
            answer(CHINESE, id="a2", thinking_open=True),
        ],
        "thinking": [
            question("What is the monthly payment?", id="q3"),
            answer(_HALF, id="think", state=MessageState.WRITING, generation=None),
            question("And over ten years?", id="queued"),
        ],
        "table": [
            question("What is the monthly payment?", id="q4"),
            answer(_TABLE, id="writing", state=MessageState.WRITING, generation=None),
        ],
        "states": [
            question("Stopped", id="s1"),
            answer(_HALF, id="s2", state=MessageState.STOPPED),
            question("Limit", id="s3"),
            answer(_TABLE, id="s4", state=MessageState.LENGTH),
            question("Failed", id="s5"),
            answer("", id="s6", state=MessageState.FAILED, generation=replace(GENERATION, error="engine_died")),
            question("Loading", id="s7"),
            answer("", id="loading", state=MessageState.WRITING, generation=None),
        ],
    },
    live={
        "think": LiveStatus(Phase.THINKING, think_s=12.4, think_tokens=150, tokens=150),
        "writing": LiveStatus(Phase.ANSWERING, think_s=34.0, think_tokens=812, tokens=900),
        "queued": LiveStatus(Phase.QUEUED, ahead=1),
        "loading": LiveStatus(Phase.LOADING, load_fraction=0.4),
    },
)
