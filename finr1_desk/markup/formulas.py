r"""TeX formulas as SVG, with the measures that put them on a line of text.

Owns the step from the source of one formula to its picture, through latex2mathml and ziamath, and what both need to be
spared: amounts (`5%`, `$500`), Chinese (ziamath's font has none: such characters stay text in the picture, and whoever
paints it sets them in a font of its own), environments by other names. What cannot be drawn faithfully is refused, and
then shown as its source. It starts no process, and everything happens in memory; a formula takes 2 to 30 ms.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

from finr1_desk.markup import ruled_tables, tex

if TYPE_CHECKING:
    from ziamath.mathfont import MathFont

EM: Final = 20.0  # pixels of the SVG to one em of text
_MARGIN: Final = 1.0  # of these pixels, so that no edge of a letter is cut off
_DELIMITERS: Final = (("\\(", "\\)", False), ("\\[", "\\]", True), ("$$", "$$", True), ("$", "$", False))
_COLOUR: Final = "currentColor"
_TYPEFACE: Final = "finr1-desk"
_NO_STYLE: Final = ("mathcolor", "mathbackground", "href", "style", "class", "id")
_TIGHT: Final = frozenset("×÷∪∩⊂⊆⊃⊇∧∨")  # operators about which the library leaves no room
_FULL_WIDTH: Final = 1.0
_OTHER_WIDTH: Final = 0.6  # em; of letters that the font does not have, and which are not full-width
_SHIFT: Final = 0.12  # em; by which a Chinese character reaches below the baseline


class FormulaError(Exception):
    """The formula cannot be drawn; its source has to be shown."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A drawn formula.

    Attributes:
        svg: a document of its own, `EM` pixels to the em, in `currentColor`.
        width, ascent, depth: in em; ascent and depth are counted from the baseline and positive.
    """

    svg: str
    width: float
    ascent: float
    depth: float

    @property
    def height(self) -> float:
        return self.ascent + self.depth

    def coloured(self, colour: str) -> str:
        """The SVG in one colour (`#rrggbb`), for what does not know `currentColor`."""
        return self.svg.replace(_COLOUR, colour)


def render(source: str, *, displayed: bool) -> Formula:
    r"""Draws a formula.

    Args:
        source: TeX without its delimiters; `delimited` takes them off.
        displayed: set on a line of its own (`\[ … \]`, `$$ … $$`) and not within text.

    Raises:
        FormulaError: it is empty, too long, unbalanced, or has a command that is not known.
    """
    prepared = tex.prepare(source)
    if prepared is None:
        raise FormulaError("too long, unbalanced, or not to be read")
    try:
        return _draw(prepared, displayed)
    except FormulaError:
        raise
    except Exception as error:  # both libraries raise whatever comes to hand on a formula that they cannot read
        raise FormulaError(f"{type(error).__name__}: {error}") from error


def mathml(source: str, *, displayed: bool) -> ElementTree.Element:
    """The formula as a tree of MathML's elements, without namespaces and styles.

    Raises:
        FormulaError: as `render` does.
    """
    prepared = tex.prepare(source)
    if prepared is None:
        raise FormulaError("too long, unbalanced, or not to be read")
    try:
        return _tree(prepared, displayed)
    except FormulaError:
        raise
    except Exception as error:  # whatever comes to the library's hand on a formula that it cannot read
        raise FormulaError(f"{type(error).__name__}: {error}") from error


def delimited(source: str) -> tuple[str, bool]:
    r"""A formula without its delimiters, and whether it is displayed: `\( x \)` → `x`, False."""
    for opener, closer, displayed in _DELIMITERS:
        if source.startswith(opener):
            inner = source[len(opener) :].rstrip(" .,;。，；\n")
            return inner.removesuffix(closer).strip(), displayed
    return source.strip(), False


def _tree(prepared: tex.Prepared, displayed: bool) -> ElementTree.Element:
    from latex2mathml.converter import convert

    tree = ElementTree.fromstring(convert(prepared.tex, display="block" if displayed else "inline"))
    _take_namespace_off(tree)
    _put_texts_back(tree, prepared.texts)
    _space_lines(tree)
    ruled_tables.take_rules(tree)
    _tidy(tree)
    return tree


def _draw(prepared: tex.Prepared, displayed: bool) -> Formula:
    _install_typeface()
    from ziamath.zmath import Math

    tree = _tree(prepared, displayed)
    tree.set("mathcolor", _COLOUR)
    drawn = Math(tree, size=EM, font=_TYPEFACE, margin=_MARGIN)
    box = drawn.node.bbox
    picture = drawn.svgxml()
    picture.set("fill", _COLOUR)  # not every part of a bracket that is put together has a colour of its own
    svg = ElementTree.tostring(picture, encoding="unicode")
    width, ascent, depth = box.xmax - box.xmin, box.ymax, -box.ymin
    if not (0 < width < 1000 * EM and -100 * EM < ascent < 100 * EM and -100 * EM < depth < 100 * EM):
        raise FormulaError("of no size")
    return Formula(svg, (width + 2 * _MARGIN) / EM, (ascent + _MARGIN) / EM, (depth + _MARGIN) / EM)


# -- the tree of MathML


def _space_lines(tree: ElementTree.Element) -> None:
    """Lines of `aligned` and `cases` keep a distance: TeX adds 3 points to a line's own height, here they are all."""
    for table in tree.iter("mtable"):
        if table.get("rowspacing") == "3pt":
            table.set("rowspacing", "0.5em")


