"""Inline Markdown: emphasis beside Chinese punctuation, formulas that stay as they are, links, images, raw HTML."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.markup.markdown import Markdown, Run, RunKind, cleaned


def _bold(runs: list[Run]) -> list[str]:
    return [run.text for run in runs if run.bold]


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("**净利润**增长", ["净利润"]),
        ("**“收入”**增长", ["“收入”"]),
        ("公司的**“收入”**增长", ["“收入”"]),
        ("这是**“收入”**2023年", ["“收入”"]),
        ("**净利润：**2023年", ["净利润："]),
        ("增长了**+15%**的", ["+15%"]),
        ("**收入(亿元)**为", ["收入(亿元)"]),
        ("**（一）收入**、成本", ["（一）收入"]),
        ("a **b** c", ["b"]),
        ("in**side**words", ["side"]),
        ("2 ** 3 ** 4", []),
        ("** not bold**", []),
        ("a**“b”**c", []),  # Western text keeps the rules of CommonMark
    ],
)
def test_bold(markdown: Markdown, text: str, bold: list[str]) -> None:
    assert _bold(markdown.runs(text, {})) == bold


@pytest.mark.parametrize(
    "formula", [r"\[ a_1 * b_2 \]", r"\(x*y*z\)", r"$$a*b*c_d_e$$", r"\( \text{营业收入} \times 5\% \)", r"\(a \\ b\)"]
)
def test_a_formula_survives_markdown(markdown: Markdown, formula: str) -> None:
    runs = markdown.runs(f"before *it* {formula} after", {})
    assert [run.text for run in runs if run.kind is RunKind.MATHS] == [formula]
    assert [run.text for run in runs if run.italic] == ["it"]


@pytest.mark.parametrize("text", ["$1,000 to $2,000", "from \\( on", "a \\[ b", "costs $$ a lot", "$$$$"])
def test_what_is_no_formula_stays_text(markdown: Markdown, text: str) -> None:
    assert [(run.kind, run.text) for run in markdown.runs(text, {})] == [(RunKind.TEXT, text)]


def test_a_formula_on_lines_of_its_own_is_one_block(markdown: Markdown) -> None:
    tokens = markdown.blocks("text\n\\[\na_1 * b_2\n= c\n\\]\nafter", {})
    assert [token.content for token in tokens if token.type == "maths_block"] == ["\\[\na_1 * b_2\n= c\n\\]"]


@settings(max_examples=500)
@given(st.text("[]!()^*a<> \n\\", max_size=30))
def test_brackets_that_nothing_closes_are_read_as_before(text: str) -> None:
    quick, plain = Markdown(), Markdown()
    plain._parser.inline.ruler.disable("unclosed")
    assert quick.runs(text, {}) == plain.runs(text, {})


def test_an_opener_that_is_never_closed_does_not_swallow_the_rest(markdown: Markdown) -> None:
    tokens = markdown.blocks("\\[ a\n\n# heading\n\n- item", {})
    assert [token.type for token in tokens if token.type in ("maths_block", "heading_open", "bullet_list_open")] == [
        "heading_open",
        "bullet_list_open",
    ]


def test_a_boxed_answer_is_shown_as_plain_text(markdown: Markdown) -> None:
    runs = markdown.runs(r"**Answer:** \boxed{-15\%}", {})
    assert [(run.kind, run.text) for run in runs] == [
        (RunKind.TEXT, "Answer:"),
        (RunKind.TEXT, " "),
        (RunKind.BOXED, "-15%"),
    ]


def test_links_lead_to_the_web_or_to_mail_only(markdown: Markdown) -> None:
    text = (
        "[a](https://a.example/x_y_z) [b](mailto:b@b.example) [c](file:///etc/passwd) [d](javascript:alert(1)) "
        "<https://e.example> [f](data:text/html,x) [g](relative.html)"
    )
    found = [(run.text, run.href) for run in markdown.runs(text, {}) if run.text.strip()]
    assert found == [
        ("a", "https://a.example/x_y_z"),
        ("b", "mailto:b@b.example"),
        ("c", ""),
        ("d", ""),
        ("https://e.example", "https://e.example"),
        ("f", ""),
        ("g", ""),
    ]


def test_an_image_is_its_alternative_text(markdown: Markdown) -> None:
    runs = markdown.runs("![a *chart*](file:///dev/zero) ![](https://x.example/y.png)", {})
    assert [(run.kind, run.text) for run in runs if run.text != " "] == [
        (RunKind.IMAGE, "a chart"),
        (RunKind.IMAGE, ""),
    ]


def test_raw_html_is_text(markdown: Markdown) -> None:
    runs = markdown.runs('<b>x</b> <img src="file:///dev/zero"> <script>', {})
    assert "".join(run.text for run in runs) == '<b>x</b> <img src="file:///dev/zero"> <script>'
    assert not any(run.bold for run in runs)


def test_single_tildes_mean_about(markdown: Markdown) -> None:
    runs = markdown.runs("~5% to ~6%, ~~gone~~", {})
    assert [run.text for run in runs if run.struck] == ["gone"]
    assert "".join(run.text for run in runs) == "~5% to ~6%, gone"


def test_text_below_the_nesting_limit_is_not_left_out(markdown: Markdown) -> None:
    tokens = markdown.blocks(">" * 1000 + " deep\n\nafter", {})
    assert any(token.type == "literal" and "deep" in token.content for token in tokens)
    assert tokens[-2].content == "after"


def test_cleaned_text_holds_nothing_that_a_layout_takes_for_its_own() -> None:
    assert cleaned("a\x00b\ud800c\r\nd\re\u2029f\ufdd0g\ufffch") == "a\ufffdb\ufffdc\nd\ne f\ufffdg\ufffdh"
