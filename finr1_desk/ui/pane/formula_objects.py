"""Formulas within a `QTextDocument`: objects that stand on the baseline, and their pictures.

Owns the format of such an object, its size in whole pixels, and the pictures, painted once for each size, colour and
sharpness of the screen. Where the drawn formulas come from is the client's matter.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QPixmap,
    QPyTextObject,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer

from finr1_desk.markup.formulas import Formula
from finr1_desk.ui.pane.formula_client import FormulaClient
from finr1_desk.ui.pane.textmap import OBJECT, SOURCE

KIND: Final = QTextFormat.ObjectTypes.UserObject.value + 1
_WIDTH, _HEIGHT, _DESCENT, _SCALE, _COLOUR = range(SOURCE + 1, SOURCE + 6)
SIZE: Final = 1.08  # of the text's: small letters of the formulas' font are smaller than those of interfaces
_AIR: Final = 2  # pixels above and below what is taller than a line
_MOST_BYTES: Final = 24 << 20  # of pictures
_LEAST_SCALE: Final = 0.5  # to which a formula within text shrinks where it is wider than the column


@dataclass(frozen=True, slots=True)
class Setting:
    """How a formula is set: the size of the text in pixels, the height of a line, the colour, and the room there is.

    `shrinks` where it must not be wider than `room`; a formula of its own may, and is then shifted sideways.
    """

    em: float
    line: float
    colour: str
    room: float
    shrinks: bool


class Formulas(QPyTextObject):
    """The formulas of one pane. One handler serves all its documents.

    Args:
        client: draws them.
    """

    def __init__(self, client: FormulaClient) -> None:
        super().__init__()
        self._client = client
        self._fonts: dict[int, tuple[QFont, float]] = {}
        self._pictures: OrderedDict[tuple[str, float, str, float], QPixmap] = OrderedDict()
        self._bytes = 0

    @property
    def client(self) -> FormulaClient:
        return self._client

    def drawn(self, source: str) -> Formula | None:
        """None where the source has to be shown, for now or for good."""
        return self._client.formula(source)

    def is_awaited(self, source: str) -> bool:
        return self._client.is_awaited(source)

    def insert(self, cursor: QTextCursor, source: str, drawn: Formula, setting: Setting) -> float:
        """Puts a formula at the cursor; returns its width in pixels."""
        cursor.document().documentLayout().registerHandler(KIND, self)
        scale = setting.em * SIZE
        if setting.shrinks and drawn.width * scale > setting.room:
            scale = max(setting.room / drawn.width, _LEAST_SCALE * scale)
        ascent, depth = math.ceil(drawn.ascent * scale), max(math.ceil(drawn.depth * scale), 0)
        if ascent + depth > setting.line:
            ascent, depth = ascent + _AIR, depth + _AIR
        font, descent = self._font_reaching_down(depth)
        width = math.ceil(drawn.width * scale)
        form = QTextCharFormat()
        form.setObjectType(KIND)
        # Set on the baseline, an object has the descent of the font of its format.
        form.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        form.setFont(font)
        form.setProperty(SOURCE, source)
        form.setProperty(_WIDTH, float(width))
        form.setProperty(_HEIGHT, ascent + descent)
        form.setProperty(_DESCENT, descent)
        form.setProperty(_SCALE, float(scale))
        form.setProperty(_COLOUR, setting.colour)
        cursor.insertText(OBJECT, form)
        return float(width)

    # -- what the layout asks for

    def intrinsicSize(self, _document: QTextDocument, _position: int, form: QTextFormat) -> QSizeF:
        return QSizeF(form.doubleProperty(_WIDTH), form.doubleProperty(_HEIGHT))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, _document: QTextDocument, _position: int, form: QTextFormat
    ) -> None:
        source = form.stringProperty(SOURCE)
        drawn = self._client.formula(source)
        rect = QRectF(rect)
        if drawn is None:  # drawn once, and forgotten since: it will be painted when it is there again
            return
        scale = form.doubleProperty(_SCALE)
        ratio = painter.device().devicePixelRatioF()
        picture = self._picture(source, drawn, scale, form.stringProperty(_COLOUR), ratio)
        baseline = rect.bottom() - form.doubleProperty(_DESCENT)
        corner = QPointF(rect.left(), baseline - drawn.ascent * scale)
        shown = painter.transform().map(corner)
        on_pixel = QPointF(round(shown.x() * ratio) / ratio, round(shown.y() * ratio) / ratio)
        painter.drawPixmap(corner + on_pixel - shown, picture)

    # -- pictures

    def _picture(self, source: str, drawn: Formula, scale: float, colour: str, ratio: float) -> QPixmap:
        key = (source, scale, colour, ratio)
        found = self._pictures.get(key)
        if found is None:
            found = self._pictures[key] = _painted(drawn, scale, colour, ratio)
            self._bytes += _bytes_of(found)
            while self._bytes > _MOST_BYTES and len(self._pictures) > 1:
                self._bytes -= _bytes_of(self._pictures.popitem(last=False)[1])
        self._pictures.move_to_end(key)
        return found

    def _font_reaching_down(self, depth: int) -> tuple[QFont, float]:
        found = self._fonts.get(depth)
        if found is None:
            found = self._fonts[depth] = _font_reaching_down(depth)
        return found


def _painted(drawn: Formula, scale: float, colour: str, ratio: float) -> QPixmap:
    size = QSizeF(drawn.width * scale, drawn.height * scale)
    picture = QPixmap(math.ceil(size.width() * ratio) + 1, math.ceil(size.height() * ratio) + 1)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    renderer = QSvgRenderer(QByteArray(drawn.coloured(colour).encode()))
    renderer.render(painter, QRectF(QPointF(0, 0), size))
    painter.end()
    return picture


def _bytes_of(picture: QPixmap) -> int:
    return picture.width() * picture.height() * 4


def _font_reaching_down(depth: int) -> tuple[QFont, float]:
    """The smallest font whose descent is at least so many pixels, and its descent."""
    font = QFont()
    low, high = 1, max(depth, 1) * 12
    while low < high:
        middle = (low + high) // 2
        font.setPixelSize(middle)
        if QFontMetricsF(font).descent() < depth:
            low = middle + 1
        else:
            high = middle
    font.setPixelSize(low)
    return font, QFontMetricsF(font).descent()
