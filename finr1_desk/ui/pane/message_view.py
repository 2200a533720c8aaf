"""One message on the screen: which rows it consists of, from what was asked or written and how it stands.

Owns the order and the distances of a message's rows, the fold of its thinking, and the reuse of rows while text comes
in. Rows are made when they are first needed; until then the height is an estimate. It handles no input and scrolls
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.conversation import Message, MessageState
from finr1_desk.markup.markdown import Markdown, cleaned
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane import decorations, task_text, wording
from finr1_desk.ui.pane.blocks import Code
from finr1_desk.ui.pane.chrome import BoxedRow, ChromeRow, MarkRow
from finr1_desk.ui.pane.look import Tone
from finr1_desk.ui.pane.rows import Insets, Page, Row, Section, TextRow
from finr1_desk.ui.pane.section_rows import SectionRows
from finr1_desk.ui.pane.versions import Versions, version_controls

if TYPE_CHECKING:
    from finr1_desk.core.tasks.note import TaskNote

MESSAGE_GAP: Final = GRID
THINKING_INDENT: Final = GRID * 2
TOGGLE: Final = "toggle_thinking"


@dataclass(frozen=True, slots=True)
class Manner:
    """What holds for all messages of the pane; `tasks` are what made the questions shown, by their ids."""

    markdown: Markdown
    describe_error: wording.DescribeError
    fold_thinking: bool
    tasks: dict[str, TaskNote] = field(default_factory=dict)


class MessageView:
    """A message and its rows."""

    def __init__(self, message: Message, live: LiveStatus | None, manner: Manner) -> None:
        self.message = message
        self.live = live
        self.manner = manner
        self._rows: list[Row] | None = None
        self._tops: list[float] | None = None
        self._estimate = 0.0
        self._is_last_forgotten = False
        self.versions: Versions | None = None

    # -- rows

    @property
    def rows(self) -> list[Row]:
        if self._rows is None:
            self._rows = self._all_rows()
        return self._rows

    @property
    def has_rows(self) -> bool:
        return self._rows is not None

    @property
    def height(self) -> float:
        return self._estimate if self._rows is None else self.tops[-1]

    @property
    def tops(self) -> list[float]:
        """Where each row's extent begins, from the top of the message; and last its height."""
        if self._tops is None:
            self._tops = list(accumulate([row.gap + row.height for row in self.rows], initial=0.0))
        return self._tops

    def forget_tops(self) -> None:
        """Rows or their heights changed."""
        self._tops = None

    def estimate(self, page: Page) -> None:
        """Guesses the heights that are not known."""
        if self._rows is not None:
            for row in self._rows:
                if isinstance(row, TextRow):
                    row.estimate(page)
            return
        shown = self._text_to_show()
        columns = max(page.width / (0.55 * page.look.em), 8)
        lines = 2 + shown.count("\n") * 0.8 + len(shown.encode("utf-8", "replace")) * 0.85 / columns
        self._estimate = lines * page.look.line + MESSAGE_GAP

    def forget_layout(self, page: Page) -> None:
        """The width, the fonts or the language changed."""
        for row in self._rows or ():
            if isinstance(row, TextRow):
                row.forget_layout()
            else:
                row.measured = False
        self.estimate(page)

    def take_width(self, page: Page) -> None:
        """Only the width changed."""
        for row in self._rows or ():
            if isinstance(row, TextRow):
                row.take_width(page)
            else:
                row.measured = False
        self.estimate(page)

    def take_look(self, page: Page) -> None:
        """Only the colours changed: documents are built anew, heights stay."""
        for row in self._rows or ():
            if isinstance(row, TextRow):
                row.rendered = None

    def text_rows(self) -> list[TextRow]:
        return [row for row in self.rows if isinstance(row, TextRow)]

    def searchable_rows(self) -> list[TextRow]:
        """The blocks of the message as it was written, those that are folded away as well."""
        return [row for row in self.text_rows() if row.section is not Section.BOXED]

    def text_row(self, section: Section, index: int) -> TextRow | None:
        """The row of a block; None where it is folded away."""
        return next((row for row in self.text_rows() if row.section is section and row.index == index), None)

    @property
    def has_more(self) -> bool:
        """Whether there is text that was not read yet, because it is long."""
        return False

    def source(self, section: Section) -> str:
        """The text whose blocks the section shows."""
        raise NotImplementedError

    def whole_text(self) -> str:
        """Everything that can be selected, as it was written."""
        raise NotImplementedError

    def update(self, message: Message, live: LiveStatus | None, *, may_fold: bool) -> None:
        raise NotImplementedError

    def refresh(self) -> None:
        """Makes the chrome anew: the language, a setting or the time changed."""
        if self._rows is not None:
            self._rows = self._all_rows()
            self._tops = None

    def set_last_forgotten(self, on: bool) -> bool:
        """Whether the model's memory begins below this message, which is then marked; returns whether that is new."""
        changed, self._is_last_forgotten = on is not self._is_last_forgotten, on
        if changed:
            self.refresh()
        return changed

    def set_versions(self, versions: Versions | None) -> bool:
        """Where the message stands among its versions; returns whether that is new."""
        changed, self.versions = versions != self.versions, versions
        if changed:
            self.refresh()
        return changed

    def _all_rows(self) -> list[Row]:
        mark = [MarkRow(GRID, wording.memory_begins())] if self._is_last_forgotten else []
        return [*self._make_rows(), *mark]

    def paint_ground(self, painter: QPainter, page: Page, top: float, clip: QRectF) -> None:
        """Paints what `clip` shows of the ground under several rows of the message, whose extent begins at `top`."""

    def is_finished(self, row: TextRow) -> bool:
        """Whether the block of a row will not change any more."""
        return True

    @property
    def is_waiting(self) -> bool:
        """Whether its captions change with time."""
        return self.live is not None and self.live.phase is Phase.THINKING

    def _make_rows(self) -> list[Row]:
        raise NotImplementedError

    def _text_to_show(self) -> str:
        raise NotImplementedError

    def _foot_row(
        self, gap: float, actions: Sequence[str], *, flush_right: bool = False, trailing: str = ""
    ) -> ChromeRow:
        """The controls below a message; those that lead to other versions are always to be seen."""
        leading = version_controls(self.versions)
        others = wording.controls(*actions)
        return ChromeRow(
            gap,
            controls=[*others, *leading] if flush_right else [*leading, *others],
            on_demand=True,
            always=[action for action, _ in leading],
            flush_right=flush_right,
            trailing=trailing,
        )

    def _edges(self, top: float, first: int, behind: int) -> tuple[float, float]:
        """Upper and lower edge of some rows, by number, of the message that begins at `top`."""
        return top + self.tops[first] + self.rows[first].gap, top + self.tops[behind]


