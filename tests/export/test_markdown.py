from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from finr1_desk.core.conversation import (
    Conversation,
    FinishReason,
    Generation,
    LeftOut,
    Message,
    MessageState,
    ModelIdentity,
    Part,
    PartKind,
    Role,
    Timing,
    Usage,
    branch,
)
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.sampling import Sampling
from finr1_desk.core.tasks.note import TaskNote
from finr1_desk.core.tasks.task import NO_RESULT
from finr1_desk.core.tasks.words import Words
from finr1_desk.export.files import write_file
from finr1_desk.export.markdown import Labels, from_markdown, to_markdown
from tests.export.conversations import canonical, conversations

NOW = 1_750_000_000.0
GENERATION = Generation(
    ModelIdentity("Fin-R1", "Fin-R1-Q4_K_M.gguf", "Q4_K_M", "ab" * 32),
    Sampling(),
    42,
    "0.1.0",
    Usage(87, 0, 900, 812),
    Timing(think_s=34.2),
)


def export(conversation: Conversation, messages: list[Message], *, all_branches: bool = True) -> str:
    return to_markdown(conversation, messages, application_version="0.1.0", exported_at=NOW, all_branches=all_branches)


def a_conversation(
    answer: str = "The answer is \\boxed{5}.",
    *,
    think: str = "Let me see.",
    question: str = "净利润是多少？",
    state: MessageState = MessageState.COMPLETE,
) -> tuple[Conversation, list[Message]]:
    asked = Message("q", "c", None, Role.USER, (Part(PartKind.TEXT, question),), MessageState.COMPLETE, NOW)
    parts = (
        Part(PartKind.TAG, "<think>\n"),
        Part(PartKind.THINK, think),
        Part(PartKind.TAG, "\n</think>\n<answer>\n"),
        Part(PartKind.ANSWER, answer),
        Part(PartKind.TAG, "\n</answer>"),
    )
    answered = Message("a", "c", "q", Role.ASSISTANT, parts, state, NOW + 1.25, GENERATION)
    return Conversation("c", "Net income", "Be brief.\nBe exact.", "a", NOW, NOW + 2, False), [asked, answered]


def test_what_was_left_out_and_cut_short_is_said_and_comes_back() -> None:
    conversation, [asked, answered] = a_conversation(state=MessageState.LOOP)
    generation = replace(GENERATION, left_out=LeftOut(4, 1234), think_cut=True, finish_reason=FinishReason.LOOP)
    text = export(conversation, [asked, replace(answered, generation=generation)])
    matter = yaml.safe_load(text.split("---\n")[1])
    assert matter["left_out"] == {"turns": 4, "tokens": 1234}
    assert "<summary>Thought for 34 s · 812 tokens · cut short</summary>" in text
    assert "*Was repeating itself and was stopped*" in text
    assert from_markdown(text)[1][1].generation == generation
    assert from_markdown(text)[1][1].state is MessageState.LOOP
    assert "left_out" not in yaml.safe_load(export(conversation, [asked, answered]).split("---\n")[1])


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(conversations())
def test_an_import_gives_an_equal_conversation(pair: tuple[Conversation, list[Message]]) -> None:
    text = export(*pair)
    assert canonical(*from_markdown(text)) == canonical(*pair)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(conversations())
def test_the_shown_branch_alone(pair: tuple[Conversation, list[Message]]) -> None:
    conversation, messages = pair
    shown = {message.id for message in branch({m.id: m for m in messages}, conversation.head_id)}
    expected = [message for message in messages if message.id in shown]
    text = export(conversation, messages, all_branches=False)
    assert canonical(*from_markdown(text)) == canonical(conversation, expected)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(conversations(), st.sampled_from(["\r\n", "\r"]), st.booleans())
def test_tools_may_change_line_ends_and_add_a_mark(
    pair: tuple[Conversation, list[Message]], line_end: str, bom: bool
) -> None:
    text = "\ufeff" * bom + export(*pair).replace("\n", line_end)
    assert canonical(*from_markdown(text)) == canonical(*pair)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(conversations())
def test_an_export_of_an_import_is_the_same_file(pair: tuple[Conversation, list[Message]]) -> None:
    first = export(*pair)
    second = export(*from_markdown(first))
    assert export(*from_markdown(second)) == second
    assert canonical(*from_markdown(second)) == canonical(*pair)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(conversations())
