"""The selection as HTML, for word processors and spreadsheets, which take it before plain text.

Owns this form: whole blocks with their structure, parts of blocks as plain paragraphs, tables as tables. It holds text
only: no styles but alignment, no pictures, nothing that would be fetched.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMimeData

from finr1_desk.core.tables import TextTable
from finr1_desk.export.tables import as_html
from finr1_desk.markup.markdown import Run, RunKind
from finr1_desk.ui.pane.blocks import Block, Code, Heading, ListItem, Maths, Paragraph, Plain, Quote, Rule, Table
from finr1_desk.ui.pane.reading import BULLETS
from finr1_desk.ui.pane.rows import Page, TextRow
from finr1_desk.ui.pane.section_rows import plain_cell
from finr1_desk.ui.pane.selection import Selected, Selection, whole_rows
from finr1_desk.ui.pane.textmap import length, plain_text

if TYPE_CHECKING:
    from finr1_desk.ui.pane.message_view import MessageView
    from finr1_desk.ui.pane.rendering import ReadInline

LONGEST: Final = 200_000  # characters of the selected text; more is copied as plain text only
LONGEST_S: Final = 0.1  # then the window has waited long enough, and the plain text has to do
_TAGS: Final = (("bold", "b"), ("italic", "i"), ("struck", "s"))


def copied(text: str, selection: Selection, views: Sequence[MessageView], page: Page) -> QMimeData:
    """The selected text for the clipboard, with the same as HTML unless it is very long."""
    result = QMimeData()
    result.setText(text)
    html = selection_html(selection, views, page) if len(text) <= LONGEST else ""
    if html:  # where there is an empty one, word processors paste nothing
        result.setHtml(html)
    return result


def selection_html(selection: Selection, views: Sequence[MessageView], page: Page) -> str:
    """The selected text as HTML; empty where nothing is selected, or where it would take too long."""
    deadline = time.perf_counter() + LONGEST_S
    ends = selection.ends
    if ends is None:
        return ""
    pieces: list[str] = []
    for index in range(ends[0].view, min(ends[1].view, len(views) - 1) + 1):
        if views[index].has_more:  # a part of it would be taken for the whole
            return ""
        found = [
            Selected(row, *selected)
            for row in views[index].text_rows()
            if (selected := selection.range_in(index, row)) is not None
        ]
        for piece in _rows_html(found, whole_rows(views[index], found, page), page):
            pieces.append(piece)
            if time.perf_counter() > deadline:
                return ""
    return "".join(_in_lists(pieces))


def _rows_html(found: Sequence[Selected], whole: set[TextRow], page: Page) -> Iterator[str]:
    index = 0
    while index < len(found):
        behind = index + 1
        row = found[index].row
        while behind < len(found) and row is not found[behind].row and row.shares_width_with(found[behind].row):
            behind += 1
        together = found[index:behind]
        if row in whole:
            yield _whole_html([selected.row for selected in together])
        else:
            yield "".join(_part_html(selected, page) for selected in together)
        index = behind


def _whole_html(rows: Sequence[TextRow]) -> str:
    """Rows that are one block: a table or code may come in several."""
    first = rows[0]
    if isinstance(first.block, Table):
        tables = [row.block for row in rows if isinstance(row.block, Table)]
        return _within(first.block, as_html(_text_table(tables, first.read)))
    if isinstance(first.block, Code):
        text = "\n".join(row.block.text for row in rows if isinstance(row.block, Code))
        return _within(first.block, f"<pre>{escape(text)}</pre>")
    return _within(first.block, _block_html(first.block, first.read))


def _within(block: Block, html: str) -> str:
    """The block in the quotes and items in which it is the first to be shown."""
    for level in reversed(block.levels):
        if not level.marker:
            html = f"<blockquote>{html}</blockquote>"
        elif not level.continued:
            html = _item_html(level.marker, html)
    return html


def _part_html(selected: Selected, page: Page) -> str:
    row = selected.row
    document = row.document_for(page).document
    text = plain_text(document, selected.start, min(selected.end, length(document)), {})
    if isinstance(row.block, Table) and "\t" in text:
        lines = [tuple(line.split("\t")) for line in text.split("\n")]
        width = max(map(len, lines))
        cells = [line + ("",) * (width - len(line)) for line in lines]
        return as_html(TextTable(cells[0], tuple(cells[1:])))
    return f"<p>{_lines(text)}</p>" if text else ""


def _block_html(block: Block, read: ReadInline) -> str:
    match block:
        case Paragraph():
            return f"<p>{_inline(read(block.text))}</p>"
        case Heading():
            return f"<h{block.level}>{_inline(read(block.text))}</h{block.level}>"
        case Quote():
            return f"<blockquote>{_children(block.children, read)}</blockquote>"
        case ListItem():
            return _item_html(block.marker, _children(block.children, read))
        case Rule():
            return "<hr>"
        case Maths() | Plain():
            return f"<p>{_lines(block.text)}</p>"
        case _:
            return ""


def _item_html(marker: str, html: str) -> str:
    tag, number = ("ul", "") if marker in BULLETS else ("ol", marker.rstrip(".)"))
    start = f' start="{number}"' if number and number != "1" else ""
    return f"<{tag}{start}><li>{html}</li></{tag}>"


def _children(children: Sequence[Block], read: ReadInline) -> str:
    if len(children) == 1 and isinstance(children[0], Paragraph):
        return _inline(read(children[0].text))
    return "".join(_in_lists([_block_html(child, read) for child in children]))


def _in_lists(pieces: Sequence[str]) -> list[str]:
    """Items that follow each other, as items of one list."""
    joined: list[str] = []
    for piece in pieces:
        tag = piece[1:3]
        if tag in ("ol", "ul") and joined and joined[-1].endswith(f"</{tag}>"):
            joined[-1] = joined[-1].removesuffix(f"</{tag}>") + piece[piece.index(">") + 1 :]
        else:
            joined.append(piece)
    return joined


def _inline(runs: Sequence[Run]) -> str:
    return "".join(map(_run_html, runs))


def _run_html(run: Run) -> str:
    if run.kind is RunKind.BREAK:
        return "<br>"
    text = _lines(run.text)
    if run.kind is RunKind.CODE:
        text = f"<code>{text}</code>"
    for attribute, tag in _TAGS:
        if getattr(run, attribute):
            text = f"<{tag}>{text}</{tag}>"
    return f'<a href="{escape(run.href)}">{text}</a>' if run.href and run.kind is not RunKind.NOTE else text


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _text_table(pieces: Sequence[Table], read: ReadInline) -> TextTable:
    def plain(cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(plain_cell(read(cell)) for cell in cells)

    rows = tuple(plain(cells) for piece in pieces for cells in piece.rows)
    return TextTable(plain(pieces[0].header), rows)
