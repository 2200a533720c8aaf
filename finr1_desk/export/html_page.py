"""A conversation as one HTML file that needs nothing else: no network, no script.

Owns the page's markup and style. Every text is escaped, nothing of a message becomes markup, and a content security
policy allows the page's one style sheet and nothing more.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html import escape
from typing import Final

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
from finr1_desk.export.pictures import Drawings, coloured
from finr1_desk.markup.markdown import Run, RunKind

_SIZE: Final = re.compile(r'<svg xmlns="[^"]*"(?: xmlns:xlink="[^"]*")? width="[\d.]+" height="[\d.]+"')
_DRAWN: Final = frozenset({"svg", "g", "path", "rect", "text", "line", "polyline", "polygon", "tspan"})
_TAG: Final = re.compile(r"</?([A-Za-z]+)")

_STYLE: Final = """
:root{color-scheme:light dark;--page:#fff;--text:#1c2126;--muted:#606973;--line:#dde1e6;--question:#f1f4f8;
--code:#f6f7f9;--accent:#1f5fa8;--keyword:#1f5fa8;--string:#2c6e3f;--number:#8a4b08;--name:#6b3fa0}
@media (prefers-color-scheme:dark){:root{--page:#17191c;--text:#e4e7ea;--muted:#9aa4af;--line:#343a41;
--question:#22272d;--code:#1f2328;--accent:#7fb2ef;--keyword:#7fb2ef;--string:#86c99a;--number:#e0a768;--name:#c3a2ee}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.6 "Segoe UI","SF Pro Text",Inter,"Noto Sans",
"Microsoft YaHei UI","PingFang SC","Noto Sans CJK SC","Source Han Sans SC",sans-serif}
main{max-width:48em;margin:0 auto;padding:3em 1.5em 5em}
h1,h2,h3,h4,h5,h6{line-height:1.3;margin:1.4em 0 .5em}
header h1{font-size:1.7em;margin:0 0 .3em}
header p,.facts,.note{color:var(--muted);font-size:.85em;margin:0}
.turn{margin-top:2.2em}
.who{font-size:.85em;font-weight:600;color:var(--muted);margin:0 0 .5em}
.asked{background:var(--question);border-radius:8px;padding:.8em 1em}
.plain{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
.answer h1{font-size:1.4em}.answer h2{font-size:1.25em}.answer h3{font-size:1.12em}
.answer h4,.answer h5,.answer h6{font-size:1em}
p,ul,ol,blockquote,pre,.wide,.formula{margin:.7em 0}
p{overflow-wrap:anywhere}
li>p{margin:.25em 0}
ul.boxes{list-style:none;padding-left:1.2em}
.marker{display:inline-block;min-width:1.6em}
details{border-left:2px solid var(--line);padding-left:1em;margin:0 0 1em;color:var(--muted);font-size:.93em}
summary{cursor:pointer}
blockquote{border-left:3px solid var(--line);padding-left:1em;margin-left:0}
a{color:var(--accent)}
code{font-family:ui-monospace,"Cascadia Mono",Consolas,"DejaVu Sans Mono","Noto Sans Mono CJK SC",monospace;
font-size:.9em;background:var(--code);border-radius:4px;padding:.1em .3em}
pre{background:var(--code);border-radius:8px;padding:.8em 1em;overflow-x:auto}
pre code{padding:0;background:none}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{border:1px solid var(--line);padding:.35em .7em;vertical-align:top}
th{background:var(--question);text-align:left}
.right{text-align:right}.center{text-align:center}.left{text-align:left}
.formula{overflow-x:auto;overflow-y:hidden;padding-left:1.5em}
svg{max-width:none}
.boxed{border:1px solid var(--accent);border-radius:4px;padding:.05em .35em;font-weight:600}
.comment{color:var(--muted)}.keyword{color:var(--keyword)}.string{color:var(--string)}
.number{color:var(--number)}.name{color:var(--name)}
hr{border:0;border-top:1px solid var(--line);margin:1.6em 0}
@media print{:root{color-scheme:light;--page:#fff;--text:#000;--muted:#555;--line:#bbb;--question:#f3f3f3;
--code:#f5f5f5;--accent:#1f5fa8;--keyword:#1f5fa8;--string:#2c6e3f;--number:#8a4b08;--name:#6b3fa0}
body{font-size:10.5pt}main{max-width:none;padding:0}pre{white-space:pre-wrap}.wide,.formula{overflow:visible}
.who,h1,h2,h3,h4{break-after:avoid}tr,svg{break-inside:avoid}thead{display:table-header-group}
details::details-content{content-visibility:visible;height:auto}}
"""


def to_html(document: Document, drawings: Drawings) -> str:
    """The whole page."""
    writer = _Writer(drawings)
    labels = document.labels
    head = "".join(f"<p>{_text(fact)}</p>\n" for fact in document.facts)
    body = [f"<header>\n<h1>{_text(document.title)}</h1>\n{head}</header>\n"]
    if document.system_prompt.strip():
        prompt = f'<p class="plain">{_text(document.system_prompt)}</p>'
        body.append(f"<details>\n<summary>{_text(labels.system_prompt)}</summary>\n{prompt}\n</details>\n")
    body += [writer.turn(turn) for turn in document.turns]
    if document.others:
        body.append(f"<hr>\n<h2>{_text(labels.other_branches)}</h2>\n")
        body += [writer.turn(turn) for turn in document.others]
    style = _STYLE + writer.depths()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        f'<!DOCTYPE html>\n<html lang="{_text(labels.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_text(document.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
        f"{''.join(body)}</main>\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    """A text as it may stand between tags and in attributes."""
    return escape(well_formed(text).replace("\0", "\ufffd").replace("\r", "\n"), quote=True)


@dataclass(slots=True)
class _Writer:
    drawings: Drawings
    below: set[int] = field(default_factory=set)  # hundredths of an em by which a formula reaches below the line

    def depths(self) -> str:
        """The rules that put each formula on its line; styles of elements are not allowed by the policy."""
        return "".join(f".d{depth}{{vertical-align:{-depth / 100}em}}" for depth in sorted(self.below))

    def turn(self, turn: Turn) -> str:
        parts = [f'<p class="who">{_text(turn.heading)}</p>\n']
        if turn.thinking:
            inner = self.blocks(turn.thinking)
            parts.append(f"<details>\n<summary>{_text(turn.summary)}</summary>\n{inner}</details>\n")
        body = self.blocks(turn.blocks)
        parts.append(f'<div class="{"asked" if turn.is_question else "answer"}">\n{body}</div>\n')
        parts += [f'<p class="note"><em>{_text(turn.note)}</em></p>\n'] if turn.note else []
        parts += [f'<p class="facts">{_text(turn.facts)}</p>\n'] if turn.facts else []
        return f'<section class="turn">\n{"".join(parts)}</section>\n'

    def blocks(self, blocks: tuple[Block, ...]) -> str:
        return "".join(self.block(block) + "\n" for block in blocks)

    def block(self, block: Block) -> str:
        match block:
            case Paragraph(runs):
                return f"<p>{self.runs(runs)}</p>"
            case Heading(level, runs):
                return f"<h{level}>{self.runs(runs)}</h{level}>"
            case Quote(children):
                return f"<blockquote>\n{self.blocks(children)}</blockquote>"
            case ItemList():
                return self.list(block)
            case Code(text, language):
                spans = "".join(
                    f'<span class="{family}">{_text(stretch)}</span>' if family else _text(stretch)
                    for stretch, family in coloured(text, language)
                )
                return f"<pre><code>{spans}</code></pre>"
            case Formula(source):
                return f'<div class="formula">{self.formula(source)}</div>'
            case Table():
                return self.table(block)
            case Rule():
                return "<hr>"
            case Plain(text):
                return f'<p class="plain">{_text(text)}</p>'

    def list(self, block: ItemList) -> str:
        if block.start is not None:
            items = "".join(f"<li>{self.blocks(item.children)}</li>\n" for item in block.items)
            start = "" if block.start == 1 else f' start="{block.start}"'
            return f"<ol{start}>\n{items}</ol>"
        if all(item.marker == "•" for item in block.items):
            items = "".join(f"<li>{self.blocks(item.children)}</li>\n" for item in block.items)
            return f"<ul>\n{items}</ul>"
        items = "".join(
            f'<li><span class="marker">{_text(item.marker)}</span>{self.tight(item.children)}</li>\n'
            for item in block.items
        )
        return f'<ul class="boxes">\n{items}</ul>'

    def tight(self, children: tuple[Block, ...]) -> str:
        """The blocks of an item; the first, if it is a paragraph, on the marker's line."""
        if children and isinstance(children[0], Paragraph):
            return f"{self.runs(children[0].runs)}\n{self.blocks(children[1:])}"
        return self.blocks(children)

    def table(self, block: Table) -> str:
        def row(cells: tuple[Runs, ...], tag: str) -> str:
            inner = "".join(
                f'<{tag} class="{side}">{self.runs(cell)}</{tag}>'
                for cell, side in zip(cells, block.aligns, strict=True)
            )
            return f"<tr>{inner}</tr>\n"

        body = "".join(row(cells, "td") for cells in block.rows)
        head = row(block.header, "th")
        return f'<div class="wide"><table>\n<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n</table></div>'

    # -- inside a line

    def runs(self, runs: Runs) -> str:
        return "".join(map(self.run, runs))

    def run(self, run: Run) -> str:
        match run.kind:
            case RunKind.BREAK:
                return "<br>\n"
            case RunKind.CODE:
                inner = f"<code>{_text(run.text)}</code>"
            case RunKind.MATHS:
                inner = self.formula(run.text)
            case RunKind.BOXED:
                inner = f'<span class="boxed">{_text(run.text)}</span>'
            case RunKind.NOTE:
                inner = f"<sup>[{_text(run.text)}]</sup>"
            case _:
                inner = _text(run.text)
        for wanted, tag in ((run.struck, "s"), (run.italic, "em"), (run.bold, "strong")):
            inner = f"<{tag}>{inner}</{tag}>" if wanted else inner
        return f'<a href="{_text(run.href)}" rel="noopener noreferrer">{inner}</a>' if run.href else inner

    def formula(self, source: str) -> str:
        drawn = self.drawings.formula(source)
        if drawn is None or not set(_TAG.findall(drawn.svg)) <= _DRAWN:
            return f"<code>{_text(source)}</code>"
        depth = round(drawn.depth * 100)
        self.below.add(depth)
        head = (
            f'<svg class="d{depth}" role="img" aria-label="{_text(source)}" '
            f'width="{drawn.width:.3f}em" height="{drawn.height:.3f}em"'
        )
        picture, count = _SIZE.subn(head.replace("\\", r"\\"), drawn.svg, count=1)
        return picture if count else f"<code>{_text(source)}</code>"
