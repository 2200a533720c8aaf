"""The look, as numbers: colours, distances and type sizes, in light and dark.

Owns every colour of the application; widgets ask here and name none themselves. It paints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette

GRID: Final = 8  # pixels; every distance is a multiple or a half of it
LINE_HEIGHT: Final = 1.5
TEXT_WIDTH_EM: Final = 46
BASE_POINT_SIZE: Final = 11.0

# The first family that exists is taken; Chinese glyphs come from the later ones.
FAMILIES: Final = ("Segoe UI", "SF Pro Text", "Inter", "Noto Sans", "DejaVu Sans")
CHINESE_FAMILIES: Final = (
    "Microsoft YaHei UI",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
)


_SERIES_LIGHT: Final = ("#1f5fa8", "#d0720f", "#2a8a66", "#7b4ba8", "#a8871b", "#b83a63")
_SERIES_DARK: Final = ("#76aeea", "#eda45c", "#6cc3a0", "#c3a6ee", "#dcc55f", "#ee8fae")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as #rrggbb; text on its background keeps a contrast of at least 4.5 : 1."""

    dark: bool
    window: str  # behind everything
    sidebar: str
    surface: str  # composer, menus, cards
    question: str  # the block behind a question
    code: str  # the block behind code
    text: str
    muted: str  # thinking, times, captions
    line: str  # rules and borders
    accent: str
    accent_text: str  # on accent
    accent_soft: str  # selected row
    hover: str
    selection: str
    match: str  # behind text that was looked for
    match_current: str  # behind the place of it that was gone to
    danger: str
    warning: str
    warning_soft: str
    code_string: str
    code_number: str
    code_name: str

    def color(self, name: str) -> QColor:
        return QColor(getattr(self, name))

    @property
    def series(self) -> tuple[str, ...]:
        """The colours of the series of a chart, apart also for those who see few colours."""
        return _SERIES_DARK if self.dark else _SERIES_LIGHT


LIGHT: Final = Theme(
    dark=False,
    window="#ffffff",
    sidebar="#f5f6f7",
    surface="#ffffff",
    question="#f1f4f8",
    code="#f6f7f9",
    text="#1c2126",
    muted="#606973",
    line="#dde1e6",
    accent="#1f5fa8",
    accent_text="#ffffff",
    accent_soft="#e1ebf7",
    hover="#eaedf0",
    selection="#bcd6f5",
    match="#fbe9ad",
    match_current="#f6bd4f",
    danger="#b3261e",
    warning="#7a5200",
    warning_soft="#fdf3dc",
    code_string="#2c6e3f",
    code_number="#8a4b08",
    code_name="#6b3fa0",
)

DARK: Final = Theme(
    dark=True,
    window="#191b1e",
    sidebar="#202327",
    surface="#23272b",
    question="#262b31",
    code="#212529",
    text="#e4e7ea",
    muted="#9aa3ad",
    line="#363c43",
    accent="#76aeea",
    accent_text="#10161d",
    accent_soft="#2a3a4c",
    hover="#2c3136",
    selection="#31507a",
    match="#4d431c",
    match_current="#7d5a07",
    danger="#f2938c",
    warning="#e8c170",
    warning_soft="#372f1c",
    code_string="#93c9a0",
    code_number="#e0b070",
    code_name="#c3a6ee",
)


def palette(theme: Theme) -> QPalette:
    """The palette from which Qt's own widgets take their colours."""
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: "window",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "surface",
        QPalette.ColorRole.AlternateBase: "sidebar",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.PlaceholderText: "muted",
        QPalette.ColorRole.Button: "surface",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.ToolTipBase: "surface",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.Highlight: "selection",
        QPalette.ColorRole.HighlightedText: "text",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.LinkVisited: "accent",
        QPalette.ColorRole.Accent: "accent",
        QPalette.ColorRole.Light: "surface",
        QPalette.ColorRole.Midlight: "hover",
        QPalette.ColorRole.Mid: "line",
        QPalette.ColorRole.Dark: "muted",
        QPalette.ColorRole.Shadow: "line",
    }
    for role, name in roles.items():
        result.setColor(role, theme.color(name))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, theme.color("muted"))
    return result


def text_font(scale: int = 100) -> QFont:
    """The font for reading, at `scale` per cent of the base size, with Chinese families behind the Latin one."""
    present = set(QFontDatabase.families())
    families = [name for name in (*FAMILIES, *CHINESE_FAMILIES) if name in present]
    font = QFont()
    if families:
        font.setFamilies(families)
    font.setPointSizeF(BASE_POINT_SIZE * scale / 100)
    return font


def code_font(scale: int = 100) -> QFont:
    """The fixed-pitch font, a little smaller than the text so that both look equally large."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    # The system's answer may be an alias ("monospace"), which a list of families does not resolve.
    families = [QFontInfo(font).family(), *(name for name in CHINESE_FAMILIES if name in set(QFontDatabase.families()))]
    font.setFamilies(families)
    font.setPointSizeF(BASE_POINT_SIZE * 0.92 * scale / 100)
    return font
