"""HTML, Word and PDF: nothing of the text is lost, nothing of it becomes markup, and each opens as what it is."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import subprocess
import sys
import unicodedata
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest
from docx.oxml.ns import qn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QGuiApplication

from finr1_desk.core.conversation import Conversation, Message, MessageState, Part, PartKind, Role
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.reasoning import split
from finr1_desk.export import blocks
from finr1_desk.export.blocks import Document, document
from finr1_desk.export.html_page import to_html
from finr1_desk.export.jobs import Job
from finr1_desk.export.omml import to_omml
from finr1_desk.export.options import ExportOptions, Format, Labels
from finr1_desk.export.pdf_document import to_pdf
from finr1_desk.export.pictures import Drawings
from finr1_desk.export.process import content
from finr1_desk.export.word_document import to_docx
from finr1_desk.export.writing import Exporter
from finr1_desk.markup.formulas import FormulaError
from tests.export.conversations import conversations

NOW = 1_750_000_000.0
SHOWN = ExportOptions()
ANSWER = r"""## 净利率

**净利润**增长 12%: $1,200 of $10,000, \( m = \frac{1200}{10000} \).

| 年份 | Revenue | Note |
|---|---|:---:|
| 2021 | 1,234.5 | ok |
| 2022 | (310) | **up** |

3. three
4. four
   - nested

- [x] done

> quoted [link](https://example.com/?a=1&b=2) and [bad](javascript:alert(1))

```python
def margin(a: int) -> float:
    return a / 10  # 净
```

\[ \sum_{t=1}^{n} \frac{CF_t}{(1+r)^t} \]

<script>alert(1)</script> \boxed{12\%}"""


def a_conversation(answer: str = ANSWER, think: str = "Let me see `x`.") -> tuple[Conversation, list[Message]]:
    whole = split(f"<think>\n{think}\n</think>\n{answer}")
    messages = [
        Message("q", "c", None, Role.USER, (Part(PartKind.TEXT, "问题 <b>1</b>\n  two"),), MessageState.COMPLETE, NOW),
        Message("a", "c", "q", Role.ASSISTANT, whole, MessageState.COMPLETE, NOW),
        Message("b", "c", "q", Role.ASSISTANT, split("Other branch"), MessageState.STOPPED, NOW),
    ]
    return Conversation("c", "Margins & 净利率", "Be brief.", "a", NOW, NOW), messages


def made(pair: tuple[Conversation, list[Message]], options: ExportOptions = SHOWN) -> Document:
    return document(*pair, options, application_version="0.1.0", exported_at=NOW)


# -- what is seen


def words(text: str) -> str:
    """The text without any white space, in the form in which all outputs can be compared."""
    text = unicodedata.normalize("NFKC", text.replace("\ufffd", "").replace("\u2028", ""))
    return "".join(char for char in text if not char.isspace() and unicodedata.category(char) not in ("Cc", "Cs"))


def said(block: blocks.Block) -> list[str]:
    """All texts of a block but formulas, which become pictures."""
    match block:
        case blocks.Paragraph(runs) | blocks.Heading(_, runs):
            return [run.text for run in runs if run.kind.value not in ("maths", "image")]
        case blocks.Quote(children):
            return [text for child in children for text in said(child)]
        case blocks.ItemList(items):
            return [text for item in items for child in item.children for text in said(child)]
        case blocks.Code(text) | blocks.Plain(text):
            return [text]
        case blocks.Table(_, header, rows):
            cells = [cell for row in (header, *rows) for cell in row]
            return [text for cell in cells for text in said(blocks.Paragraph(cell))]
        case _:
            return []


def all_said(whole: Document) -> list[str]:
    turns = [*whole.turns, *whole.others]
    found = [whole.title, whole.system_prompt, *(turn.heading for turn in turns)]
    return found + [text for turn in turns for block in (*turn.thinking, *turn.blocks) for text in said(block)]


class Page(HTMLParser):
    """The text of a page, its tags and its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


HEAD = "html head meta title style body main header section"
FLOW = "h1 h2 h3 h4 h5 h6 p details summary div blockquote ol ul li pre table thead tbody tr th td hr"
INLINE = "span code br s em strong a sup"
PICTURE = "svg g path rect text line polyline polygon tspan"
ALLOWED_TAGS = set(f"{HEAD} {FLOW} {INLINE} {PICTURE}".split())
hostile = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])


@hostile
@given(conversations())
def test_a_page_holds_every_text_and_no_markup_of_it(pair: tuple[Conversation, list[Message]]) -> None:
    whole = made(pair, ExportOptions(all_branches=True))
    page = Page(to_html(whole, Drawings()))
    assert set(page.tags) <= ALLOWED_TAGS
    assert page.open == []
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src", "srcset")}
    links = [value or "" for name, value in page.attributes if name == "href"]
    assert all(re.match(r"(?i)(https?|mailto):", link) for link in links)
    seen = words(page.text)
    for text in all_said(whole):
        assert words(text) in seen


