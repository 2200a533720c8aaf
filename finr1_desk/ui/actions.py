"""Everything that can be done from the menu bar, with its shortcut.

Owns the actions and their wording. What an action does is connected by the window.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

SEPARATOR = ""

# menu → its entries in order
_MENUS = {
    "file": (
        "new",
        SEPARATOR,
        "import_files",
        "export",
        "export_all",
        SEPARATOR,
        "settings",
        SEPARATOR,
        "quit",
    ),
    "edit": (
        "undo",
        SEPARATOR,
        "copy",
        "select_all",
        "quote",
        SEPARATOR,
        "find_here",
        "find_next",
        "find_previous",
        SEPARATOR,
        "find",
    ),
    "conversation": (
        "tasks",
        "add_files",
        SEPARATOR,
        "stop",
        "answer_now",
        SEPARATOR,
        "previous_version",
        "next_version",
        SEPARATOR,
        "conversation_settings",
        "rename",
        "delete",
        SEPARATOR,
        "previous",
        "next",
        SEPARATOR,
        "focus_composer",
    ),
    "models": (),  # filled each time it is shown: what is on the machine changes
    "view": ("sidebar", SEPARATOR, "larger", "smaller", "normal", SEPARATOR, "theme"),
    "help": ("getting_started", "shortcuts", SEPARATOR, "copy_log", "about"),
}

_SHORTCUTS = {
    "new": "Ctrl+N",
    "import_files": "Ctrl+I",
    "export": "Ctrl+E",
    "export_all": "Ctrl+Shift+E",
    "library": "Ctrl+Shift+M",
    "choose_model": "Ctrl+O",
    "settings": "Ctrl+,",
    "quit": "Ctrl+Q",
    "find_here": "Ctrl+F",
    "find_next": "F3",
    "find_previous": "Shift+F3",
    "find": "Ctrl+Shift+F",
    "tasks": "Ctrl+T",
    "add_files": "Ctrl+Shift+O",
    "stop": "Ctrl+.",
    "answer_now": "Ctrl+Shift+A",
    "undo": "Ctrl+Z",
    "quote": "Ctrl+Shift+9",
    "previous_version": "Ctrl+[",
    "next_version": "Ctrl+]",
    "conversation_settings": "Ctrl+Shift+,",
    "rename": "Ctrl+R",
    "previous": "Ctrl+PgUp",
    "next": "Ctrl+PgDown",
    "focus_composer": "Ctrl+L",
    "sidebar": "Ctrl+B",
    "smaller": "Ctrl+-",
    "normal": "Ctrl+0",
    "shortcuts": "F1",
}

THEMES = ("system", "light", "dark")


def menu_texts() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "file": translate("Actions", "&File"),
        "edit": translate("Actions", "&Edit"),
        "conversation": translate("Actions", "&Conversation"),
        "models": translate("Actions", "&Models"),
        "view": translate("Actions", "&View"),
        "help": translate("Actions", "&Help"),
        "theme": translate("Actions", "&Theme"),
    }


def action_texts() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "new": translate("Actions", "&New conversation"),
        "import_files": translate("Actions", "&Import…"),
        "export": translate("Actions", "&Export conversation…"),
        "export_all": translate("Actions", "Export &all conversations…"),
        "library": translate("Actions", "Models on this &computer, and more…"),
        "choose_model": translate("Actions", "Choose a &model file…"),
        "settings": translate("Actions", "&Settings…"),
        "quit": translate("Actions", "&Quit"),
        "undo": translate("Actions", "&Undo"),
        "quote": translate("Actions", "&Quote in the question"),
        "previous_version": translate("Actions", "Prev&ious version"),
        "next_version": translate("Actions", "Next versi&on"),
        "conversation_settings": translate("Actions", "Con&versation settings…"),
        "copy": translate("Actions", "&Copy"),
        "select_all": translate("Actions", "Select &all"),
        "find_here": translate("Actions", "&Find in this conversation…"),
        "find_next": translate("Actions", "Find &next"),
        "find_previous": translate("Actions", "Find &previous"),
        "find": translate("Actions", "Fin&d in all conversations"),
        "tasks": translate("Actions", "&Tasks…"),
        "add_files": translate("Actions", "Put &files into the question…"),
        "stop": translate("Actions", "&Stop writing"),
        "answer_now": translate("Actions", "&Answer now"),
        "rename": translate("Actions", "&Rename"),
        "delete": translate("Actions", "&Delete"),
        "previous": translate("Actions", "&Previous conversation"),
        "next": translate("Actions", "Ne&xt conversation"),
        "focus_composer": translate("Actions", "&Go to the question field"),
        "sidebar": translate("Actions", "&Sidebar"),
        "larger": translate("Actions", "&Larger text"),
        "smaller": translate("Actions", "S&maller text"),
        "normal": translate("Actions", "&Normal text size"),
        "system": translate("Actions", "As the s&ystem"),
        "light": translate("Actions", "&Light"),
        "dark": translate("Actions", "&Dark"),
        "getting_started": translate("Actions", "&Getting started"),
        "shortcuts": translate("Actions", "&Keyboard shortcuts"),
        "copy_log": translate("Actions", "&Copy log"),
        "about": translate("Actions", "&About Fin-R1 Desk"),
    }


@dataclass(frozen=True)
class Actions:
    """The actions by name, and the menus they are in."""

    by_name: dict[str, QAction]
    menus: dict[str, QMenu]

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def retranslate(self) -> None:
        for name, text in action_texts().items():
            self.by_name[name].setText(text)
        for name, text in menu_texts().items():
            self.menus[name].setTitle(text)


def build_actions(bar: QMenuBar, owner: QObject) -> Actions:
    """Fills a menu bar; the actions belong to `owner`."""
    by_name = {name: QAction(owner) for name in action_texts()}
    for name, action in by_name.items():
        action.setObjectName(f"action_{name}")
        if name in _SHORTCUTS:
            action.setShortcut(QKeySequence(_SHORTCUTS[name]))
    by_name["larger"].setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
    by_name["sidebar"].setCheckable(True)
    by_name["quit"].setMenuRole(QAction.MenuRole.QuitRole)
    by_name["about"].setMenuRole(QAction.MenuRole.AboutRole)
    by_name["settings"].setMenuRole(QAction.MenuRole.PreferencesRole)
    menus = {name: QMenu(bar) for name in menu_texts()}
    themes = QActionGroup(owner)
    for name in THEMES:
        by_name[name].setCheckable(True)
        themes.addAction(by_name[name])
        menus["theme"].addAction(by_name[name])
    for menu_name, entries in _MENUS.items():
        bar.addMenu(menus[menu_name])
        for entry in entries:
            if entry == SEPARATOR:
                menus[menu_name].addSeparator()
            elif entry == "theme":
                menus[menu_name].addMenu(menus["theme"])
            else:
                menus[menu_name].addAction(by_name[entry])
    actions = Actions(by_name, menus)
    actions.retranslate()
    return actions
