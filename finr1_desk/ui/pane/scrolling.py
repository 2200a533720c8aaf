"""The scroll bar and the button that leads to new text, kept in step with the flow.

Owns the two directions: what the bar shows follows from the flow, and where a reader moves the bar goes to the flow.
"""

from __future__ import annotations

from PySide6.QtWidgets import QScrollBar

from finr1_desk.ui.pane.flow import Flow
from finr1_desk.ui.pane.furniture import NewTextButton


class Scrolling:
    """Bar and button of one pane."""

    def __init__(self, flow: Flow, bar: QScrollBar, button: NewTextButton) -> None:
        self._flow = flow
        self._bar = bar
        self._button = button
        self.is_showing = False  # the bar moves because the flow has, not by the reader's hand

    def show(self, line: float) -> None:
        """Sets the bar as the flow stands; `line` is the height of a line of text."""
        bar = self._bar
        self.is_showing = True  # its signals are not blocked: the area must hear whether there is anything to scroll
        bar.setRange(0, round(self._flow.maximum))
        bar.setPageStep(max(round(self._flow.height - 2 * line), 1))
        bar.setSingleStep(round(2 * line))
        bar.setValue(bar.maximum() if self._flow.following else round(self._flow.value))
        self.is_showing = False

    def offer_new_text(self, has_come: bool) -> None:
        """Shows the button when text has come below, until its end is reached."""
        button = self._button
        if self._flow.is_at_end:
            button.hide()
        elif has_come:
            button.show()
        if button.isVisible():
            button.take_place()

    def move_to(self, value: int) -> None:
        """Goes where the reader moved the bar: near by from what is in view, far away by the estimated heights."""
        step = value - round(self._flow.value)
        if value >= self._bar.maximum():
            self._flow.following = True
        elif value <= 0:
            self._flow.scroll_to(0)
        elif abs(step) < 2 * self._flow.height:
            self._flow.scroll_by(step)
        else:
            self._flow.scroll_to(value)
