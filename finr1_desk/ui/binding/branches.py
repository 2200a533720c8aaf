"""Ties the pane to the branches of a conversation: switching, other sampling, deleting, the menus of messages.

Owns the menus. Which branches there are, and what deleting one means, is the controllers' matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.conversation import Message, MessageState, Role
from finr1_desk.core.votes import tally
from finr1_desk.ui.dialogs.conversation_settings import RegeneratePopover, shown_defaults
from finr1_desk.ui.pane.places import control_rect
from finr1_desk.ui.pane.versions import Versions

if TYPE_CHECKING:
    from finr1_desk.app.bootstrap import Application
    from finr1_desk.ui.binding.writing import WritingBinding
    from finr1_desk.ui.pane.pane import ChatPane
    from finr1_desk.ui.window import Window

_LONGEST_ENTRY = 60


class BranchBinding(QObject):
    def __init__(
        self, window: Window, pane: ChatPane, application: Application, writing: WritingBinding, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._pane = pane
        self._app = application
        self._writing = writing
        branches = application.branches
        branches.deleted.connect(self._on_deleted)
        pane.menuFilled.connect(self._fill)
        window.composer.edit.undoWanted.connect(branches.undo)
        actions = window.actions_
        actions["undo"].triggered.connect(self._on_undo)
        actions["previous_version"].triggered.connect(lambda: self._step(-1))
        actions["next_version"].triggered.connect(lambda: self._step(1))
        application.conversations.closed.connect(window.composer.undo.hide)

    # -- what the controls of a message say

    def press(self, message_id: str, action: str) -> bool:
        """Does what a control of a message asks for; False where that is nothing of this room."""
        match action:
            case "edit":
                self._writing.edit(message_id)
            case "previous_version" | "next_version":
                self._app.branches.step(message_id, -1 if action == "previous_version" else 1)
            case "versions":
                self._popup(self.versions_menu(message_id))
            case "more":
                menu = QMenu(self._pane)
                self._fill(menu, message_id)
                self._popup(menu)
            case "delete":
                self._app.branches.delete(message_id)
            case _:
                return False
        return True

    def _popup(self, menu: QMenu) -> None:
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._corner())

    def _corner(self) -> QPoint:
        """Where a menu opens: at the control that has the focus, else at the pointer."""
        rect = control_rect(self._pane)
        if rect is None:
            return QCursor.pos()
        return self._pane.viewport().mapToGlobal(rect.bottomLeft().toPoint())

    def _fill(self, menu: QMenu, message_id: str) -> None:
        """Adds what can be done with a message to a menu."""
        message = self._app.conversations.messages.get(message_id)
        if message is None:
            return
        if not menu.isEmpty():
            menu.addSeparator()
        if self._pane.selected_text().strip():
            menu.addAction(self.tr("Quote in the question"), self._writing.quote)
        if message.role is Role.USER:
            menu.addAction(self.tr("Edit the question"), lambda: self._writing.edit(message_id))
        if message.state is not MessageState.WRITING:
            again = self.tr("Regenerate with other sampling…")
            if message.role is Role.USER:
                again = self.tr("Answer again with other sampling…")
            menu.addAction(again, lambda: self._ask_for_sampling(message_id))
        words = self.tr("Delete this question and what follows")
        if message.role is Role.ASSISTANT:
            words = self.tr("Delete this answer and what follows")
        menu.addAction(words, lambda: self._app.branches.delete(message_id)).setEnabled(
            self._app.branches.may_delete(message_id)
        )

    def versions_menu(self, message_id: str) -> QMenu:
        """All versions of a message, the shown one marked, answers with what they came to."""
        menu = QMenu(self._pane)
        for number, message in enumerate(self._app.branches.versions(message_id), 1):
            entry = menu.addAction(f"{number}   {_gist(message)}".replace("&", "&&"))
            entry.setCheckable(True)
            entry.setChecked(message.id == message_id)
            entry.triggered.connect(lambda _=False, id=message.id: self._app.branches.show(id))
        return menu

    def _ask_for_sampling(self, message_id: str) -> None:
        settings = self._app.settings.value
        popover = RegeneratePopover(self._app.manner.value.choices, shown_defaults(settings), self._window)
        popover.confirmed.connect(lambda chosen: self._app.answers.regenerate(message_id, chosen))
        popover.show_at(self._corner())

    def _step(self, step: int) -> None:
        """From the message that is pointed at or has the focus, else from the last one that has versions."""
        controls = self._pane.controls
        named = controls.focused.message_id if controls.focused is not None else controls.pointed_at
        if named is None or len(self._app.branches.versions(named)) < 2:
            named = self._app.branches.last_choice()
        if named is not None:
            self._app.branches.step(named, step)

    # -- taking back

    def _on_deleted(self, message: Message) -> None:
        words = self.tr("Question deleted") if message.role is Role.USER else self.tr("Answer deleted")
        self._window.composer.undo.offer(words, self._app.branches.undo)

    def _on_undo(self) -> None:
        self._window.composer.undo.hide()
        self._app.branches.undo()


def versions_of(messages: dict[str, Message], shown: list[Message], *, is_idle: bool) -> dict[str, Versions]:
    """For each message on a branch that has other versions: which one it is, and how many answers agree with it.

    `is_idle`: nothing is written or waits, so a question at the end of the branch has lost its answer.
    """
    beside: dict[tuple[str | None, Role], list[Message]] = {}
    for message in messages.values():
        beside.setdefault((message.parent_id, message.role), []).append(message)
    found: dict[str, Versions] = {}
    for message in shown:
        others = beside.get((message.parent_id, message.role), [])
        unanswered = is_idle and message is shown[-1] and message.role is Role.USER
        if message not in others or (len(others) < 2 and not unanswered):
            continue
        agreeing = 0
        if message.role is Role.ASSISTANT:
            agreeing = _agreeing(others, message)
        found[message.id] = Versions(others.index(message) + 1, len(others), agreeing, unanswered)
    return found


def _agreeing(answers: list[Message], shown: Message) -> int:
    """How many answers come to the same as the shown one, itself included; 0 where it comes to nothing yet."""
    finals = [boxed_answer(answer.answer) if answer.state is not MessageState.WRITING else None for answer in answers]
    place = answers.index(shown)
    return next((len(vote.samples) for vote in tally(finals) if place in vote.samples), 0)


def _gist(message: Message) -> str:
    """What a version comes to: its final answer, else its first words."""
    text = (boxed_answer(message.answer) if message.role is Role.ASSISTANT else None) or message.answer or message.think
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_ENTRY else f"{line[:_LONGEST_ENTRY].rstrip()}…"