def test_the_front_matter_is_yaml_for_everybody(pair: tuple[Conversation, list[Message]]) -> None:
    text = export(*pair)
    assert "\r" not in text
    assert "\0" not in text
    front = text.split("\n---\n", 1)[0].removeprefix("---\n") + "\n"
    values = yaml.safe_load(front)
    conversation = canonical(*pair)[0]
    assert values["title"] == conversation.title
    assert values.get("system_prompt") == conversation.system_prompt
    assert datetime.fromisoformat(values["created_at"]).tzinfo is not None


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(conversations(), st.data())
def test_a_file_that_was_cut_off_is_never_taken_for_a_whole_one(
    pair: tuple[Conversation, list[Message]], data: st.DataObject
) -> None:
    text = export(*pair)
    cut = text[: data.draw(st.integers(0, len(text) - 2))]
    with pytest.raises(UserError) as caught:
        from_markdown(cut, "a.md")
    assert caught.value.code in (ErrorCode.IMPORT_DAMAGED, ErrorCode.IMPORT_NOT_CONVERSATION)
    assert caught.value.params["path"] == "a.md"
    line = caught.value.params["line"]
    assert isinstance(line, int)
    assert 1 <= line <= cut.count("\n") + 1


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(conversations(), st.data())
def test_losing_or_repeating_a_line_of_the_frame_is_noticed(
    pair: tuple[Conversation, list[Message]], data: st.DataObject
) -> None:
    lines = export(*pair).split("\n")
    boundary = next(line for line in lines if line.startswith("boundary: ")).split(" ")[1].strip("'")
    frame = [i for i, line in enumerate(lines) if f"finr1:{boundary}" in line]
    chosen = data.draw(st.sampled_from(frame))
    assume("end {" not in lines[chosen] or data.draw(st.booleans()))
    changed = lines[:chosen] + lines[chosen + 1 :]
    if data.draw(st.booleans()) and "end {" not in lines[chosen]:
        changed = lines[: chosen + 1] + lines[chosen:]
    with pytest.raises(UserError) as caught:
        from_markdown("\n".join(changed))
    assert caught.value.code is ErrorCode.IMPORT_DAMAGED


