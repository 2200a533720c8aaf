"""Conversations in the shapes in which other applications write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QDataStream, QIODevice

THOUGHT = "Margin is income over revenue."
ANSWER = "The margin is **12%**: $1,200 of $10,000.\n\n\\boxed{12\\%}"


def chatgpt_node(id: str, parent: str | None, role: str, content: dict[str, Any], **message: Any) -> dict[str, Any]:
    spoken = {"id": id, "author": {"role": role}, "create_time": 1_700_000_000.5, "content": content} | message
    return {"id": id, "parent": parent, "children": [], "message": spoken}


def says(*parts: Any) -> dict[str, Any]:
    return {"content_type": "text", "parts": list(parts)}


def chatgpt(title: str = "净利率") -> dict[str, Any]:
    """A question, its thoughts and its answer, regenerated once; then a follow-up."""
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Thinking", "content": THOUGHT}]}
    recap = {"content_type": "reasoning_recap", "content": "Thought for 8 seconds"}
    model = {"metadata": {"model_slug": "gpt-5-thinking"}}
    nodes = [
        {"id": "root", "parent": None, "children": ["sys"], "message": None},
        chatgpt_node("sys", "root", "system", says(""), metadata={"is_visually_hidden_from_conversation": True}),
        chatgpt_node("q", "sys", "user", says("What is the margin?")),
        chatgpt_node("t", "q", "assistant", thoughts, **model),
        chatgpt_node("r", "t", "assistant", recap, **model),
        chatgpt_node("a", "r", "assistant", says(ANSWER), **model),
        chatgpt_node("a2", "q", "assistant", says("Another answer \ue200cite\ue202turn0\ue201."), **model),
        chatgpt_node("q2", "a", "user", says("And last year?")),
        chatgpt_node("c", "q2", "assistant", {"content_type": "code", "text": "1+1"}, recipient="python"),
        chatgpt_node("o", "c", "tool", {"content_type": "execution_output", "text": "2"}),
        chatgpt_node("a3", "o", "assistant", says("It was 2."), create_time=None, **model),
    ]
    return {
        "title": title,
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_100.0,
        "mapping": {node["id"]: node for node in nodes},
        "current_node": "a3",
    }


def open_webui(title: str = "Margins") -> dict[str, Any]:
    summary = "<summary>Thought for 3 seconds</summary>"
    section = f'<details type="reasoning" done="true" duration="3">\n{summary}\n> {THOUGHT}\n> 5 &gt; 4\n</details>\n'

    def message(id: str, parent: str | None, role: str, content: str, **more: Any) -> dict[str, Any]:
        at = 1_700_000_000 + len(id)
        return {"id": id, "parentId": parent, "role": role, "content": content, "timestamp": at} | more

    messages = {
        "q": message("q", None, "user", "What is the margin?"),
        "a": message("a", "q", "assistant", section + ANSWER, model="fin-r1:7b"),
        "b": message("b", "q", "assistant", "Other", model="qwen", done=False),
    }
    return {
        "id": "1",
        "title": title,
        "chat": {
            "title": title,
            "params": {"system": "Be brief."},
            "history": {"messages": messages, "currentId": "a"},
        },
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_100,
    }


def lm_studio(name: str = "Margins") -> dict[str, Any]:
    def block(text: str, stop: str, **style: Any) -> dict[str, Any]:
        stats = {"stats": {"stopReason": stop}}
        return {"type": "contentBlock", "content": [{"type": "text", "text": text}], "genInfo": stats} | style

    thinking = block(THOUGHT, "", style={"type": "thinking", "ended": True})
    steps = [thinking, block(ANSWER, "eosFound"), {"type": "debugInfoBlock", "debugInfo": "x"}]
    question = {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": "What is the margin?"}]}
    answer = {"type": "multiStep", "role": "assistant", "senderInfo": {"senderName": "fin-r1"}, "steps": steps}
    stopped = {"type": "multiStep", "role": "assistant", "steps": [block("Sto", "userStopped")]}
    return {
        "name": name,
        "createdAt": 1_700_000_000_000,
        "systemPrompt": "Be brief.",
        "messages": [
            {"versions": [question], "currentlySelected": 0},
            {"versions": [stopped, answer], "currentlySelected": 1},
        ],
        "lastUsedModel": {"identifier": "fin-r1-q4"},
    }


def jan_messages() -> list[dict[str, Any]]:
    def message(role: str, text: str, at: int) -> dict[str, Any]:
        content = [{"type": "text", "text": {"value": text, "annotations": []}}]
        return {
            "id": f"{at}",
            "object": "thread.message",
            "thread_id": "t",
            "role": role,
            "content": content,
            "created_at": at,
        }

    return [
        message("user", "What is the margin?", 1_700_000_000),
        message("assistant", f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}", 1_700_000_001),
    ]


def jan_thread(title: str = "Margins") -> dict[str, Any]:
    return {
        "id": "t",
        "object": "thread",
        "title": title,
        "created": 1_700_000_000,
        "assistants": [{"id": "jan", "instructions": "Be brief.", "model": {"id": "fin-r1"}}],
    }


def gpt4all(version: int, title: str = "Margins", **options: Any) -> bytes:
    """A file as GPT4All writes it, by Qt's own stream."""
    data = QByteArray()
    stream = QDataStream(data, QIODevice.OpenModeFlag.WriteOnly)
    stream.writeUInt32(0xF5D553CC)
    stream.writeInt32(version)
    stream.writeInt64(1_700_000_000)
    for text in ("id", title, "user", "Fin-R1.gguf"):
        stream.writeQString(text)
    if version >= 3:
        _texts(stream, ["my documents"])
    if version < 11:
        _model_state(stream, version, keeps=options.get("keeps_state", True))
    think = f"<think>{THOUGHT}</think>"
    items: list[tuple[str, str, list[tuple[str, str]]]] = [
        ("Prompt: ", "What is the margin?", []),
        ("Response: ", ANSWER, [("ToolCall: ", think)]) if version >= 12 else ("Response: ", f"{think}\n{ANSWER}", []),
    ]
    if version >= 11:
        items.insert(0, ("System: ", "Be brief.", []))
    stream.writeInt32(len(items))
    for name, value, pieces in items:
        _item(stream, version, name, value, pieces)
    return bytes(data.data())


