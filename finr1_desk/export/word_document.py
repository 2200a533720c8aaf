"""A conversation as a Word document: headings, lists and tables that Word knows as such, formulas that can be edited.

Owns the document's parts and styles. python-docx makes the package; the paragraphs are written as XML here, since a
table of thousands of rows takes minutes otherwise.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from finr1_desk.core.text import well_formed
from finr1_desk.export.blocks import (
    Block,
    Code,
    Document,
    Formula,
    Heading,
    ItemList,
    Paragraph,
    Plain,
    Quote,
    Rule,
    Runs,
    Table,
    Turn,
)
from finr1_desk.export.omml import to_omml
from finr1_desk.export.pictures import coloured
from finr1_desk.markup.formulas import FormulaError, delimited
from finr1_desk.markup.markdown import Run, RunKind

LATIN: Final = "Calibri"
CHINESE: Final = "Microsoft YaHei"
CODE: Final = "Consolas"
_MUTED: Final = "606973"
_ACCENT: Final = "1F5FA8"
_COLOURS: Final = {"comment": _MUTED, "keyword": _ACCENT, "string": "2C6E3F", "number": "8A4B08", "name": "6B3FA0"}
_NAMESPACES: Final = nsdecls("w", "m", "r")
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT_WIDTH: Final = 9070  # of a page, in twentieths of a point: A4 without its margins
_CHARACTER: Final = 140
_CELL_MARGINS: Final = 300
_LONGEST_CELL: Final = 48  # characters; a longer one is broken
_ROWS_MEASURED: Final = 200
_STEP: Final = 360  # twentieths of a point by which a level is indented
_DEEPEST_STYLE: Final = 3  # Word's own list styles have three levels
_FONTS: Final = f'w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:cs="{LATIN}" w:eastAsia="{CHINESE}"'


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block stands: how far in, in lists how deep, and whether it is quiet (thinking)."""

    indent: int = 0
    depth: int = 0
    muted: bool = False
    style: str = "Normal"


def to_docx(document: Document, created_at: float) -> bytes:
    """The whole document as a file.

    Args:
        created_at: seconds since the epoch, for the document's properties.
    """
    package = docx.Document()
    _set_styles(package)
    _set_properties(package, document, created_at)
    writer = _Writer(package)
    writer.whole(document)
    body = package.element.body
    end = body.sectPr
    xml = "".join(writer.xml)
    for element in parse_xml(f"<w:body {_NAMESPACES}>{xml}</w:body>"):
        end.addprevious(element)
    _set_page(package, document)
    file = io.BytesIO()
    package.save(file)
    return file.getvalue()


def _text(text: str) -> str:
    return escape(_ILLEGAL.sub("\ufffd", well_formed(text)), quote=True)


# -- the package


def _set_fonts(style: Any, latin: str = LATIN) -> None:
    style.font.name = latin
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    for name, family in (("ascii", latin), ("hAnsi", latin), ("cs", latin), ("eastAsia", CHINESE)):
        fonts.set(qn(f"w:{name}"), family)


def _set_styles(package: Any) -> None:
    styles = package.styles
    normal = styles["Normal"]
    _set_fonts(normal)
    normal.font.size = Pt(10.5)
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.line_spacing = 1.25
    for level in range(1, 7):
        style = styles[f"Heading {level}"]
        _set_fonts(style)
        style.font.color.rgb = RGBColor.from_string("1C2126")
        style.font.size = Pt((15, 13, 12, 11, 10.5, 10.5)[level - 1])
        style.font.italic = False
    title = styles["Title"]
    _set_fonts(title)
    title.font.size = Pt(22)
    title.font.color.rgb = RGBColor.from_string("1C2126")
    _add_style(styles, "Question", shade="F1F4F8")
    _add_style(styles, "Thinking", colour=_MUTED, size=9.5, bar=True)
    _add_style(styles, "Code Block", latin=CODE, size=9, shade="F6F7F9")
    _add_style(styles, "Facts", colour=_MUTED, size=8.5)
    _add_style(styles, "Block Quote", bar=True)