def _take_namespace_off(tree: ElementTree.Element) -> None:
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]


def _put_texts_back(tree: ElementTree.Element, texts: tuple[str, ...]) -> None:
    """Each stretch of text was hidden behind a character of its own while TeX was read."""
    for element in tree.iter():
        if not element.text:
            continue
        if element.tag == "mtext" and element.text in tex.HIDDEN:
            element.text = texts[tex.HIDDEN.index(element.text)]
        elif any(char in tex.HIDDEN for char in element.text):
            raise FormulaError("text where none can stand")


def _tidy(element: ElementTree.Element) -> None:
    r"""Refuses what was not understood, drops styles, and makes figures of their parts: `1,\!000` is one number."""
    text = (element.text or "").strip()
    if any(char in tex.RULES for char in text):
        raise FormulaError("a rule where none can stand")
    if text.startswith("\\") and len(text) > 1 and element.tag != "mtext":
        raise FormulaError(f"unknown command {text}")
    for name in _NO_STYLE:
        element.attrib.pop(name, None)
    if element.tag == "mstyle" and not element.attrib:
        element.tag = "mrow"  # the library leaves half of such a one
    if element.tag == "mo" and text == "-":
        element.text = "\u2212"
    if element.tag == "mo" and text in _TIGHT:
        element.attrib |= {"lspace": "0.222em", "rspace": "0.222em"}
    children = list(element)
    kept: list[ElementTree.Element] = []
    for child in children:
        _tidy(child)
        kept.append(child)
        _join_thousands(kept)
    if len(kept) != len(children):
        element[:] = kept


def _join_thousands(kept: list[ElementTree.Element]) -> None:
    """`1` `,` `000` at the end become `1,000`, with or without a space or braces about the comma."""
    if len(kept) < 3 or kept[-1].tag != "mn" or not re.match(r"\d{3}(?!\d)", kept[-1].text or ""):
        return
    comma = -2
    if kept[comma].tag == "mspace":
        comma -= 1
    if len(kept) < 1 - comma or kept[comma - 1].tag != "mn" or "".join(kept[comma].itertext()).strip() != ",":
        return
    if kept[comma].tag not in ("mo", "mi", "mrow"):
        return
    number = kept[comma - 1]
    number.text = f"{number.text},{kept[-1].text}"
    del kept[comma:]


# -- the typeface


@cache
def _install_typeface() -> None:
    """Gives ziamath a font that has a stand-in for every character which the font itself lacks.

    Half a second, with the libraries and the font: only who draws waits for it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of importlib.resources, by which ziamath finds its font
        from ziamath.config import config
    from ziafont.fonttypes import BBox
    from ziafont.glyph import SimpleGlyph
    from ziafont.svgpath import fmt
    from ziamath.mathfont import MathFont
    from ziamath.styles import MathVariant, styledchr
    from ziamath.zmath import loadedfonts

    class StandIn(SimpleGlyph):
        """A character that stays text in the picture, in the room that it will take."""

        def __init__(self, char: str, font: MathFont, *, bold: bool) -> None:
            units = font.info.layout.unitsperem
            wide = unicodedata.east_asian_width(char) in "WF"
            self._advance: int = round(units * (_FULL_WIDTH if wide else _OTHER_WIDTH))
            self._text = char
            self._bold = bold
            box = BBox(0, self._advance, round(-_SHIFT * units), round((1 - _SHIFT) * units))
            super().__init__(0, [], box, font)

        def advance(self, nextchr: SimpleGlyph | None = None) -> int:
            return self._advance

        def place(self, x: float, y: float, point_size: float) -> ElementTree.Element:
            element = ElementTree.Element("text", {"x": fmt(x), "y": fmt(y), "font-size": fmt(point_size)})
            if self._bold:
                element.set("font-weight", "bold")
            element.text = self._text
            return element

    class Typeface(MathFont):
        def findglyph(self, char: str, variant: MathVariant) -> Any:
            if styledchr(char, variant) == char and not char.isspace() and self.glyphindex(char) == 0:
                return StandIn(char, self, bold=variant.bold)
            return super().findglyph(char, variant)

    ruled_tables.install()
    config.svg2 = False  # QtSvg paints garbage from SVG 2
    loadedfonts[_TYPEFACE] = Typeface(_path_of(loadedfonts["default"]), EM)


def _path_of(font: MathFont) -> str:
    return str(font.info.filename)