@settings(deadline=None, max_examples=200)
@given(
    st.text()
    | st.text().map("---\n{}".format)
    | st.text().map("---\nformat: Fin-R1 Desk conversation\n{}\n---\n".format)
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(UserError) as caught:
        from_markdown(text)
    assert caught.value.code in (ErrorCode.IMPORT_DAMAGED, ErrorCode.IMPORT_NOT_CONVERSATION)


# -- the page


def headings(text: str) -> list[str]:
    body = text.split("\n---\n", 1)[1]
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    return [
        tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0
    ]


UNCLOSED = [
    "```python\nx = 1",
    "~~~~\n```\nx",
    "- a\n\n  ```\n  b",
    "<!-- a comment",
    "<pre>\nx",
    "<script>\nx",
    "<?php",
    "<![CDATA[\nx",
    "text\n\n<textarea>",
    "<details>\n<summary>x</summary>\n\ntext",
    "| a |\n|---|\n| 1 |",
    "line\n===",
    "> quote",
    "1. list\n\n       code",
    "\\[ \\frac{1",
    "$$\nx",
]


def test_a_task_goes_with_its_question_until_somebody_changes_the_words() -> None:
    conversation, [asked, answered] = a_conversation(question="请判断\n问题: 甲")
    note = TaskNote(
        "compliance-check", Words("Compliance check", "合规检查"), "zh_CN", (), NO_RESULT, "甲 --> </details>"
    )
    asked = replace(asked, parts=(replace(asked.parts[0], task=note),))
    page = export(conversation, [asked, answered])
    assert from_markdown(page)[1][0].task == note
    changed = from_markdown(page.replace("问题: 甲", "问题: 乙"))[1][0]
    assert changed.raw == "请判断\n问题: 乙"
    assert changed.task is None


@pytest.mark.parametrize("text", UNCLOSED)
@pytest.mark.parametrize("place", ["question", "think", "answer"])
def test_a_block_left_open_ends_with_its_message(text: str, place: str) -> None:
    conversation, messages = a_conversation(**{place: text})  # type: ignore[arg-type]
    follow = replace(messages[0], id="f", parent_id="a", parts=(Part(PartKind.TEXT, "And then?"),))
    pair = (replace(conversation, head_id="f"), [*messages, follow])
    page = export(*pair)
    own = [heading for heading in headings(page) if heading != "line"]  # one of the texts has a heading itself
    assert own == ["Net income", "1 · Question", "2 · Fin-R1 Q4\\_K\\_M", "3 · Question"]
    html = MarkdownIt("commonmark").enable("table").render(page.split("\n---\n", 1)[1])
    opened = len(re.findall(r"<details>", html))
    assert opened == len(re.findall(r"</details>", html))
    assert canonical(*from_markdown(page)) == canonical(*pair)


def test_thinking_cannot_leave_its_section() -> None:
    page = export(*a_conversation(think="a </details>\n\n## Fake\n<details><summary>b</summary>"))
    section = page[page.index("<details>") + len("<details>") : page.index("</details>")]
    assert "## Fake" in section
    assert page.count("</details>") == 1


def test_the_answer_stands_verbatim() -> None:
    table = "| a | b |\n|---|---|\n| $1,000 | \\$950 |"
    answer = f"Revenue:\n\n{table}\n\n\\[ \\text{{净利润}} = 5 \\]\n\n```py\nx = '<b>'\n```\n\n\\boxed{{5}}"
    page = export(*a_conversation(answer))
    assert f"\n{answer}\n" in page
    assert "净利润是多少？" in page
    assert "<summary>Thought for 34 s · 812 tokens</summary>" in page


def test_the_front_matter_says_what_made_the_answer() -> None:
    values = yaml.safe_load(export(*a_conversation()).split("\n---\n", 1)[0])
    assert values["application_version"] == "0.1.0"
    assert values["model"] == {
        "name": "Fin-R1",
        "file_name": "Fin-R1-Q4_K_M.gguf",
        "quantisation": "Q4_K_M",
        "sha256": "ab" * 32,
    }
    assert values["sampling"]["repetition_penalty"] == 1.05
    assert values["seed"] == 42
    assert values["format_version"] == 1
    assert values["system_prompt"] == "Be brief.\nBe exact."
    assert values["exported_at"] == "2025-06-15T15:06:40.000000+00:00"


@pytest.mark.parametrize(
    ("state", "note"),
    [(MessageState.STOPPED, "*Stopped by the user*"), (MessageState.LENGTH, "*Ended at the token limit*"),
     (MessageState.INTERRUPTED, "*Interrupted*"), (MessageState.FAILED, "*Failed*")],
)  # fmt: skip
def test_how_an_answer_ended_is_said(state: MessageState, note: str) -> None:
    assert f"\n{note}\n" in export(*a_conversation(state=state))
    assert note not in export(*a_conversation())


def test_other_branches_come_after_the_shown_one() -> None:
    conversation, messages = a_conversation()
    other = replace(messages[1], id="b", parts=(Part(PartKind.ANSWER, "Another answer"),))
    beginning = replace(messages[0], id="r", parts=(Part(PartKind.TEXT, "Other question"),))
    page = export(conversation, [messages[0], other, messages[1], beginning])
    assert headings(page) == [
        "Net income",
        "1 · Question",
        "3 · Fin-R1 Q4\\_K\\_M",
        "Other branches",
        "2 · Fin-R1 Q4\\_K\\_M (follows 1)",
        "4 · Question (another beginning)",
    ]
    assert "Another answer" not in export(conversation, [messages[0], other, messages[1]], all_branches=False)


def test_the_words_of_the_frame_can_be_translated() -> None:
    conversation, messages = a_conversation(state=MessageState.LENGTH)
    page = to_markdown(
        conversation,
        messages,
        application_version="0.1.0",
        exported_at=NOW,
        all_branches=True,
        labels=Labels(question="问题", thought="思考了 {seconds} 秒 · {tokens} 个词元", length="达到词元上限"),
    )
    assert "## 1 · 问题" in page
    assert "思考了 34 秒 · 812 个词元" in page
    assert canonical(*from_markdown(page)) == canonical(conversation, messages)


# -- edited by hand


def test_changed_words_are_imported() -> None:
    page = export(*a_conversation())
    edited = (
        page.replace("The answer is", "The corrected answer is\n\nindeed")
        .replace("title: Net income", "title: Yes")
        .replace("## 1 · Question", "## My heading")
    )
    conversation, messages = from_markdown(edited)
    assert conversation.title == "Yes"
    assert messages[1].answer == "The corrected answer is\n\nindeed \\boxed{5}."
    assert messages[1].think == "Let me see."


def test_an_edit_wins_over_the_exact_text_in_the_marker() -> None:
    page = export(*a_conversation(question="one\r\ntwo"))
    assert from_markdown(page)[1][0].raw == "one\r\ntwo"
    assert from_markdown(page.replace("one\ntwo", "one\nthree"))[1][0].raw == "one\nthree"


def test_a_closer_that_was_removed_is_not_missed() -> None:
    page = export(*a_conversation("```py\nx = 1", state=MessageState.LENGTH))
    assert page.count("\n```\n") == 1
    assert from_markdown(page.replace("\n```\n", "\n"))[1][1].answer == "```py\nx = 1"


def test_text_between_the_messages_is_not_read() -> None:
    conversation, messages = a_conversation()
    page = export(conversation, messages).replace("\n# Net income\n", "\n# Net income\n\nA remark of my own.\n")
    assert canonical(*from_markdown(page)) == canonical(conversation, messages)


# -- files that are something else


def code_and_line(text: str) -> tuple[ErrorCode, object]:
    with pytest.raises(UserError) as caught:
        from_markdown(text)
    return caught.value.code, caught.value.params["line"]


def test_a_foreign_file_is_told_from_a_damaged_one() -> None:
    page = export(*a_conversation())
    assert code_and_line("# Notes\n\ntext") == (ErrorCode.IMPORT_NOT_CONVERSATION, 1)
    assert code_and_line("") == (ErrorCode.IMPORT_NOT_CONVERSATION, 1)
    assert code_and_line("---\ntitle: x\n---\n") == (ErrorCode.IMPORT_NOT_CONVERSATION, 1)
    assert code_and_line("---\ntitle: [x\n---\n")[0] is ErrorCode.IMPORT_NOT_CONVERSATION
    newer = page.replace("format_version: 1", "format_version: 2")
    assert code_and_line(newer) == (ErrorCode.IMPORT_NOT_CONVERSATION, 1)
    assert code_and_line(page.replace("title: Net income", "title: [x"))[0] is ErrorCode.IMPORT_DAMAGED


def test_the_line_of_the_damage_is_named() -> None:
    page = export(*a_conversation())
    lines = page.split("\n")
    marker = next(i for i, line in enumerate(lines) if '"number": 2' in line)
    changes = [
        ('"number": 2', '"number": 1'),
        ('"number": 2', '"number": ' + "9" * 5000),
        ('"parent": 1', '"parent": 9'),
        ('"parent": 1', '"parent": 2'),
        ('"assistant"', '"robot"'),
        ("T15", "Tx"),
        ('"seed": 42', '"seed": NaN'),
        ('"parts": [', '"parts": [7, '),
        ('"complete"', "complete"),
    ]
    for change in changes:
        assert change[0] in lines[marker]
        damaged = [*lines[:marker], lines[marker].replace(*change), *lines[marker + 1 :]]
        assert code_and_line("\n".join(damaged)) == (ErrorCode.IMPORT_DAMAGED, marker + 1)
    assert code_and_line("\n".join(lines[:-3])) == (ErrorCode.IMPORT_DAMAGED, len(lines) - 3)


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "[" * 5000,
        "? {a: b}\n: c",
        "- a",
    ],
)
def test_front_matter_that_means_harm_is_refused(bomb: str) -> None:
    page = export(*a_conversation()).replace("---\n", f"---\n{bomb}\n", 1)
    with pytest.raises(UserError) as caught:
        from_markdown(page)
    assert caught.value.code is ErrorCode.IMPORT_DAMAGED


def test_tags_in_front_matter_make_no_objects() -> None:
    page = export(*a_conversation()).replace("---\n", "---\nx: !!python/object/apply:os.system ['true']\n", 1)
    assert from_markdown(page)[0].title == "Net income"


def test_errors_hold_no_text() -> None:
    page = export(*a_conversation("secretword"))
    with pytest.raises(UserError) as caught:
        from_markdown(page[:-40])
    assert "secretword" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


# -- through files


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=conversations())
def test_through_a_file(tmp_path: Path, pair: tuple[Conversation, list[Message]]) -> None:
    path = write_file(tmp_path, pair[0], export(*pair))
    assert canonical(*from_markdown(path.read_bytes().decode(), str(path))) == canonical(*pair)
    path.unlink()


def test_markers_hold_json_that_no_comment_ends() -> None:
    page = export(*a_conversation(question="--> \r ---- <!--"))
    for line in page.split("\n"):
        if line.startswith("<!-- finr1:"):
            inner = line.removeprefix("<!-- ").removesuffix(" -->")
            assert "--" not in inner
            assert ">" not in inner
            if "{" in inner:
                json.loads(inner[inner.index("{") :])
