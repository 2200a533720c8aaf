"""Formulas become SVG that text can be set around; what cannot be drawn is refused."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from finr1_desk.markup.formulas import Formula, FormulaError, delimited, render
from finr1_desk.markup.tex import LONGEST

DRAWN = [
    r"\text{Net Income} = 500,\!000 - 350,\!000 = 150,\!000",
    r"\text{Yield} = \left( \frac{1,000 - 950}{950} \right) \times 100\% \approx 5.26\%",
    r"\$2,000 \times 20 = \$40,000",
    r"$500,000 - $350,000",
    r"\frac{5829 - 5735}{5735} = 1.64%",
    r"\boxed{x=\text{营业收入增长 5\%}}",
    r"\begin{aligned}a&=b+c\\&=\frac{d}{e}\end{aligned}",
    r"\begin{align}a&=b\end{align}",
    r"a &= b \\ &= d",
    r"a = b \\ c = d \\",
    r"\begin{equation}a=b\end{equation}",
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{vmatrix}1&2\\3&4\end{vmatrix}",
    r"f(x)=\begin{cases}1&\text{if }x>0\\0&x\le 0\end{cases}",
    r"\begin{array}{lcr}a&b&c\\ \hline 1&2&3\end{array}",
    r"\binom{n}{\frac{k}{2}}",
    r"\text{NPV} = \sum_{t=1}^{n} \frac{CF_t}{(1+r)^t} - C_0 \tag{1}",
    r"\text{if $x>0$ and \textbf{more} {so}}",
    r"10\text{-year} \text{}",
    r"\color{red}{x} + \textcolor{blue}{y}",
    "\\mathrm{ROE}\n= \\frac{1}{2} \\label{eq}",
    "x\u202e\u0000 = 5",
]
REFUSED = [
    "",
    " ",
    "\u200b",
    r"\unknown{x}",
    r"x + \eqref{a}",
    r"\text{see \ref{x}}",
    r"\frac{1}",
    r"\left( x",
    "x}",
    "{x",
    "x_{",
    r"\begin{foo}x\end{foo}",
    r"\begin{aligned}x",
    r"\begin{aligned}x\end{cases}",
    "x" * (LONGEST + 1),
    "{" * 60 + "x" + "}" * 60,
    "\ue000",
    r"\binom{n}",
]


@pytest.mark.parametrize("source", DRAWN)
@pytest.mark.parametrize("displayed", [False, True])
def test_a_formula_becomes_svg(source: str, displayed: bool) -> None:
    drawn = render(source, displayed=displayed)
    root = ElementTree.fromstring(drawn.svg)
    assert len(list(root)) > 0
    assert 0 < drawn.width < 60
    assert 0 < drawn.height < 12
    _, top, width, height = map(float, root.attrib["viewBox"].split())
    assert (width / 20, height / 20, -top / 20) == pytest.approx((drawn.width, drawn.height, drawn.ascent), abs=0.01)
    assert root.attrib["fill"] == "currentColor"
    assert {element.get("fill") for element in root.iter()} <= {"currentColor", "none", None}
    assert "use" not in {element.tag.rpartition("}")[2] for element in root.iter()}  # SVG 2, which QtSvg cannot paint


@pytest.mark.parametrize("source", REFUSED)
def test_what_cannot_be_drawn_faithfully_is_refused(source: str) -> None:
    with pytest.raises(FormulaError):
        render(source, displayed=True)


def texts(drawn: Formula) -> str:
    return "".join(element.text or "" for element in ElementTree.fromstring(drawn.svg).iter() if "text" in element.tag)


def test_chinese_stays_text_in_the_room_it_needs() -> None:
    drawn = render(r"\frac{\text{净利润}}{营业收入} = 15\%", displayed=True)
    assert texts(drawn) == "净利润营业收入"
    assert render(r"\text{营业收入}", displayed=False).width == pytest.approx(4, abs=0.3)
    assert "bold" in render(r"\textbf{净}", displayed=False).svg


def test_a_formula_stands_on_its_baseline() -> None:
    letter, fraction = render("x", displayed=False), render(r"\frac{a}{b}", displayed=True)
    assert letter.depth < 0.15
    assert letter.ascent > 0.3
    assert fraction.depth > 0.4
    assert fraction.ascent > 0.8


def test_thousands_are_set_close() -> None:
    figure, terms = render("1,000", displayed=False), render("1, 0", displayed=False)
    assert render(r"1,\!000", displayed=False) == figure == render("1{,}000", displayed=False)
    assert figure.width < terms.width + 2 * 0.6


def test_amounts_are_no_comments_and_no_delimiters() -> None:
    assert render("5%", displayed=False) == render(r"5\%", displayed=False)
    assert render("$5", displayed=False) == render(r"\$5", displayed=False)


def test_colour_is_put_in_by_who_paints() -> None:
    drawn = render(r"\boxed{x}", displayed=False)
    assert "currentColor" not in drawn.coloured("#123456")
    assert re.search(r'stroke="#123456"', drawn.coloured("#123456"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\( x \)", ("x", False)),
        (r"\[ x \]", ("x", True)),
        ("\\[\nx\n\\],", ("x", True)),
        ("$$x$$", ("x", True)),
        ("$x$", ("x", False)),
        ("x", ("x", False)),
    ],
)
def test_delimiters_are_taken_off(source: str, expected: tuple[str, bool]) -> None:
    assert delimited(source) == expected


@pytest.mark.parametrize(
    ("source", "across", "upright"),
    [
        (r"\begin{array}{c|c} a & b \\ \hline 1 & 2 \end{array}", 1, 1),
        (r"\begin{array}{|l|rr|} \hline x & y & z \\ \hline\hline 1 & 2 & 3 \\ 4 & 5 & 6 \\ \hline \end{array}", 4, 3),
        (r"\left[\begin{array}{cc|c} 1 & 0 & 3 \\ 0 & 1 & 4 \end{array}\right]", 0, 1),
        (r"\begin{tabular}{lr} \toprule \text{年份} & 1 \\ \midrule 2022 & 2 \\ \bottomrule \end{tabular}", 3, 0),
        (r"\begin{array}{lr} a & b \\ c & d \end{array}", 0, 0),
        (r"\begin{array}{c|cc} a & b & c \\ \cline{2-3} d & e & f \\ \hline g & h & i \end{array}", 2, 1),
        (
            r"\begin{array}{lcc} a & b & c \\ \cmidrule(lr){2-2}\cmidrule{3-9} d & e & f \\ \cline{1-1} \end{array}",
            3,
            0,
        ),
        (r"\begin{array}{c|c} \begin{array}{c} a \\ \hline b \end{array} & c \end{array}", 1, 1),
    ],
)
def test_rules_of_arrays_are_drawn(source: str, across: int, upright: int) -> None:
    svg = ElementTree.fromstring(render(source, displayed=True).svg)
    bars = [element for element in svg.iter() if element.tag.endswith("rect")]
    wide = [bar for bar in bars if float(bar.get("width", 0)) > float(bar.get("height", 0))]
    assert (len(wide), len(bars) - len(wide)) == (across, upright)
    left, _, width, _ = map(float, svg.get("viewBox", "").split())
    assert all(left <= float(bar.get("x", -1)) <= left + width for bar in bars)


def test_a_rule_below_a_part_of_a_row_stands_below_that_part() -> None:
    whole, part = (
        render(rf"\begin{{array}}{{ccc}} a & b & c \\ {rule} d & e & f \end{{array}}", displayed=True).svg
        for rule in (r"\hline", r"\cline{2-3}")
    )
    (long,), (short,) = (
        [element for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("rect")]
        for svg in (whole, part)
    )
    assert float(short.get("y", 0)) == pytest.approx(float(long.get("y", 0)))
    assert float(short.get("x", 0)) > float(long.get("x", 0))
    assert 0.5 < float(short.get("width", 0)) / float(long.get("width", 0)) < 0.8


def test_a_rule_outside_of_a_table_is_refused() -> None:
    with pytest.raises(FormulaError):
        render(r"a \hline b", displayed=True)