def _add_style(
    styles: Any, name: str, *, latin: str = LATIN, size: float = 0, colour: str = "", shade: str = "", bar: bool = False
) -> None:
    style = styles.add_style(name, 1)
    style.base_style = styles["Normal"]
    _set_fonts(style, latin)
    if size:
        style.font.size = Pt(size)
    if colour:
        style.font.color.rgb = RGBColor.from_string(colour)
    properties = style.element.get_or_add_pPr()
    if bar:
        border = f'<w:pBdr {_NAMESPACES}><w:left w:val="single" w:sz="12" w:space="8" w:color="DDE1E6"/></w:pBdr>'
        properties.append(parse_xml(border))
    if shade:
        properties.append(parse_xml(f'<w:shd {_NAMESPACES} w:val="clear" w:color="auto" w:fill="{shade}"/>'))
    if latin == CODE:
        style.paragraph_format.line_spacing = 1.0


def _set_properties(package: Any, document: Document, created_at: float) -> None:
    properties = package.core_properties
    properties.title = _ILLEGAL.sub("\ufffd", well_formed(document.title))[:255]
    properties.author = "Fin-R1 Desk"
    properties.comments = ""
    properties.created = properties.modified = datetime.fromtimestamp(created_at, UTC).replace(tzinfo=None)
    properties.language = document.labels.language


def _set_page(package: Any, document: Document) -> None:
    """The title above each page but the first, its number below."""
    section = package.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(25)
    section.different_first_page_header_footer = True
    header = section.header.paragraphs[0]._p
    header.addprevious(parse_xml(_paragraph(_run_xml(document.title[:120]), style="Facts", root=True)))
    header.getparent().remove(header)
    before, _, rest = document.labels.page.partition("{page}")
    between, _, after = rest.partition("{pages}")
    fields = (
        _run_xml(before)
        + '<w:fldSimple w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
        + _run_xml(between)
        + '<w:fldSimple w:instr="NUMPAGES"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
        + _run_xml(after)
    )
    for footer in (section.footer, section.first_page_footer):
        old = footer.paragraphs[0]._p
        old.addprevious(parse_xml(_paragraph(fields, style="Facts", extra='<w:jc w:val="center"/>', root=True)))
        old.getparent().remove(old)


