"""Unsent questions: one for each conversation, on disk within a second of the last key.

Owns when they are written and what is known of them in memory. What stands in the field is told from outside.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from finr1_desk.app.store_access import StoreAccess
from finr1_desk.core.draft import Draft
from finr1_desk.core.errors import UserError

SAVE_MS: Final = 400  # after the first change that is not on disk; the promise is a second


class Drafts(QObject):
    """The drafts by conversation; `None` is the next new one."""

    loaded = Signal()
    failed = Signal(object)  # UserError, told once until a draft could be kept again

    def __init__(self, store: StoreAccess, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._drafts: dict[str, Draft] = {}
        self._unsaved: dict[str, Draft] = {}
        self._saving: set[str] = set()
        self._complained = False
        self.is_loaded = False
        self._save = QTimer(self, singleShot=True, interval=SAVE_MS)
        self._save.timeout.connect(self.save)

    def load(self) -> None:
        """Reads what was left; what was noted meanwhile is newer."""

        def done(found: dict[str, Draft]) -> None:
            self._drafts = found | self._drafts
            self.is_loaded = True
            self.loaded.emit()

        self._store.run(lambda store: store.drafts.all(), done, self.failed.emit)

    def of(self, conversation_id: str | None) -> Draft:
        return self._drafts.get(conversation_id or "", Draft())

    def note(self, conversation_id: str | None, draft: Draft) -> None:
        """What stands in the field now."""
        place = conversation_id or ""
        if self._drafts.get(place, Draft()) == draft:
            return
        self._drafts[place] = draft
        self._unsaved[place] = draft
        if not self._save.isActive():
            self._save.start()

    def forget(self, conversation_id: str | None) -> None:
        """It was sent: gone from the disk at once, so that it is not offered a second time."""
        self.note(conversation_id, Draft())
        self.save()

    def save(self) -> None:
        """Puts on disk what is not there yet."""
        self._save.stop()
        for place in [place for place in self._unsaved if place not in self._saving]:
            self._keep(place, self._unsaved.pop(place))

    def _keep(self, place: str, draft: Draft) -> None:
        self._saving.add(place)

        def kept(_: None) -> None:
            self._saving.discard(place)
            self._complained = False
            if place in self._unsaved:
                self._save.start()

        def not_kept(error: UserError) -> None:
            self._saving.discard(place)
            self._unsaved.setdefault(place, draft)
            if not self._complained:
                self._complained = True
                self.failed.emit(error)

        self._store.run(lambda store: store.drafts.keep(place, draft), kept, not_kept)

    def keep_everything(self, timeout: float) -> None:
        """Puts everything on disk; for leaving, so it waits for the disk."""
        self._save.stop()
        unsaved, self._unsaved = self._unsaved, {}
        for place, draft in unsaved.items():
            self._store.wait(
                lambda store, place=place, draft=draft: store.drafts.keep(place, draft),  # type: ignore[misc]
                timeout,
            )
