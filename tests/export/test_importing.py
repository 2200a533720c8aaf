"""Files of other applications, whole, cut off, packed and damaged."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finr1_desk.core.conversation import Conversation, Message, MessageState, PartKind, Role, branch
from finr1_desk.core.errors import ErrorCode
from finr1_desk.export import importing
from finr1_desk.export.importing import Imported, read_conversations
from finr1_desk.export.markdown import from_markdown, to_markdown
from finr1_desk.store.imports import renumbered
from finr1_desk.ui.words.message_facts import facts_of
from tests.export import foreign_files as files
from tests.export.conversations import canonical
from tests.export.foreign_files import ANSWER, THOUGHT, write

NOW = 1_750_000_000.0


def read(path: Path) -> Imported:
    imported = read_conversations(path, NOW)
    for conversation, messages in imported.conversations:
        count = iter(range(10**6))
        renumbered(conversation, messages, lambda count=count: str(next(count)))  # type: ignore[misc]  # the store takes it
        assert len(branch({m.id: m for m in messages}, conversation.head_id)) > 0
    return imported


def only(path: Path) -> tuple[Conversation, list[Message]]:
    imported = read(path)
    assert imported.problems == []
    (pair,) = imported.conversations
    return pair


def shown(pair: tuple[Conversation, list[Message]]) -> list[Message]:
    return branch({message.id: message for message in pair[1]}, pair[0].head_id)


SOURCES: dict[str, Callable[[Path], Path]] = {
    "ChatGPT": lambda folder: write(folder / "conversations.json", json.dumps([files.chatgpt()])),
    "Open WebUI": lambda folder: write(folder / "chat-export.json", json.dumps([files.open_webui()])),
    "LM Studio": lambda folder: write(folder / "1.conversation.json", json.dumps(files.lm_studio())),
    "Jan": lambda folder: (
        write(folder / "t" / "messages.jsonl", "".join(json.dumps(line) + "\n" for line in files.jan_messages())),
        write(folder / "t" / "thread.json", json.dumps(files.jan_thread())),
    )[1],
    **{
        f"GPT4All {version}": lambda folder, version=version: write(folder / "gpt4all-x.chat", files.gpt4all(version))  # type: ignore[misc]
        for version in range(1, 13)
    },
}


@pytest.mark.parametrize("source", SOURCES)
def test_reasoning_stays_reasoning(source: str, tmp_path: Path) -> None:
    path = SOURCES[source](tmp_path)
    pair = only(path)
    conversation, messages = pair
    question, answer = shown(pair)[:2]
    assert (question.role, answer.role) == (Role.USER, Role.ASSISTANT)
    assert question.answer.endswith("What is the margin?")
    assert THOUGHT in answer.think
    assert answer.answer == ANSWER
    assert THOUGHT not in answer.answer
    assert conversation.title in ("净利率", "Margins")
    assert conversation.title_is_own
    assert round(conversation.created_at) == 1_700_000_000
    assert all(message.created_at >= 1_700_000_000 for message in messages)
    assert answer.generation is not None
    assert answer.generation.model.name
    assert answer.generation.is_foreign
    page = to_markdown(*pair, application_version="0.1.0", exported_at=NOW, all_branches=True)
    assert "\nseed:" not in page
    assert canonical(*from_markdown(page)) == canonical(*pair)
    assert facts_of(answer)[0].value == answer.generation.model.name
    assert len(facts_of(answer)) == 2
    other = write(path.with_name("renamed.bin"), path.read_bytes()) if source != "Jan" else path
    assert read(other).conversations == [pair]  # told by its content, not by its name


def test_chatgpt_branches_tools_and_marks() -> None:
    from finr1_desk.export.foreign import chatgpt
    from finr1_desk.export.foreign.drafts import finish

    pair = finish(chatgpt.read(files.chatgpt()), NOW)
    turns = shown(pair)
    assert [message.role for message in turns] == [Role.USER, Role.ASSISTANT, Role.USER, Role.ASSISTANT]
    assert "Thought for 8 seconds" in turns[1].think
    others = [message for message in pair[1] if message not in turns]
    assert [other.answer for other in others] == ["Another answer ."]
    assert others[0].parent_id == turns[0].id
    assert turns[3].think == "```\n1+1\n```\n\n```\n2\n```"
    assert turns[3].answer == "It was 2."
    assert turns[1].generation is not None
    assert turns[1].generation.model.name == "gpt-5-thinking"


def test_open_webui_keeps_both_answers_and_the_prompt(tmp_path: Path) -> None:
    pair = only(SOURCES["Open WebUI"](tmp_path))
    assert pair[0].system_prompt == "Be brief."
    assert shown(pair)[1].think.endswith("5 > 4")
    (other,) = [message for message in pair[1] if message.answer == "Other"]
    assert other.state is MessageState.INTERRUPTED


def test_lm_studio_versions_are_branches(tmp_path: Path) -> None:
    pair = only(SOURCES["LM Studio"](tmp_path))
    (other,) = [message for message in pair[1] if message.answer == "Sto"]
    assert other.state is MessageState.STOPPED
    assert other.parent_id == shown(pair)[0].id
    assert pair[0].system_prompt == "Be brief."


def test_jan_is_read_from_either_file_and_from_its_folder(tmp_path: Path) -> None:
    path = SOURCES["Jan"](tmp_path)
    pair = only(path)
    assert only(path.with_name("messages.jsonl")) == pair
    assert only(tmp_path) == pair
    assert pair[0].system_prompt == "Be brief."


def test_gpt4all_without_a_kept_state_and_of_an_unknown_version(tmp_path: Path) -> None:
    assert shown(only(write(tmp_path / "a", files.gpt4all(7, keeps_state=False))))[1].answer == ANSWER
    imported = read(write(tmp_path / "b", files.gpt4all(12).replace(b"\0\0\0\x0c", b"\0\0\0\x63", 1)))
    assert [problem.code for problem in imported.problems] == [ErrorCode.IMPORT_PART_DAMAGED]


def test_an_archive_gives_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "conversations.json", json.dumps([files.chatgpt("one"), files.chatgpt("two"), {"mapping": {}}])
        )
        archive.writestr("user.json", "{}")
        archive.writestr("chat.html", "<html>")
        archive.writestr("jan/t/thread.json", json.dumps(files.jan_thread("three")))
        archive.writestr("jan/t/messages.jsonl", "\n".join(map(json.dumps, files.jan_messages())))
    imported = read(path)
    assert [conversation.title for conversation, _ in imported.conversations] == ["one", "two", "three"]
    assert [problem.code for problem in imported.problems] == [ErrorCode.IMPORT_EMPTY]


def test_an_archive_cannot_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LARGEST_FILE", 100_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps([files.chatgpt("small")]))
        archive.writestr("bomb.json", b"[" + b" " * 50_000_000 + b"]")
    imported = read(path)
    assert len(imported.conversations) == 1
    assert [problem.code for problem in imported.problems] == [ErrorCode.IMPORT_TOO_LARGE]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"a": 1}', b"[1, 2]", b"PK\x03\x04junk", b"\xff\xfe", b"# Notes", b"[" * 9_000]
)
def test_what_is_none_is_named(data: bytes, tmp_path: Path) -> None:
    imported = read(write(tmp_path / "file", data))
    assert imported.conversations == []
    (problem,) = imported.problems
    assert problem.code in (ErrorCode.IMPORT_UNKNOWN, ErrorCode.IMPORT_ARCHIVE_DAMAGED)
    assert problem.params["path"] == str(tmp_path / "file")
    assert read(tmp_path / "missing").problems[0].code is ErrorCode.FILE_UNREADABLE


def test_what_comes_before_the_cut_is_read(tmp_path: Path) -> None:
    whole = json.dumps([files.chatgpt("one"), files.chatgpt("two"), files.chatgpt("three")])
    cut = whole[: whole.index('"title": "three"')]
    imported = read(write(tmp_path / "a.json", cut))
    assert [conversation.title for conversation, _ in imported.conversations] == ["one", "two"]
    assert ErrorCode.IMPORT_CUT_OFF in [problem.code for problem in imported.problems]
    lines = "".join(json.dumps(line) + "\n" for line in files.jan_messages())
    imported = read(write(tmp_path / "messages.jsonl", lines[:-30]))
    assert [message.answer for message in imported.conversations[0][1]] == ["What is the margin?"]
    assert [problem.code for problem in imported.problems] == [ErrorCode.IMPORT_CUT_OFF]
    data = files.gpt4all(9)
    imported = read(write(tmp_path / "c.chat", data[:-10]))
    assert [message.answer for message in imported.conversations[0][1]] == ["What is the margin?"]
    assert [problem.code for problem in imported.problems] == [ErrorCode.IMPORT_CUT_OFF]


quick = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@quick
@given(st.sampled_from(sorted(SOURCES)), st.floats(0, 1), st.booleans())
def test_no_cut_is_an_accident(tmp_path: Path, source: str, place: float, noise: bool) -> None:
    data = SOURCES[source](tmp_path).read_bytes()
    at = int(place * len(data))
    imported = read(write(tmp_path / "cut", data[:at] + (b"\xff\x00\xff\xff" if noise else b"")))
    assert imported.conversations or imported.problems


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("assistant") | st.just("q"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "parts", "id", "x"]), inner),
    max_leaves=6,
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a value with every key into it."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


@quick
@given(st.sampled_from(["chatgpt", "open_webui", "lm_studio", "jan_thread"]), junk, st.data())
def test_wrong_types_are_no_accident(tmp_path: Path, source: str, value: Any, data: st.DataObject) -> None:
    record = getattr(files, source)()
    for _ in range(2):
        if not places(record):
            break
        container, key = data.draw(st.sampled_from(places(record)))
        container[key] = deepcopy(value)
    imported = read(write(tmp_path / "wrong.json", json.dumps([record])))
    assert imported.conversations or imported.problems


def test_parents_in_a_circle_and_repeated_questions(tmp_path: Path) -> None:
    record = files.chatgpt()
    record["mapping"]["q"]["parent"] = "a"
    imported = read(write(tmp_path / "circle.json", json.dumps(record)))
    assert any(message.answer == ANSWER for message in imported.conversations[0][1])
    record = files.chatgpt()
    record["mapping"]["q2"]["parent"] = "q"
    _, messages = only(write(tmp_path / "twice.json", json.dumps(record)))
    by_id = {message.id: message for message in messages}
    for message in messages:
        if message.parent_id is not None:
            assert by_id[message.parent_id].role is not message.role
    assert any(m.role is Role.ASSISTANT and not m.parts for m in messages)


def test_a_long_conversation_is_read_at_once(tmp_path: Path) -> None:
    nodes = [
        files.chatgpt_node(f"{n}", f"{n - 1}", ("user", "assistant")[n % 2], files.says(f"text {n}"))
        for n in range(5_000)
    ]
    record = {"mapping": {node["id"]: node for node in nodes}, "current_node": "4999", "title": ""}
    conversation, messages = only(write(tmp_path / "long.json", json.dumps(record)))
    assert len(messages) == 5_000
    assert conversation.title == "text 0"
    assert not conversation.title_is_own
    assert messages[-1].parts[0].kind is PartKind.ANSWER
