"""The conversations as the window shows them: the list, the open one, the search.

Owns which conversation is open and its messages in memory. Writing answers is `answers`' business.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.store_access import StoreAccess
from finr1_desk.core.conversation import Conversation, Message, MessageState, branch, newest_end
from finr1_desk.core.errors import UserError
from finr1_desk.core.keeping import EVERYTHING, Folder, SearchFilter

if TYPE_CHECKING:
    from finr1_desk.store.database import SearchHit, Store

LAST_OPEN = "last_conversation"


class Conversations(QObject):
    listed = Signal(list, list)  # list[Conversation], newest first; list[Folder]
    opened = Signal(object, list)  # Conversation, list[Message]: the whole tree
    closed = Signal()
    messageChanged = Signal(object)  # Message
    messageRemoved = Signal(str, str)  # conversation id, message id
    conversationChanged = Signal(object)  # Conversation
    found = Signal(str, list)  # query, list[SearchHit]
    failed = Signal(object)  # UserError

    def __init__(self, store: StoreAccess, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._sought: tuple[str, SearchFilter] | None = None
        self._wanted: str | None = None  # what was last asked to be opened
        self.current: str | None = None
        self.conversation: Conversation | None = None
        self.messages: dict[str, Message] = {}
        store.changedElsewhere.connect(self._on_changed_elsewhere)

    # -- the list

    def refresh(self) -> None:
        def read(store: Store) -> tuple[list[Conversation], list[Folder]]:
            return store.conversations(), store.folders.all()

        self._store.run(read, lambda pair: self.listed.emit(*pair), self.failed.emit)

    def rename(self, id: str, title: str) -> None:
        self._store.run(lambda store: store.rename(id, title), self.note, self.failed.emit)

    # -- the open one

    def open(self, id: str, at: str | None = None) -> None:
        """Opens a conversation; `at` is a message to be shown: where it is on another branch, that one is chosen."""
        self._wanted = id

        def read(store: Store) -> tuple[Conversation, list[Message]]:
            conversation, messages = store.conversation(id), store.messages(id)
            store.set_state(LAST_OPEN, id)
            tree = {message.id: message for message in messages}
            if at in tree and all(message.id != at for message in branch(tree, conversation.head_id)):
                conversation = store.set_head(id, newest_end(messages, at))
            return conversation, messages

        self._store.run(read, lambda pair: self._on_read(*pair), self.failed.emit)

    def open_last(self) -> None:
        """Opens what was open when the application was last left, unless something has been opened since."""

        def read(store: Store) -> Conversation | None:
            with suppress(UserError):  # deleted meanwhile, here or in another process
                return store.conversation(store.get_state(LAST_OPEN) or "")
            return None

        def done(conversation: Conversation | None) -> None:
            if conversation is not None and self._wanted is None and self.current is None:
                self.open(conversation.id)

        self._store.run(read, done, self.failed.emit)

    def start_new(self) -> None:
        """Shows the empty pane; the conversation itself begins with its first question."""
        self._wanted = None
        self.current = None
        self.conversation = None
        self.messages = {}
        self._store.run(lambda store: store.set_state(LAST_OPEN, ""), None, self.failed.emit)
        self.closed.emit()

    def shown(self) -> list[Message]:
        """The branch of the open conversation that is shown, first question first."""
        return branch(self.messages, self.conversation.head_id) if self.conversation is not None else []

    def show_head(self, conversation: Conversation) -> None:
        """Another branch of the open conversation was chosen."""
        if conversation.id == self.current and conversation.head_id not in self.messages:
            self.reread()  # it was deleted meanwhile
        elif conversation.id == self.current:
            self.conversation = conversation
            self.opened.emit(conversation, list(self.messages.values()))

    def set_thinking_open(self, message_id: str, open_: bool) -> None:
        self._store.run(lambda store: store.set_thinking_open(message_id, open_), None, self.failed.emit)

    def _on_read(self, conversation: Conversation, messages: list[Message]) -> None:
        if self._wanted != conversation.id:
            return  # something else was opened meanwhile
        self.current = conversation.id
        self.conversation = conversation
        self.messages = {message.id: message for message in messages}
        self.opened.emit(conversation, messages)

    # -- what answers and other processes change

    def begin(self, conversation: Conversation) -> None:
        """The first question of a new conversation was asked: it is the open one now."""
        self._wanted = conversation.id
        self.current = conversation.id
        self.conversation = replace(conversation, head_id=None)  # until its question comes
        self.messages = {}
        self._store.run(lambda store: store.set_state(LAST_OPEN, conversation.id), None, self.failed.emit)

    def note(self, conversation: Conversation) -> None:
        """Takes over what is known of a conversation; a branch that is not known here yet is read."""
        if conversation.id == self.current:
            is_known = conversation.head_id is None or conversation.head_id in self.messages
            head = self.conversation.head_id if self.conversation is not None else None
            self.conversation = conversation if is_known else replace(conversation, head_id=head)
            if not is_known:
                self.reread()
        self.conversationChanged.emit(conversation)

    def note_question(self, conversation: Conversation, question: Message) -> None:
        """A question was asked, which is the conversation's end now."""
        if conversation.id == self.current and (question.parent_id is None or question.parent_id in self.messages):
            self.messages[question.id] = question
        self.note(conversation)
        self.note_message(question)

    def replace(self, conversation: Conversation, messages: dict[str, Message]) -> None:
        """Takes over the tree as the store has it; tells which branch is shown now if that changed."""
        if conversation.id != self.current:
            return
        before = self.shown()
        self.conversation, self.messages = conversation, messages
        kept = {message.id for message in self.shown()}
        if any(message.id not in kept for message in before):
            self.opened.emit(conversation, list(messages.values()))

    def note_message(self, message: Message) -> None:
        """Takes over a message, unless what it follows is not known here yet: then it is about to be read with that."""
        is_open = message.conversation_id == self.current
        if is_open and message.parent_id is not None and message.parent_id not in self.messages:
            return
        if is_open:
            self.messages[message.id] = message
        self.messageChanged.emit(message)

    def note_removed(self, conversation_id: str, message_id: str) -> None:
        if conversation_id == self.current:
            self._take_out(message_id)
        self.messageRemoved.emit(conversation_id, message_id)

    def _take_out(self, message_id: str) -> None:
        """Takes a message out of the tree in memory, which stays a tree until it is read again."""
        removed = self.messages.pop(message_id, None)
        if removed is None or self.conversation is None:
            return
        if self.conversation.head_id == message_id:
            self.conversation = replace(self.conversation, head_id=removed.parent_id)
        for message in list(self.messages.values()):
            if message.parent_id == message_id:
                self.messages[message.id] = replace(message, parent_id=removed.parent_id)

    def _on_changed_elsewhere(self) -> None:
        self.refresh()
        self.reread()

    def reread(self) -> None:
        """Reads the open conversation again and tells what has changed in it."""
        id = self.current
        if id is None:
            return

        def read(store: Store) -> tuple[Conversation, list[Message]]:
            return store.conversation(id), store.messages(id)

        self._store.run(read, lambda pair: self._on_read_again(*pair), self.failed.emit)

    def _on_read_again(self, conversation: Conversation, messages: list[Message]) -> None:
        """Takes over what another process changed; what is being written here is known better here."""
        if self.current != conversation.id:
            return
        new = {message.id: message for message in messages}
        head_moved = self.conversation is None or conversation.head_id != self.conversation.head_id
        if head_moved or set(new) != set(self.messages):
            own = {id: m for id, m in self.messages.items() if m.state is MessageState.WRITING and id in new}
            self.conversation, self.messages = conversation, new | own
            self.opened.emit(conversation, list(self.messages.values()))
            return
        for id, message in new.items():
            if message != self.messages[id] and self.messages[id].state is not MessageState.WRITING:
                self.note_message(message)

    # -- search

    def search(self, query: str, narrowed: SearchFilter = EVERYTHING) -> None:
        """Finds messages; only the latest query is answered, and one that is being worked on ends when it comes."""
        sought = self._sought = (query, narrowed)

        def is_given_up() -> bool:
            return self._sought is not sought

        def work(store: Store) -> list[SearchHit]:
            return [] if is_given_up() else store.search(query, narrowed=narrowed, abandoned=is_given_up)

        def done(hits: list[SearchHit]) -> None:
            if not is_given_up():
                self.found.emit(query, hits)

        self._store.run(work, done, self.failed.emit)
