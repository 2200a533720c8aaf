"""What a pressed control does to the messages shown: folding thinking, sorting a table, copying code or the answer.

Owns these; everything that reaches beyond the pane leaves as one of its signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from finr1_desk.ui.pane.code_controls import CodeAction
from finr1_desk.ui.pane.links import BACK, LinkAction, anchors
from finr1_desk.ui.pane.message_view import TOGGLE, AnswerView
from finr1_desk.ui.pane.notes import Note, Notes, marker_of
from finr1_desk.ui.pane.question_view import QuestionView
from finr1_desk.ui.pane.rows import Section
from finr1_desk.ui.pane.table_controls import SORT, TableAction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from finr1_desk.ui.pane.pane import ChatPane
    from finr1_desk.ui.pane.section_rows import SectionRows


class Pressing:
    """The controls of one pane, as they are pressed."""

    def __init__(self, pane: ChatPane) -> None:
        self._pane = pane
        self.notes = Notes(pane)
        self._waiting: list[tuple[Iterator[None], Callable[[], None]]] = []  # for cells to be read, and then what

    def work(self) -> bool:
        """Reads cells of a long table for a slice of time; False where none has to be read."""
        if not self._waiting:
            return False
        reading, then = self._waiting[0]
        if next(reading, self) is self:
            del self._waiting[0]
            then()
        return True

    def forget(self) -> None:
        """Other messages are shown."""
        self._waiting.clear()

    def press(self, message_id: str, action: str) -> None:
        """Does what a control says: folds, sorts, copies the final answer, or tells those who listen."""
        pane = self._pane
        index = pane.index_of(message_id)
        if index is None:
            return
        if (table := TableAction.named(action)) is not None:
            self._press_table(index, table)
        elif (code := CodeAction.named(action)) is not None:
            self._press_code(index, code)
        elif (link := LinkAction.named(action)) is not None:
            self._press_link(index, link)
        elif action == TOGGLE:
            self.toggle_thinking(index)
        elif action in ("show_prompt", "hide_prompt"):
            self._toggle_prompt(index)
        elif action == "copy_boxed":
            QGuiApplication.clipboard().setText(pane.flow.views[index].source(Section.BOXED))
        else:
            pane.actionTriggered.emit(message_id, action)

    def toggle_thinking(self, index: int) -> None:
        pane = self._pane
        view = pane.flow.views[index]
        if not isinstance(view, AnswerView):
            return
        # The header that was pressed stays where it is, also at the end of the text.
        pane.flow.following = False
        pane.selection.drop_in(index)
        opened = view.toggle_thinking()
        pane.rows_changed(index)
        pane.flow.following = pane.flow.is_at_end
        pane.thinkingToggled.emit(view.message.id, opened)

    def _press_code(self, index: int, action: CodeAction) -> None:
        view = self._pane.flow.views[index]
        rows = view.section(action.section) if isinstance(view, AnswerView) else None
        if rows is None:
            return
        language, text = rows.code(action.block)
        if action.verb == "copy":
            QGuiApplication.clipboard().setText(text)
        else:
            self._pane.codeWanted.emit(language, text)

    def _press_link(self, index: int, link: LinkAction) -> None:
        """Opens a link, or goes to the other end of a footnote, where the focus goes along."""
        pane = self._pane
        view = pane.flow.views[index]
        row = view.text_row(Section(link.section), link.block)
        if row is None:
            return
        if link.start == BACK:
            number = next((marker.text for marker in row.markers(pane.page) if marker.text.startswith("[")), "")
        else:
            found = anchors(row.document_for(pane.page).document)
            href = next((anchor.href for anchor in found if anchor.start == link.start), "")
            number = marker_of(href)
            if href and not number:
                pane.linkActivated.emit(href)
        if number:
            note = Note(view.message.id, row.section, number, is_back=link.start == BACK)
            other = self.notes.follow(note, row, None if note.is_back else link.start)
            if other is not None:
                pane.controls.focus_on(view.message.id, other.name)

    def reveal(self, index: int, needle: str) -> None:
        """Shows the thinking, or the prompt, in which alone `needle` stands."""
        view = self._pane.flow.views[index]
        if isinstance(view, AnswerView) and view.hides(needle):
            self.toggle_thinking(index)
        elif isinstance(view, QuestionView) and view.hides(needle):
            self._toggle_prompt(index)

    def _toggle_prompt(self, index: int) -> None:
        pane = self._pane
        view = pane.flow.views[index]
        if isinstance(view, QuestionView):
            pane.flow.following = False
            pane.selection.drop_in(index)
            view.toggle_prompt()
            pane.rows_changed(index)
            pane.flow.following = pane.flow.is_at_end

    def _press_table(self, index: int, action: TableAction) -> None:
        pane = self._pane
        view = pane.flow.views[index]
        rows = view.section(action.section) if isinstance(view, AnswerView) else None
        if rows is None:
            return
        reading = rows.read_cells(action.block, action.column)
        if next(reading, self) is self:
            self._do(view.message.id, rows, action)
            return
        self._waiting.append((reading, lambda: self._do(view.message.id, rows, action)))
        pane.work_when_idle()

    def _do(self, message_id: str, rows: SectionRows, action: TableAction) -> None:
        """Sorts a table, or hands it on."""
        pane = self._pane
        if action.verb != SORT:
            pane.tableWanted.emit(action.verb, rows.table(action.block))
        elif (index := pane.index_of(message_id)) is not None:
            rows.sort(action.block, action.column)
            pane.selection.drop_in(index)
            pane.rows_changed(index)
