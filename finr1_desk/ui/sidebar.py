"""The sidebar: a new conversation, the search, the list of conversations.

Owns its widgets and which of the two lists is shown. It tells what the user wants and changes nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.ui.conversation_delegate import ConversationDelegate, HitDelegate
from finr1_desk.ui.conversation_model import ConversationModel
from finr1_desk.ui.icons import Icons
from finr1_desk.ui.named import named
from finr1_desk.ui.notice import UndoBar
from finr1_desk.ui.search_results import SearchModel
from finr1_desk.ui.theme import GRID, Theme

SEARCH_DELAY_MS = 150


class RowList(QListView):
    """A list that is opened with a click or Enter, and tells when Delete was pressed on a row."""

    chosen = Signal(int)  # row
    deletePressed = Signal(int)  # row

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.clicked.connect(self._on_clicked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if row >= 0 and self.state() != QAbstractItemView.State.EditingState:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.chosen.emit(row)
                return
            if event.key() == Qt.Key.Key_Delete:
                self.deletePressed.emit(row)
                return
        super().keyPressEvent(event)

    def _on_clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(index.row())


class SearchField(QLineEdit):
    """Down and Enter lead to the results, Escape empties it."""

    leftDown = Signal()
    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.leftDown.emit()
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
    searchRequested = Signal(str)
    renameRequested = Signal(str, str)  # id, title
    exportRequested = Signal(str)
    deleteRequested = Signal(str)

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self._icons = icons
        self._current: str | None = None
        self.model = ConversationModel(self)
        self.results = SearchModel(self)
        self._new = named(QToolButton(self), "newConversationButton")
        self._search = named(SearchField(self), "searchField")
        self._search_icon = QAction(self._search)
        self._list = RowList(self)
        self._hits = RowList(self)
        self._nothing = named(QLabel(self), "muted")
        self._stack = QStackedWidget(self)
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
        self._list.setModel(self.model)
        self._list.setItemDelegate(self._delegate)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._hits.setObjectName("searchResults")
        self._hits.setModel(self.results)
        self._hits.setItemDelegate(self._hit_delegate)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._nothing.setContentsMargins(GRID, 2 * GRID, GRID, 0)
        self._nothing.setWordWrap(True)
        self._new.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._new.setSizePolicy(self._new.sizePolicy().Policy.Expanding, self._new.sizePolicy().Policy.Fixed)
        self._new.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._search.setClearButtonEnabled(True)
        self._search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        for page in (self._list, self._hits, self._nothing):
            self._stack.addWidget(page)
        top = QVBoxLayout()
        top.setContentsMargins(GRID, GRID, GRID, GRID)
        top.setSpacing(GRID)
        top.addWidget(self._new)
        top.addWidget(self._search)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(GRID, 0, GRID, GRID)
        bottom.addWidget(self.undo_bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        column.addLayout(bottom)
        self.setMinimumWidth(22 * GRID)

    def _connect(self) -> None:
        self._new.clicked.connect(self.newRequested)
        self._search.textChanged.connect(lambda _: self._timer.start())
        self._search.leftDown.connect(self._focus_list)
        self._search.entered.connect(self._on_search_entered)
        self._timer.timeout.connect(self._on_search)
        self._list.chosen.connect(self._on_chosen)
        self._list.deletePressed.connect(lambda row: self.deleteRequested.emit(self.model.id_at(row)))
        self._list.customContextMenuRequested.connect(self._on_context_menu)
        self._hits.chosen.connect(self._on_hit)
        self.model.renamed.connect(self.renameRequested)
        self.model.layoutChanged.connect(self._select_current)

    # -- what is shown

    def show_current(self, id: str | None) -> None:
        """Marks the open conversation, and no other."""
        self._current = id
        self._select_current()

    def show_results(self, query: str, hits: list[object]) -> None:
        """Shows what was found, if that is still what is asked for."""
        if query != self.query():
            return
        self.results.set_hits(hits)  # type: ignore[arg-type]
        self._nothing.setText(self.tr("Nothing found for «{query}»").format(query=query))
        self._stack.setCurrentWidget(self._hits if hits else self._nothing)

    def query(self) -> str:
        return self._search.text().strip()

    def focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def rename(self, id: str) -> None:
        """Opens the title of this conversation for editing, in its row."""
        self._search.clear()
        self._stack.setCurrentWidget(self._list)
        row = self.model.row_of(id)
        if row is not None:
            self._list.setFocus()
            self._list.setCurrentIndex(self.model.index(row))
            self._list.edit(self.model.index(row))

    def offer_undo(self, title: str, undo: Callable[[], None]) -> None:
        self.undo_bar.offer(self.tr("Deleted: {title}").format(title=title), undo)

    def draw(self, theme: Theme, icons: Icons) -> None:
        self._delegate.theme = theme
        self._hit_delegate.theme = theme
        self._icons = icons
        self._new.setIcon(icons.icon("new"))
        self._search_icon.setIcon(icons.icon("search", "muted", 16))
        self._list.viewport().update()
        self._hits.viewport().update()

    def retranslate(self) -> None:
        self._new.setText(self.tr("New conversation"))
        self._new.setToolTip(self.tr("Start a new conversation (Ctrl+N)"))
        self._new.setAccessibleName(self.tr("New conversation"))
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setToolTip(self.tr("Search all conversations (Ctrl+Shift+F)"))
        self._search_icon.setText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search all conversations"))
        self._list.setAccessibleName(self.tr("Conversations"))
        self._hits.setAccessibleName(self.tr("Search results"))
        self.model.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    # -- slots

    def _select_current(self) -> None:
        row = self.model.row_of(self._current) if self._current is not None else None
        if row is None:
            self._list.selectionModel().clear()
            return
        index = self.model.index(row)
        if self._list.currentIndex() != index or not self._list.selectionModel().isSelected(index):
            self._list.setCurrentIndex(index)

    def _focus_list(self) -> None:
        page = self._stack.currentWidget()
        if not isinstance(page, RowList):
            return
        page.setFocus()
        if not page.currentIndex().isValid():
            first = 0 if page is self._hits else 1
            page.setCurrentIndex(page.model().index(first, 0))

    def _on_search(self) -> None:
        query = self.query()
        if query:
            self.searchRequested.emit(query)
        else:
            self._stack.setCurrentWidget(self._list)
            self.results.set_hits([])

    def _on_search_entered(self) -> None:
        if self.results.rowCount():
            self._on_hit(0)

    def _on_chosen(self, row: int) -> None:
        id = self.model.id_at(row)
        if id:
            self.openRequested.emit(id)

    def _on_hit(self, row: int) -> None:
        hit = self.results.hit_at(row)
        if hit is not None:
            self.hitRequested.emit(hit, self.query())

    def _on_context_menu(self, position: QPoint) -> None:
        id = self.model.id_at(self._list.indexAt(position).row())
        if not id:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._icons.icon("rename", "muted"), self.tr("Rename"), lambda: self.rename(id))
        menu.addAction(self._icons.icon("export", "muted"), self.tr("Export…"), lambda: self.exportRequested.emit(id))
        menu.addSeparator()
        menu.addAction(self._icons.icon("delete", "muted"), self.tr("Delete"), lambda: self.deleteRequested.emit(id))
        menu.popup(self._list.viewport().mapToGlobal(position))
