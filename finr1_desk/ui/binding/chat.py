"""Keeps the chat pane equal to the open conversation while it is read and written.

Owns which messages the pane holds at the moment. What they are is the controllers' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import Conversation, Message, Role, forgotten
from finr1_desk.ui.binding.branches import versions_of
from finr1_desk.ui.pane.places import mark_versions, put_at, top_of

if TYPE_CHECKING:
    from finr1_desk.app.answers import Answers
    from finr1_desk.app.conversations import Conversations
    from finr1_desk.ui.pane.pane import ChatPane


class ChatBinding(QObject):
    def __init__(self, pane: ChatPane, conversations: Conversations, answers: Answers, parent: QObject) -> None:
        super().__init__(parent)
        self._pane = pane
        self._conversations = conversations
        self._answers = answers
        self._held: list[str] = []  # ids in the pane, in order
        self._queued: set[str] = set()  # of these, questions shown as waiting
        self._sought: tuple[str, str, str] | None = None  # conversation, message, needle
        self._conversation: str | None = None  # whose messages those are
        self._left_out: int | None = None  # by the answer that is being written, as last told
        conversations.opened.connect(self._on_opened)
        conversations.closed.connect(self._on_closed)
        conversations.messageChanged.connect(self._on_message_changed)
        conversations.messageRemoved.connect(self._on_message_removed)
        answers.grew.connect(self._on_grew)
        answers.finished.connect(self._on_finished)

    def seek(self, conversation_id: str, message_id: str, needle: str) -> bool:
        """Goes to a place in a conversation; False where that has to be opened first, after which it goes there."""
        if self._conversations.current == conversation_id and message_id in self._held:
            self._pane.scroll_to(message_id, needle)
            return True
        self._sought = (conversation_id, message_id, needle)
        return False

    def _on_opened(self, conversation: Conversation, _messages: list[Message]) -> None:
        place = self._place_to_keep() if conversation.id == self._conversation else None
        self._conversation = conversation.id
        self._show_all()
        if place is not None:
            put_at(self._pane, *place)
        sought, self._sought = self._sought, None
        if sought is not None and sought[0] == conversation.id and sought[1] in self._held:
            self._pane.scroll_to(sought[1], sought[2])

    def _place_to_keep(self) -> tuple[str, float] | None:
        """Where the first message has to stand that another branch shows in the place of one that was shown."""
        for old, new in zip(self._held, self._conversations.shown(), strict=False):
            if old != new.id:
                top = top_of(self._pane, old)
                return None if top is None else (new.id, top)
        return None

    def _mark_versions(self, changed: Message | None = None) -> None:
        """Shows which messages have other versions; a question that has just changed is about to be answered."""
        asked = changed is not None and changed.role is Role.USER
        is_idle = not asked and not self._answers.is_busy(self._conversations.current or "")
        messages = self._conversations.messages | self._answers.live_messages(self._conversations.current or "")
        mark_versions(
            self._pane, versions_of(messages, [messages[id] for id in self._held if id in messages], is_idle=is_idle)
        )

    def _mark_memory(self) -> None:
        """Marks what the model did not see when it wrote the newest answer, or does not while it writes it."""
        shown, live = self._conversations.shown(), self._live()
        told = next((live[m.id].left_out for m in shown if m.id in live and live[m.id].left_out is not None), None)
        count = forgotten(shown) if told is None else told
        self._pane.mark_memory(shown[count - 1].id if 0 < count < len(shown) else None)

    def _on_closed(self) -> None:
        self._held, self._queued, self._conversation = [], set(), None
        self._pane.set_messages([], {})

    def _on_message_changed(self, message: Message) -> None:
        if message.conversation_id == self._conversations.current:
            self._put(message, self._live().get(message.id))
            self._mark_memory()
            self._mark_versions(message)

    def _on_message_removed(self, conversation_id: str, message_id: str) -> None:
        if message_id in self._held:
            self._held.remove(message_id)
            self._queued.discard(message_id)
            self._pane.remove_message(message_id)

    def _on_grew(self, message: Message, live: LiveStatus) -> None:
        if message.conversation_id != self._conversations.current:
            return
        self._put(message, live)
        if live.left_out != self._left_out:
            self._left_out = live.left_out
            self._mark_memory()
        parent = message.parent_id
        if parent in self._queued and parent not in self._live():
            self._queued.discard(parent)
            self._pane.update_message(self._conversations.messages[parent], None)

    def _on_finished(self, message: Message) -> None:
        if message.conversation_id == self._conversations.current:
            self._put(message, None)
            self._mark_memory()
            self._mark_versions()

    def _put(self, message: Message, live: LiveStatus | None) -> None:
        """Updates a message that is shown, adds one that continues the branch, else shows the branch anew."""
        if live is not None and live.phase is Phase.QUEUED:
            self._queued.add(message.id)
        if message.id in self._held:
            self._pane.update_message(message, live)
            return
        shown = self._conversations.shown()
        ids = [item.id for item in shown]
        if ids == [*self._held, message.id]:
            self._held = ids
            self._pane.add_message(message, live)
            self._mark_versions(message)
        elif message.id in ids:
            self._show_all()

    def _show_all(self) -> None:
        shown, live = self._conversations.shown(), self._live()
        current = self._answers.live_messages(self._conversations.current or "")
        self._held = [message.id for message in shown]
        self._queued = {id for id in self._held if id in live and live[id].phase is Phase.QUEUED}
        self._pane.set_messages([current.get(message.id, message) for message in shown], live)
        self._mark_memory()
        self._mark_versions()

    def _live(self) -> Mapping[str, LiveStatus]:
        return self._answers.live_statuses(self._conversations.current or "")
