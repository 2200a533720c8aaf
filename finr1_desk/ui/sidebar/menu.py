"""The menus of the conversation list: what can be done with the chosen conversations, and with a folder.

Owns the entries and their words. What an entry does is told by the sidebar's signals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from finr1_desk.core.conversation import Conversation
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.sidebar.grouping import by_language

_translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class ConversationDeeds:
    """What the menu of conversations leads to; each is called with nothing but what the entry says."""

    rename: Callable[[], object]
    pin: Callable[[bool], object]
    move: Callable[[str | None], object]
    new_folder: Callable[[], object]
    export: Callable[[], object]
    delete: Callable[[], object]


def conversation_menu(
    parent: QWidget, icons: Icons, chosen: Sequence[Conversation], folders: Sequence[str], deeds: ConversationDeeds
) -> QMenu:
    """A menu that goes when it is closed."""
    menu = _menu(parent)
    if len(chosen) == 1:
        menu.addAction(icons.icon("rename", "muted"), _translate("Sidebar", "Rename"), deeds.rename)
    pinned = all(item.pinned for item in chosen)
    words = _translate("Sidebar", "Unpin") if pinned else _translate("Sidebar", "Pin")
    menu.addAction(icons.icon("pin", "muted"), words, lambda: deeds.pin(not pinned))
    submenu = menu.addMenu(icons.icon("folder", "muted"), _translate("Sidebar", "Move to"))
    fill_move_menu(submenu, icons, chosen, folders, deeds)
    menu.addAction(icons.icon("export", "muted"), _translate("Sidebar", "Export…"), deeds.export)
    menu.addSeparator()
    menu.addAction(icons.icon("delete", "muted"), _translate("Sidebar", "Delete"), deeds.delete)
    return menu


def fill_move_menu(
    menu: QMenu, icons: Icons, chosen: Sequence[Conversation], folders: Sequence[str], deeds: ConversationDeeds
) -> None:
    """The folders that there are, the way out of them, and a new one."""
    menu.clear()
    within = {item.folder for item in chosen}
    for name in by_language(folders):
        entry = QAction(name.replace("&", "&&"), menu)
        entry.setEnabled(within != {name})
        entry.triggered.connect(lambda _=False, name=name: deeds.move(name))
        menu.addAction(entry)
    if folders:
        menu.addSeparator()
    if within != {None}:
        menu.addAction(_translate("Sidebar", "Out of the folder"), lambda: deeds.move(None))
    menu.addAction(icons.icon("folder-new", "muted"), _translate("Sidebar", "New folder…"), deeds.new_folder)


def folder_menu(parent: QWidget, icons: Icons, rename: Callable[[], object], delete: Callable[[], object]) -> QMenu:
    menu = _menu(parent)
    menu.addAction(icons.icon("rename", "muted"), _translate("Sidebar", "Rename folder"), rename)
    menu.addSeparator()
    menu.addAction(icons.icon("delete", "muted"), _translate("Sidebar", "Delete folder, keep conversations"), delete)
    return menu


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu
