"""What a task is: a form, the prompt that is made of it, and how the answer is read back.

Owns the declarations only. Files are read by `file`, forms are checked and made into prompts by `values`, answers are
read by `results`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from finr1_desk.core.sampling import Overrides
from finr1_desk.core.tasks.words import LANGUAGES, NO_WORDS, Words

LONGEST_TEXT: Final = 500
LONGEST_LONG: Final = 100_000
MOST_ROWS: Final = 2_000
MOST_OPTIONS: Final = 26  # they are lettered

# What a field holds: a text, a list of options, or the rows of a table.
Value = str | tuple[str, ...] | tuple[tuple[str, ...], ...]
Values = Mapping[str, Value]


class FieldKind(StrEnum):
    TEXT = "text"  # a line
    LONG = "long"  # several lines
    NUMBER = "number"
    CHOICE = "choice"
    OPTIONS = "options"  # of an examination question: A, B, C …
    TABLE = "table"  # rows of cells


class TableForm(StrEnum):
    """How the rows of a table stand in a prompt."""

    ROWS = "rows"  # a list of lists, as Fin-R1's documents have them
    MARKDOWN = "markdown"
    LINES = "lines"  # one after the other, as the field's `row` template writes them


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; the prompt gets its words."""

    value: str
    words: Words


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of a form.

    Attributes:
        least, most: of a number.
        longest: characters of a text.
        default: what an empty form begins with, as text.
        choices: of a `CHOICE`.
        columns: the headings of a `TABLE` with a fixed number of columns; empty where the rows bring their own.
        form, row: how a `TABLE` is written; `row` is a template over the columns' names.
        subject: whether a conversation is called after it.
    """

    name: str
    kind: FieldKind
    label: Words
    help: Words = NO_WORDS
    required: bool = True
    least: float | None = None
    most: float | None = None
    longest: int = LONGEST_LONG
    default: str = ""
    choices: tuple[Choice, ...] = ()
    columns: tuple[Choice, ...] = ()
    form: TableForm = TableForm.ROWS
    row: str = ""
    subject: bool = False


class ResultKind(StrEnum):
    NONE = "none"
    TEXT = "text"  # the final answer as it is
    LABEL = "label"  # one of a few
    NUMBER = "number"
    OPTION = "option"  # the letter or letters of the right options


class Tone(StrEnum):
    GOOD = "good"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Label:
    """What an answer may say. `value` is the trained one; `also` are other ways to write it."""

    value: str
    words: Words
    also: tuple[str, ...] = ()
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class ResultRule:
    """How the final answer of a task is read. `name` says what it is: «Compliant», say."""

    kind: ResultKind = ResultKind.NONE
    name: Words = NO_WORDS
    labels: tuple[Label, ...] = ()


NO_RESULT: Final = ResultRule()


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: the values of its form, and in which language."""

    language: str
    values: Values
    answer: str = ""  # what a model is to say to it, as a result reads it
    built_in: bool = False  # whether the demonstration model was made for it


@dataclass(frozen=True, slots=True)
class Task:
    """A task.

    Attributes:
        prompts: language → template. Fin-R1 learnt some prompts in one language only.
        trained: whether the prompts are those that Fin-R1 was trained on.
        system_prompt: in place of the one in the settings; None leaves it.
        sampling: in place of the settings'.
        is_own: the user's, not one of those that come with the application.
    """

    id: str
    name: Words
    description: Words
    fields: tuple[Field, ...]
    prompts: Mapping[str, str]
    result: ResultRule = NO_RESULT
    examples: tuple[Example, ...] = ()
    trained: bool = False
    system_prompt: str | None = None
    sampling: Overrides = field(default_factory=dict)
    order: int = 1000  # among the others; the lower the earlier
    is_own: bool = False

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it can ask in."""
        return tuple(language for language in LANGUAGES if language in self.prompts)

    def language_for(self, wanted: str) -> str:
        """The language that a prompt is in where this one is wanted."""
        return wanted if wanted in self.prompts else self.languages[0]

    def example_for(self, language: str) -> Example | None:
        """An example in the language that the prompt is in, else any."""
        asked_in = self.language_for(language)
        return next((example for example in self.examples if example.language == asked_in), None) or next(
            iter(self.examples), None
        )

    def field(self, name: str) -> Field:
        """
        Raises:
            KeyError: there is none of that name.
        """
        for declared in self.fields:
            if declared.name == name:
                return declared
        raise KeyError(name)

    def defaults(self) -> dict[str, Value]:
        """The values of an empty form."""
        return {declared.name: empty(declared) for declared in self.fields}


def empty(declared: Field) -> Value:
    """What the field holds before anything is entered."""
    if declared.kind in (FieldKind.OPTIONS, FieldKind.TABLE):
        return ()
    return declared.default
