"""Which theme is shown: the one chosen, or the system's, followed while the application runs.

Owns the application's style, palette, font and stylesheet. What each widget paints itself is told through `changed`.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from finr1_desk.ui.look.style import stylesheet
from finr1_desk.ui.look.theme import DARK, LIGHT, Theme, palette, text_font

INTERFACE_SCALE = 91  # per cent of the reading size: 10 points beside 11


class Appearance(QObject):
    changed = Signal(object)  # Theme

    def __init__(self, application: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self._choice = "system"
        self._text_scale = 100
        self._system_dark = application.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self._sheet = ""
        self.theme = LIGHT
        application.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)

    def apply(self, choice: str, text_scale: int) -> None:
        """Shows the theme `choice` (`system`, `light`, `dark`) with text at `text_scale` per cent."""
        if choice != self._choice:
            self._choice = choice
            hints = self._application.styleHints()
            match choice:
                case "light":
                    hints.setColorScheme(Qt.ColorScheme.Light)
                case "dark":
                    hints.setColorScheme(Qt.ColorScheme.Dark)
                case _:
                    hints.unsetColorScheme()
                    self._system_dark = hints.colorScheme() is Qt.ColorScheme.Dark
        self._text_scale = text_scale
        self._refresh()

    def close(self) -> None:
        """Follows the system no longer: the window it was for is going."""
        self._application.styleHints().colorSchemeChanged.disconnect(self._on_scheme_changed)

    def _wanted(self) -> Theme:
        dark = self._system_dark if self._choice == "system" else self._choice == "dark"
        return DARK if dark else LIGHT

    def _refresh(self) -> None:
        font = text_font(self._text_scale * INTERFACE_SCALE // 100)
        theme, sheet = self._wanted(), stylesheet(self._wanted(), font.pointSizeF())
        if sheet == self._sheet:
            return
        self.theme, self._sheet = theme, sheet
        self._application.setFont(font)
        self._application.setPalette(palette(theme))
        self._application.setStyleSheet(sheet)
        self.changed.emit(theme)

    def _on_scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        if self._choice == "system":
            self._system_dark = scheme is Qt.ColorScheme.Dark
            self._refresh()
