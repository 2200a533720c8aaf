"""A conversation as typed blocks: what HTML, PDF and Word documents are made of.

Owns the walk from messages over Markdown's tokens to blocks. The dialect is `finr1_desk.markup`'s, the same as the chat
pane's. Nothing is laid out here, and no text is left out but what the options say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from markdown_it.token import Token

from finr1_desk.core.conversation import Conversation, Message, PartKind, Role, branch
from finr1_desk.core.figures import are_figures
from finr1_desk.core.text import well_formed
from finr1_desk.export.options import ENGLISH, ExportOptions, Labels
from finr1_desk.markup.markdown import Env, Markdown, Run, cleaned
from finr1_desk.markup.tokens import code_language, first_number, siblings, table_cells, take_box

_BULLET: Final = "•"

Runs: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    runs: Runs


@dataclass(frozen=True, slots=True)
class Quote:
    children: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list with its marker: `3.`, a bullet, a box, or `[1]` for a footnote."""

    marker: str
    children: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ItemList:
    """`start` is the first number; None where the items are not numbered."""

    items: tuple[Item, ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A displayed formula, its delimiters included."""

    source: str


@dataclass(frozen=True, slots=True)
class Table:
    """`aligns` are "left", "center" or "right"; every row has as many cells."""

    aligns: tuple[str, ...]
    header: tuple[Runs, ...]
    rows: tuple[tuple[Runs, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    pass


@dataclass(frozen=True, slots=True)
class Plain:
    """Text that is no Markdown, with its line ends and spaces."""

    text: str


Block: TypeAlias = Paragraph | Heading | Quote | ItemList | Code | Formula | Table | Rule | Plain


@dataclass(frozen=True, slots=True)
class Turn:
    """A question or an answer. `summary` heads the thinking; `note` says how the answer ended, where not as usual."""

    is_question: bool
    heading: str
    blocks: tuple[Block, ...]
    thinking: tuple[Block, ...] = ()
    summary: str = ""
    note: str = ""
    facts: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """`others` are the turns that are not on the shown branch."""

    title: str
    facts: tuple[str, ...]
    system_prompt: str
    turns: tuple[Turn, ...]
    others: tuple[Turn, ...]
    labels: Labels


def document(
    conversation: Conversation,
    messages: Sequence[Message],
    options: ExportOptions,
    *,
    application_version: str,
    exported_at: float,
    labels: Labels = ENGLISH,
) -> Document:
    """The whole conversation.

    Args:
        messages: the conversation's tree, oldest first.
        exported_at: seconds since the epoch.
    """
    shown = branch({message.id: message for message in messages}, conversation.head_id)
    on_branch = {message.id for message in shown}
    others = [message for message in messages if message.id not in on_branch] if options.all_branches else []
    numbers = {message.id: number for number, message in enumerate([*shown, *others], 1)}
    builder = _Builder(options, labels, numbers)
    facts = (
        labels.begun.format(when=moment(conversation.created_at)),
        labels.exported.format(when=moment(exported_at), version=application_version),
    )
    return Document(
        title=" ".join(cleaned(conversation.title).split()) or labels.untitled,
        facts=facts if options.facts else (),
        system_prompt=cleaned(conversation.system_prompt or "") if options.facts else "",
        turns=tuple(builder.turn(message) for message in shown),
        others=tuple(builder.turn(message, aside=True) for message in others),
        labels=labels,
    )


def moment(seconds: float) -> str:
    """A date and time of day as this machine's clock shows it."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


@dataclass(slots=True)
class _Builder:
    options: ExportOptions
    labels: Labels
    numbers: dict[str, int]

    def turn(self, message: Message, *, aside: bool = False) -> Turn:
        heading = self._heading(message)
        if aside:
            parent = message.parent_id
            place = self.labels.another_beginning
            if parent is not None:
                place = self.labels.follows.format(number=self.numbers[parent])
            heading = f"{heading} ({place})"
        if message.role is Role.USER:
            plain = Plain(cleaned(message.answer))
            return Turn(True, heading, (plain,), facts=moment(message.created_at) if self.options.facts else "")
        thinking: tuple[Block, ...] = ()
        if self.options.thinking and message.think:
            thinking = read_blocks(_text(message, PartKind.THINK))
        return Turn(
            is_question=False,
            heading=heading,
            blocks=read_blocks(_text(message, PartKind.ANSWER, PartKind.TEXT)),
            thinking=thinking,
            summary=self.labels.of_thinking(message.generation),
            note=self.labels.of_state(message.state),
            facts=self._facts(message) if self.options.facts else "",
        )

    def _heading(self, message: Message) -> str:
        name = self.labels.question if message.role is Role.USER else self.labels.answer
        if message.role is Role.ASSISTANT and message.generation is not None:
            model = message.generation.model
            name = " ".join(filter(None, (model.name, model.quantisation))) or name
        return f"{self.numbers[message.id]} · {cleaned(well_formed(name))}"

    def _facts(self, message: Message) -> str:
        found = [moment(message.created_at)]
        generation = message.generation
        if generation is not None and not generation.is_foreign:
            labels, speed = self.labels, generation.timing.tokens_per_s
            found.append(labels.tokens.format(count=f"{generation.usage.completion_tokens:,}"))
            if speed:
                found.append(labels.speed.format(speed=f"{speed:.1f}"))
            found.append(labels.temperature.format(value=f"{generation.sampling.temperature:g}"))
            found.append(labels.seed.format(seed=generation.seed))
        return " · ".join(found)


def _text(message: Message, *kinds: PartKind) -> str:
    return "".join(part.text for part in message.parts if part.kind in kinds).strip("\n")


# -- Markdown


def read_blocks(source: str) -> tuple[Block, ...]:
    """The blocks of a message's text."""
    reader = _Reader(Markdown(), {})
    return reader.read(cleaned(source))


@dataclass(slots=True)
class _Reader:
    markdown: Markdown
    env: Env

    def read(self, source: str) -> tuple[Block, ...]:
        return self._blocks(self.markdown.blocks(source, self.env))

    def _blocks(self, tokens: Sequence[Token]) -> tuple[Block, ...]:
        return tuple(self._block(group) for group in siblings(tokens))

    def _block(self, tokens: Sequence[Token]) -> Block:
        token = tokens[0]
        match token.type:
            case "paragraph_open":
                return Paragraph(self._runs(tokens[1].content))
            case "heading_open":
                return Heading(int(token.tag[1]), self._runs(tokens[1].content))
            case "blockquote_open":
                return Quote(self._blocks(tokens[1:-1]))
            case "bullet_list_open" | "ordered_list_open":
                return self._list(tokens)
            case "footnote_open":
                return ItemList((Item(f"[{token.meta['label']}]", self._blocks(tokens[1:-1])),))
            case "hr":
                return Rule()
            case "fence" | "code_block":
                return Code(token.content.removesuffix("\n"), code_language(token))
            case "maths_block":
                return Formula(token.content)
            case "table_open":
                return self._table(tokens)
            case _:
                return Plain(token.content.strip("\n"))

    def _runs(self, text: str) -> Runs:
        return tuple(self.markdown.runs(text, self.env))

    def _list(self, tokens: Sequence[Token]) -> ItemList:
        start = first_number(tokens[0])
        items = []
        for index, group in enumerate(siblings(tokens[1:-1])):
            marker = f"{start + index}." if start is not None else take_box(group) or _BULLET
            items.append(Item(marker, self._blocks(group[1:-1])))
        return ItemList(tuple(items), start)

    def _table(self, tokens: Sequence[Token]) -> Table:
        aligns, rows = table_cells(tokens)
        columns = list(zip(*rows[1:], strict=True)) or [()] * len(aligns)
        figures = [are_figures([cell.replace("**", "") for cell in column]) for column in columns]
        sides = [side or ("right" if figure else "left") for side, figure in zip(aligns, figures, strict=True)]
        header, *body = [tuple(self._runs(cell) for cell in row) for row in rows]
        return Table(tuple(sides), header, tuple(body))