def _widths(table: Table, room: int) -> list[int]:
    """How wide columns would like to be, in twentieths of a point. Word fits them anew; others take these."""
    longest = [0] * len(table.aligns)
    for row in (table.header, *table.rows[:_ROWS_MEASURED]):
        for column, cell in enumerate(row):
            text = "".join(run.text for run in cell)
            wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
            longest[column] = max(longest[column], min(len(text) + wide, _LONGEST_CELL))
    wanted = [_CELL_MARGINS + _CHARACTER * max(length, 2) for length in longest]
    return [width * room // sum(wanted) for width in wanted] if sum(wanted) > room else wanted


# -- XML


def _paragraph(inner: str, *, style: str = "Normal", extra: str = "", root: bool = False) -> str:
    spaces = f" {_NAMESPACES}" if root else ""
    style_id = style.replace(" ", "")
    return f'<w:p{spaces}><w:pPr><w:pStyle w:val="{style_id}"/>{extra}</w:pPr>{inner}</w:p>'


def _run_xml(text: str, properties: str = "") -> str:
    """Text with its line ends and tabs."""
    pieces = []
    for number, line in enumerate(text.split("\n")):
        pieces.append("<w:br/>" if number else "")
        for place, part in enumerate(line.split("\t")):
            pieces.append("<w:tab/>" if place else "")
            pieces.append(f'<w:t xml:space="preserve">{_text(part)}</w:t>' if part else "")
    return f"<w:r><w:rPr>{properties}</w:rPr>{''.join(pieces)}</w:r>" if text else ""


@dataclass(slots=True)
class _Writer:
    package: Any
    xml: list[str] = field(default_factory=list)

    def whole(self, document: Document) -> None:
        self.xml.append(_paragraph(_run_xml(document.title), style="Title"))
        self.xml += [_paragraph(_run_xml(fact), style="Facts") for fact in document.facts]
        if document.system_prompt.strip():
            self.xml.append(_paragraph(_run_xml(document.labels.system_prompt, "<w:b/>"), style="Thinking"))
            self.xml.append(_paragraph(_run_xml(document.system_prompt), style="Thinking"))
        for turn in document.turns:
            self.turn(turn, 1)
        if document.others:
            self.xml.append(_paragraph(_run_xml(document.labels.other_branches), style="Heading 1"))
            for turn in document.others:
                self.turn(turn, 2)

    def turn(self, turn: Turn, level: int) -> None:
        self.xml.append(_paragraph(_run_xml(turn.heading), style=f"Heading {level}"))
        if turn.thinking:
            self.xml.append(_paragraph(_run_xml(turn.summary, "<w:b/>"), style="Thinking"))
            self.blocks(turn.thinking, _Place(muted=True, style="Thinking"), level)
        self.blocks(turn.blocks, _Place(style="Question" if turn.is_question else "Normal"), level)
        for words in (turn.note, turn.facts):
            if words:
                self.xml.append(_paragraph(_run_xml(words), style="Facts"))

    def blocks(self, blocks: tuple[Block, ...], place: _Place, level: int) -> None:
        for block in blocks:
            self.block(block, place, level)

    def block(self, block: Block, place: _Place, level: int) -> None:
        match block:
            case Paragraph(runs):
                self.put(self.runs(runs), place)
            case Heading(depth, runs):
                style = place.style if place.muted else f"Heading {min(depth + level, 6)}"
                self.put(self.runs(runs, "<w:b/>" if place.muted else ""), place, style)
            case Quote(children):
                style = place.style if place.muted else "Block Quote"
                inner = _Place(place.indent + _STEP, place.depth, place.muted, style)
                self.blocks(children, inner, level)
            case ItemList():
                self.list(block, place, level)
            case Code(text, language):
                self.put(self.code(text, language), place, "Code Block")
            case Formula(source):
                self.put(self.formula(source, displayed=True), place)
            case Table():
                self.table(block, place)
            case Rule():
                edge = '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="DDE1E6"/></w:pBdr>'
                self.xml.append(_paragraph("", extra=edge))
            case Plain(text):
                self.put(_run_xml(text), place)

    def put(self, inner: str, place: _Place, style: str = "", extra: str = "") -> None:
        indent = f'<w:ind w:left="{place.indent}"/>' if place.indent else ""
        self.xml.append(_paragraph(inner, style=style or place.style, extra=extra + indent))

    # -- lists

    def list(self, block: ItemList, place: _Place, level: int) -> None:
        plain = all(item.marker == "•" for item in block.items)
        number = None if block.start is None else self._numbering(block.start, place.depth)
        inner = _Place(place.indent + _STEP, place.depth + 1, place.muted, place.style)
        for item in block.items:
            children = item.children
            first = children[0] if children and isinstance(children[0], Paragraph) else None
            words = self.runs(first.runs) if first is not None else ""
            rest = children[1:] if first is not None else children
            if number is not None or plain:
                self._item(words, inner, number)
            else:
                hanging = f'<w:ind w:left="{inner.indent}" w:hanging="{_STEP}"/>'
                marker = _run_xml(f"{item.marker}\t")
                self.xml.append(_paragraph(marker + words, style=place.style, extra=hanging))
            self.blocks(rest, inner, level)

    def _item(self, words: str, inner: _Place, number: int | None) -> None:
        kind = "List Bullet" if number is None else "List Number"
        depth = min(inner.depth, _DEEPEST_STYLE)
        style = kind if depth == 1 else f"{kind} {depth}"
        numbering = "" if number is None else f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>'
        hanging = f'<w:ind w:left="{inner.indent}" w:hanging="{_STEP}"/>'
        self.xml.append(_paragraph(words, style=style, extra=numbering + hanging))

    def _numbering(self, start: int, depth: int) -> int:
        """A numbering of its own, so that each list begins where it was written to begin."""
        level = min(depth + 1, _DEEPEST_STYLE)
        style = self.package.styles["List Number" if level == 1 else f"List Number {level}"]
        numbering = self.package.part.numbering_part.element
        style_number = style.element.pPr.numPr.numId.val
        abstract = next(n.abstractNumId.val for n in numbering.num_lst if n.numId == style_number)
        number = numbering.add_num(abstract)
        number.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(number.numId)

    # -- tables

    def table(self, block: Table, place: _Place) -> None:
        lines = "".join(
            f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="C9CFD6"/>'
            for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
        )
        indent = f'<w:tblInd w:w="{place.indent}" w:type="dxa"/>' if place.indent else ""
        properties = f'<w:tblPr><w:tblW w:w="0" w:type="auto"/>{indent}<w:tblBorders>{lines}</w:tblBorders></w:tblPr>'
        widths = _widths(block, _TEXT_WIDTH - place.indent)
        grid = "<w:tblGrid>" + "".join(f'<w:gridCol w:w="{width}"/>' for width in widths) + "</w:tblGrid>"
        head = self.row(block.header, block.aligns, widths, place, head=True)
        rows = "".join(self.row(row, block.aligns, widths, place) for row in block.rows)
        self.xml.append(f"<w:tbl>{properties}{grid}{head}{rows}</w:tbl>")
        self.xml.append(_paragraph("", extra='<w:spacing w:after="0" w:line="120" w:lineRule="exact"/>'))

    def row(
        self,
        cells: tuple[Runs, ...],
        aligns: tuple[str, ...],
        widths: Sequence[int],
        place: _Place,
        *,
        head: bool = False,
    ) -> str:
        shade = '<w:shd w:val="clear" w:color="auto" w:fill="F1F4F8"/>' if head else ""
        found = []
        for cell, side, width in zip(cells, aligns, widths, strict=True):
            extra = f'<w:spacing w:after="0"/><w:jc w:val="{side}"/>'
            style = "Thinking" if place.muted else "Normal"
            border = '<w:pBdr><w:left w:val="nil"/></w:pBdr>' if place.muted else ""
            words = _paragraph(self.runs(cell, "<w:b/>" if head else ""), style=style, extra=border + extra)
            found.append(f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>{words}</w:tc>')
        again = "<w:tblHeader/>" if head else ""
        return f"<w:tr><w:trPr><w:cantSplit/>{again}</w:trPr>{''.join(found)}</w:tr>"

    # -- inside a line

    def runs(self, runs: Runs, properties: str = "") -> str:
        return "".join(self.run(run, properties) for run in runs)

    def run(self, run: Run, properties: str) -> str:
        # The order of a run's properties is given by the format.
        fonts = f'<w:rFonts w:ascii="{CODE}" w:hAnsi="{CODE}" w:eastAsia="{CHINESE}"/>'
        bold = "<w:b/>" if run.bold or run.kind is RunKind.BOXED else properties
        style = bold + ("<w:i/>" if run.italic else "") + ("<w:strike/>" if run.struck else "")
        match run.kind:
            case RunKind.BREAK:
                return "<w:r><w:br/></w:r>"
            case RunKind.MATHS:
                return self.formula(run.text, displayed=False)
            case RunKind.CODE:
                inner = _run_xml(run.text, f'{fonts}{style}<w:noProof/><w:shd w:val="clear" w:fill="F6F7F9"/>')
            case RunKind.BOXED:
                edge = f'<w:bdr w:val="single" w:sz="4" w:space="0" w:color="{_ACCENT}"/>'
                inner = _run_xml(run.text, style + edge)
            case RunKind.NOTE:
                inner = _run_xml(f"[{run.text}]", f'{style}<w:vertAlign w:val="superscript"/>')
            case _:
                link = f'<w:color w:val="{_ACCENT}"/><w:u w:val="single"/>' if run.href else ""
                inner = _run_xml(run.text, style + link)
        return self._linked(run.href, inner) if run.href and inner else inner

    def _linked(self, href: str, inner: str) -> str:
        address = _ILLEGAL.sub("", well_formed(href))
        target = self.package.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        return f'<w:hyperlink r:id="{target}">{inner}</w:hyperlink>'

    def code(self, text: str, language: str) -> str:
        return "".join(
            _run_xml(stretch, f'<w:noProof/><w:color w:val="{_COLOURS[family]}"/>' if family else "<w:noProof/>")
            for stretch, family in coloured(text, language)
        )

    def formula(self, source: str, *, displayed: bool) -> str:
        """A formula that Word can edit; its source where that cannot be."""
        inner, alone = delimited(source)
        try:
            omml = f"<m:oMath>{to_omml(inner, displayed=displayed or alone)}</m:oMath>"
            parse_xml(f"<w:p {_NAMESPACES}>{omml}</w:p>")
        except (FormulaError, ValueError, SyntaxError):
            fonts = f'<w:rFonts w:ascii="{CODE}" w:hAnsi="{CODE}" w:eastAsia="{CHINESE}"/><w:noProof/>'
            return _run_xml(source, fonts)
        return f"<m:oMathPara>{omml}</m:oMathPara>" if displayed else omml
