"""MathML into the formulas of Word documents (Office MathML), which stay formulas there and can be edited.

Owns this one step, element by element. What it does not know it refuses; the formula is then shown as its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final
from xml.etree.ElementTree import Element

from finr1_desk.markup.formulas import FormulaError, mathml

_LARGE: Final = frozenset("∑∏∐∫∬∭∮⋃⋂⋁⋀⨁⨂")
_BARS: Final = frozenset("¯‾―_\u0332\u0305\u00af\u2015\u203e\u005f")
_BRACES: Final = {"⏞": "top", "⏟": "bot", "︷": "top", "︸": "bot"}
_ACCENTS: Final = {
    "^": "\u0302",
    "ˆ": "\u0302",
    "~": "\u0303",
    "˜": "\u0303",
    "˙": "\u0307",
    ".": "\u0307",
    "¨": "\u0308",
    "→": "\u20d7",
    "ˇ": "\u030c",
    "˘": "\u0306",
}
_ROWS: Final = frozenset({"math", "mrow", "mstyle", "mpadded", "mtd", "semantics", "merror"})
_OPENERS: Final = {"(": ")", "[": "]", "{": "}", "|": "|", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉", "∥": "∥", "‖": "‖"}
_BRACKETS: Final = {"(": ")", "[": "]"}
_UPRIGHT: Final = "<m:rPr><m:sty m:val='p'/></m:rPr>"
_NOTHING: Final = "\u200b"  # before a sign of relation at the beginning of a cell: it relates to something
_TEXT: Final = "<m:rPr><m:nor/></m:rPr>"


def to_omml(source: str, *, displayed: bool) -> str:
    """The formula as the inside of an `m:oMath` element.

    Args:
        source: TeX without its delimiters.

    Raises:
        FormulaError: it cannot be read, or holds what cannot be said here.
    """
    return _row(mathml(source, displayed=displayed))


def _row(element: Element) -> str:
    return _sequence(list(element))


def _sequence(children: Sequence[Element]) -> str:
    """Elements beside each other; fences take what is between them, sums what comes behind."""
    found: list[str] = []
    index = 0
    while index < len(children):
        child = children[index]
        end = _fenced_until(children, index)
        if end is None:
            end = _bracketed_until(children, index)
        if end is not None:
            inner = _sequence(children[index + 1 : end])
            found.append(_closed(child, inner, children[end]))
            index = end + 1
        elif _is_large(child) and index + 1 < len(children):
            found.append(_large(child, _one(children[index + 1])))
            index += 2
        else:
            found.append(_one(child))
            index += 1
    return "".join(found)


def _one(element: Element) -> str:
    tag = element.tag
    if tag in _ROWS:
        return _row(element)
    simple = _SIMPLE.get(tag)
    if simple is not None:
        return simple(element)
    raise FormulaError(f"no words for {tag}")


# -- signs


def _run(text: str, properties: str = "") -> str:
    return f"<m:r>{properties}<m:t xml:space='preserve'>{escape(text)}</m:t></m:r>" if text else ""


def _letter(element: Element) -> str:
    text = "".join(element.itertext()) or _NOTHING
    upright = element.get("mathvariant") == "normal" or len(text) > 1
    return _run(text, _UPRIGHT if upright else "")


def _sign(element: Element) -> str:
    return _run("".join(element.itertext()).strip())


def _words(element: Element) -> str:
    return _run("".join(element.itertext()), _TEXT)


def _space(element: Element) -> str:
    width = element.get("width", "")
    try:
        wide = float(width.removesuffix("em")) > 0.5
    except ValueError:
        wide = False
    return _run("\u2003" if wide else "\u2009")


# -- what stands above and below


def _fraction(element: Element) -> str:
    over, under = element
    bar = "<m:fPr><m:type m:val='noBar'/></m:fPr>" if element.get("linethickness", "1").strip("ptemx") == "0" else ""
    return f"<m:f>{bar}<m:num>{_one(over)}</m:num><m:den>{_one(under)}</m:den></m:f>"


def _root(element: Element) -> str:
    if element.tag == "msqrt":
        inner = _row(element)
        return f"<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/><m:e>{inner}</m:e></m:rad>"
    inner, degree = (_one(child) for child in element)
    return f"<m:rad><m:deg>{degree}</m:deg><m:e>{inner}</m:e></m:rad>"


def _scripts(element: Element) -> str:
    if _is_large(element):
        return _large(element, "")
    return _with_scripts(element, _one(element[0]))


def _with_scripts(element: Element, base: str) -> str:
    scripts = [_one(child) for child in element[1:]]
    match element.tag:
        case "msub":
            return f"<m:sSub><m:e>{base}</m:e><m:sub>{scripts[0]}</m:sub></m:sSub>"
        case "msup":
            return f"<m:sSup><m:e>{base}</m:e><m:sup>{scripts[0]}</m:sup></m:sSup>"
        case _:
            sub, sup = scripts
            return f"<m:sSubSup><m:e>{base}</m:e><m:sub>{sub}</m:sub><m:sup>{sup}</m:sup></m:sSubSup>"


def _over(element: Element) -> str:
    base, above = element
    mark = "".join(above.itertext()).strip()
    inner = _one(base)
    if mark in _BARS:
        return f"<m:bar><m:barPr><m:pos m:val='top'/></m:barPr><m:e>{inner}</m:e></m:bar>"
    if mark in _ACCENTS and len(above) == 0:
        return f"<m:acc><m:accPr><m:chr m:val='{_ACCENTS[mark]}'/></m:accPr><m:e>{inner}</m:e></m:acc>"
    if mark in _BRACES:
        return _brace(mark, inner)
    return f"<m:limUpp><m:e>{inner}</m:e><m:lim>{_one(above)}</m:lim></m:limUpp>"


def _under(element: Element) -> str:
    if _is_large(element):
        return _large(element, "")
    base, below = element
    mark = "".join(below.itertext()).strip()
    inner = _one(base)
    if mark in _BARS:
        return f"<m:bar><m:barPr><m:pos m:val='bot'/></m:barPr><m:e>{inner}</m:e></m:bar>"
    if mark in _BRACES:
        return _brace(mark, inner)
    return f"<m:limLow><m:e>{inner}</m:e><m:lim>{_one(below)}</m:lim></m:limLow>"


def _under_and_over(element: Element) -> str:
    if _is_large(element):
        return _large(element, "")
    base, below, above = (_one(child) for child in element)
    lower = f"<m:limLow><m:e>{base}</m:e><m:lim>{below}</m:lim></m:limLow>"
    return f"<m:limUpp><m:e>{lower}</m:e><m:lim>{above}</m:lim></m:limUpp>"


def _brace(mark: str, inner: str) -> str:
    place = _BRACES[mark]
    other = "bot" if place == "top" else "top"
    return (
        f"<m:groupChr><m:groupChrPr><m:chr m:val='{mark}'/><m:pos m:val='{place}'/><m:vertJc m:val='{other}'/>"
        f"</m:groupChrPr><m:e>{inner}</m:e></m:groupChr>"
    )


def _is_large(element: Element) -> bool:
    """A sum, a product or an integral, with or without its limits."""
    base = element
    if element.tag in ("msub", "msup", "msubsup", "munder", "mover", "munderover") and len(element):
        base = element[0]
    return base.tag == "mo" and "".join(base.itertext()).strip() in _LARGE


def _large(element: Element, inner: str) -> str:
    base = element if element.tag == "mo" else element[0]
    limits = [] if element.tag == "mo" else [_one(child) for child in element[1:]]
    sub = limits[0] if limits and element.tag in ("msub", "munder", "msubsup", "munderover") else ""
    sup = limits[-1] if limits and element.tag in ("msup", "mover", "msubsup", "munderover") else ""
    place = "undOvr" if element.tag.startswith(("mund", "mov")) else "subSup"
    sign = "".join(base.itertext()).strip()
    return (
        f"<m:nary><m:naryPr><m:chr m:val='{sign}'/><m:limLoc m:val='{place}'/>"
        f"<m:subHide m:val='{int(not sub)}'/><m:supHide m:val='{int(not sup)}'/></m:naryPr>"
        f"<m:sub>{sub}</m:sub><m:sup>{sup}</m:sup><m:e>{inner}</m:e></m:nary>"
    )


# -- what stands around


def _fence(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _fenced_until(children: Sequence[Element], index: int) -> int | None:
    """The closing fence of the one at `index`, where both grow with what is between them."""
    opener = children[index]
    if opener.tag != "mo":
        return None
    grows = opener.get("form") == "prefix" or opener.get("fence") == "true"
    depth = 0
    for place in range(index + 1, len(children)):
        child = children[place]
        if child.tag != "mo":
            continue
        if child.get("form") == "prefix":
            depth += 1
        elif child.get("form") == "postfix":
            if depth == 0:
                return place if grows else None
            depth -= 1
    is_pair = index + 2 < len(children) and children[index + 1].tag == "mtable" and children[index + 2].tag == "mo"
    return index + 2 if is_pair and _fence(opener) in _OPENERS else None


def _bracketed_until(children: Sequence[Element], index: int) -> int | None:
    """Where the bracket at `index` ends: in TeX it is a sign like others, and an exponent belongs to the closing one.

    Office asks what is raised, so what stands between the brackets has to be one thing. A half-open interval is one.
    """
    if children[index].tag != "mo" or _fence(children[index]) not in _BRACKETS:
        return None
    depth = 0
    for place in range(index, len(children)):
        child = children[place]
        base = child[0] if child.tag in ("msub", "msup", "msubsup") else child
        sign = _fence(base) if base.tag == "mo" else ""
        if sign in _BRACKETS:
            depth += 1
        elif sign in _BRACKETS.values():
            depth -= 1
            if depth == 0:
                return place
    return None


def _closed(opener: Element, inner: str, closer: Element) -> str:
    """What stands between two fences, with the scripts of the closing one, if it has any."""
    if closer.tag == "mo":
        return _delimited(_fence(opener), _fence(closer), inner)
    return _with_scripts(closer, _delimited(_fence(opener), _fence(closer[0]), inner))


def _delimited(opener: str, closer: str, inner: str) -> str:
    begin, end = ("" if sign == "." else escape(sign) for sign in (opener, closer))
    properties = f"<m:dPr><m:begChr m:val='{begin}'/><m:endChr m:val='{end}'/></m:dPr>"
    return f"<m:d>{properties}<m:e>{inner}</m:e></m:d>"


def _table(element: Element) -> str:
    rows = []
    for row in element:
        if row.tag != "mtr":
            raise FormulaError("a table of something else")
        rows.append([_row(cell) for cell in row])
    columns = max(map(len, rows), default=0)
    if columns == 0:
        return ""
    justify = "".join(
        f"<m:mc><m:mcPr><m:count m:val='1'/><m:mcJc m:val='{side}'/></m:mcPr></m:mc>"
        for side in _sides(element, columns)
    )
    lines = "".join(
        "<m:mr>" + "".join(f"<m:e>{cell}</m:e>" for cell in row + [""] * (columns - len(row))) + "</m:mr>"
        for row in rows
    )
    return f"<m:m><m:mPr><m:mcs>{justify}</m:mcs></m:mPr>{lines}</m:m>"


def _sides(element: Element, columns: int) -> list[str]:
    sides = [
        side if side in ("left", "right", "center") else "center" for side in element.get("columnalign", "").split()
    ]
    cells = [cell.get("columnalign", "") for cell in next(iter(element), element)]
    sides = sides or [side if side in ("left", "right", "center") else "center" for side in cells]
    return (sides + [sides[-1] if sides else "center"] * columns)[:columns]


def _enclosed(element: Element) -> str:
    if element.get("notation", "box") not in ("box", "roundedbox"):
        return _row(element)
    return f"<m:borderBox><m:e>{_row(element)}</m:e></m:borderBox>"


def _phantom(element: Element) -> str:
    return f"<m:phant><m:phantPr><m:show m:val='0'/></m:phantPr><m:e>{_row(element)}</m:e></m:phant>"


_SIMPLE: Final = {
    "mi": _letter,
    "mn": _sign,
    "mo": _sign,
    "ms": _words,
    "mtext": _words,
    "mspace": _space,
    "mfrac": _fraction,
    "msqrt": _root,
    "mroot": _root,
    "msub": _scripts,
    "msup": _scripts,
    "msubsup": _scripts,
    "mover": _over,
    "munder": _under,
    "munderover": _under_and_over,
    "mtable": _table,
    "menclose": _enclosed,
    "mphantom": _phantom,
}