class AnswerView(MessageView):
    """What the model wrote: its thinking behind a rule, which can be folded, and the answer on the page."""

    def __init__(self, message: Message, live: LiveStatus | None, manner: Manner) -> None:
        super().__init__(message, live, manner)
        self.page: Page | None = None
        self._choice: bool | None = None  # of the reader, in this window
        self._is_held_open = False  # it is being read and must not vanish
        self.waited_s = 0.0  # since `live` was told
        self._thinking = SectionRows(
            Section.THINKING, Tone.THINKING, Insets(left=THINKING_INDENT), self.manner.markdown
        )
        self._body = SectionRows(Section.BODY, Tone.ANSWER, Insets(), self.manner.markdown)
        self._boxed: BoxedRow | None = None

    # -- the fold

    @property
    def thinking_is_open(self) -> bool:
        choice = self._choice if self._choice is not None else self.message.thinking_open
        if choice is not None:
            return choice
        return not self.message.answer or not self.manner.fold_thinking or self._is_held_open

    def toggle_thinking(self) -> bool:
        self._choice = not self.thinking_is_open
        self.refresh()
        return self._choice

    def hides(self, needle: str) -> bool:
        """Whether `needle` stands in folded thinking only."""
        wanted, answer = needle.casefold(), self.message.answer.casefold()
        return not self.thinking_is_open and wanted in self.message.think.casefold() and wanted not in answer

    def searchable_rows(self) -> list[TextRow]:
        shown = super().searchable_rows()
        if self.thinking_is_open or self.page is None:
            return shown
        finished = self.section_is_finished(Section.THINKING)
        self._thinking.update(self.message.think, self.page, finished=finished, first_gap=0)
        return [*self._thinking.rows, *shown]

    @property
    def is_final(self) -> bool:
        return self.live is None and self.message.state is not MessageState.WRITING

    # -- what the pane asks for

    def update(self, message: Message, live: LiveStatus | None, *, may_fold: bool) -> None:
        if not may_fold and self.thinking_is_open and not self.message.answer and message.answer:
            self._is_held_open = True
        self.message, self.live = message, live
        self.waited_s = 0.0
        self.refresh()

    def estimate(self, page: Page) -> None:
        self.page = page
        super().estimate(page)

    def forget_layout(self, page: Page) -> None:
        self.page = page
        super().forget_layout(page)
        for section in (self._thinking, self._body):
            section.measure_tables(page)
        self._boxed = None
        self.refresh()

    @property
    def has_more(self) -> bool:
        return self._body.has_more or (self.thinking_is_open and self._thinking.has_more)

    def source(self, section: Section) -> str:
        if section is Section.BOXED:
            return self._final_answer()[1]
        return (self._thinking if section is Section.THINKING else self._body).stream.source

    def whole_text(self) -> str:
        think = cleaned(self.message.think) if self.thinking_is_open else ""
        return "\n\n".join(filter(None, (think, cleaned(self.message.answer))))

    def take_look(self, page: Page) -> None:
        self.page = page
        super().take_look(page)

    def is_finished(self, row: TextRow) -> bool:
        """Whether the block of a row will not change any more."""
        section = self._thinking if row.section is Section.THINKING else self._body
        return (
            self.section_is_finished(row.section)
            or not isinstance(section.rows[-1].block, Code)
            or (isinstance(row.block, Code) and section.rows[-1].block.block != row.block.block)
        )

    def section(self, section: Section) -> SectionRows | None:
        """The rows of a section that is not folded away; None for the final answer, which has none of its own."""
        if section is Section.BODY:
            return self._body
        return self._thinking if section is Section.THINKING and self.thinking_is_open else None

    def section_is_finished(self, section: Section) -> bool:
        return self.is_final or (section is Section.THINKING and bool(self.message.answer))

    def paint_ground(self, painter: QPainter, page: Page, top: float, clip: QRectF) -> None:
        if self.thinking_is_open and self.rows and self._thinking.rows:
            upper, lower = self._edges(top, 1, 1 + len(self._thinking.rows))
            area = QRectF(page.x, upper, 2, lower - upper)
            decorations.fill_rounded(painter, area, page.look.color("line"), 1, clip=clip)

    # -- rows

    def _text_to_show(self) -> str:
        return (self.message.think if self.thinking_is_open else "") + self.message.answer

    def _make_rows(self) -> list[Row]:
        page = self.page
        assert page is not None, "a view is estimated before it is used"
        think, answer = self.message.think, self.message.answer
        rows: list[Row] = []
        if think or self.is_waiting:
            rows.append(self._header())
            if self.thinking_is_open:
                finished = self.section_is_finished(Section.THINKING)
                self._thinking.update(think, page, finished=finished, first_gap=0)
                rows += self._thinking.rows
        gap = GRID * (2 if self.thinking_is_open else 1) if rows else MESSAGE_GAP
        self._body.update(answer, page, finished=self.is_final, first_gap=gap)
        rows += self._body.rows
        if self.is_final:
            rows += self._foot(answer, page)
        else:
            if caption := wording.waiting(self.live):
                rows.append(ChromeRow(MESSAGE_GAP, caption))
            rows.append(self._foot_row(GRID / 2, []))  # keeps the room of the controls that come when it is complete
        return rows

    def _header(self) -> ChromeRow:
        caption = wording.thinking_header(self.message, self.live, self.waited_s)
        controls = [(TOGGLE, caption)]
        if self.is_waiting:
            controls += wording.controls("answer_now")
        return ChromeRow(MESSAGE_GAP, controls=controls, fold=self.thinking_is_open, standing=True)

    def _final_answer(self) -> tuple[str, str]:
        """What the final answer is called, and what it is: a task's result as read; empty where there is none."""
        answer = self.message.answer
        task = self.manner.tasks.get(self.message.parent_id or "")
        result = task_text.result_of(task, answer) if task is not None and answer else None
        label, text = result or ("", (boxed_answer(answer) if answer else None) or "")
        return label or wording.answer_label(), text

    def _foot(self, answer: str, page: Page) -> list[Row]:
        rows: list[Row] = []
        label, boxed = self._final_answer()
        if boxed:
            if self._boxed is None or self._boxed.answer != boxed:
                copy = wording.controls("copy_boxed")[0]
                self._boxed = BoxedRow(Section.BOXED, boxed, label, copy, page)
                self._boxed.estimate(page)
            rows.append(self._boxed)
        actions = ["copy_answer"] if answer else []
        if self.message.think:
            actions.append("copy_all")
        ended = wording.ended(self.message, self.manner.describe_error)
        if ended:
            color = "danger" if self.message.state is MessageState.FAILED else "muted"
            ways = ["continue", "regenerate"] if self.message.raw.strip() else ["regenerate"]
            rows.append(ChromeRow(GRID, ended, color=color, controls=wording.controls(*ways), standing=True))
        else:
            actions.append("regenerate")
        if self.message.generation is not None:
            actions.append("details")
        actions.append("more")
        rows.append(self._foot_row(0 if ended else GRID / 2, actions, trailing=wording.provenance(self.message)))
        return rows