@hostile
@given(conversations())
def test_a_word_document_opens_again_with_every_text(pair: tuple[Conversation, list[Message]]) -> None:
    whole = made(pair, ExportOptions(all_branches=True))
    opened = docx.Document(io.BytesIO(to_docx(whole, NOW)))
    seen = words("".join(node.text or "" for node in opened.element.body.iter() if node.tag.endswith("}t")))
    for text in all_said(whole):
        assert words(text) in seen


plain = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\\`*_{}[]()#+-.!|~<>&$=:^\ufffc")
)


@hostile
@given(plain)
def test_no_character_of_a_plain_answer_is_lost(text: str) -> None:
    pair = a_conversation(f"x{text}y")
    assert words(f"x{text}y") in words(Page(to_html(made(pair), Drawings())).text)


# -- HTML


def test_the_page_is_one_file_that_allows_itself_nothing_else() -> None:
    page = to_html(made(a_conversation()), Drawings())
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert "<script" not in page
    assert "prefers-color-scheme:dark" in style
    assert "@media print" in style
    assert "http" not in style
    assert page.count("<svg ") == 2
    assert 'aria-label="\\( m = \\frac{1200}{10000} \\)"' in page
    assert '<td class="right">1,234.5</td>' in page
    assert '<ol start="3">' in page
    assert '<span class="keyword">def</span>' in page
    assert "javascript:" not in "".join(value or "" for _, value in Page(page).attributes)
    assert "<details>\n<summary>Reasoning</summary>" in page
    assert '<p class="plain">问题 &lt;b&gt;1&lt;/b&gt;\n  two</p>' in page


@pytest.mark.parametrize("kind", [Format.HTML, Format.DOCX, Format.MARKDOWN])
def test_options_leave_out_what_they_say(kind: Format, tmp_path: Path) -> None:
    pair = a_conversation("12 in all")

    def text(**options: bool) -> str:
        chosen = ExportOptions(kind, **options)
        if kind is Format.MARKDOWN:
            with Exporter(chosen) as exporter:
                return exporter.write(tmp_path, *pair, NOW).read_text("utf-8")
        data = content(Job(made(pair, chosen), kind, NOW), Drawings())
        if kind is Format.HTML:
            return data.decode()
        return zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml").decode()

    assert "Let me see" in text()
    assert "Let me see" not in text(thinking=False)
    assert "12" in text(thinking=False)
    assert "Other branch" not in text()
    assert "Other branch" in text(all_branches=True)
    if kind is not Format.MARKDOWN:
        assert "Be brief." in text()
        assert "Be brief." not in text(facts=False)


# -- Word


def test_word_knows_headings_lists_tables_links_and_formulas() -> None:
    opened = docx.Document(io.BytesIO(to_docx(made(a_conversation()), NOW)))
    styles = {paragraph.text: paragraph.style.name for paragraph in opened.paragraphs if paragraph.style is not None}
    assert styles["Margins & 净利率"] == "Title"
    assert styles["1 · Question"] == "Heading 1"
    assert styles["净利率"] == "Heading 3"
    assert styles["three"] == "List Number"
    assert styles["nested"] == "List Bullet 2"
    (table,) = opened.tables
    assert [cell.text for cell in table.rows[1].cells] == ["2021", "1,234.5", "ok"]
    sides = [cell.paragraphs[0].alignment for cell in table.rows[1].cells]
    assert sides == [docx.enum.text.WD_ALIGN_PARAGRAPH.RIGHT] * 2 + [docx.enum.text.WD_ALIGN_PARAGRAPH.CENTER]
    xml = opened.element.xml
    assert xml.count("<m:oMath>") == 2
    assert "<m:nary>" in xml
    assert "<w:tblHeader/>" in xml
    assert 'w:val="3"' in opened.part.numbering_part.element.xml
    fonts = opened.styles["Normal"].element.rPr.rFonts
    assert fonts.get(docx.oxml.ns.qn("w:eastAsia")) == "Microsoft YaHei"
    assert [relation.target_ref for relation in opened.part.rels.values() if relation.is_external] == [
        "https://example.com/?a=1&b=2"
    ]
    assert opened.core_properties.title == "Margins & 净利率"


FORMULAS = [
    r"\frac{a}{b}",
    r"x^2 + y_1^3",
    r"\sqrt[3]{x}",
    r"\text{净利率} = 12\%",
    r"\left( \frac{a}{b} \right)",
    r"\boxed{5}",
    r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
    r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    r"\begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}",
    r"\overline{AB} \underbrace{a+b}_{n} \hat{x} \bar{y} \vec{z} \dot{w}",
    r"\int_0^1 f(x)\,dx",
    r"\lim_{n \to \infty} a_n",
    r"\sum_i x_i \binom{n}{k}",
    r"150,\!000 |x| \{1, 2\}",
]


@pytest.mark.parametrize("tex", FORMULAS)
def test_formulas_become_words_own(tex: str) -> None:
    spaces = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    tree = ElementTree.fromstring(f"<m:oMath {spaces}>{to_omml(tex, displayed=True)}</m:oMath>")
    assert len(list(tree.iter())) > 1
    for element in tree.iter():
        name = element.tag.rpartition("}")[2]
        assert name == "t" or not (element.text or "").strip()


@pytest.mark.parametrize("tex", ["(1+r)^t", "2(a(b+c)d)^t", "[0,1)^t"])
def test_what_is_raised_is_the_bracket_as_a_whole(tex: str) -> None:
    name = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
    tree = ElementTree.fromstring(f"<m:oMath xmlns:m='{name[1:-1]}'>{to_omml(tex, displayed=True)}</m:oMath>")
    raised = tree.find(f"{name}sSup")
    assert raised is not None
    fences = raised.find(f"{name}e/{name}d")
    assert fences is not None
    assert len(list(fences.iter(f"{name}r"))) >= 3
    assert [run.text for run in raised.findall(f"{name}sup//{name}t")] == ["t"]


def test_a_word_table_is_as_wide_as_its_text_and_no_wider_than_the_page() -> None:
    long = "净利润与上年同期相比的变化 " * 20
    text = f"| a | b |\n|---|---|\n| 1 | 2.5 |\n\n- x\n  - y\n\n    | {long} | c |\n    |---|---|\n    | {long} | 1 |\n"
    tables = docx.Document(io.BytesIO(to_docx(made(a_conversation(text)), NOW))).element.body.findall(
        f".//{qn('w:tbl')}"
    )
    small, large = ([int(column.get(qn("w:w"))) for column in table.iter(qn("w:gridCol"))] for table in tables)
    section = docx.Document(io.BytesIO(to_docx(made(a_conversation(text)), NOW))).sections[0]
    room = (section.page_width - section.left_margin - section.right_margin) / 635
    assert sum(small) < room / 4
    indent = int(tables[1].find(f".//{qn('w:tblInd')}").get(qn("w:w")))
    assert room * 0.6 < sum(large) + indent <= room
    assert large[0] > 5 * large[1]


def test_a_formula_that_is_not_understood_is_shown_as_its_source() -> None:
    with pytest.raises(FormulaError):
        to_omml(r"\unknowncommand{x}", displayed=False)
    pair = a_conversation(r"See \( \unknowncommand{x} \) here.")
    assert r"\( \unknowncommand{x} \)" in Page(to_html(made(pair), Drawings())).text
    assert r"\unknowncommand{x}" in docx.Document(io.BytesIO(to_docx(made(pair), NOW))).paragraphs[-2].text


# -- PDF and the process


def test_a_pdf_has_pages_fonts_and_its_title(tmp_path: Path) -> None:
    long = ANSWER + "".join(f"\n\n段落 {n}: a paragraph of a long answer." for n in range(120))
    pair = a_conversation(long + "\n\n| a | b |\n|---|---|\n" + "".join(f"| {n} | {n * n} |\n" for n in range(100)))
    with Exporter(ExportOptions(Format.PDF), Labels(page="第 {page} 页，共 {pages} 页")) as exporter:
        first = exporter.write(tmp_path, *pair, NOW)
        second = exporter.write(tmp_path, *pair, NOW)
    assert (first.name, second.name) == ("Margins & 净利率.pdf", "Margins & 净利率 (2).pdf")
    data = first.read_bytes()
    assert data.startswith(b"%PDF-1.")
    assert data.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) >= 4
    assert b"/FontFile" in data
    assert "Margins & ".encode("utf-16-be") in data
    assert b"https://example.com/" in data


def test_a_process_that_ends_is_an_error_and_the_next_one_works(tmp_path: Path) -> None:
    pair = a_conversation("short")
    with Exporter(ExportOptions(Format.HTML)) as exporter:
        exporter.write(tmp_path, *pair, NOW)
        assert exporter._process is not None
        exporter._process.kill()
        exporter._process.wait()
        with pytest.raises(UserError) as caught:
            exporter.write(tmp_path, *pair, NOW)
        assert caught.value.code is ErrorCode.EXPORT_FAILED
        assert exporter.write(tmp_path, *pair, NOW).exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_the_libraries_come_only_where_they_are_needed() -> None:
    code = (
        "import sys, finr1_desk.export.writing, finr1_desk.export.importing; "
        "print([name for name in ('PySide6', 'docx', 'ziamath', 'pygments', 'lxml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_empty_conversation_is_a_document_too() -> None:
    conversation, _ = a_conversation()
    whole = document(
        replace(conversation, head_id=None, title=""), [], ExportOptions(), application_version="0", exported_at=NOW
    )
    assert "<h1>Conversation</h1>" in to_html(whole, Drawings())
    assert docx.Document(io.BytesIO(to_docx(whole, NOW))).paragraphs[0].text == "Conversation"


@pytest.mark.slow
@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(pair=conversations())
def test_no_conversation_keeps_a_format_from_being_made(
    qapp: QGuiApplication, pair: tuple[Conversation, list[Message]]
) -> None:
    whole = made(pair, ExportOptions(all_branches=True))
    assert to_pdf(whole, Drawings()).startswith(b"%PDF-1.")
    assert Page(to_html(whole, Drawings())).open == []
    docx.Document(io.BytesIO(to_docx(whole, NOW)))
