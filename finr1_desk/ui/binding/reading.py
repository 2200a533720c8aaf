"""What a reader can do with the open conversation: find text in it, make it larger, take a table or code out of it.

Owns the ties between the pane and these tools of the window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRect

from finr1_desk.ui.binding.blocks import BlockDesk
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.dialogs.facts_popover import FactsPopover
from finr1_desk.ui.window import Window
from finr1_desk.ui.words.message_facts import facts_of

if TYPE_CHECKING:
    from finr1_desk.app.background import Pool
    from finr1_desk.core.errors import UserError
    from finr1_desk.ui.pane.pane import ChatPane

LONGEST_NEEDLE: Final = 100  # characters of a selection that are looked for at once


class ReadingDesk(QObject):
    """
    Args:
        pool: writes files.
        show_error: says what went wrong.
    """

    def __init__(
        self, pane: ChatPane, window: Window, dialogs: Dialogs, pool: Pool, show_error: Callable[[UserError], None]
    ) -> None:
        super().__init__(window)
        self._pane = pane
        self._window = window
        self._blocks = BlockDesk(pane, window, dialogs, pool, show_error)
        bar, finding, actions = window.find_bar, pane.finding, window.actions_
        bar.wanted.connect(lambda text, match_case: finding.look_for(text, match_case=match_case))
        bar.stepWanted.connect(finding.step)
        bar.closed.connect(self._on_find_closed)
        finding.changed.connect(self._on_found)
        actions["find_here"].triggered.connect(self._on_find)
        actions["find_next"].triggered.connect(lambda: self._on_step(forward=True))
        actions["find_previous"].triggered.connect(lambda: self._on_step(forward=False))
        pane.zoomWanted.connect(self._on_zoom)
        pane.actionTriggered.connect(self._on_action)

    # -- finding

    def _on_find(self) -> None:
        if self._window.is_chat_shown():
            selected = self._pane.selected_text()
            is_a_needle = 0 < len(selected) <= LONGEST_NEEDLE and "\n" not in selected
            self._window.find_bar.open_with(selected if is_a_needle else "")
        else:
            self._window.actions_["find"].trigger()

    def _on_step(self, *, forward: bool) -> None:
        if self._window.find_bar.isHidden():
            self._on_find()
        else:
            self._pane.finding.step(forward)

    def _on_found(self) -> None:
        standing = self._pane.finding.standing()
        self._window.find_bar.show_standing(standing.number, standing.count, is_searching=standing.is_searching)
        self._pane.show_again()

    def _on_find_closed(self) -> None:
        self._pane.finding.select_current()
        self._pane.finding.look_for("", match_case=False)
        self._pane.setFocus()

    # -- what is known about an answer

    def _on_action(self, message_id: str, action: str) -> None:
        index = self._pane.index_of(message_id)
        if action != "details" or index is None:
            return
        area = next(
            (
                control.rect.translated(self._pane.page.x, placed.top).toRect()
                for placed in self._pane.flow.placed()
                for control in placed.row.controls
                if placed.view_index == index and control.action == action
            ),
            QRect(0, self._pane.viewport().height() // 2, 1, 1),
        )
        area.moveTopLeft(self._pane.viewport().mapToGlobal(area.topLeft()))
        FactsPopover(facts_of(self._pane.flow.views[index].message), self._window).show_beside(area)

    # -- the size of the text

    def _on_zoom(self, steps: int) -> None:
        action = self._window.actions_["larger" if steps > 0 else "smaller"]
        for _ in range(abs(steps)):
            action.trigger()
