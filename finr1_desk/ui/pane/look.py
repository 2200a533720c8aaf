"""Fonts, distances and character formats of the chat pane, for one theme and one text size.

Owns every measure that rendering and painting share, so that blocks, markers and controls sit on the same grid.
Colours come from the theme; it paints nothing.
"""

from __future__ import annotations

import math
from enum import StrEnum
from functools import cached_property
from typing import Final

from PySide6.QtCore import QPointF
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontInfo,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextLayout,
)

from finr1_desk.markup.markdown import Run, RunKind
from finr1_desk.ui.look.theme import GRID, LINE_HEIGHT, TEXT_WIDTH_EM, Theme, code_font, text_font
from finr1_desk.ui.pane.blocks import Block, Code, Heading, ListItem, Maths, Paragraph, Plain, Rule, Table

HEADING_SIZES: Final = {1: 1.4, 2: 1.22, 3: 1.1}  # of the text size; the lower levels are bold text
NOTE_SCHEME: Final = "note:"  # of the address of a footnote in the same message
NARROW: Final = 640  # pixels; below, margins shrink


class Tone(StrEnum):
    """In which voice a text is set: as it was asked, as it is thought, as it is answered."""

    QUESTION = "question"
    THINKING = "thinking"
    ANSWER = "answer"


class Look:
    """The measures of one theme at one text size; made anew when either changes.

    Attributes:
        em: the size of the text in pixels.
        line: the height of a line in pixels, the same for Chinese and Latin text.
    """

    def __init__(self, theme: Theme, scale: int) -> None:
        self.theme = theme
        self.scale = scale
        self.text = text_font(scale)
        self.code = code_font(scale)
        self.small = text_font(round(scale * 0.86))
        self.em = float(QFontInfo(self.text).pixelSize())
        half = GRID // 2
        self.line = half * math.ceil(max(LINE_HEIGHT * self.em, _natural_height(self.text)) / half)
        # Qt puts the surplus height of a line above its letters; shifted up by half of it they stand in the middle.
        self.lift = (self.line - math.ceil(QFontMetricsF(self.text).height())) // 2
        self.code_line = half * math.ceil(_natural_height(self.code) / half)
        self._formats: dict[tuple[Run, Tone, int], QTextCharFormat] = {}

    # -- the page

    def margin(self, width: float) -> float:
        """What is left free at either side at least, in a pane of this width."""
        return GRID * (4 if width >= NARROW else 3)

    def column(self, width: float) -> tuple[float, float]:
        """Left edge and width of the text in a pane of this width."""
        margin = self.margin(width)
        column = max(min(TEXT_WIDTH_EM * self.em, width - 2 * margin), GRID * 10)
        return round((width - column) / 2) if width > column + 2 * margin else margin, round(column)

    @cached_property
    def small_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.small)

    @cached_property
    def text_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.text)

    def color(self, name: str) -> QColor:
        return self.theme.color(name)

    def tone_color(self, tone: Tone) -> QColor:
        return self.color("muted" if tone is Tone.THINKING else "text")

    # -- formats

    def block_format(self, indent: float = 0, above: float = 0, line: float = 0) -> QTextBlockFormat:
        """A paragraph `indent` pixels from the left and `above` from what stands before it in the same document."""
        result = QTextBlockFormat()
        result.setLineHeight(line or self.line, QTextBlockFormat.LineHeightTypes.MinimumHeight.value)
        result.setLeftMargin(indent)
        result.setTopMargin(above)
        return result

    def heading_font(self, level: int) -> QFont:
        font = QFont(self.text)
        font.setPointSizeF(self.text.pointSizeF() * HEADING_SIZES.get(level, 1.0))
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def heading_line(self, level: int) -> float:
        half = GRID // 2
        return max(self.line, half * math.ceil(1.3 * self.em * HEADING_SIZES.get(level, 1.0) / half))

    def char_format(self, run: Run, tone: Tone, level: int = 0) -> QTextCharFormat:
        """The format of a run; `level` is that of the heading it stands in, 0 outside."""
        key = (Run("", run.kind, run.bold, run.italic, run.struck, run.href), tone, level)
        found = self._formats.get(key)
        if found is None:
            found = self._formats[key] = self._make_format(run, tone, level)
        return found

    def _make_format(self, run: Run, tone: Tone, level: int) -> QTextCharFormat:
        result = QTextCharFormat()
        fixed = run.kind in (RunKind.CODE, RunKind.MATHS, RunKind.HALF)
        font = QFont(self.code if fixed else self.heading_font(level) if level else self.text)
        if run.bold or run.kind is RunKind.BOXED:
            font.setWeight(QFont.Weight.DemiBold if level == 0 else QFont.Weight.Bold)
        font.setItalic(run.italic or run.kind is RunKind.IMAGE)
        font.setStrikeOut(run.struck)
        result.setFont(font)
        color = self.tone_color(tone)
        if run.kind is RunKind.IMAGE:
            color = self.color("muted")
        if run.kind is RunKind.NOTE:
            result.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
            color = self.color("accent" if run.href else "muted")
            result.setAnchor(bool(run.href))
            result.setAnchorHref(run.href)
        elif run.href:
            color = self.color("accent")
            result.setAnchor(True)
            result.setAnchorHref(run.href)
            result.setToolTip(run.href)
            result.setFontUnderline(True)
        result.setForeground(QBrush(color))
        if run.kind is RunKind.CODE:
            result.setBackground(QBrush(self.color("code")))
        return result

    # -- distances

    def gap(self, before: Block | None, block: Block) -> float:
        """The distance above a block that follows `before` in the same section."""
        if before is None:
            return 0
        match block:
            case Heading():
                return GRID * (3 if block.level <= 3 else 2)
            case ListItem() if isinstance(before, ListItem) and not block.first:
                return GRID / 2
            case ListItem() if isinstance(before, Paragraph | Heading):
                return GRID
            case Rule():
                return GRID * 2
            case Paragraph(continued=True) | Plain() if type(before) is type(block):
                return 0
            case Code() | Table() if not block.first:
                return 0
            case Table():  # the strip of its controls stands above it
                return 0
            case Code() | Maths():
                return GRID * 1.5
            case _ if isinstance(before, Heading):
                return GRID
            case _ if isinstance(before, Rule):
                return GRID * 2
        return GRID * 1.5


def tabular(font: QFont) -> QFont:
    """The font with figures of one width."""
    if hasattr(font, "setFeature"):  # from Qt 6.7 on
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _natural_height(font: QFont) -> float:
    """The height of a line in which Latin and Chinese letters stand together."""
    layout = QTextLayout("Hg净", font)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(1000)
    line.setPosition(QPointF(0, 0))
    layout.endLayout()
    return line.height()