def _texts(stream: QDataStream, texts: Sequence[str]) -> None:
    stream.writeUInt32(len(texts))
    for text in texts:
        stream.writeQString(text)


def _octets(stream: QDataStream, data: bytes) -> None:
    stream.writeUInt32(len(data))
    stream.writeRawData(data)


def _model_state(stream: QDataStream, version: int, *, keeps: bool) -> None:
    if version >= 6:
        stream.writeBool(keeps)
    else:
        keeps = True
    if version >= 2:
        stream.writeInt32(1)
        stream.writeInt32(0)
    stream.writeQString("a response")
    stream.writeQString("")
    stream.writeUInt32(7)
    if not keeps:
        return
    for _ in range(1 + (version < 4) + (version >= 7)):
        stream.writeUInt32(5)
    for _ in range(1 + (version < 9)):
        stream.writeUInt64(3)
        stream.writeRawData(b"\1" * 12)
    _octets(stream, b"state" * 20)


def _item(stream: QDataStream, version: int, name: str, value: str, pieces: Sequence[tuple[str, str]]) -> None:
    if version < 12:
        stream.writeInt32(4)
    stream.writeQString(name)
    stream.writeQString(value)
    if version < 10:
        stream.writeQString("an old prompt")
    stream.writeQString("")
    for flag in (False, False, True, False):  # current, stopped, thumbs up, thumbs down
        stream.writeBool(flag)
    if version >= 11 and name == "Response: ":
        stream.writeBool(False)
    if version >= 8:
        stream.writeInt64(1)
        for text in ("collection", "/a/b.pdf", "b.pdf", "Title", "Author", "2023", "some text"):
            stream.writeQString(text)
        for number in (1, 2, 3):
            stream.writeInt32(number)
    elif version >= 3:
        stream.writeQString("1. In b.pdf")
        _texts(stream, ["some text"])
    if version >= 10:
        stream.writeInt64(1 if name == "Prompt: " else 0)
        if name == "Prompt: ":
            _octets(stream, b"file:///a/sheet.xlsx")
            _octets(stream, b"PK")
    if version >= 12:
        stream.writeInt64(len(pieces))
        for piece, said in pieces:
            stream.writeQString(piece)
            stream.writeQString(said)
            _tool_call(stream)
            stream.writeInt64(0)


def _tool_call(stream: QDataStream) -> None:
    stream.writeQString("think")
    stream.writeInt64(1)
    stream.writeQString("code")
    stream.writeInt32(0)
    stream.writeInt32(10)  # a variant that holds text
    stream.writeInt8(0)
    stream.writeQString("print(1)")
    stream.writeQString("1")
    stream.writeInt32(0)
    stream.writeQString("")


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path
