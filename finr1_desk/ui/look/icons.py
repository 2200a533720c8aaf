"""The one icon set: line drawings in SVG, coloured from the theme when they are loaded.

Owns the way from a name to a `QIcon`. It decides no colour: callers name a role of the theme.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton, QWidget

from finr1_desk.ui.look.theme import Theme

SIZE = 20  # pixels, drawn on a grid of 24 units
RATIOS = (1.0, 2.0)


class Icons:
    """Draws icons in the colours of a theme, each name and colour once."""

    def __init__(self, directory: Path, theme: Theme) -> None:
        self._directory = directory
        self._theme = theme
        self._drawn: dict[tuple[str, str, int], QIcon] = {}
        self._sources: dict[str, str] = {}

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._drawn.clear()

    def icon(self, name: str, role: str = "text", size: int = SIZE) -> QIcon:
        """The icon in the theme's colour `role`, and in its `line` colour where it is disabled."""
        key = (name, role, size)
        if key not in self._drawn:
            icon = QIcon()
            for ratio in RATIOS:
                icon.addPixmap(self.pixmap(name, role, size, ratio), QIcon.Mode.Normal)
                icon.addPixmap(self.pixmap(name, "line", size, ratio), QIcon.Mode.Disabled)
            self._drawn[key] = icon
        return self._drawn[key]

    def pixmap(self, name: str, role: str, size: int, ratio: float = 1.0) -> QPixmap:
        """A square pixmap of `size` device-independent pixels."""
        source = self._sources.get(name)
        if source is None:
            source = self._sources[name] = (self._directory / f"{name}.svg").read_text(encoding="utf-8")
        coloured = source.replace("currentColor", self._theme.color(role).name())
        pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        QSvgRenderer(QByteArray(coloured.encode())).render(painter, QRectF(pixmap.rect()))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


class IconButton(QToolButton):
    """A flat button that shows one icon; `describe` gives it the tooltip and the accessible name it must have."""

    def __init__(self, icon_name: str, parent: QWidget | None = None, *, role: str = "muted", size: int = SIZE) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._role = role
        self._size = size
        self.setIconSize(QSize(size, size))
        self.setAutoRaise(True)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def describe(self, name: str, shortcut: str = "") -> None:
        self.setToolTip(f"{name} ({shortcut})" if shortcut else name)
        self.setAccessibleName(name)

    def draw(self, icons: Icons) -> None:
        self.setIcon(icons.icon(self._icon_name, self._role, self._size))
