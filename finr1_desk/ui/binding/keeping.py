"""Ties the sidebar to what keeps conversations in order: the list, folders, pins, the trash and the search.

Owns the connections, and the sentences of what can be undone. What is open in the chat is `binding`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.keeping import Folder
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.sidebar.sidebar import Sidebar

if TYPE_CHECKING:
    from finr1_desk.app.bootstrap import Application


class KeepingBinding(QObject):
    def __init__(
        self,
        sidebar: Sidebar,
        application: Application,
        dialogs: Dialogs,
        export: Callable[[list[str]], None],
        busy: Callable[[], set[str]],
        parent: QObject,
    ) -> None:
        """`busy` gives the conversations in which an answer is being written."""
        super().__init__(parent)
        self._sidebar = sidebar
        self._keeping = application.keeping
        self._dialogs = dialogs
        self._busy = busy
        self._titles: dict[str, str] = {}
        self._folders: list[str] = []
        self._models: list[str] = []
        self._wants_trash = False
        self._connect_what_happened(application)
        self._connect_what_is_wanted(application, export)

    def _connect_what_happened(self, application: Application) -> None:
        keeping, conversations = self._keeping, application.conversations
        conversations.listed.connect(self._on_listed)
        conversations.conversationChanged.connect(self._on_conversation_changed)
        conversations.found.connect(self._sidebar.show_results)
        application.store.changedElsewhere.connect(self._on_changed_elsewhere)
        keeping.deleted.connect(self._on_deleted)
        keeping.folderDeleted.connect(self._on_folder_deleted)
        keeping.trashListed.connect(self._on_trash_listed)
        keeping.modelsListed.connect(self._on_models_listed)
        keeping.foldedRead.connect(self._sidebar.model.set_folded)
        keeping.folderRenamed.connect(self._on_folder_renamed)

    def _connect_what_is_wanted(self, application: Application, export: Callable[[list[str]], None]) -> None:
        sidebar, keeping = self._sidebar, self._keeping
        sidebar.searchRequested.connect(application.conversations.search)
        sidebar.renameRequested.connect(application.conversations.rename)
        sidebar.pinRequested.connect(keeping.pin)
        sidebar.moveRequested.connect(keeping.move)
        sidebar.newFolderRequested.connect(self._on_new_folder)
        sidebar.folderRenameRequested.connect(keeping.rename_folder)
        sidebar.folderDeleteRequested.connect(keeping.delete_folder)
        sidebar.exportRequested.connect(export)
        sidebar.deleteRequested.connect(keeping.delete)
        sidebar.trashRequested.connect(self._on_trash_wanted)
        sidebar.trashRestoreRequested.connect(keeping.restore)
        sidebar.trashRemoveRequested.connect(self._on_remove)
        sidebar.model.foldedChanged.connect(keeping.keep_folded)

    # -- what happened

    def _on_listed(self, listed: list[Conversation], folders: list[Folder]) -> None:
        self._titles = {conversation.id: conversation.title for conversation in listed}
        self._folders = [folder.name for folder in folders]
        self._sidebar.model.set_conversations(listed, folders)
        self._sidebar.chips.set_known(self._folders, self._models)

    def _on_conversation_changed(self, conversation: Conversation) -> None:
        self._titles[conversation.id] = conversation.title
        self._sidebar.model.put(conversation)

    def _on_models_listed(self, models: list[str]) -> None:
        self._models = models
        self._sidebar.chips.set_known(self._folders, models)

    def _on_deleted(self, ids: list[str]) -> None:
        words = self.tr("%n conversations deleted", "", len(ids))
        if len(ids) == 1:
            words = self.tr("Deleted: {title}").format(title=self._titles.get(ids[0], ""))
        self._sidebar.offer_undo(words, lambda: self._keeping.restore(ids))

    def _on_folder_deleted(self, name: str, ids: list[str]) -> None:
        self._sidebar.offer_undo(
            self.tr("Folder deleted: {name}").format(name=name), lambda: self._keeping.restore_folder(name, ids)
        )

    def _on_folder_renamed(self, name: str, new: str) -> None:
        """A folder that was closed stays closed under its new name."""
        self._sidebar.model.rename_folded(name, new)

    def _on_trash_listed(self, conversations: list[Conversation]) -> None:
        if self._wants_trash or self._sidebar.is_trash_shown():
            self._wants_trash = False
            self._sidebar.show_trash(conversations)

    def _on_changed_elsewhere(self) -> None:
        if self._sidebar.is_trash_shown():
            self._keeping.list_trash()

    # -- what is wanted

    def _on_new_folder(self, ids: list[str]) -> None:
        name = self._dialogs.folder_name()
        if name:
            self._keeping.create_folder(name, ids)

    def _on_trash_wanted(self) -> None:
        self._wants_trash = True
        self._keeping.list_trash()

    def _on_remove(self, ids: list[str]) -> None:
        """What is still being written is kept: it would be written to a place that is gone."""
        ids = [id for id in ids if id not in self._busy()]
        if ids and self._dialogs.may_remove(len(ids)):
            self._keeping.remove(ids)
