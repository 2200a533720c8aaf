"""The sidebar: a new conversation, the search with its filters, the list of conversations, the trash.

Owns its widgets and which of the lists is shown. It tells what the user wants and changes nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.core.conversation import Conversation
from finr1_desk.ui.look.icons import IconButton, Icons
from finr1_desk.ui.look.theme import GRID, Theme
from finr1_desk.ui.named import named
from finr1_desk.ui.notice import UndoBar
from finr1_desk.ui.sidebar.delegate import ConversationDelegate, HitDelegate
from finr1_desk.ui.sidebar.dragging import ConversationList
from finr1_desk.ui.sidebar.filters import FilterChips
from finr1_desk.ui.sidebar.menu import ConversationDeeds, conversation_menu, fill_move_menu, folder_menu
from finr1_desk.ui.sidebar.model import ConversationModel
from finr1_desk.ui.sidebar.results import SearchModel
from finr1_desk.ui.sidebar.rows import RowList
from finr1_desk.ui.sidebar.selection_bar import SelectionBar

if TYPE_CHECKING:
    from finr1_desk.store.search import SearchHit
    from finr1_desk.ui.sidebar.trash import TrashPage

SEARCH_DELAY_MS = 120


class SearchField(QLineEdit):
    """Up and Down choose among what is below it, Enter opens it, Escape empties the field."""

    stepped = Signal(int)  # 1 down, -1 up
    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class Sidebar(QFrame):
    newRequested = Signal()
    openRequested = Signal(str)  # conversation id
    hitRequested = Signal(object, str)  # SearchHit, query
    searchRequested = Signal(str, object)  # query, SearchFilter
    renameRequested = Signal(str, str)  # id, title
    pinRequested = Signal(list, bool)  # ids
    moveRequested = Signal(list, object)  # ids, folder's name or None
    newFolderRequested = Signal(list)  # ids that go into it
    folderRenameRequested = Signal(str, str)
    folderDeleteRequested = Signal(str)
    exportRequested = Signal(list)  # ids
    deleteRequested = Signal(list)  # ids
    trashRequested = Signal()
    trashRestoreRequested = Signal(list)  # ids
    trashRemoveRequested = Signal(list)  # ids, to be asked about

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self._icons = icons
        self._current: str | None = None
        self.model = ConversationModel(self)
        self.results = SearchModel(self)
        self._new = named(QToolButton(self), "newConversationButton")
        self._new_folder = IconButton("folder-new", self)
        self._search = named(SearchField(self), "searchField")
        self._search_icon = QAction(self._search)
        self.chips = FilterChips(self)
        self._list = ConversationList(self.model, self)
        self._hits = RowList(self)
        self._nothing = named(QLabel(self), "muted")
        self._stack = QStackedWidget(self)
        self._theme = theme
        self._icons = icons
        self._trash: TrashPage | None = None
        self._trash_button = named(QToolButton(self), "trashButton")
        self.selection_bar = SelectionBar(icons, self)
        self.undo_bar = UndoBar(self)
        self._delegate = ConversationDelegate(theme, self)
        self._hit_delegate = HitDelegate(theme, self)
        self._timer = QTimer(self, singleShot=True, interval=SEARCH_DELAY_MS)
        self._build()
        self._connect()
        self.draw(theme, icons)
        self.retranslate()

    # -- building

    def _build(self) -> None:
        self._list.setObjectName("conversationList")
        self._list.setItemDelegate(self._delegate)
        self._hits.setObjectName("searchResults")
        self._hits.setModel(self.results)
        self._hits.setItemDelegate(self._hit_delegate)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._nothing.setContentsMargins(GRID, 2 * GRID, GRID, 0)
        self._nothing.setWordWrap(True)
        for button in (self._new, self._trash_button):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._search.setClearButtonEnabled(True)
        self._search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        for page in (self._list, self._hits, self._nothing):
            self._stack.addWidget(page)
        first = QHBoxLayout()
        first.setSpacing(GRID // 2)
        first.addWidget(self._new, 1)
        first.addWidget(self._new_folder)
        top = QVBoxLayout()
        top.setContentsMargins(GRID, GRID, GRID, GRID)
        top.setSpacing(GRID)
        top.addLayout(first)
        top.addWidget(self._search)
        top.addWidget(self.chips)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        bottom.setSpacing(GRID // 2)
        for widget in (self.selection_bar, self.undo_bar, self._trash_button):
            bottom.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        column.addLayout(bottom)
        self.chips.hide()
        self.setMinimumWidth(28 * GRID)

    def _connect(self) -> None:
        self._new.clicked.connect(self.newRequested)
        self._new_folder.clicked.connect(self._on_new_folder)
        self._search.textChanged.connect(lambda _: self._timer.start())
        self._search.stepped.connect(self._on_stepped)
        self._search.entered.connect(self._on_search_entered)
        self.chips.changed.connect(self._on_search)
        self._timer.timeout.connect(self._on_search)
        self._list.chosen.connect(self._on_chosen)
        self._list.sidePressed.connect(self._on_side)
        self._list.deletePressed.connect(self._on_delete_pressed)
        self._list.menuWanted.connect(self._on_menu)
        self._list.selectionMoved.connect(lambda: self.selection_bar.show_count(len(self.chosen())))
        self._hits.chosen.connect(self._on_hit)
        self.model.renamed.connect(self.renameRequested)
        self.model.folderRenamed.connect(self.folderRenameRequested)
        self.model.moved.connect(self.moveRequested)
        self.model.pinned.connect(lambda ids: self.pinRequested.emit(ids, True))
        self.model.layoutChanged.connect(self._on_rearranged)
        bar = self.selection_bar
        bar.moveMenuWanted.connect(self._fill_move_menu)
        bar.exportRequested.connect(lambda: self.exportRequested.emit(self.chosen()))
        bar.deleteRequested.connect(lambda: self.deleteRequested.emit(self.chosen()))
        bar.cleared.connect(self._clear_selection)
        self._trash_button.clicked.connect(self.trashRequested)

    @property
    def trash(self) -> TrashPage:
        """The page of deleted conversations; made when it is first looked at, which is seldom."""
        if self._trash is None:
            from finr1_desk.ui.sidebar.trash import TrashPage

            page = self._trash = TrashPage(self._theme, self._icons, self)
            page.closed.connect(self.show_list)
            page.restoreRequested.connect(self.trashRestoreRequested)
            page.removeRequested.connect(self.trashRemoveRequested)
            self._stack.addWidget(page)
        return self._trash

    # -- what is shown

    def show_current(self, id: str | None) -> None:
        """Marks the open conversation; what else is selected together with others stays."""
        self._current = id
        self.model.set_open(id)
        self._select_current()

    def show_results(self, query: str, hits: Sequence[SearchHit]) -> None:
        """Shows what was found, if that is still what is asked for."""
        if query != self.query():
            return
        self.results.set_hits(hits)
        words = self.tr("Nothing found for «{query}»").format(query=query)
        if self.chips.is_narrowed():
            words = self.tr("Nothing found for «{query}» within what the search is narrowed to").format(query=query)
        self._nothing.setText(words)
        self.chips.show()
        self._show_page(self._hits if hits else self._nothing)

    def show_trash(self, conversations: Sequence[Conversation]) -> None:
        """Fills the trash and shows it, unless it is shown already."""
        self.trash.set_conversations(conversations)
        if self._stack.currentWidget() is not self.trash:
            self._search.clear()
            self._timer.stop()
            self.chips.hide()
            self._show_page(self.trash)
            self.trash.focus()

    def is_trash_shown(self) -> bool:
        return self._trash is not None and self._stack.currentWidget() is self._trash

    def show_list(self) -> None:
        self._show_page(self._list)

    def query(self) -> str:
        return self._search.text().strip()

    def chosen(self) -> list[str]:
        """The ids of the selected conversations."""
        return [id for row in self._list.rows() if (id := self.model.id_at(row))]

    def focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def rename(self, id: str) -> None:
        """Opens the title of this conversation for editing, in its row."""
        self._search.clear()
        self.show_list()
        self.model.reveal(id)
        self._edit(self.model.row_of(id))

    def rename_folder(self, name: str) -> None:
        self.show_list()
        self._edit(self.model.row_of_folder(name))

    def offer_undo(self, text: str, undo: Callable[[], None]) -> None:
        self.undo_bar.offer(text, undo)

    def draw(self, theme: Theme, icons: Icons) -> None:
        self._delegate.theme = theme
        self._hit_delegate.theme = theme
        self._theme, self._icons = theme, icons
        self._new.setIcon(icons.icon("new"))
        self._new_folder.draw(icons)
        self._trash_button.setIcon(icons.icon("delete", "muted", 16))
        self._search_icon.setIcon(icons.icon("search", "muted", 16))
        if self._trash is not None:
            self._trash.draw(theme, icons)
        self.selection_bar.draw(icons)
        self._list.viewport().update()
        self._hits.viewport().update()

    def retranslate(self) -> None:
        self._new.setText(self.tr("New conversation"))
        self._new.setToolTip(self.tr("Start a new conversation (Ctrl+N)"))
        self._new.setAccessibleName(self.tr("New conversation"))
        self._new_folder.describe(self.tr("New folder"))
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setToolTip(self.tr("Search all conversations (Ctrl+Shift+F)"))
        self._search_icon.setText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search all conversations"))
        self._list.setAccessibleName(self.tr("Conversations"))
        self._hits.setAccessibleName(self.tr("Search results"))
        self._trash_button.setText(self.tr("Trash"))
        self._trash_button.setToolTip(self.tr("Deleted conversations"))
        self._trash_button.setAccessibleName(self.tr("Trash"))
        self.model.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    # -- inside

    def _show_page(self, page: QWidget) -> None:
        self._stack.setCurrentWidget(page)
        self._trash_button.setVisible(page is not self._trash)
        self.selection_bar.show_count(len(self.chosen()) if page is self._list else 0)

    def _select_current(self) -> None:
        if len(self.chosen()) < 2:
            self._list.select_only(self.model.row_of(self._current) if self._current is not None else None)

    def _clear_selection(self) -> None:
        self._list.select_only(None)
        self._select_current()

    def _edit(self, row: int | None) -> None:
        if row is not None:
            self._list.setFocus()
            self._list.select_only(row)
            self._list.edit(self.model.index(row))

    def _deeds(self) -> ConversationDeeds:
        ids = self.chosen()
        return ConversationDeeds(
            rename=lambda: self.rename(ids[0]),
            pin=lambda pinned: self.pinRequested.emit(ids, pinned),
            move=lambda name: self.moveRequested.emit(ids, name),
            new_folder=lambda: self.newFolderRequested.emit(ids),
            export=lambda: self.exportRequested.emit(ids),
            delete=lambda: self.deleteRequested.emit(ids),
        )

    def _chosen_conversations(self) -> list[Conversation]:
        return [item for row in self._list.rows() if (item := self.model.conversation_at(row)) is not None]

    # -- slots

    def _on_rearranged(self) -> None:
        if self.model.folder_at(self._list.currentIndex().row()) is None:  # else somebody is at a folder
            self._select_current()

    def _on_stepped(self, step: int) -> None:
        """The arrow keys in the search field: through the hits with the field in focus, else down to the list."""
        page = self._stack.currentWidget()
        if page is self._hits:
            row = self._hits.currentIndex().row() + step
            self._hits.select_only(min(max(row, 0), self.results.rowCount() - 1))
        elif page is self._list and step > 0:
            self._list.setFocus()
            if not self._list.currentIndex().isValid():
                self._list.select_only(1)

    def _on_search(self) -> None:
        query = self.query()
        if query:
            self.searchRequested.emit(query, self.chips.filter())
        elif not self.is_trash_shown():
            self.show_list()
            self.chips.hide()
            self.results.set_hits([])

    def _on_search_entered(self) -> None:
        if self.results.rowCount():
            self._on_hit(max(self._hits.currentIndex().row(), 0))

    def _on_chosen(self, row: int) -> None:
        folder = self.model.folder_at(row)
        if folder is not None:
            self.model.toggle(folder.name)
        elif id := self.model.id_at(row):
            self.openRequested.emit(id)

    def _on_new_folder(self) -> None:
        """An empty one, or one for those that were chosen: the open conversation alone stays where it is."""
        chosen = self.chosen()
        self.newFolderRequested.emit(chosen if len(chosen) > 1 else [])

    def _on_side(self, row: int, right: bool) -> None:
        """Left closes a folder, from within it too; Right opens it."""
        folder, conversation = self.model.folder_at(row), self.model.conversation_at(row)
        if folder is not None and folder.folded == right:
            self.model.toggle(folder.name)
        elif conversation is not None and conversation.folder is not None and not conversation.pinned and not right:
            self._list.select_only(self.model.row_of_folder(conversation.folder))

    def _on_delete_pressed(self, row: int) -> None:
        folder = self.model.folder_at(row)
        if ids := self.chosen():
            self.deleteRequested.emit(ids)
        elif folder is not None:
            self.folderDeleteRequested.emit(folder.name)

    def _on_hit(self, row: int) -> None:
        hit = self.results.hit_at(row)
        if hit is not None:
            self._hits.select_only(row)
            self.hitRequested.emit(hit, self.query())

    def _fill_move_menu(self, menu: QMenu) -> None:
        fill_move_menu(menu, self._icons, self._chosen_conversations(), self.model.folders(), self._deeds())

    def _on_menu(self, place: QPoint) -> None:
        row = self._list.indexAt(place).row()
        if row not in self._list.rows() and row >= 0 and (self.model.id_at(row) or self.model.folder_at(row)):
            self._list.select_only(row)
        folder, chosen = self.model.folder_at(row), self._chosen_conversations()
        if folder is not None:
            name = folder.name
            menu = folder_menu(
                self, self._icons, lambda: self.rename_folder(name), lambda: self.folderDeleteRequested.emit(name)
            )
        elif self.model.id_at(row) and chosen:
            menu = conversation_menu(self, self._icons, chosen, self.model.folders(), self._deeds())
        else:
            return
        menu.popup(self._list.viewport().mapToGlobal(place))
