"""From a block to its document: fonts, lines of equal height, tables, positions of characters."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QTextBlock, QTextDocument
from PySide6.QtWidgets import QApplication

from finr1_desk.markup.markdown import Markdown
from finr1_desk.ui.look.theme import DARK, LIGHT, TEXT_WIDTH_EM
from finr1_desk.ui.pane.blocks import Block, Table
from finr1_desk.ui.pane.look import Look, Tone
from finr1_desk.ui.pane.rendering import Rendered, Renderer
from finr1_desk.ui.pane.stream import BlockStream
from finr1_desk.ui.pane.tables import TableWidths
from finr1_desk.ui.pane.textmap import length, plain_text, position_at, range_rects

WIDTH = 600


@pytest.fixture
def look(qapp: QApplication) -> Look:
    return Look(LIGHT, 100)


def _blocks(markdown: Markdown, text: str) -> tuple[list[Block], BlockStream]:
    stream = BlockStream(markdown)
    stream.update(text, finished=True)
    return stream.blocks, stream


def _render(markdown: Markdown, look: Look, text: str, width: float = WIDTH) -> Rendered:
    blocks, stream = _blocks(markdown, text)
    assert len(blocks) == 1
    renderer = Renderer(look, Tone.ANSWER, lambda inline: markdown.runs(inline, stream.env), width)
    rendered = renderer.render(blocks[0])
    rendered.document.size()
    return rendered


def _paragraphs(document: QTextDocument) -> list[QTextBlock]:
    found = []
    block = document.firstBlock()
    while block.isValid():
        found.append(block)
        block = block.next()
    return found


def _line_distances(document: QTextDocument) -> set[float]:
    layout = document.firstBlock().layout()
    bottoms = [layout.lineAt(n).y() + layout.lineAt(n).height() for n in range(layout.lineCount())]
    return {round(lower - upper, 2) for upper, lower in itertools.pairwise(bottoms)}


def test_chinese_and_latin_lines_are_equally_high(markdown: Markdown, look: Look) -> None:
    latin = _render(markdown, look, "The interest falls every month. " * 20)
    chinese = _render(markdown, look, "每月支付的利息逐渐减少，本金逐渐增加。" * 20)
    mixed = _render(markdown, look, "净利润 net profit 增长 15 % " * 20)
    assert _line_distances(latin.document) == _line_distances(mixed.document) == {look.line}
    assert _line_distances(chinese.document) == {look.line}
    assert look.line >= 1.5 * look.em


def test_the_column_is_not_wider_than_an_eye_follows(look: Look) -> None:
    left, width = look.column(2000)
    assert width <= TEXT_WIDTH_EM * look.em + 1
    assert left == pytest.approx((2000 - width) / 2, abs=1)
    left, width = look.column(400)
    assert left + width <= 400


def test_code_is_set_in_a_fixed_font(markdown: Markdown, look: Look) -> None:
    rendered = _render(markdown, look, "```\nif i:\n    mmm\n```")
    metrics = QFontMetricsF(rendered.document.firstBlock().begin().fragment().charFormat().font())
    assert metrics.horizontalAdvance("iiii") == metrics.horizontalAdvance("mmmm")


def test_figures_are_set_flush_right_also_where_the_table_does_not_say_so(markdown: Markdown, look: Look) -> None:
    text = "| 项目 | 2023 | 说明 | x |\n|---|---|---|:-:|\n| 收入 | 1,204.5 | 好 | 1 |\n| 利润 | -3.2% | 坏 | 2 |"
    rendered = _render(markdown, look, text)
    table, _ = rendered.tables[0]
    alignments = [
        table.cellAt(1, column).firstCursorPosition().blockFormat().alignment() for column in range(table.columns())
    ]
    right, left = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
    assert [bool(alignment & right) for alignment in alignments] == [False, True, False, False]
    assert alignments[3] == Qt.AlignmentFlag.AlignHCenter
    assert alignments[0] & left or not alignments[0]


def test_no_word_of_a_table_is_broken_where_there_is_room(markdown: Markdown, look: Look) -> None:
    rows = "\n".join(
        f"| {year} | {year * 17.37:,.2f} | {year * 8.11:,.2f} | Wesentliches {year} |" for year in range(12)
    )
    rendered = _render(markdown, look, f"| Year | Interest | Principal | Remark |\n|---|---:|---:|---|\n{rows}")
    assert {block.layout().lineCount() for block in _paragraphs(rendered.document)} == {1}


def test_a_header_that_is_wider_than_its_figures_stays_on_one_line(markdown: Markdown, look: Look) -> None:
    rows = "\n".join(f"| 202{n} | {figure} |" for n, figure in enumerate(("1,000.0", "1,200.0", "1,450.5")))
    rendered = _render(markdown, look, f"| Year | Revenue |\n|---|---|\n{rows}")
    assert {block.layout().lineCount() for block in _paragraphs(rendered.document)} == {1}


def test_a_table_that_is_too_wide_is_as_wide_as_its_longest_words(markdown: Markdown, look: Look) -> None:
    head = "|" + "a_long_column_name|" * 12
    rendered = _render(markdown, look, f"{head}\n|{'---|' * 12}\n|{'1,000,000.00|' * 12}")
    assert rendered.width > WIDTH
    blocks = [block for block in _paragraphs(rendered.document) if block.text()]
    assert {block.layout().lineCount() for block in blocks} == {1}


def test_widths_only_grow_while_a_table_is_written(markdown: Markdown, look: Look) -> None:
    widths = TableWidths()
    before = [0.0, 0.0]
    for text in (
        "| a | b |\n|---|---|",
        "| a | b |\n|---|---|\n| a long cell | 1 |",
        "| a | b |\n|---|---|\n| x | 22 |",
    ):
        block = _blocks(markdown, text)[0][0]
        assert isinstance(block, Table)
        widths.add(block, look)
        columns = widths.columns(WIDTH)
        assert all(new >= old for new, old in zip(columns, before, strict=True))
        before = columns


def _pieces(markdown: Markdown, rows: int) -> list[Table]:
    lines = "\n".join(f"| item {'x' * (row % 37)} | {row * 1204.5:,.1f} |" for row in range(rows))
    return [block for block in _blocks(markdown, f"| a | b |\n|---|---|\n{lines}")[0] if isinstance(block, Table)]


@pytest.mark.parametrize("rows", [0, 1, 21, 400])
def test_columns_are_as_wide_whenever_their_widths_are_asked_for(markdown: Markdown, look: Look, rows: int) -> None:
    asked_last, asked_always = TableWidths(), TableWidths()
    for piece in _pieces(markdown, rows):
        asked_last.add(piece, look)
        asked_always.add(piece, look)
        asked_always.columns(WIDTH)
    assert asked_last.columns(WIDTH) == asked_always.columns(WIDTH)
    assert asked_last.full == asked_always.full
    assert asked_last.right_aligned == asked_always.right_aligned == (False, True)


def test_pieces_that_change_columns_shown_already_say_so(markdown: Markdown, look: Look) -> None:
    widths = TableWidths()
    first, *others = _pieces(markdown, 60)
    assert not widths.add(first, look), "nothing was laid out with it"
    widths.columns(WIDTH)
    assert [widths.add(piece, look) for piece in (first, others[0])] == [False, True]


def test_a_table_that_was_not_seen_takes_the_fonts_of_when_it_is(markdown: Markdown, look: Look) -> None:
    large = Look(LIGHT, 200)
    widths, expected = TableWidths(), TableWidths()
    for piece in _pieces(markdown, 21):
        widths.add(piece, look)
        expected.add(piece, large)
    widths.measure_again(large)
    assert widths.columns(WIDTH) == expected.columns(WIDTH)


@pytest.mark.parametrize(
    "text",
    [
        "A paragraph with **bold**, `code` and 中文 that is long enough to be folded more than once. " * 3,
        "# A heading",
        "1. first\n   - nested\n   - items\n\n   and more",
        "| a | b |\n|---|--:|\n| one | 1.00 |\n| two | 22.00 |",
        "```python\nx = 1\n\ny = 2\n```",
        "> quoted\n>\n> > twice",
        "\\[ a_1 * b_2 \\]",
        "right to left: \u05e9\u05dc\u05d5\u05dd and emoji 😀",
    ],
)
def test_every_visible_character_has_a_rectangle_and_is_found_under_it(
    markdown: Markdown, look: Look, text: str
) -> None:
    document = _render(markdown, look, text).document
    checked = 0
    for block in _paragraphs(document):
        for offset, char in enumerate(block.text()):
            if char.isspace() or ord(char) > 0x2000 or "\u0590" <= char <= "\u05ff":
                continue
            position = block.position() + offset
            (rect,) = range_rects(document, position, position + 1)
            assert rect.width() > 0
            assert rect.height() > 0
            assert position_at(document, QPointF(rect.left() + 0.2 * rect.width(), rect.center().y())) == position
            checked += 1
    assert checked > 3


def test_a_range_over_several_lines_has_a_rectangle_for_each(markdown: Markdown, look: Look) -> None:
    document = _render(markdown, look, "word " * 100).document
    lines = document.firstBlock().layout().lineCount()
    assert lines > 2
    rects = range_rects(document, 0, length(document))
    assert len(rects) == lines
    assert all(upper.bottom() <= lower.top() + 0.5 for upper, lower in itertools.pairwise(rects))


def test_the_text_of_a_table_has_tabs_and_that_of_a_list_its_markers(markdown: Markdown, look: Look) -> None:
    table = _render(markdown, look, "| a | b |\n|---|---|\n| **one** | 2 |").document
    assert plain_text(table, 0, length(table), {}) == "a\tb\none\t2"
    rendered = _render(markdown, look, "3. first\n   - nested 😀x\n   - two")
    markers = {marker.block: marker.text for marker in rendered.markers}
    document = rendered.document
    assert plain_text(document, 0, length(document), markers) == "3. first\n– nested 😀x\n– two"
    assert plain_text(document, 2, 8, markers) == "rst\n– ne"


def test_every_colour_comes_from_the_theme(markdown: Markdown, qapp: QApplication) -> None:
    for theme in (LIGHT, DARK):
        look = Look(theme, 100)
        document = _render(markdown, look, "**a** [b](https://c.example) `d`").document
        known = {theme.color(name).name() for name in ("text", "accent", "muted")}
        iterator = document.firstBlock().begin()
        seen = set()
        while not iterator.atEnd():
            seen.add(iterator.fragment().charFormat().foreground().color().name())
            iterator += 1
        assert seen
        assert seen <= known


def test_text_scales(qapp: QApplication) -> None:
    usual, large = Look(LIGHT, 100), Look(LIGHT, 200)
    assert large.em == pytest.approx(2 * usual.em, rel=0.1)
    assert large.line >= 1.5 * large.em
