"""A question on the screen: what was asked, in a tinted block; of a task what was entered in its form.

Owns the rows of a question, and which kind of view a message has. The whole prompt of a task is a click away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import Message, Role
from finr1_desk.markup.markdown import cleaned
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane import decorations, task_text, wording
from finr1_desk.ui.pane.blocks import Block, Paragraph
from finr1_desk.ui.pane.chrome import ChromeRow, emphasised
from finr1_desk.ui.pane.look import Tone
from finr1_desk.ui.pane.message_view import MESSAGE_GAP, AnswerView, Manner, MessageView
from finr1_desk.ui.pane.reading import plain_pieces
from finr1_desk.ui.pane.rows import Insets, Page, Row, Section, TextRow, as_it_is

QUESTION_PADDING: Final = GRID * 1.5
QUESTION_OUTDENT: Final = GRID * 2  # the tinted block reaches beyond the column, so that all text has one left edge


def make_view(message: Message, live: LiveStatus | None, manner: Manner) -> MessageView:
    """The view of a message, with which the answer to a task's question learns how its result is read."""
    if message.role is not Role.USER:
        return AnswerView(message, live, manner)
    if (task := message.task) is not None:
        manner.tasks[message.id] = task
    return QuestionView(message, live, manner)


class QuestionView(MessageView):
    """What the user asked, in a tinted block: as typed, with formulas drawn; of a task what was entered, unless its
    prompt is wanted."""

    def __init__(self, message: Message, live: LiveStatus | None, manner: Manner) -> None:
        super().__init__(message, live, manner)
        self._text_rows: list[TextRow] = []
        self._shown = ""
        self._shows_prompt = False

    def source(self, section: Section) -> str:
        return self._shown if self._rows is not None else self._text_to_show()

    def whole_text(self) -> str:
        return cleaned(self.message.answer)

    def hides(self, needle: str) -> bool:
        """Whether `needle` stands in the prompt only, of which less is shown."""
        return needle.casefold() not in self._text_to_show().casefold()

    def toggle_prompt(self) -> None:
        """Shows the whole prompt of a task, or what was entered again."""
        self._shows_prompt = not self._shows_prompt
        self.refresh()

    def update(self, message: Message, live: LiveStatus | None, *, may_fold: bool) -> None:
        self.message, self.live = message, live
        self.refresh()

    def paint_ground(self, painter: QPainter, page: Page, top: float, clip: QRectF) -> None:
        if self.rows and self._text_rows:
            upper, lower = self._edges(top, 0, len(self._text_rows))
            area = QRectF(page.x, upper, page.width, lower - upper)
            area.adjust(-QUESTION_OUTDENT, 0, QUESTION_OUTDENT, 0)
            decorations.fill_rounded(painter, area, page.look.color("question"), GRID, clip=clip)

    def _text_to_show(self) -> str:
        task = self.message.task
        if task is None or self._shows_prompt:
            return cleaned(self.message.answer)
        return cleaned(f"{task_text.heading(task)}\n{task_text.entries(task)}")

    def _make_rows(self) -> list[Row]:
        text = self._text_to_show()
        if text != self._shown or not self._text_rows:
            self._shown = text
            blocks = self._blocks(text)
            self._text_rows = [self._row(index, block, len(blocks)) for index, block in enumerate(blocks)]
        if self.live is not None and self.live.phase is Phase.QUEUED:
            controls = wording.controls("take_back")
            return [*self._text_rows, ChromeRow(0, wording.waiting(self.live), controls=controls, standing=True)]
        of_task = ["hide_prompt" if self._shows_prompt else "show_prompt", "open_task"] if self.message.task else []
        return [*self._text_rows, self._foot_row(0, [*of_task, "copy_question", "edit", "more"], flush_right=True)]

    def _blocks(self, text: str) -> list[Block]:
        """The text in pieces; the name of a task is one of its own."""
        if self.message.task is None or self._shows_prompt:
            return plain_pieces(text)
        name = text.split("\n", 1)[0]
        behind = len(name) + 1
        rest = [replace(b, start=b.start + behind, end=b.end + behind) for b in plain_pieces(text[behind:])]
        return [Paragraph(0, len(name), name), *rest]

    def _row(self, index: int, block: Block, count: int) -> TextRow:
        insets = Insets(top=QUESTION_PADDING if index == 0 else 0, bottom=QUESTION_PADDING if index == count - 1 else 0)
        read = emphasised if isinstance(block, Paragraph) else as_it_is
        gap = MESSAGE_GAP if index == 0 else 0
        return TextRow(Section.BODY, index, block, Tone.QUESTION, read, insets, gap=gap)
