"""`finr1-desk chat`: a conversation in the terminal, kept like the window's.

Owns the commands and what is shown. An answer that is being written takes /stop and /answer at once; other lines
wait until it has ended. Ctrl-C stops the answer, a second one leaves.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from finr1_desk.app.live import LiveStatus
from finr1_desk.core.conversation import Conversation, Message, MessageState, branch, forgotten
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import GenerateRequest, ModelRequest, SnapshotPlace
from finr1_desk.core.plan import GivenUp
from finr1_desk.core.prompts import build_turns
from finr1_desk.core.remote import host_of, is_in_the_clear, is_loopback, is_remote
from finr1_desk.core.settings import most_thinking
from finr1_desk.core.version import VERSION
from finr1_desk.core.wording import count_text
from finr1_desk.export.options import ExportOptions
from finr1_desk.export.writing import Exporter
from finr1_desk.terminal.answering import Answering
from finr1_desk.terminal.ask import INTERRUPTED, AskOptions, end_note, waiting_text
from finr1_desk.terminal.conversations import find_conversation
from finr1_desk.terminal.lines import Lines, standard_input
from finr1_desk.terminal.output import AnswerPrinter, StatusLine, one_line, visible
from finr1_desk.terminal.workspace import Workspace

if TYPE_CHECKING:
    from finr1_desk.store.database import Store


class RichPen:
    """Standard output through rich, which knows what the terminal can show; a pipe gets the text as it is."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    def plain(self, text: str) -> None:
        self._write(text, "")

    def dim(self, text: str) -> None:
        self._write(text, "dim")

    def heading(self, text: str) -> None:
        self._write(text, "bold")

    def _write(self, text: str, style: str) -> None:
        if self._console.is_terminal:
            self._console.print(Text(visible(text), style), end="")
        else:
            sys.stdout.write(text)
        sys.stdout.flush()


def chat(workspace: Workspace, options: AskOptions, resume: str | None) -> int:
    """Chats until the user leaves. Returns the exit status.

    Raises:
        UserError: there is no model, or the store cannot be opened.
    """
    named, request = _model(workspace, options)
    with workspace.store() as store:
        conversation = find_conversation(store, resume, workspace.voice) if resume else None
        answering = Answering(workspace.paths.runtime, workspace.identity, workspace.voice.note_retry, workspace.access)
        try:
            answering.prepare(request)
            talk = Chat(workspace, options, request, store, answering, conversation)
            talk.greet(named)
            return talk.run(standard_input())
        finally:
            answering.close()


def _model(workspace: Workspace, options: AskOptions) -> tuple[str, ModelRequest]:
    """What answers, as it is shown, and how it is asked for.

    Raises:
        UserError: there is no model, or no server.
    """
    if options.server:
        server = workspace.server()
        return " · ".join(filter(None, (one_line(server.model), server.host))), ModelRequest(server.address)
    model = workspace.model(options.model)
    named = f"{one_line(model.header.name)} · {model.header.quantisation}"
    return named, workspace.model_request(model, options.loading)


