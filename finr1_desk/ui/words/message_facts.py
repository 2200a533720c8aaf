"""In which circumstances an answer was written, as a list of words: what the popover shows and what is copied.

Owns the wording and the order of the facts; it shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from finr1_desk.core.conversation import FinishReason, Generation, Message
from finr1_desk.core.sampling import Sampling

_translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


def facts_of(message: Message) -> list[Fact]:
    """What is known about how a message came to be, the most asked-for first; facts that say nothing are left out."""
    when = QDateTime.fromSecsSinceEpoch(round(message.created_at))
    written = Fact(_translate("Facts", "Written"), QLocale().toString(when, QLocale.FormatType.ShortFormat))
    generation = message.generation
    if generation is None:
        return [written]
    if generation.is_foreign:
        return [Fact(_translate("Facts", "Model"), generation.model.name), written]
    facts = [
        Fact(_translate("Facts", "Model"), generation.model.name),
        Fact(_translate("Facts", "File"), generation.model.file_name),
        Fact(_translate("Facts", "Quantisation"), generation.model.quantisation),
        written,
        *_times(generation),
        *_tokens(generation),
        Fact(_translate("Facts", "Seed"), str(generation.seed)),
        Fact(_translate("Facts", "Sampling"), sampling_words(generation.sampling)),
        Fact(_translate("Facts", "Left out"), _left_out(generation)),
        Fact(_translate("Facts", "Ended"), _ended(generation.finish_reason)),
        Fact(_translate("Facts", "SHA-256 of the file"), generation.model.sha256 or ""),
        Fact(_translate("Facts", "Version"), f"Fin-R1 Desk {generation.application_version}"),
    ]
    return [fact for fact in facts if fact.value]


def as_text(facts: list[Fact]) -> str:
    """The facts for the clipboard, one a line."""
    return "\n".join(f"{fact.label}: {fact.value}" for fact in facts)


def _times(generation: Generation) -> list[Fact]:
    timing = generation.timing
    parts = [
        (_translate("Facts", "loading the model {seconds} s"), timing.load_s),
        (_translate("Facts", "reading the question {seconds} s"), timing.prefill_s),
        (_translate("Facts", "writing {seconds} s"), timing.decode_s),
        (_translate("Facts", "of it thinking {seconds} s"), timing.think_s),
    ]
    told = [words.format(seconds=_number(seconds, 1)) for words, seconds in parts if seconds >= 0.05]
    speed = ""
    if timing.tokens_per_s > 0:
        speed = _translate("Facts", "{speed} tokens/s").format(speed=_number(timing.tokens_per_s, 1))
    return [Fact(_translate("Facts", "Time"), _joined(told)), Fact(_translate("Facts", "Speed"), speed)]


def _tokens(generation: Generation) -> list[Fact]:
    usage = generation.usage
    if not (usage.prompt_tokens or usage.completion_tokens):
        return []
    asked = [_number(usage.prompt_tokens)]
    if usage.cached_tokens:
        asked.append(_translate("Facts", "{count} of them from the cache").format(count=_number(usage.cached_tokens)))
    answered = [_number(usage.completion_tokens)]
    if usage.think_tokens:
        answered.append(_translate("Facts", "{count} of them thinking").format(count=_number(usage.think_tokens)))
    return [
        Fact(_translate("Facts", "Tokens of the prompt"), _joined(asked)),
        Fact(_translate("Facts", "Tokens written"), _joined(answered)),
    ]


def sampling_words(sampling: Sampling) -> str:
    """The parameters that act, in the order in which they do."""
    parts = []
    if sampling.repetition_penalty != 1:
        parts.append((_translate("Facts", "repetition penalty {value}"), _number(sampling.repetition_penalty, 2)))
    parts.append((_translate("Facts", "temperature {value}"), _number(sampling.temperature, 2)))
    if sampling.top_k > 0:
        parts.append(("top-k {value}", _number(sampling.top_k)))
    if sampling.top_p < 1:
        parts.append(("top-p {value}", _number(sampling.top_p, 2)))
    if sampling.min_p > 0:
        parts.append(("min-p {value}", _number(sampling.min_p, 2)))
    parts.append((_translate("Facts", "at most {value} tokens"), _number(sampling.max_tokens)))
    return _joined([words.format(value=value) for words, value in parts])


def _left_out(generation: Generation) -> str:
    left_out = generation.left_out
    if not left_out.turns:
        return ""
    messages = _translate("Facts", "messages: {count}").format(count=_number(left_out.turns))
    tokens = _translate("Facts", "{tokens} tokens").format(tokens=_number(left_out.tokens))
    return _joined([messages, tokens] if left_out.tokens else [messages])


def _ended(reason: FinishReason | None) -> str:
    match reason:
        case FinishReason.STOP:
            return _translate("Facts", "by itself")
        case FinishReason.LENGTH:
            return _translate("Facts", "at the token limit")
        case FinishReason.LOOP:
            return _translate("Facts", "stopped because it repeated itself")
        case FinishReason.CANCELLED:
            return _translate("Facts", "stopped by you")
        case FinishReason.ERROR:
            return _translate("Facts", "by an error")
        case None:
            return ""


def _joined(parts: list[str]) -> str:
    return " · ".join(parts)


def _number(value: float, decimals: int = 0) -> str:
    """A number as the language writes it, without zeros that say nothing."""
    written = QLocale().toString(float(value), "f", decimals)
    point = QLocale().decimalPoint()
    return written.rstrip("0").rstrip(point) if point in written else written
