"""How the open conversation is answered, or the next new one: its system prompt, sampling, thinking, samples.

Owns what was chosen for a conversation that does not exist yet, and changing it for one that does. The store keeps it
with the conversation; what is left open the settings decide.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.conversations import Conversations
from finr1_desk.app.settings import SettingsController
from finr1_desk.app.store_access import StoreAccess
from finr1_desk.core.choices import UNCHOSEN, Choices
from finr1_desk.core.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Chosen:
    """`system_prompt` is None for none at all."""

    system_prompt: str | None
    choices: Choices = UNCHOSEN


class Manner(QObject):
    changed = Signal()  # it, or which conversation is open

    def __init__(
        self,
        store: StoreAccess,
        conversations: Conversations,
        settings: SettingsController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._conversations = conversations
        self._settings = settings
        self._for_new: Chosen | None = None
        conversations.opened.connect(lambda *_: self.changed.emit())
        conversations.closed.connect(self.changed)

    @property
    def value(self) -> Chosen:
        """What holds for the open conversation; where none is open, for the next one."""
        conversation = self._conversations.conversation
        if conversation is not None:
            return Chosen(conversation.system_prompt, conversation.choices)
        return self._for_new or Chosen(self._settings.value.system_prompt or None)

    def set(self, chosen: Chosen) -> None:
        """Changes it, from the next answer on."""
        conversation = self._conversations.conversation
        if conversation is None:
            self._for_new = chosen
            self.changed.emit()
            return

        def done(changed: Conversation) -> None:
            self._conversations.note(changed)
            self.changed.emit()

        self._store.run(
            lambda store: store.set_choices(conversation.id, chosen.system_prompt, chosen.choices),
            done,
            self._conversations.failed.emit,
        )

    def take_for_new(self) -> Chosen:
        """What a conversation begins with; the one after it begins as the settings say."""
        chosen = self._for_new or Chosen(self._settings.value.system_prompt or None)
        self._for_new = None
        return chosen