class Chat:
    """One chat, from greeting to farewell."""

    def __init__(
        self,
        workspace: Workspace,
        options: AskOptions,
        model: ModelRequest,
        store: Store,
        answering: Answering,
        conversation: Conversation | None,
    ) -> None:
        self._workspace = workspace
        self._voice = workspace.voice
        self._options = options
        self._model = model
        self._store = store
        self._answering = answering
        self._conversation = conversation
        self._show_thinking = options.think or sys.stdout.isatty()
        self._given_up: tuple[GivenUp, ...] = ()  # for want of memory, as it was said
        self._pen = RichPen()
        self._waiting: deque[str] = deque()  # lines that were typed while an answer was written
        self._idle: threading.Timer | None = None

    def greet(self, named: str) -> None:
        self._pen.heading(f"Fin-R1 Desk {VERSION}\n")
        self._pen.dim(f"{named}\n")
        self._tell_where()
        self._pen.dim(self._voice.translate("Terminal", "Type a question; /help lists the commands.") + "\n")

    def _tell_where(self) -> None:
        """Says that text leaves this computer, where it does."""
        url = self._model.path
        if not is_remote(url) or is_loopback(url):
            return
        self._info(self._voice.translate("Terminal", "Your questions are sent to %1.", host_of(url)))
        if is_in_the_clear(url):
            self._info(self._voice.translate("Terminal", "They are not encrypted on the way."))

    def _follow_server(self) -> None:
        """The server was changed in the window: what is asked from now on goes to the one that is set up there."""
        self._model = ModelRequest(self._workspace.server().address)
        self._tell_where()

    def run(self, lines: Lines) -> int:
        try:
            while True:
                self._start_idle_clock()
                line = self._waiting.popleft() if self._waiting else lines.next("\n> ")
                self._stop_idle_clock()
                if line is None or not self._obey(line, lines):
                    return 0
        except KeyboardInterrupt:
            self._pen.plain("\n")
            return INTERRUPTED
        finally:
            self._stop_idle_clock()

    def _obey(self, line: str, lines: Lines) -> bool:
        """Does what a line says; False when the user leaves."""
        word, _, rest = line.strip().partition(" ")
        match word:
            case "":
                pass
            case "/quit" | "/exit":
                return False
            case "/help":
                self._help()
            case "/new":
                self._conversation = None
                self._info(self._voice.translate("Terminal", "A new conversation."))
            case "/think":
                self._show_thinking = not self._show_thinking
                shown = self._voice.translate("Terminal", "The reasoning is shown.")
                hidden = self._voice.translate("Terminal", "The reasoning is hidden.")
                self._info(shown if self._show_thinking else hidden)
            case "/save":
                self._guarded(lambda: self._save(Path(rest.strip() or ".").expanduser()))
            case "/stop" | "/answer":
                self._info(self._voice.translate("Terminal", "No answer is being written."))
            case _ if word.startswith("/") and not word.startswith("//"):
                self._info(self._voice.translate("Terminal", "There is no command %1; /help lists them.", word))
            case _:
                self._guarded(lambda: self._ask(line.removeprefix("/") if line.startswith("//") else line, lines))
        return True

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except UserError as error:
            self._voice.report(error)

    def _info(self, text: str) -> None:
        self._pen.dim(text + "\n")

    def _help(self) -> None:
        translate = self._voice.translate
        for command, meaning in (
            ("/new", translate("Terminal", "begins a new conversation")),
            ("/stop", translate("Terminal", "stops the answer; so does Ctrl-C")),
            ("/answer", translate("Terminal", "ends the reasoning and lets it answer now")),
            ("/think", translate("Terminal", "shows or hides the reasoning")),
            ("/save DIR", translate("Terminal", "writes the conversation as Markdown")),
            ("/quit", translate("Terminal", "leaves; the conversation is kept")),
        ):
            self._pen.plain(f"  {command:<10} {meaning}\n")
        self._info(
            translate("Terminal", "\\ at the end of a line goes on in the next one; // begins a question with /.")
        )

    # -- asking

    def _ask(self, text: str, lines: Lines) -> None:
        """Keeps the question, then has it answered."""
        if self._conversation is None:
            self._conversation = self._store.create_conversation(self._system_prompt(), choices=self._options.choices)
        conversation = self._store.conversation(self._conversation.id)
        question = self._store.add_question(conversation.id, conversation.head_id, text)
        answer = self._store.begin_answer(question.id)
        messages = {message.id: message for message in self._store.messages(conversation.id)}
        before = branch(messages, question.id)
        turns = build_turns(conversation.system_prompt, before)
        settings, options = self._workspace.settings, self._options
        choices = options.choices.over(conversation.choices)
        request = GenerateRequest(
            model=self._model,
            turns=tuple(turns),
            overrides=self._workspace.sampling(dict(options.sampling), choices),
            seed=choices.seed if options.seed is None else options.seed,
            max_think=most_thinking(settings, choices) if options.max_think is None else options.max_think,
            stop_loops=settings.stop_loops,
            prompt_lookup=settings.prompt_lookup,
            conversation=conversation.id,
            snapshot=self._snapshot(conversation.id),
        )
        printer = AnswerPrinter(self._pen, show_thinking=self._show_thinking)
        status_line = StatusLine(sys.stderr)

        def on_change(message: Message, status: LiveStatus) -> None:
            if not printer.has_text(message.parts):
                status_line.show(waiting_text(self._voice, status))
                return
            status_line.clear()
            printer.show(message.parts, final=message.state is not MessageState.WRITING)

        self._pen.plain("\n")
        try:
            ended = self._answering.write(request, answer, self._store, on_change, lambda: self._on_idle(lines))
        finally:
            status_line.clear()
            printer.end()
        if ended.error is not None:
            self._voice.report(ended.error)
            if ended.error.code is ErrorCode.SERVER_CHANGED:
                self._follow_server()
            return
        plan = ended.started.model.plan if ended.started is not None else None
        if plan is not None and plan.given_up != self._given_up:
            self._given_up = plan.given_up
            self._voice.note_given_up(plan)
        tokens = ended.finished.usage.completion_tokens
        speed = f"{ended.finished.timing.tokens_per_s:.1f}"
        translate = self._voice.translate
        figures = translate("Terminal", "%1 tokens · %2 tokens/s", count_text(tokens), speed)
        note = end_note(self._voice, ended)
        self._info(f"\n{note} {figures}" if note else f"\n{figures}")
        left_out = ended.started.left_out.turns if ended.started is not None else 0
        if left_out > forgotten(before):
            self._info(translate("Terminal", "The model no longer sees the first %1 messages.", count_text(left_out)))

    def _snapshot(self, conversation_id: str) -> SnapshotPlace | None:
        if is_remote(self._model.path):
            return None
        return self._workspace.snapshot(self._store, conversation_id, self._model)

    def _system_prompt(self) -> str | None:
        if self._options.no_system:
            return None
        return self._options.system or self._workspace.settings.system_prompt or None

    def _on_idle(self, lines: Lines) -> None:
        """Takes what was typed while the answer is written."""
        line = lines.poll()
        if line is None:
            return
        match line.strip():
            case "/stop":
                self._answering.stop()
            case "/answer":
                self._answering.answer_now()
            case "":
                pass
            case _:
                self._waiting.append(line)

    def _save(self, folder: Path) -> None:
        if self._conversation is None:
            self._info(self._voice.translate("Terminal", "There is nothing to save yet."))
            return
        conversation = self._store.conversation(self._conversation.id)
        with Exporter(ExportOptions(), self._voice.export_labels()) as exporter:
            written = exporter.write(folder, conversation, self._store.messages(conversation.id), time.time())
        self._info(str(written))

    # -- the model's memory

    def _start_idle_clock(self) -> None:
        """Gives the model's memory back when nothing was asked for as long as the settings say."""
        minutes = self._workspace.settings.idle_unload_minutes
        if minutes:
            self._idle = threading.Timer(minutes * 60, self._answering.unload)
            self._idle.daemon = True
            self._idle.start()

    def _stop_idle_clock(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
