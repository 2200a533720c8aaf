"""The rows of the conversation list: conversations under headings that say when they were last used.

Owns the order, the headings and the marks. It paints nothing and stores nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from finr1_desk.core.conversation import Conversation

_NOWHERE = QModelIndex()


class Group(IntEnum):
    TODAY = 0
    YESTERDAY = 1
    WEEK = 2
    EARLIER = 3


def group_label(group: Group) -> str:
    translate = QCoreApplication.translate
    match group:
        case Group.TODAY:
            return translate("ConversationModel", "Today")
        case Group.YESTERDAY:
            return translate("ConversationModel", "Yesterday")
        case Group.WEEK:
            return translate("ConversationModel", "Previous 7 days")
        case Group.EARLIER:
            return translate("ConversationModel", "Earlier")


def boundaries(now: dt.datetime) -> tuple[float, float, float]:
    """The starts of today, yesterday and the week before today in local time, as seconds since the epoch."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [(today - dt.timedelta(days=days)).timestamp() for days in (0, 1, 7)]
    return starts[0], starts[1], starts[2]


class Role(IntEnum):
    ID = Qt.ItemDataRole.UserRole + 1  # str; "" for a heading
    WRITING = Qt.ItemDataRole.UserRole + 2  # bool
    UNREAD = Qt.ItemDataRole.UserRole + 3  # bool


@dataclass(frozen=True, slots=True)
class Heading:
    group: Group


Row = Conversation | Heading


class ConversationModel(QAbstractListModel):
    renamed = Signal(str, str)  # id, the title that was typed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._row_of: dict[str, int] = {}
        self._writing: frozenset[str] = frozenset()
        self._unread: set[str] = set()

    # -- content

    def set_conversations(self, conversations: Sequence[Conversation]) -> None:
        """Shows these, newest first as they come; what was selected stays selected."""
        rows = _with_headings(conversations, boundaries(dt.datetime.now()))
        if [_key(row) for row in rows] == [_key(row) for row in self._rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        ids = [self.id_at(index.row()) for index in before]
        self._rows = rows
        self._row_of = {row.id: number for number, row in enumerate(rows) if isinstance(row, Conversation)}
        after = [self.index(self._row_of[id]) if id in self._row_of else QModelIndex() for id in ids]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def put(self, conversation: Conversation) -> None:
        """Adds or changes one conversation; the list stays ordered by when each was last used."""
        row = self._row_of.get(conversation.id)
        known = self._rows[row] if row is not None else None
        if row is not None and isinstance(known, Conversation) and known.updated_at == conversation.updated_at:
            self._rows[row] = conversation
            self.dataChanged.emit(self.index(row), self.index(row))
            return
        others = [item for item in self._rows if isinstance(item, Conversation) and item.id != conversation.id]
        place = next((i for i, item in enumerate(others) if item.updated_at <= conversation.updated_at), len(others))
        self.set_conversations([*others[:place], conversation, *others[place:]])

    def set_writing(self, ids: set[str]) -> None:
        changed = self._writing ^ ids
        self._writing = frozenset(ids)
        self._tell(changed)

    def set_unread(self, id: str, unread: bool) -> None:
        if unread != (id in self._unread):
            (self._unread.add if unread else self._unread.discard)(id)
            self._tell({id})

    def retranslate(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    # -- questions about rows

    def conversation_at(self, row: int) -> Conversation | None:
        item = self._rows[row] if 0 <= row < len(self._rows) else None
        return item if isinstance(item, Conversation) else None

    def id_at(self, row: int) -> str:
        conversation = self.conversation_at(row)
        return conversation.id if conversation is not None else ""

    def row_of(self, id: str) -> int | None:
        return self._row_of.get(id)

    def neighbour(self, id: str | None, step: int) -> str | None:
        """The conversation `step` (1 or -1) places from this one; the first where none is open."""
        ids = list(self._row_of)
        if not ids:
            return None
        if id not in self._row_of:
            return ids[0]
        place = ids.index(id) + step
        return ids[place] if 0 <= place < len(ids) else None

    # -- Qt's side

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if isinstance(row, Heading):
            return group_label(row.group) if role == Qt.ItemDataRole.DisplayRole else "" if role == Role.ID else None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.EditRole:
                return _title(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(row)
            case Role.ID:
                return row.id
            case Role.WRITING:
                return row.id in self._writing
            case Role.UNREAD:
                return row.id in self._unread
        return None

    def setData(
        self, index: QModelIndex | QPersistentModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        conversation = self.conversation_at(index.row())
        title = " ".join(str(value).split())
        if conversation is None or role != Qt.ItemDataRole.EditRole or not title or title == conversation.title:
            return False
        self.renamed.emit(conversation.id, title)
        return True

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if not self.id_at(index.row()):
            return Qt.ItemFlag.ItemNeverHasChildren
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsEditable
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def _spoken(self, conversation: Conversation) -> str:
        if conversation.id in self._writing:
            return self.tr("{title}, being written").format(title=_title(conversation))
        if conversation.id in self._unread:
            return self.tr("{title}, unread answer").format(title=_title(conversation))
        return _title(conversation)

    def _tell(self, ids: set[str] | frozenset[str]) -> None:
        for id in ids:
            row = self._row_of.get(id)
            if row is not None:
                self.dataChanged.emit(self.index(row), self.index(row))


def _title(conversation: Conversation) -> str:
    return conversation.title or QCoreApplication.translate("ConversationModel", "Untitled conversation")


def _key(row: Row) -> str | Group:
    return row.id if isinstance(row, Conversation) else row.group


def _with_headings(conversations: Sequence[Conversation], starts: tuple[float, float, float]) -> list[Row]:
    rows: list[Row] = []
    shown: Group | None = None
    for conversation in conversations:
        moment = conversation.updated_at
        group = Group(sum(moment < start for start in starts))
        if shown is None or group > shown:  # a clock that was turned back must not repeat a heading
            rows.append(Heading(group))
            shown = group
        rows.append(conversation)
    return rows
