"""The one stylesheet: what the palette cannot say, made from the theme.

Owns borders, paddings and the looks of named widgets; every colour comes from `theme`.
"""

from __future__ import annotations

from finr1_desk.library.assets import asset
from finr1_desk.ui.look.theme import Theme

_TEMPLATE = """
QToolTip {{ background: {surface}; color: {text}; border: 1px solid {line}; padding: 4px 8px; }}
QMenuBar {{ background: {sidebar}; border: none; padding: 2px 4px; }}
QMenuBar::item {{ background: transparent; padding: 4px 8px; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {hover}; }}
QMenu {{ background: {surface}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent_soft}; color: {text}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 8px; }}
QMenu::indicator {{ width: 14px; height: 14px; left: 6px; }}
QSplitter::handle {{ background: {line}; }}
QSplitter::handle:horizontal {{ width: 1px; }}

#sidebar {{ background: {sidebar}; }}
#sidebar QListView {{ background: transparent; border: none; outline: none; }}
#searchField {{
    background: {surface}; border: 1px solid {line}; border-radius: 6px; padding: 5px 6px;
    selection-background-color: {selection};
}}
#searchField:focus {{ border-color: {accent}; }}

#trashButton {{ text-align: left; padding: 4px 6px; color: {muted}; }}
#chip, #chipClear {{ border: 1px solid {line}; border-radius: 10px; color: {muted}; font-size: {small}pt; }}
#chip {{ padding: 2px 7px; }}
#chipClear {{ border-color: transparent; padding: 2px 3px; }}
#chip[active="true"] {{ background: {accent_soft}; border-color: {accent_soft}; color: {text}; }}
#chip:focus, #chipClear:focus {{ border-color: {accent}; }}

QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 5px; background: transparent; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:pressed {{ background: {accent_soft}; }}
QToolButton:focus {{ border-color: {accent}; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
#newConversationButton {{
    background: {surface}; border: 1px solid {line}; padding: 6px 12px; text-align: left;
}}
#newConversationButton:hover {{ background: {hover}; }}
#newConversationButton:focus {{ border-color: {accent}; }}

#composerFrame {{ background: {surface}; border: 1px solid {line}; border-radius: 12px; }}
#composerFrame[focused="true"] {{ border-color: {accent}; }}
#composer {{ background: transparent; border: none; selection-background-color: {selection}; }}
#editingBar {{ background: {accent_soft}; border: none; border-radius: 8px; }}
#popover {{ background: {surface}; border: 1px solid {line}; }}
#composerWarning {{ color: {warning}; }}
#composerWarning[serious="true"] {{ color: {danger}; }}
#sendButton {{ background: {accent}; border: 1px solid {accent}; border-radius: 8px; padding: 5px; }}
#sendButton:disabled {{ background: {hover}; border-color: {hover}; }}
#sendButton:focus {{ border-color: {text}; }}
#stopButton {{ background: {question}; border: 1px solid {line}; padding: 5px 10px 5px 6px; }}
#stopButton:hover {{ background: {hover}; }}
#stopButton:focus {{ border-color: {accent}; }}

#rightSide, #emptyPane, #emptyColumn, #failurePage {{ background: {window}; }}
#header {{ background: {window}; border: none; border-bottom: 1px solid {line}; }}
#serverBadge {{
    background: {warning_soft}; color: {warning}; border: 1px solid {warning_soft}; padding: 3px 8px; font-weight: 600;
}}
#serverBadge:hover, #serverBadge:focus {{ border-color: {warning}; }}
#headerTitle {{ color: {text}; font-weight: 600; }}
#emptyTitle, #failureTitle {{ font-size: {large}pt; font-weight: 600; color: {text}; }}
#muted {{ color: {muted}; }}
#dialogTitle {{ font-size: {large}pt; font-weight: 600; color: {text}; }}
#taskList {{ background: transparent; border: none; outline: none; }}
#taskList::item {{ padding: 6px 8px; border-radius: 6px; color: {text}; }}
#taskList::item:hover {{ background: {hover}; }}
#taskList::item:selected {{ background: {accent_soft}; color: {text}; }}
#tasksDialog QTableView, #taskChangeDialog QTableView {{
    gridline-color: {line}; border: 1px solid {line}; border-radius: 6px;
}}
#runDialog QProgressBar {{ background: {hover}; border: none; border-radius: 4px; min-height: 8px; max-height: 8px; }}
#runDialog QProgressBar::chunk {{ background: {accent}; border-radius: 4px; }}
#taskForm QLineEdit, #taskName, #taskDescription, #taskResultName, #runOutput {{
    background: {surface}; border: 1px solid {line}; border-radius: 6px; padding: 5px 8px;
}}
#taskForm QLineEdit:focus, #taskName:focus, #taskDescription:focus, #taskResultName:focus, #runOutput:focus {{
    border-color: {accent};
}}
#fieldProblem {{ color: {danger}; }}
#badge {{ color: {accent}; background: {accent_soft}; border-radius: 4px; padding: 1px 6px; font-size: {small}pt; }}
#verticalRule {{ background: {line}; }}
#taskFormPage {{ background: transparent; }}
#primaryButton {{ background: {accent}; color: {accent_text}; border-color: {accent}; }}
#primaryButton:disabled {{ background: {hover}; color: {muted}; border-color: {line}; }}
#primaryButton:focus {{ border-color: {text}; }}
#linkButton {{
    color: {accent}; background: transparent; border: 1px solid transparent; padding: 2px 0; text-align: left;
}}
#linkButton:hover {{ text-decoration: underline; }}
#linkButton:focus {{ border-color: {accent}; }}

#notice {{ background: {warning_soft}; border: none; border-bottom: 1px solid {line}; }}
#notice[tone="info"] {{ background: {accent_soft}; }}
#dropHint {{ background: {accent_soft}; border: 2px dashed {accent}; border-radius: 12px; }}
#dropTitle {{ font-weight: 600; }}
#noticeText {{ font-weight: 600; }}
#factsPopover {{ background: {surface}; border: 1px solid {line}; border-radius: 8px; }}
#findBar {{ background: {sidebar}; border: none; border-bottom: 1px solid {line}; }}
#findField {{
    background: {surface}; border: 1px solid {line}; border-radius: 6px; padding: 4px 8px;
    selection-background-color: {selection};
}}
#findField:focus {{ border-color: {accent}; }}
#findCase {{ color: {muted}; }}
#findCase:checked {{ background: {accent_soft}; color: {accent}; border-color: {accent}; }}
#undoBar {{ background: {surface}; border: 1px solid {line}; border-radius: 8px; }}
#queueStrip {{ background: transparent; border: none; }}

QPushButton {{
    background: {surface}; border: 1px solid {line}; border-radius: 6px; padding: 5px 14px; min-height: 18px;
}}
QPushButton:hover {{ background: {hover}; }}
QPushButton:focus {{ border-color: {accent}; }}
QPushButton:default {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {muted}; }}

QSpinBox, QDoubleSpinBox, QComboBox {{ min-height: 24px; }}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator, QRadioButton::indicator, QListView::indicator {{
    width: 14px; height: 14px; border: 1px solid {muted}; border-radius: 4px; background: {surface};
}}
QRadioButton::indicator {{ border-radius: 8px; }}
QCheckBox::indicator:hover, QRadioButton::indicator:hover {{ border-color: {accent}; }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border: 2px solid {accent}; width: 12px; height: 12px; }}
QCheckBox::indicator:checked, QListView::indicator:checked {{
    background: {accent}; border-color: {accent}; image: url("{tick}");
}}
QRadioButton::indicator:checked {{ border: 5px solid {accent}; width: 6px; height: 6px; background: {accent_text}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: {line}; background: {hover}; }}

QDialog {{ background: {window}; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {line}; }}
QTabBar::tab {{ background: transparent; color: {muted}; padding: 8px 16px; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom-color: {accent}; }}
QTabBar::tab:focus {{ color: {accent}; }}
QLineEdit[objectName^="setting_"], QDialog QPlainTextEdit, QTreeWidget {{
    background: {surface}; border: 1px solid {line}; border-radius: 6px; padding: 4px 8px;
    selection-background-color: {selection};
}}
QLineEdit[objectName^="setting_"]:focus, QDialog QPlainTextEdit:focus, QTreeWidget:focus {{ border-color: {accent}; }}
QTreeWidget::item {{ padding: 4px 8px; }}
QTreeWidget::item:selected {{ background: {accent_soft}; color: {text}; }}
#plotFrame {{ border: 1px solid {line}; border-radius: 6px; }}
#plotValues {{ background: {surface}; border: 1px solid {line}; border-radius: 6px; outline: none; }}
#plotValues:focus {{ border-color: {accent}; }}
#plotValues::item {{ padding: 4px; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QHeaderView::section {{
    background: {surface}; color: {muted}; border: none; border-bottom: 1px solid {line}; padding: 4px 8px;
}}

#jobStrip {{ background: {surface}; border: none; border-top: 1px solid {line}; border-bottom: 1px solid {line}; }}
QProgressBar {{ background: {hover}; border: none; border-radius: 2px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}
#getPage, #getColumn {{ background: {window}; }}
#getFinR1 {{
    background: {accent}; color: {accent_text}; border: 1px solid {accent}; border-radius: 8px; padding: 8px 20px;
    font-weight: 600;
}}
#getFinR1:disabled {{ background: {hover}; color: {muted}; border-color: {hover}; }}
#getFinR1:focus {{ border-color: {text}; }}

QStatusBar {{ background: {sidebar}; border-top: 1px solid {line}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel, QStatusBar QToolButton, #contextMeter {{ color: {muted}; font-size: {small}pt; }}
QStatusBar QToolButton {{ padding: 3px 6px; }}
QStatusBar QToolButton:hover {{ color: {text}; }}

QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {line}; border-radius: 4px; min-height: 32px; margin: 2px; }}
QScrollBar::handle:vertical:hover {{ background: {muted}; }}
QScrollBar::handle:vertical:disabled {{ background: transparent; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {line}; border-radius: 4px; min-width: 32px; margin: 2px; }}
QScrollBar::handle:horizontal:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def stylesheet(theme: Theme, base_points: float) -> str:
    """The application's stylesheet; `base_points` is the size of ordinary interface text."""
    names = {name: getattr(theme, name) for name in theme.__slots__ if name != "dark"}
    tick = asset("icons", "tick-dark.svg" if theme.dark else "tick-light.svg").as_posix()
    return _TEMPLATE.format(**names, tick=tick, small=f"{base_points * 0.9:.1f}", large=f"{base_points * 1.5:.1f}")
