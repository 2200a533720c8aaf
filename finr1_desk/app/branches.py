"""The branches of the open conversation: which is shown, which are taken away, and taking that back.

Owns what can be undone. The tree is the conversations', its rows are the store's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.conversations import Conversations
from finr1_desk.app.store_access import StoreAccess
from finr1_desk.core.conversation import Message, below, newest_end, versions


class Branches(QObject):
    """
    Args:
        busy: the messages of a conversation that are being written or wait to be answered.
        is_starting: whether one is about to begin in a conversation.
    """

    deleted = Signal(object)  # Message, the first of what has gone; `undo` brings it back
    failed = Signal(object)  # UserError

    def __init__(
        self,
        store: StoreAccess,
        conversations: Conversations,
        busy: Callable[[str], Iterable[str]],
        is_starting: Callable[[str], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._conversations = conversations
        self._busy = busy
        self._is_starting = is_starting
        self._undo: list[Message] = []
        self._seen: dict[str, str] = {}  # message → what was last shown below it
        conversations.opened.connect(lambda *_: self._remember())

    def versions(self, message_id: str) -> list[Message]:
        """What stands in the place of a message, oldest first."""
        messages = self._conversations.messages
        found = messages.get(message_id)
        return versions(messages.values(), found) if found is not None else []

    def show(self, message_id: str) -> None:
        """Shows the branch on which a message stands as it was last looked at, else the newest."""
        conversation, messages = self._conversations.conversation, self._conversations.messages
        if conversation is None or message_id not in messages:
            return
        self._remember()
        head = newest_end(messages.values(), message_id, self._seen)
        self._store.run(
            lambda store: store.set_head(conversation.id, head), self._conversations.show_head, self.failed.emit
        )

    def _remember(self) -> None:
        """Keeps in mind which branch is shown, for when it is left and come back to."""
        shown = self._conversations.shown()
        self._seen |= {message.parent_id: message.id for message in shown if message.parent_id is not None}

    def step(self, message_id: str, step: int) -> None:
        """Shows the version before (-1) or after (+1) a message, around the end."""
        beside = [message.id for message in self.versions(message_id)]
        if len(beside) > 1:
            self.show(beside[(beside.index(message_id) + step) % len(beside)])

    def last_choice(self) -> str | None:
        """The last message on the shown branch that has other versions."""
        shown = self._conversations.shown()
        return next((message.id for message in reversed(shown) if len(self.versions(message.id)) > 1), None)

    def may_delete(self, message_id: str) -> bool:
        """Not what is being written, or waits for its answer."""
        messages = self._conversations.messages
        if message_id not in messages or self._is_starting(messages[message_id].conversation_id):
            return False
        busy = set(self._busy(messages[message_id].conversation_id))
        return not busy & below(messages.values(), message_id)

    def delete(self, message_id: str) -> None:
        """Takes a message away, with all that follows it; `undo` brings it back."""
        message = self._conversations.messages.get(message_id)
        if message is None or not self.may_delete(message_id):
            return

        def done(_: None) -> None:
            self._undo.append(message)
            self._conversations.reread()
            self.deleted.emit(message)

        self._store.run(lambda store: store.branches.delete(message_id), done, self.failed.emit)

    def undo(self) -> None:
        """Brings back what was deleted last, and shows it."""
        if not self._undo:
            return
        message = self._undo.pop()

        def restored(_: None) -> None:
            if self._conversations.current == message.conversation_id:
                self._conversations.reread()
            else:
                self._conversations.open(message.conversation_id)

        self._store.run(lambda store: store.branches.restore(message.id), restored, self.failed.emit)
