"""The words that the chat pane itself adds: captions, states, names of controls.

Owns these sentences, in the user's language through Qt's translator; it lays out nothing. The sentence for an error is
made elsewhere and handed in.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QLocale

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import Message, MessageState, Role
from finr1_desk.core.errors import UserError
from finr1_desk.ui.words.sentences import sentence

DescribeError = Callable[[str], str]


def duration(seconds: float) -> str:
    """Whole seconds below a minute, minutes and seconds above."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return QCoreApplication.translate("ChatPane", "{seconds} s").format(seconds=whole)
    return QCoreApplication.translate("ChatPane", "{minutes} min {seconds} s").format(
        minutes=whole // 60, seconds=whole % 60
    )


def _tenths(seconds: float) -> str:
    shown = QLocale().toString(max(seconds, 0.1), "f", 1)
    return QCoreApplication.translate("ChatPane", "{seconds} s").format(seconds=shown)


def thinking_header(message: Message, live: LiveStatus | None, waited_s: float) -> str:
    """«Thinking… 12 s», then «Thought for 34 s · 812 tokens»; `waited_s` has passed since `live` was told.

    Thinking that was closed in the model's place is «cut short».
    """
    if live is not None and live.phase is Phase.THINKING:
        return QCoreApplication.translate("ChatPane", "Thinking… {time}").format(time=duration(live.think_s + waited_s))
    seconds, tokens = 0.0, 0
    if live is not None:
        seconds, tokens = live.think_s, live.think_tokens
    elif message.generation is not None:
        seconds, tokens = message.generation.timing.think_s, message.generation.usage.think_tokens
    if seconds <= 0 and tokens <= 0:
        return QCoreApplication.translate("ChatPane", "Reasoning")
    thought = QCoreApplication.translate("ChatPane", "Thought for {time} · {tokens} tokens").format(
        time=_tenths(seconds) if 0 < seconds < 1 else duration(seconds), tokens=QLocale().toString(tokens)
    )
    is_cut = live.think_cut if live is not None else message.generation is not None and message.generation.think_cut
    return " · ".join([thought, QCoreApplication.translate("ChatPane", "cut short")]) if is_cut else thought


def waiting(live: LiveStatus | None) -> str:
    """What an answer without text waits for; empty when it is being written."""
    if live is None:
        return QCoreApplication.translate("ChatPane", "Writing…")
    match live.phase:
        case Phase.QUEUED:
            return QCoreApplication.translate("ChatPane", "Queued")
        case Phase.WAITING:
            return QCoreApplication.translate("ChatPane", "The server is busy; asking again in {time}…").format(
                time=duration(live.wait_s)
            )
        case Phase.LOADING:
            return QCoreApplication.translate("ChatPane", "Loading the model… {percent} %").format(
                percent=round(100 * live.load_fraction)
            )
        case Phase.PREFILL:
            return QCoreApplication.translate("ChatPane", "Reading the question… {percent} %").format(
                percent=round(100 * live.prefill_fraction)
            )
        case _:
            return ""


def ended(message: Message, describe_error: DescribeError) -> str:
    """How an answer ended, where it is not simply complete."""
    match message.state:
        case MessageState.STOPPED:
            return QCoreApplication.translate("ChatPane", "Stopped")
        case MessageState.LENGTH:
            return QCoreApplication.translate("ChatPane", "Ended at the token limit")
        case MessageState.LOOP:
            return QCoreApplication.translate(
                "ChatPane", "It was repeating itself and was stopped. A higher repetition penalty may help."
            )
        case MessageState.INTERRUPTED:
            return QCoreApplication.translate("ChatPane", "Interrupted: the text up to here was kept")
        case MessageState.FAILED:
            error = message.generation.error if message.generation is not None else None
            if not error:
                return QCoreApplication.translate("ChatPane", "Failed")
            return QCoreApplication.translate("ChatPane", "Failed: {reason}").format(reason=describe_error(error))
        case _:
            return ""


def memory_begins() -> str:
    """Where the oldest messages were left out, because the context is full."""
    return QCoreApplication.translate("ChatPane", "The model no longer sees what stands above")


def answer_label() -> str:
    """Before the final answer."""
    return QCoreApplication.translate("ChatPane", "Answer:")


