"""Asking and answering: questions go to disk, wait their turn, are answered, and what comes is kept.

Owns every answer that is being written and the questions that wait for it. A question is on disk before it is
announced; text is on disk at most a second after it was shown; whatever ends an answer, its text stays.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.conversations import Conversations
from finr1_desk.app.engine_link import EngineLink
from finr1_desk.app.keeper import Keeper
from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.app.manner import Manner
from finr1_desk.app.models import Models
from finr1_desk.app.questions import Asked, Question, follow
from finr1_desk.app.settings import SettingsController
from finr1_desk.app.store_access import StoreAccess
from finr1_desk.app.telling import Telling
from finr1_desk.app.work import Work
from finr1_desk.app.writing import Opened, Writing
from finr1_desk.core.choices import UNCHOSEN, Choices
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
from finr1_desk.core.settings import most_thinking, sampling_overrides, snapshot_budget

if TYPE_CHECKING:
    from finr1_desk.core.tasks.note import TaskNote
    from finr1_desk.store.database import Store


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
        manner: Manner,
        link: EngineLink,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._conversations = conversations
        self._models = models
        self._settings = settings
        self._manner = manner
        self._link = link
        self._waiting: dict[str, deque[Asked]] = {}  # conversation → questions, in order
        self._asking: Counter[str] = Counter()  # questions on their way into the store, by conversation
        self._starting: dict[str, bool] = {}  # conversation → whether it was stopped before it began
        self._works: dict[str, Work] = {}  # conversation → what is being written there
        self._by_request: dict[str, Work] = {}
        self._unhashed: dict[str, list[str]] = {}  # model path → answers that lack its hash
        self._creating: list[Question] | None = None  # asked while the first one's conversation is made
        self._keeper = Keeper(store, self._writings, self)
        self._keeper.failed.connect(self.failed)
        self._telling = Telling(self._works, lambda: conversations.current, self)
        self._telling.grew.connect(self.grew)
        self._telling.contextUsed.connect(self.contextUsed)
        self._telling.speed.connect(self.speed)
        self._telling.figuresDue.connect(self._tell_context)
        link.received.connect(self._on_event)
        models.hashed.connect(self._on_hashed)
        models.chosen.connect(self._on_model_chosen)
        for signal in (models.chosen, models.changed, conversations.opened, conversations.closed):
            signal.connect(lambda *_: self._tell_context())

    # -- what the user does

    def ask(self, text: str, choices: Choices = UNCHOSEN, task: TaskNote | None = None) -> None:
        """Puts a question into the open conversation, or begins a new one with it.

        Args:
            choices: for its answer alone.
            task: what made the text.
        """
        self._ask(Question(text, choices, task=task))

    def edit(self, question_id: str, text: str, choices: Choices = UNCHOSEN) -> None:
        """Puts a question beside an earlier one of the open conversation, as a branch that is shown from now on."""
        self._ask(Question(text, choices, beside=question_id))

    def _ask(self, asked: Question) -> None:
        if not asked.text.strip():
            self.refused.emit(asked.text, UserError(ErrorCode.EMPTY_QUESTION))
            return
        current = self._conversations.current
        if current is None and self._creating is not None:
            self._creating.append(asked)
            return
        if current is None:
            self._creating = []
        new = self._manner.take_for_new() if current is None else None
        self._asking[current or ""] += 1

        def work(store: Store) -> tuple[Conversation, Message]:
            if new is not None:
                conversation = store.create_conversation(new.system_prompt, choices=new.choices)
            else:
                conversation = store.conversation(current or "")
            beside = store.message(asked.beside) if asked.beside else None
            parent = conversation.head_id if beside is None else beside.parent_id
            if parent is not None:
                store.branches.require(parent)
            question = store.add_question(conversation.id, parent, asked.text, asked.task or follow(beside, asked.text))
            return store.conversation(conversation.id), question

        def done(pair: tuple[Conversation, Message]) -> None:
            self._asking[current or ""] -= 1
            self._on_asked(*pair, asked.choices, new=new is not None)

        def refuse(error: UserError) -> None:
            self._asking[current or ""] -= 1
            held, self._creating = (self._creating or [], None) if new is not None else ([], self._creating)
            for lost in (asked, *held):
                self.refused.emit(lost.text, error)

        self._store.run(work, done, refuse)

    def stop(self, conversation_id: str) -> None:
        """Ends what is being written there; what has come is kept."""
        work = self._works.get(conversation_id)
        if work is not None:
            self._link.client.cancel(work.request_id)
        elif conversation_id in self._starting:
            self._starting[conversation_id] = True

    def answer_now(self, conversation_id: str) -> None:
        """Ends the thinking there and lets the model answer from what it has."""
        work = self._works.get(conversation_id)
        if work is not None:
            self._link.client.answer_now(work.request_id)

    def regenerate(self, message_id: str, choices: Choices = UNCHOSEN) -> None:
        """Writes another answer beside this one; given a question, writes its answer.

        Args:
            choices: for this answer alone, before those of the conversation.
        """

        def work(store: Store) -> Message | None:
            message = store.message(message_id)
            if message.role is Role.USER:
                return message
            return store.message(message.parent_id) if message.parent_id is not None else None

        def done(question: Message | None) -> None:
            if question is not None:
                self._enqueue(Asked(question, choices))

        self._store.run(work, done, self.failed.emit)

    def continue_answer(self, message_id: str) -> None:
        """Goes on with an answer that was stopped, cut off or interrupted."""
        message = self._conversations.messages.get(message_id)
        if message is None or message.conversation_id in self._works or message.conversation_id in self._starting:
            return
        one = Choices(samples=1)
        self._begin(message.conversation_id, one, lambda store, _: [store.branches.resume(message_id)])

    def take_back(self, question_id: str) -> None:
        """Removes a question that still waits; one that has answers already stays, and waits no longer."""
        for questions in self._waiting.values():
            asked = next((waiting for waiting in questions if waiting.question.id == question_id), None)
            if asked is not None:
                questions.remove(asked)
                done = partial(self._on_taken_back, asked.question)
                self._store.run(lambda store: store.branches.take_back(question_id), done, self.failed.emit)
                return

    def is_busy(self, conversation_id: str) -> bool:
        """Whether something is written there, or waits."""
        waiting = self._waiting.get(conversation_id)
        return conversation_id in self._works or conversation_id in self._starting or bool(waiting)

    def is_starting(self, conversation_id: str) -> bool:
        """Whether a question or an answer is on its way into the store, and nothing must go from under it."""
        return self._asking[conversation_id] > 0 or conversation_id in self._starting

    def live_messages(self, conversation_id: str) -> dict[str, Message]:
        """The answers being written in a conversation, as they stand, by id."""
        work = self._works.get(conversation_id)
        return work.messages if work is not None else {}

    def live(self, conversation_id: str) -> tuple[Message, LiveStatus] | None:
        """The first of the answers being written in a conversation, as it stands."""
        work = self._works.get(conversation_id)
        return (work.writings[0].message, work.writings[0].status) if work is not None else None

    def live_statuses(self, conversation_id: str) -> Mapping[str, LiveStatus]:
        """For every message of a conversation that is being written or waits: how it stands."""
        statuses = {
            asked.question.id: LiveStatus(Phase.QUEUED, ahead=ahead)
            for ahead, asked in enumerate(self._waiting.get(conversation_id, ()), 1)
        }
        work = self._works.get(conversation_id)
        return statuses | (work.statuses if work is not None else {})

    # -- from question to request

    def _on_asked(self, conversation: Conversation, question: Message, choices: Choices, *, new: bool) -> None:
        held: list[Question] = []
        if new:
            held, self._creating = self._creating or [], None
            if self._conversations.current is None:
                self._conversations.begin(conversation)
        self._conversations.note_question(conversation, question)
        self.asked.emit(conversation, question)
        self._enqueue(Asked(question, choices))
        for asked in held:
            self._ask(asked)

    def _enqueue(self, asked: Asked) -> None:
        conversation_id = asked.question.conversation_id
        self._waiting.setdefault(conversation_id, deque()).append(asked)
        self._advance(conversation_id)

    def _advance(self, conversation_id: str) -> None:
        """Starts the next question of a conversation, if none of its answers is being written and a model is there."""
        questions = self._waiting.get(conversation_id)
        free = conversation_id not in self._works and conversation_id not in self._starting
        if questions and free and self._models.is_settled:
            asked = questions.popleft()
            self._begin(
                conversation_id, asked.choices, lambda store, count: store.branches.begin(asked.question.id, count)
            )
        for ahead, waiting in enumerate(questions or (), 1):
            self.grew.emit(waiting.question, LiveStatus(Phase.QUEUED, ahead=ahead))
        self._tell_busy()

    def _on_model_chosen(self, _model: object) -> None:
        for conversation_id in list(self._waiting):
            self._advance(conversation_id)

    def _begin(
        self, conversation_id: str, choices: Choices, open_answers: Callable[[Store, int], list[Message]]
    ) -> None:
        """Opens answers in the store and asks the engine for them."""
        self._starting[conversation_id] = False
        self._tell_busy()

        model, budget = self._models.request(), snapshot_budget(self._settings.value)
        sha256 = self._models.known_hash(model.path) if model is not None else ""

        def work(store: Store) -> Opened:
            chosen = choices.over(store.conversation(conversation_id).choices)
            answers = open_answers(store, chosen.samples or 1)
            messages = {message.id: message for message in store.messages(conversation_id)}
            place = store.snapshots.place(conversation_id, budget, sha256) if budget else None
            return Opened(store.conversation(conversation_id), messages, tuple(answers), chosen, place)

        def failed(error: UserError) -> None:
            self._starting.pop(conversation_id, None)
            self.failed.emit(error)
            self._advance(conversation_id)

        self._store.run(work, lambda opened: self._on_begun(opened, model), failed)

    def _on_begun(self, opened: Opened, model: ModelRequest | None) -> None:
        conversation = opened.conversation
        stopped = self._starting.pop(conversation.id, False)
        self._conversations.replace(conversation, opened.messages)
        path = model.path if model is not None else ""
        work = self._works[conversation.id] = Work([Writing(answer, path) for answer in opened.answers])
        for writing in work.writings:
            self.grew.emit(writing.message, writing.status)
        self._run_timers()
        if stopped:
            self._end(work, Finished("", FinishReason.CANCELLED))
        elif model is None:
            self._end(work, Finished("", FinishReason.ERROR, code=ErrorCode.NO_MODEL))
        else:
            work.begin(self._link.client.generate(self._request(model, opened)))
            self._by_request[work.request_id] = work
        self._tell_busy()

    def _request(self, model: ModelRequest, opened: Opened) -> GenerateRequest:
        first, settings = opened.answers[0], self._settings.value
        path = branch(opened.messages, first.parent_id)
        return GenerateRequest(
            model=model,
            turns=tuple(build_turns(opened.conversation.system_prompt, path)),
            prefix=first.raw,
            overrides=sampling_overrides(settings, opened.choices),
            seed=opened.choices.seed,
            max_think=most_thinking(settings, opened.choices),
            stop_loops=settings.stop_loops,
            prompt_lookup=settings.prompt_lookup,
            samples=len(opened.answers),
            conversation=opened.conversation.id,
            snapshot=opened.snapshot,
        )

    # -- what the engine says

    def _on_event(self, event: EngineEvent) -> None:
        if isinstance(event, LoadProgress):
            for waiting in self._works.values():
                waiting.take(event)
            self._telling.soon()
            return
        request = getattr(event, "request", "")
        work = self._by_request.get(request) if isinstance(request, str) else None
        if work is not None:
            self._end(work, event)

    def _end(self, work: Work, event: EngineEvent) -> None:
        """Takes an event, and keeps the answers that end with it."""
        ended = work.take(event)
        if isinstance(event, Finished):
            self._by_request.pop(work.request_id, None)
            if event.timing.tokens_per_s:
                self.speed.emit(event.timing.tokens_per_s)
        for writing in ended:
            started, identity = writing.started, self._identity(writing)
            message = writing.ended(identity)
            if started is not None and identity is not None and identity.sha256 is None:
                self._unhashed.setdefault(started.model.request.path, []).append(message.id)
            self._keeper.finish(message, lambda on_disk, conversation: self._on_kept(work, on_disk, conversation))
        self._telling.soon()

    def _identity(self, writing: Writing) -> ModelIdentity | None:
        return self._models.identity(writing.started.model) if writing.started is not None else None

    def _on_kept(self, work: Work, on_disk: Message, conversation: Conversation) -> None:
        work.kept[on_disk.id] = on_disk
        if not work.is_kept:
            self._conversations.note_message(on_disk)
            return
        if len(work.writings) == 1:
            self._on_all_kept(work, on_disk, conversation)
            return
        chosen, first = work.chosen, work.writings[0]

        def choose(store: Store) -> Conversation:
            store.branches.choose(chosen.id, first.id)
            return store.conversation(chosen.conversation_id)

        self._conversations.note_message(on_disk)
        self._store.run(choose, lambda seen: self._on_all_kept(work, chosen, seen), self.failed.emit)

    def _on_all_kept(self, work: Work, chosen: Message, conversation: Conversation) -> None:
        self._works.pop(conversation.id, None)
        self._run_timers()
        self._conversations.note(conversation)
        self._conversations.note_message(chosen)
        if len(work.writings) > 1:
            self._conversations.reread()
        self._tell_context()
        self.finished.emit(chosen)
        if conversation.id != self._conversations.current:
            self.unread.emit(conversation.id)
        error = next((writing.error for writing in work.writings if writing.error is not None), None)
        if error is not None:
            self.failed.emit(error)
        self._advance(conversation.id)

    def _on_taken_back(self, question: Message, gone: bool) -> None:
        if gone:
            self._conversations.note_removed(question.conversation_id, question.id)
            self._conversations.reread()
        else:
            self._conversations.note_message(question)
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

    def _writings(self) -> Iterator[Writing]:
        for work in self._works.values():
            yield from work.writings

    def _run_timers(self) -> None:
        self._keeper.run(bool(self._works))
        self._telling.run()

    # -- telling

    def _tell_busy(self) -> None:
        waiting = {id for id, questions in self._waiting.items() if questions}
        busy = {*self._works, *self._starting, *waiting}
        self._models.set_busy(busy)
        self.busyChanged.emit(busy)

    def _tell_context(self) -> None:
        self._telling.tell_context(self._conversations.shown(), self._models.context_limit)

    # -- leaving

    def keep_everything(self, timeout: float) -> None:
        """Puts every answer being written on disk as it stands; for leaving, so it waits for the disk."""
        self._keeper.stop()
        self._telling.stop()
        unkept = self._keeper.unkept
        known = {message.id for message in unkept}
        ended = [
            writing.ended(self._identity(writing))
            for work in self._works.values()
            for writing in work.writings
            if writing.id not in work.kept and writing.id not in known
        ]
        self._works.clear()
        for message in [*unkept, *ended]:
            self._store.wait(
                lambda store, m=message: store.finish_answer(m.id, m.parts, m.state, m.generation),  # type: ignore[misc]
                timeout,
            )
