"""`finr1-desk ask`: one question, one answer.

Owns what goes where: the answer to standard output as it comes, everything else to standard error, and the exit
status. With `--json` standard output gets one object at the end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.app.writing import unsaved_answer
from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.choices import UNCHOSEN, Choices
from finr1_desk.core.conversation import FinishReason, LeftOut, Message, MessageState, ModelIdentity
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import GenerateRequest, ModelRequest
from finr1_desk.core.prompts import Turn
from finr1_desk.core.wording import count_text
from finr1_desk.terminal.answering import Answer, Answering
from finr1_desk.terminal.output import AnswerPrinter, StatusLine, StreamPen, discard_output
from finr1_desk.terminal.samples import Sampled, agreement_note, kept, write_samples
from finr1_desk.terminal.voice import Voice
from finr1_desk.terminal.workspace import Workspace

if TYPE_CHECKING:
    from finr1_desk.store.database import Store

# What a shell reports for a program that was ended by the signal.
INTERRUPTED: Final = 130
READER_GONE: Final = 141


@dataclass(frozen=True, slots=True)
class AskOptions:
    """What the command line asks for; None leaves it to the settings and the model."""

    text: str
    model: Path | None = None
    system: str | None = None
    no_system: bool = False
    choices: Choices = UNCHOSEN  # the preset
    sampling: Mapping[str, float | int] = field(default_factory=dict)
    loading: Mapping[str, Any] = field(default_factory=dict)
    max_think: int | None = None
    seed: int | None = None
    think: bool = False
    json: bool = False
    save: bool = False
    samples: int = 1
    server: bool = False


def ask(workspace: Workspace, options: AskOptions) -> int:
    """Answers one question. Returns the exit status.

    Raises:
        UserError: it cannot be answered.
    """
    text = _question(options.text)
    if not text.strip():
        raise UserError(ErrorCode.EMPTY_QUESTION)
    system = None if options.no_system else (options.system or workspace.settings.system_prompt or None)
    request = GenerateRequest(
        model=_model(workspace, options),
        turns=(*((Turn("system", system),) if system else ()), Turn("user", text)),
        overrides=workspace.sampling(dict(options.sampling), options.choices),
        seed=options.choices.seed if options.seed is None else options.seed,
        max_think=workspace.settings.max_think if options.max_think is None else options.max_think,
        stop_loops=workspace.settings.stop_loops,
        prompt_lookup=workspace.settings.prompt_lookup,
        samples=options.samples,
    )
    with workspace.store() if options.save else nullcontext() as store:
        return _answer(workspace, options, request, store, system, text)


def _model(workspace: Workspace, options: AskOptions) -> ModelRequest:
    """The model to ask, on the team server or here; says so where it is the demonstration model for want of another."""
    if options.server:
        return ModelRequest(workspace.server().address)
    model = workspace.model(options.model)
    if model.is_built_in and options.model is None and not options.json and sys.stderr.isatty():
        workspace.voice.note(
            workspace.voice.translate(
                "Terminal", "No Fin-R1 was found on this machine; the built-in demonstration model answers."
            )
        )
    return workspace.model_request(model, options.loading)


def _answer(
    workspace: Workspace,
    options: AskOptions,
    request: GenerateRequest,
    store: Store | None,
    system: str | None,
    text: str,
) -> int:
    message = _kept_question(store, system, text, options.choices) if store is not None else unsaved_answer()
    answering = Answering(workspace.paths.runtime, workspace.identity, workspace.voice.note_retry, workspace.access)
    sink = Sink(workspace.voice, answering, quiet=options.json, think=options.think)
    sampled: Sampled | None = None
    try:
        if request.samples > 1:
            sampled = write_samples(answering, request, sink.show_progress, workspace.voice)
            answer = kept(sampled, message, store)
            sink.on_change(answer.message, LiveStatus(Phase.ANSWERING))
        else:
            answer = answering.write(request, message, store, sink.on_change)
    finally:
        sink.close()
        answering.close()
    if answer.started is not None:
        workspace.voice.note_given_up(answer.started.model.plan)
    if options.json and not sink.reader_gone:
        sink.print_json(json_of(answer, request) | (sampled.values() if sampled is not None else {}))
    if sampled is not None and answer.error is None and not options.json and not sink.reader_gone:
        workspace.voice.note(agreement_note(workspace.voice, sampled))
    return _status(workspace.voice, answer, sink, options, interrupted=answering.interrupted)


def _question(text: str) -> str:
    """The question, from standard input where it is `-`."""
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(ErrorCode.FILE_UNREADABLE, path="-", reason=str(error)) from None


def _kept_question(store: Store, system: str | None, text: str, choices: Choices) -> Message:
    """Puts the question into the store, and opens its answer there."""
    conversation = store.create_conversation(system, choices=choices)
    question = store.add_question(conversation.id, None, text)
    return store.begin_answer(question.id)


class Sink:
    """Where an answer goes while it is written."""

    def __init__(self, voice: Voice, answering: Answering, *, quiet: bool, think: bool) -> None:
        self._voice = voice
        self._answering = answering
        self._quiet = quiet
        self._printer = AnswerPrinter(StreamPen(sys.stdout), show_thinking=think or sys.stdout.isatty())
        self._line = StatusLine(sys.stderr)
        self.reader_gone = False

    def on_change(self, message: Message, status: LiveStatus) -> None:
        if self.reader_gone:
            return
        if self._quiet or not self._printer.has_text(message.parts):
            self._line.show(waiting_text(self._voice, status))
            return
        self._line.clear()
        final = message.state is not MessageState.WRITING
        self._guarded(lambda: self._printer.show(message.parts, final=final))

    def show_progress(self, text: str) -> None:
        self._line.show(text)

    def close(self) -> None:
        self._line.clear()
        if not self._quiet and not self.reader_gone:
            self._guarded(self._printer.end)

    def print_json(self, value: dict[str, Any]) -> None:
        self._guarded(lambda: print(json.dumps(value, ensure_ascii=False, indent=2), flush=True))

    def _guarded(self, write: Callable[[], None]) -> None:
        """Writes; a reader that has gone ends the answer, quietly."""
        try:
            write()
        except BrokenPipeError:
            self.reader_gone = True
            discard_output()
            self._answering.stop()


def waiting_text(voice: Voice, status: LiveStatus) -> str:
    """What is being waited for, in a few words."""
    match status.phase:
        case Phase.QUEUED:
            return voice.translate("Terminal", "Waiting for %1 other answers…", str(status.ahead))
        case Phase.WAITING:
            return voice.translate("Terminal", "The server is busy; asking again in %1 s…", str(round(status.wait_s)))
        case Phase.LOADING:
            return voice.translate("Terminal", "Loading the model… %1 %", f"{status.load_fraction:.0%}".rstrip("%"))
        case Phase.PREFILL:
            return voice.translate(
                "Terminal", "Reading the question… %1 %", f"{status.prefill_fraction:.0%}".rstrip("%")
            )
        case Phase.THINKING:
            return voice.translate("Terminal", "Thinking… %1 tokens", count_text(status.think_tokens))
        case _:
            return voice.translate("Terminal", "Writing… %1 tokens", count_text(status.tokens))


def end_note(voice: Voice, answer: Answer) -> str:
    """What there is to say about how an answer ended; empty where it simply ended."""
    sampling = answer.started.sampling if answer.started is not None else None
    if answer.finished.reason is FinishReason.LENGTH and sampling is not None:
        return voice.translate(
            "Terminal", "The answer ended at the limit of %1 tokens.", count_text(sampling.max_tokens)
        )
    if answer.finished.reason is FinishReason.LOOP:
        return voice.translate(
            "Terminal", "The answer was repeating itself and was stopped. A higher --repeat-penalty may help."
        )
    if answer.finished.reason is FinishReason.CANCELLED:
        return voice.translate("Terminal", "The answer was stopped.")
    return ""


def _status(voice: Voice, answer: Answer, sink: Sink, options: AskOptions, *, interrupted: bool) -> int:
    if answer.error is not None:
        voice.report(answer.error)
        return 1
    if not options.json and not sink.reader_gone:
        note = end_note(voice, answer)
        if note:
            voice.note(note)
        if options.save:
            voice.note(voice.translate("Terminal", "Kept as conversation %1.", answer.message.conversation_id))
    if sink.reader_gone:
        return READER_GONE
    return INTERRUPTED if interrupted and answer.finished.reason is FinishReason.CANCELLED else 0


def json_of(answer: Answer, request: GenerateRequest) -> dict[str, Any]:
    """The object that `ask --json` prints."""
    message, started = answer.message, answer.started
    generation = message.generation
    usage = generation.usage if generation is not None else answer.finished.usage
    timing = answer.finished.timing
    identity = generation.model if generation is not None else ModelIdentity("", Path(request.model.path).name, "")
    value: dict[str, Any] = {
        "think": message.think,
        "answer": message.answer,
        "boxed": boxed_answer(message.answer),
        "finish_reason": answer.finished.reason.value,
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "cached_tokens": usage.cached_tokens,
            "completion_tokens": usage.completion_tokens,
        },
        "timing": {
            "load_s": timing.load_s,
            "prefill_s": timing.prefill_s,
            "decode_s": timing.decode_s,
            "tokens_per_s": timing.tokens_per_s,
        },
        "model": {
            "name": identity.name,
            "path": None if identity.server else request.model.path,
            "server": identity.server or None,
            "sha256": identity.sha256,
            "quantisation": identity.quantisation,
        },
        "seed": started.seed if started is not None else request.seed,
        "sampling": asdict(started.sampling) if started is not None else None,
        "think_cut": generation.think_cut if generation is not None else answer.finished.think_cut,
        "left_out": asdict(generation.left_out if generation is not None else LeftOut()),
    }
    if answer.error is not None:
        value["error"] = {"code": answer.error.code.value, "params": dict(answer.error.params)}
    if message.conversation_id:
        value["conversation"] = message.conversation_id
    return value