def provenance(message: Message) -> str:
    """Which model wrote an answer, and how fast."""
    generation = message.generation
    if generation is None:
        return ""
    parts = [generation.model.name, generation.model.quantisation]
    if generation.timing.tokens_per_s > 0:
        speed = QLocale().toString(generation.timing.tokens_per_s, "f", 1)
        parts.append(QCoreApplication.translate("ChatPane", "{speed} tokens/s").format(speed=speed))
    return " · ".join(part for part in parts if part)


def control(action: str) -> str:
    """The name of a control."""
    names = {
        "copy_answer": QCoreApplication.translate("ChatPane", "Copy answer"),
        "copy_all": QCoreApplication.translate("ChatPane", "Copy with reasoning"),
        "copy_question": QCoreApplication.translate("ChatPane", "Copy"),
        "copy_boxed": QCoreApplication.translate("ChatPane", "Copy"),
        "details": QCoreApplication.translate("ChatPane", "Details"),
        "regenerate": QCoreApplication.translate("ChatPane", "Regenerate"),
        "continue": QCoreApplication.translate("ChatPane", "Continue"),
        "answer_now": QCoreApplication.translate("ChatPane", "Answer now"),
        "answer": QCoreApplication.translate("ChatPane", "Answer this question"),
        "edit": QCoreApplication.translate("ChatPane", "Edit"),
        "more": QCoreApplication.translate("ChatPane", "More…"),
        "show_prompt": QCoreApplication.translate("ChatPane", "Show prompt"),
        "hide_prompt": QCoreApplication.translate("ChatPane", "Hide prompt"),
        "open_task": QCoreApplication.translate("ChatPane", "Open form"),
        "take_back": QCoreApplication.translate("ChatPane", "Take back"),
    }
    return names[action]


def table_control(verb: str) -> str:
    """What can be done with a table."""
    names = {
        "copy": QCoreApplication.translate("ChatPane", "Copy table"),
        "csv": QCoreApplication.translate("ChatPane", "CSV…"),
        "xlsx": QCoreApplication.translate("ChatPane", "Excel…"),
        "plot": QCoreApplication.translate("ChatPane", "Plot…"),
    }
    return names[verb]


def code_control(verb: str) -> str:
    """What can be done with a block of code."""
    names = {
        "copy": QCoreApplication.translate("ChatPane", "Copy code"),
        "save": QCoreApplication.translate("ChatPane", "Save as…"),
    }
    return names[verb]


def sort_by(column: str) -> str:
    return QCoreApplication.translate("ChatPane", "Sort by “{column}”").format(column=column)


def agreement(agreeing: int, count: int) -> str:
    """How many of the answers to a question come to the same."""
    return QCoreApplication.translate("ChatPane", "{agreeing} of {count} agree").format(agreeing=agreeing, count=count)


def spoken(action: str, text: str) -> str:
    """What a control is called to those who hear it: its text, where that is made of words."""
    names = {
        "previous_version": QCoreApplication.translate("ChatPane", "Previous version"),
        "next_version": QCoreApplication.translate("ChatPane", "Next version"),
    }
    if action == "versions":
        return QCoreApplication.translate("ChatPane", "Version {which}").format(which=text)
    return names.get(action, text)


def controls(*actions: str) -> list[tuple[str, str]]:
    """Actions with their names."""
    return [(action, control(action)) for action in actions]


def menu(entry: str) -> str:
    """An entry of the context menu."""
    names = {
        "copy": QCoreApplication.translate("ChatPane", "Copy"),
        "copy_link": QCoreApplication.translate("ChatPane", "Copy link"),
        "select_all": QCoreApplication.translate("ChatPane", "Select all"),
    }
    return names[entry]


def speaker(role: Role) -> str:
    """Who says a message, for those who hear it."""
    if role is Role.USER:
        return QCoreApplication.translate("ChatPane", "Question")
    return QCoreApplication.translate("ChatPane", "Answer")


def error_sentence(error: str) -> str:
    """The sentence for an error as a message keeps it; what is no such record is a sentence already."""
    kept = UserError.from_json(error)
    return error if kept is None else sentence(kept).text


def note_tip(*, is_back: bool) -> str:
    """What a click on a footnote's number does."""
    if is_back:
        return QCoreApplication.translate("ChatPane", "Back to the text")
    return QCoreApplication.translate("ChatPane", "To the footnote")
