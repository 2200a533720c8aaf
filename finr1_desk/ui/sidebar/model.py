"""The rows of the conversation list: headings, folders, conversations.

Owns what is shown in which row, the marks of a row, and what may be dragged where. It paints nothing and stores
nothing; the order is `grouping`'s.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.keeping import Folder, folder_name
from finr1_desk.ui.sidebar.grouping import FolderRow, Group, Heading, Row, arranged

_NOWHERE = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex
CONVERSATIONS_MIME = "application/x-finr1-desk-conversations"


class Role(IntEnum):
    ID = Qt.ItemDataRole.UserRole + 1  # str; "" for a heading and a folder
    WRITING = Qt.ItemDataRole.UserRole + 2  # bool
    UNREAD = Qt.ItemDataRole.UserRole + 3  # bool
    ROW = Qt.ItemDataRole.UserRole + 4  # Row
    OPEN = Qt.ItemDataRole.UserRole + 5  # bool: it is shown in the chat
    INSIDE = Qt.ItemDataRole.UserRole + 6  # bool: it stands below its folder


class ConversationModel(QAbstractListModel):
    renamed = Signal(str, str)  # id, the title that was typed
    folderRenamed = Signal(str, str)  # name, the name that was typed
    moved = Signal(list, object)  # ids that were dropped on a folder; its name, None for outside of all folders
    pinned = Signal(list)  # ids that were dropped on the pinned ones
    foldedChanged = Signal(list)  # names of the folders that are closed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Conversation] = []
        self._folders: list[Folder] = []
        self._folded: set[str] = set()
        self._rows: list[Row] = []
        self._row_of: dict[str, int] = {}
        self._writing: frozenset[str] = frozenset()
        self._unread: set[str] = set()
        self._open: str | None = None

    # -- content

    def set_conversations(self, conversations: Sequence[Conversation], folders: Sequence[Folder] | None = None) -> None:
        """Shows these, newest first as they come; what was selected stays so. Without folders, those known stay."""
        self._all = list(conversations)
        if folders is not None:
            self._folders = list(folders)
        self._arrange()

    def put(self, conversation: Conversation) -> None:
        """Adds or changes one conversation; the list stays ordered by when each was last used."""
        place = next((i for i, item in enumerate(self._all) if item.id == conversation.id), None)
        if place is not None and _place(self._all[place]) == _place(conversation):
            self._all[place] = conversation
            row = self._row_of.get(conversation.id)
            if row is not None:
                self._rows[row] = conversation
                self._tell({conversation.id})
            return
        others = [item for item in self._all if item.id != conversation.id]
        place = next((i for i, item in enumerate(others) if item.updated_at <= conversation.updated_at), len(others))
        self._all = [*others[:place], conversation, *others[place:]]
        self._arrange()

    def set_folded(self, names: Iterable[str]) -> None:
        """Closes these folders and opens the others."""
        self._folded = set(names)
        self._arrange()

    def rename_folded(self, name: str, new: str) -> None:
        """A folder has another name now."""
        if name in self._folded:
            self._folded = self._folded - {name} | {new}
            self.foldedChanged.emit(sorted(self._folded))

    def toggle(self, name: str) -> None:
        """Opens a folder that is closed, closes one that is open."""
        self._folded ^= {name}
        self._arrange()
        self.foldedChanged.emit(sorted(self._folded))

    def reveal(self, id: str) -> None:
        """Opens the folder that holds a conversation."""
        folder = next((item.folder for item in self._all if item.id == id), None)
        if id not in self._row_of and folder in self._folded:
            self.toggle(folder)

    def set_open(self, id: str | None) -> None:
        before, self._open = self._open, id
        self._tell({item for item in (before, id) if item is not None})

    def set_writing(self, ids: set[str]) -> None:
        changed = self._writing ^ ids
        self._writing = frozenset(ids)
        self._tell(changed)

    def set_unread(self, id: str, unread: bool) -> None:
        if unread != (id in self._unread):
            (self._unread.add if unread else self._unread.discard)(id)
            self._tell({id})

    def retranslate(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        rows = arranged(self._all, self._folders, self._folded, dt.datetime.now())
        if [_key(row) for row in rows] == [_key(row) for row in self._rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [_key(self._rows[index.row()]) for index in before]
        self._rows = rows
        self._row_of = {row.id: number for number, row in enumerate(rows) if isinstance(row, Conversation)}
        places = {_key(row): number for number, row in enumerate(rows)} if before else {}
        after = [self.index(places[key]) if key in places else QModelIndex() for key in keys]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    # -- questions about rows

    def conversation_at(self, row: int) -> Conversation | None:
        item = self._rows[row] if 0 <= row < len(self._rows) else None
        return item if isinstance(item, Conversation) else None

    def folder_at(self, row: int) -> FolderRow | None:
        item = self._rows[row] if 0 <= row < len(self._rows) else None
        return item if isinstance(item, FolderRow) else None

    def id_at(self, row: int) -> str:
        conversation = self.conversation_at(row)
        return conversation.id if conversation is not None else ""

    def row_of(self, id: str) -> int | None:
        return self._row_of.get(id)

    def row_of_folder(self, name: str) -> int | None:
        return next((n for n, row in enumerate(self._rows) if isinstance(row, FolderRow) and row.name == name), None)

    def folders(self) -> list[str]:
        return [folder.name for folder in self._folders]

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

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Role.ROW:
            return row
        if isinstance(row, Heading):
            return row.label() if role == Qt.ItemDataRole.DisplayRole else "" if role == Role.ID else None
        return self._folder_data(row, role) if isinstance(row, FolderRow) else self._conversation_data(row, role)

    def _folder_data(self, row: FolderRow, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.EditRole:
                return row.name
            case Qt.ItemDataRole.AccessibleTextRole:
                words = self.tr("Folder {name}, %n conversation(s), closed", "", row.count)
                if not row.folded:
                    words = self.tr("Folder {name}, %n conversation(s), open", "", row.count)
                return words.format(name=row.name)
            case Role.ID:
                return ""
        return None

    def _conversation_data(self, row: Conversation, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return _title(row)
            case Qt.ItemDataRole.ToolTipRole:
                return f"{_title(row)}\n{row.folder}" if row.pinned and row.folder is not None else _title(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(row)
            case Role.ID:
                return row.id
            case Role.WRITING:
                return row.id in self._writing
            case Role.UNREAD:
                return row.id in self._unread
            case Role.OPEN:
                return row.id == self._open
            case Role.INSIDE:
                return row.folder is not None and not row.pinned
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole:
            return False
        conversation, folder = self.conversation_at(index.row()), self.folder_at(index.row())
        title = " ".join(str(value).split())
        if conversation is not None and title and title != conversation.title:
            self.renamed.emit(conversation.id, title)
            return True
        name = folder_name(title)
        if folder is not None and name and name != folder.name:
            self.folderRenamed.emit(folder.name, name)
            return True
        return False

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        row = self._rows[index.row()]
        flags = Qt.ItemFlag.ItemNeverHasChildren | Qt.ItemFlag.ItemIsDropEnabled
        if isinstance(row, Heading):
            return flags
        flags |= Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
        return flags | Qt.ItemFlag.ItemIsDragEnabled if isinstance(row, Conversation) else flags

    # -- dragging

    def mimeTypes(self) -> list[str]:
        return [CONVERSATIONS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        ids = [id for index in indexes if (id := self.id_at(index.row()))]
        data.setData(CONVERSATIONS_MIME, json.dumps(ids).encode())
        return data

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index) -> bool:
        return parent.isValid() and data.hasFormat(CONVERSATIONS_MIME) and self.drop_row(parent.row()) >= 0

    def drop_row(self, row: int) -> int:
        """The row that stands for where something dropped on `row` goes: its folder or its heading; -1 for nowhere."""
        while row >= 0 and isinstance(self._rows[row], Conversation):
            row -= 1
        return -1 if row < 0 or self._rows[row] == Heading(Group.FOLDERS) else row

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index) -> bool:
        """What is dropped on a folder or on something in it goes there, elsewhere out of folders, on «Pinned» up."""
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        ids = [str(id) for id in json.loads(bytes(data.data(CONVERSATIONS_MIME).data()))]
        target = self._rows[self.drop_row(parent.row())]
        if target == Heading(Group.PINNED):
            self.pinned.emit(ids)
        else:
            self.moved.emit(ids, target.name if isinstance(target, FolderRow) else None)
        return False  # nothing of the rows is the view's to remove

    # -- inside

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


def _place(conversation: Conversation) -> tuple[object, ...]:
    """What decides where its row stands."""
    return conversation.updated_at, conversation.folder, conversation.pinned


def _key(row: Row) -> object:
    if isinstance(row, Conversation):
        return row.id
    return row if isinstance(row, Heading) else ("folder", row.name)
