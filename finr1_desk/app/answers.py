"""Asking and answering: questions go to disk, wait their turn, are answered, and what comes is kept.

Owns every answer that is being written and the questions that wait for it. A question is on disk before it is
announced; text is on disk at most a second after it was shown; whatever ends an answer, its text stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from finr1_desk.app.conversations import Conversations
from finr1_desk.app.engine_link import EngineLink
from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.app.models import Models
from finr1_desk.app.settings import SettingsController
from finr1_desk.app.store_access import StoreAccess
from finr1_desk.app.writing import Opened, Writing
from finr1_desk.core.conversation import (
    Conversation,
    FinishReason,
    Message,
    ModelIdentity,
    Role,
    branch,
)
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import EngineEvent, Finished, GenerateRequest, LoadProgress, ModelRequest
from finr1_desk.core.prompts import build_turns
from finr1_desk.core.settings import sampling_overrides, snapshot_budget

if TYPE_CHECKING:
    from finr1_desk.store.database import Store

PAINT_MS: Final = 30  # at least between two paintings; the engine tells of new text 20 times a second
SAVE_MS: Final = 500  # half of the promised second, so that a slow disk still keeps the promise
FIGURES_MS: Final = 250  # tokens/s and the context: faster, figures cannot be read
CLOCK_MS: Final = 1000  # «Thinking… 12 s» goes on while no token comes
RETRY_MS: Final = 5000


class Answers(QObject):
    asked = Signal(object, object)  # Conversation, Message: the question, on disk
    refused = Signal(str, object)  # the text of a question that could not be kept, UserError
    grew = Signal(object, object)  # Message, LiveStatus
    finished = Signal(object)  # Message
    busyChanged = Signal(set)  # conversation ids
    unread = Signal(str)  # conversation id
    contextUsed = Signal(int, int)  # tokens, limit
    speed = Signal(float)  # tokens/s
    failed = Signal(object)  # UserError

    def __init__(
        self,
        store: StoreAccess,
        conversations: Conversations,
        models: Models,
        settings: SettingsController,
        link: EngineLink,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._conversations = conversations
        self._models = models
        self._settings = settings
        self._link = link
        self._waiting: dict[str, deque[Message]] = {}  # conversation → questions, in order
        self._starting: dict[str, bool] = {}  # conversation → whether it was stopped before it began
        self._writing: dict[str, Writing] = {}  # conversation → the answer being written
        self._by_request: dict[str, Writing] = {}
        self._unsaved: list[tuple[Message, Writing]] = []  # ended, but the disk did not take it yet
        self._unhashed: dict[str, list[str]] = {}  # model path → answers that lack its hash
        self._creating: list[str] | None = None  # questions typed while the first one's conversation is made
        self._paint = QTimer(self, singleShot=True, interval=PAINT_MS)
        self._since_painted = QElapsedTimer()
        self._paint.timeout.connect(self._on_paint)
        self._save = QTimer(self, interval=SAVE_MS)
        self._save.timeout.connect(self._on_save)
        self._figures = QTimer(self, interval=FIGURES_MS)
        self._figures.timeout.connect(self._on_figures)
        self._clock = QTimer(self, interval=CLOCK_MS)
        self._clock.timeout.connect(self._on_clock)
        self._retry = QTimer(self, interval=RETRY_MS)
        self._retry.timeout.connect(self._on_retry)
        link.received.connect(self._on_event)
        models.hashed.connect(self._on_hashed)
        conversations.opened.connect(lambda *_: self._tell_context())

    # -- what the user does

    def ask(self, text: str) -> None:
        """Puts a question into the open conversation, or begins a new one with it."""
        if not text.strip():
            self.refused.emit(text, UserError(ErrorCode.EMPTY_QUESTION))
            return
        current = self._conversations.current
        if current is None and self._creating is not None:
            self._creating.append(text)
            return
        if current is None:
            self._creating = []
        system_prompt = self._settings.value.system_prompt or None

        def work(store: Store) -> tuple[Conversation, Message]:
            conversation = store.conversation(current) if current else store.create_conversation(system_prompt)
            question = store.add_question(conversation.id, conversation.head_id, text)
            return store.conversation(conversation.id), question

        def refuse(error: UserError) -> None:
            held, self._creating = (self._creating or [], None) if current is None else ([], self._creating)
            for lost in (text, *held):
                self.refused.emit(lost, error)

        self._store.run(work, lambda pair: self._on_asked(*pair, new=current is None), refuse)

    def stop(self, conversation_id: str) -> None:
        """Ends the answer that is being written there; what has come is kept."""
        writing = self._writing.get(conversation_id)
        if writing is not None:
            self._link.client.cancel(writing.request_id)
        elif conversation_id in self._starting:
            self._starting[conversation_id] = True

    def answer_now(self, conversation_id: str) -> None:
        """Ends the thinking there and lets the model answer from what it has."""
        writing = self._writing.get(conversation_id)
        if writing is not None:
            self._link.client.answer_now(writing.request_id)

    def regenerate(self, message_id: str) -> None:
        """Writes another answer beside this one; given a question, writes its answer."""

        def work(store: Store) -> Message | None:
            message = store.message(message_id)
            if message.role is Role.USER:
                return message
            return store.message(message.parent_id) if message.parent_id is not None else None

        def done(question: Message | None) -> None:
            if question is not None:
                self._enqueue(question)

        self._store.run(work, done, self.failed.emit)

    def continue_answer(self, message_id: str) -> None:
        """Goes on with an answer that was stopped, cut off or interrupted."""
        message = self._conversations.messages.get(message_id)
        if message is None or message.conversation_id in self._writing or message.conversation_id in self._starting:
            return
        self._begin(message.conversation_id, lambda store: store.resume_answer(message_id))

    def take_back(self, question_id: str) -> None:
        """Removes a question that still waits."""
        for conversation_id, questions in self._waiting.items():
            question = next((waiting for waiting in questions if waiting.id == question_id), None)
            if question is not None:
                questions.remove(question)
                self._store.run(
                    lambda store: store.remove_question(question_id),
                    lambda _, id=conversation_id: self._on_taken_back(id, question_id),  # type: ignore[misc]
                    self.failed.emit,
                )
                return

    def live(self, conversation_id: str) -> tuple[Message, LiveStatus] | None:
        """The answer being written in a conversation, as it stands."""
        writing = self._writing.get(conversation_id)
        return (writing.message, writing.status) if writing is not None else None

    def live_statuses(self, conversation_id: str) -> Mapping[str, LiveStatus]:
        """For every message of a conversation that is being written or waits: how it stands."""
        statuses = {
            question.id: LiveStatus(Phase.QUEUED, ahead=ahead)
            for ahead, question in enumerate(self._waiting.get(conversation_id, ()), 1)
        }
        writing = self._writing.get(conversation_id)
        return statuses | ({writing.id: writing.status} if writing is not None else {})

    # -- from question to request

    def _on_asked(self, conversation: Conversation, question: Message, *, new: bool) -> None:
        held: list[str] = []
        if new:
            held, self._creating = self._creating or [], None
            if self._conversations.current is None:
                self._conversations.begin(conversation)
        self._conversations.note(conversation)
        self._conversations.note_message(question)
        self.asked.emit(conversation, question)
        self._enqueue(question)
        for text in held:
            self.ask(text)

    def _enqueue(self, question: Message) -> None:
        self._waiting.setdefault(question.conversation_id, deque()).append(question)
        self._advance(question.conversation_id)

    def _advance(self, conversation_id: str) -> None:
        """Starts the next question of a conversation, if none of its answers is being written."""
        questions = self._waiting.get(conversation_id)
        if questions and conversation_id not in self._writing and conversation_id not in self._starting:
            question = questions.popleft()
            self._begin(conversation_id, lambda store: store.begin_answer(question.id))
        for ahead, waiting in enumerate(questions or (), 1):
            self.grew.emit(waiting, LiveStatus(Phase.QUEUED, ahead=ahead))
        self._tell_busy()

    def _begin(self, conversation_id: str, open_answer: Callable[[Store], Message]) -> None:
        """Opens an answer in the store and asks the engine for it."""
        self._starting[conversation_id] = False
        self._tell_busy()

        model, budget = self._models.request(), snapshot_budget(self._settings.value)
        sha256 = self._models.known_hash(model.path) if model is not None else ""

        def work(store: Store) -> Opened:
            answer = open_answer(store)
            messages = {message.id: message for message in store.messages(conversation_id)}
            place = store.snapshots.place(conversation_id, budget, sha256) if budget else None
            return Opened(store.conversation(conversation_id), messages, answer, place)

        def failed(error: UserError) -> None:
            self._starting.pop(conversation_id, None)
            self._tell_busy()
            self.failed.emit(error)

        self._store.run(work, lambda opened: self._on_begun(opened, model), failed)

    def _on_begun(self, opened: Opened, model: ModelRequest | None) -> None:
        conversation = opened.conversation
        stopped = self._starting.pop(conversation.id, False)
        self._conversations.replace(conversation, opened.messages)
        writing = Writing(opened.answer, model.path if model is not None else "")
        self._writing[conversation.id] = writing
        self.grew.emit(writing.message, writing.status)
        self._run_timers()
        if stopped:
            self._end(writing, Finished("", FinishReason.CANCELLED))
        elif model is None:
            self._end(writing, Finished("", FinishReason.ERROR, code=ErrorCode.NO_MODEL))
        else:
            writing.request_id = self._link.client.generate(self._request(model, opened))
            self._by_request[writing.request_id] = writing
        self._tell_busy()

    def _request(self, model: ModelRequest, opened: Opened) -> GenerateRequest:
        path = branch(opened.messages, opened.answer.parent_id)
        return GenerateRequest(
            model=model,
            turns=tuple(build_turns(opened.conversation.system_prompt, path)),
            prefix=opened.answer.raw,
            overrides=sampling_overrides(self._settings.value),
            max_think=self._settings.value.max_think,
            stop_loops=self._settings.value.stop_loops,
            prompt_lookup=self._settings.value.prompt_lookup,
            conversation=opened.conversation.id,
            snapshot=opened.snapshot,
        )

    # -- what the engine says

    def _on_event(self, event: EngineEvent) -> None:
        if isinstance(event, LoadProgress):
            for waiting in self._writing.values():
                waiting.take(event)
            self._paint_soon()
            return
        request = getattr(event, "request", "")
        writing = self._by_request.get(request) if isinstance(request, str) else None
        if writing is None:
            return
        if isinstance(event, Finished):
            self._end(writing, event)
        else:
            writing.take(event)
            self._paint_soon()

    def _end(self, writing: Writing, event: Finished) -> None:
        writing.take(event)
        self._by_request.pop(writing.request_id, None)
        started, identity = writing.started, self._identity(writing)
        message = writing.ended(identity)
        if started is not None and identity is not None and identity.sha256 is None:
            self._unhashed.setdefault(started.model.request.path, []).append(message.id)
        if message.generation is not None and message.generation.timing.tokens_per_s:
            self.speed.emit(message.generation.timing.tokens_per_s)
        self._keep(message, writing)

    def _identity(self, writing: Writing) -> ModelIdentity | None:
        return self._models.identity(writing.started.model) if writing.started is not None else None

    def _keep(self, message: Message, writing: Writing) -> None:
        def work(store: Store) -> tuple[Message, Conversation]:
            on_disk = store.finish_answer(message.id, message.parts, message.state, message.generation)
            return on_disk, store.conversation(message.conversation_id)

        def kept(on_disk: Message, conversation: Conversation) -> None:
            self._writing.pop(message.conversation_id, None)
            self._run_timers()
            self._conversations.note(conversation)
            self._conversations.note_message(on_disk)
            self.finished.emit(on_disk)
            if message.conversation_id != self._conversations.current:
                self.unread.emit(message.conversation_id)
            if writing.error is not None:
                self.failed.emit(writing.error)
            self._advance(message.conversation_id)

        def not_kept(error: UserError) -> None:
            """The disk is full, say: the text stays in memory and is offered to the disk again."""
            if not self._unsaved:
                self.failed.emit(error)
            self._unsaved.append((message, writing))
            self._retry.start()

        self._store.run(work, lambda pair: kept(*pair), not_kept)

    def _on_retry(self) -> None:
        again, self._unsaved = self._unsaved, []
        self._retry.stop()
        for message, writing in again:
            self._keep(message, writing)

    def _on_taken_back(self, conversation_id: str, question_id: str) -> None:
        self._conversations.note_removed(conversation_id, question_id)
        self._conversations.reread()
        self._tell_busy()

    def _on_hashed(self, path: str, sha256: str) -> None:
        for message_id in self._unhashed.pop(path, []):
            self._store.run(self._hash_setter(message_id, sha256), self._conversations.note_message, self.failed.emit)

    @staticmethod
    def _hash_setter(message_id: str, sha256: str) -> Callable[[Store], Message]:
        def work(store: Store) -> Message:
            store.set_model_hash(message_id, sha256)
            return store.message(message_id)

        return work

    # -- painting and saving

    def _run_timers(self) -> None:
        for timer in (self._save, self._figures, self._clock):
            if self._writing and not timer.isActive():
                timer.start()
            elif not self._writing:
                timer.stop()

    def _paint_soon(self) -> None:
        """Paints what has come at once, as long as that is not too often; it costs no waking of its own."""
        if not self._since_painted.isValid() or self._since_painted.hasExpired(PAINT_MS):
            self._on_paint()
        elif not self._paint.isActive():
            self._paint.start()

    def _on_paint(self) -> None:
        self._since_painted.start()
        for writing in self._writing.values():
            if writing.unpainted:
                writing.unpainted = False
                self.grew.emit(writing.message, writing.status)

    def _on_figures(self) -> None:
        writing = self._writing.get(self._conversations.current or "")
        if writing is not None:
            self.speed.emit(writing.status.tokens_per_s)
            self._tell_context()

    def _on_clock(self) -> None:
        for writing in self._writing.values():
            if writing.status.phase is Phase.THINKING:
                writing.unpainted = True
        self._paint_soon()

    def _on_save(self) -> None:
        for writing in self._writing.values():
            ended = writing.request_id not in self._by_request  # its last text is on its way to the disk already
            if writing.unsaved and not writing.saving and not ended:
                self._write(writing)

    def _write(self, writing: Writing) -> None:
        writing.unsaved, writing.saving = False, True
        message = writing.message

        def saved(_: None) -> None:
            writing.saving = False

        def not_saved(error: UserError) -> None:
            writing.saving, writing.unsaved = False, True
            if not writing.complained:
                writing.complained = True
                self.failed.emit(error)

        self._store.run(lambda store: store.write_answer(message.id, message.parts), saved, not_saved)

    # -- telling

    def _tell_busy(self) -> None:
        waiting = {id for id, questions in self._waiting.items() if questions}
        busy = {*self._writing, *self._starting, *waiting}
        self._models.set_busy(busy)
        self.busyChanged.emit(busy)

    def _tell_context(self) -> None:
        """The open conversation's share of the context: what its answer occupies now, or occupied at its end."""
        loaded = self._models.loaded
        limit = loaded.context_length if loaded is not None else self._settings.value.context_length
        writing = self._writing.get(self._conversations.current or "")
        if writing is not None and writing.started is not None:
            self.contextUsed.emit(writing.context_used, writing.started.model.context_length)
            return
        used = 0
        for message in reversed(self._conversations.shown()):
            if message.generation is not None:
                used = message.generation.usage.prompt_tokens + message.generation.usage.completion_tokens
                break
        self.contextUsed.emit(used, limit)

    # -- leaving

    def keep_everything(self, timeout: float) -> None:
        """Puts every answer being written on disk as it stands; for leaving, so it waits for the disk."""
        for timer in (self._paint, self._save, self._figures, self._clock, self._retry):
            timer.stop()
        ended = [writing.ended(self._identity(writing)) for writing in self._writing.values()]
        ended += [message for message, _ in self._unsaved]
        self._writing.clear()
        for message in ended:
            self._store.wait(
                lambda store, m=message: store.finish_answer(m.id, m.parts, m.state, m.generation),  # type: ignore[misc]
                timeout,
            )
