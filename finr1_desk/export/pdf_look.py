"""How the pages of a PDF look: sizes, colours, typefaces, and the drawing of formulas within text.

Owns these values and shapes. Like `pdf_document` it imports Qt, and runs in the export's own process only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer

from finr1_desk.export.pictures import Drawings
from finr1_desk.markup.formulas import Formula
from finr1_desk.markup.markdown import Run, RunKind

RESOLUTION: Final = 300  # dots to the inch, in which the pages are laid out
POINT: Final = RESOLUTION / 72
SCREEN_POINT: Final = 96 / 72  # for what Qt itself scales to the device: margins above and below, frames, tables
SIDE: Final = 20.0  # millimetres
TOP: Final = 18.0
FAMILIES: Final = [
    *("Segoe UI", "SF Pro Text", "Inter", "Noto Sans", "DejaVu Sans"),
    *("Microsoft YaHei UI", "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC"),
    "WenQuanYi Micro Hei",
]
CODE_FAMILIES: Final = ["Cascadia Mono", "Consolas", "Menlo", "DejaVu Sans Mono", "Noto Sans Mono CJK SC"]
TEXT: Final = "#1c2126"
MUTED: Final = "#606973"
LINE: Final = "#c9cfd6"
TINT: Final = "#f1f4f8"
ACCENT: Final = "#1f5fa8"
COLOURS: Final = {"comment": MUTED, "keyword": ACCENT, "string": "#2c6e3f", "number": "#8a4b08", "name": "#6b3fa0"}
SIZES: Final = {1: 15.0, 2: 13.0, 3: 11.5}
BODY: Final = 10.0
STEP: Final = 16.0  # points of indent
LINE_HEIGHT: Final = 130  # per cent
PADDING: Final = 3.5  # points, in the cells of a table
BREAK: Final = "\u2028"
FORMULA_OBJECT: Final = QTextFormat.ObjectTypes.UserObject + 1
SOURCE: Final = QTextFormat.Property.UserProperty + 1


@dataclass(frozen=True, slots=True)
class Tone:
    """How a block is set: its indent and size in points, its colour."""

    indent: float = 0.0
    size: float = BODY
    colour: str = TEXT
    gap: float = 6.0  # above, in points


SIDES: Final = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "center": Qt.AlignmentFlag.AlignHCenter,
    "right": Qt.AlignmentFlag.AlignRight,
}


def font_of(size: float, families: list[str] = FAMILIES) -> QFont:
    font = QFont()
    font.setFamilies(families)
    font.setPointSizeF(size)
    return font


def shape_of(tone: Tone, *, bold: bool = False) -> QTextCharFormat:
    shape = QTextCharFormat()
    font = font_of(tone.size)
    font.setBold(bold)
    shape.setFont(font)
    shape.setForeground(QColor(tone.colour))
    return shape


def run_shape(run: Run, tone: Tone, *, bold: bool) -> QTextCharFormat:
    is_code = run.kind is RunKind.CODE
    font = font_of(tone.size - 1, CODE_FAMILIES + FAMILIES) if is_code else font_of(tone.size)
    font.setBold(bold or run.bold or run.kind is RunKind.BOXED)
    font.setItalic(run.italic)
    font.setStrikeOut(run.struck)
    shape = QTextCharFormat()
    shape.setFont(font)
    shape.setForeground(QColor(ACCENT if run.href else tone.colour))
    if is_code or run.kind is RunKind.BOXED:
        shape.setBackground(QColor(TINT))
    if run.kind is RunKind.NOTE:
        shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
    if run.href:
        shape.setAnchor(True)
        shape.setAnchorHref(run.href)
        shape.setFontUnderline(True)
    return shape


class FormulaObjects(QPyTextObject):
    """Draws formulas where the text holds them."""

    def __init__(self, drawings: Drawings, width: float, parent: QObject) -> None:
        super().__init__(parent)
        self._drawings = drawings
        self._width = width

    def intrinsicSize(self, doc: QTextDocument, posInDocument: int, format: QTextFormat) -> QSizeF:
        drawn = self._drawings.formula(format.property(SOURCE))
        if drawn is None:
            return QSizeF(0, 0)
        em = float(format.property(SOURCE + 1)) * POINT
        scale = min(1.0, self._width * 0.85 / (drawn.width * em))
        return QSizeF(drawn.width * em * scale, drawn.height * em * scale)

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, doc: QTextDocument, posInDocument: int, format: QTextFormat
    ) -> None:
        drawn = self._drawings.formula(format.property(SOURCE))
        if drawn is not None:
            colour = format.foreground().color().name()
            QSvgRenderer(QByteArray(drawn.coloured(colour).encode())).render(painter, QRectF(rect))


def formula_shape(source: str, drawn: Formula, tone: Tone) -> QTextCharFormat:
    """The format of the one character that stands for a formula."""
    shape = QTextCharFormat()
    shape.setObjectType(FORMULA_OBJECT)
    shape.setProperty(SOURCE, source)
    shape.setForeground(QColor(tone.colour))
    shape.setProperty(SOURCE + 1, tone.size)
    # The object's depth below the line is the descent of its font, as Qt measures it, whatever the device.
    depth = drawn.depth * tone.size * POINT
    if depth > 0:
        shape.setFont(font_of(max(100 * depth / QFontMetricsF(font_of(100)).descent(), 0.1)))
        shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
    return shape
