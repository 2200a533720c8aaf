"""Paints what is in view: the banner, the grounds of messages, their rows, the selection.

Owns the order of painting. It lays nothing out but documents that were dropped, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from finr1_desk.ui.pane.chrome import BoxedRow, ChromeRow, paint_control
from finr1_desk.ui.pane.controls import Controls
from finr1_desk.ui.pane.documents import Documents
from finr1_desk.ui.pane.finding import Finding
from finr1_desk.ui.pane.flow import HEAD, Flow, Placed
from finr1_desk.ui.pane.furniture import Banner
from finr1_desk.ui.pane.links import paint_focused_link
from finr1_desk.ui.pane.message_view import MessageView
from finr1_desk.ui.pane.rows import Control, Page, TextRow
from finr1_desk.ui.pane.selection import Selection
from finr1_desk.ui.pane.table_controls import paint_header_control
from finr1_desk.ui.pane.textmap import length


class Canvas:
    """Paints one pane, from its parts."""

    def __init__(
        self,
        flow: Flow,
        selection: Selection,
        finding: Finding,
        controls: Controls,
        documents: Documents,
        banner: Banner,
    ) -> None:
        self._flow = flow
        self._finding = finding
        self._selection = selection
        self._controls = controls
        self._documents = documents
        self._banner = banner

    def paint(self, painter: QPainter, page: Page, clip: QRectF) -> list[tuple[MessageView, TextRow]]:
        """Paints the part of the viewport that `clip` names; returns the rows of text that were painted."""
        painted: list[tuple[MessageView, TextRow]] = []
        painter.fillRect(clip, page.look.color("window"))
        if self._flow.value < self._flow.head:
            self._banner.paint(painter, page, HEAD - self._flow.value)
        grounds: set[int] = set()
        for placed in self._flow.placed():
            if placed.view_index not in grounds:
                grounds.add(placed.view_index)
                placed.view.paint_ground(painter, page, self._flow.view_top(placed), clip)
            if placed.top - placed.row.gap > clip.bottom() or placed.bottom < clip.top():
                continue
            if isinstance(placed.row, TextRow):
                self._paint_text(painter, page, placed, placed.row, clip)
                painted.append((placed.view, placed.row))
            elif isinstance(placed.row, ChromeRow):
                shown = self._is_shown(placed, placed.row)
                paint = placed.row.paint if shown else placed.row.paint_standing
                paint(painter, page, placed.top, self._state_of(placed))
        return painted

    def _paint_text(self, painter: QPainter, page: Page, placed: Placed, row: TextRow, clip: QRectF) -> None:
        selected = self._selection.range_in(placed.view_index, row)
        if selected is not None:
            last = length(row.document_for(page).document)
            selected = min(selected[0], last), min(selected[1], last)
        marks = self._finding.marks_in(placed.view_index, row)
        if selected is not None:
            marks.append((*selected, "selection"))
        row.paint(painter, page, placed.top, clip, marks)
        self._documents.keep(row)
        if isinstance(row, BoxedRow):  # the one thing that most readers take along: it need not be looked for
            row.paint_controls(painter, page, placed.top, self._state_of(placed))
        elif row.controls:
            self._paint_controls(painter, page, placed, row)
        focused = self._controls.focused
        if focused is not None and focused.message_id == placed.view.message.id:
            paint_focused_link(painter, row, page, placed.top, focused.action)

    def _paint_controls(self, painter: QPainter, page: Page, placed: Placed, row: TextRow) -> None:
        state = self._state_of(placed)
        are_shown = self._controls.are_shown_of(placed.view.message.id, row)
        for control in row.controls:
            if control.over_text:
                area = control.rect.translated(page.x, placed.top)
                paint_header_control(painter, page.look, area, state(control), control.descending)
            elif are_shown:
                paint_control(painter, page, control, placed.top, state(control))

    def _is_shown(self, placed: Placed, row: ChromeRow) -> bool:
        return not row.on_demand or self._controls.are_shown(placed.view.message.id)

    def _state_of(self, placed: Placed) -> Callable[[Control], str]:
        return lambda control: self._controls.state_of(placed.view.message.id, control.action)
