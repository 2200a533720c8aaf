"""Files of any origin into conversations: this application's Markdown, and what other applications export.

Owns which kind a file is, by what is in it and never by its name, and the opening of archives and folders within
limits. What can be read is read; what cannot is named, each with an error. The kinds themselves are `reading`'s and
`foreign`'s.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from finr1_desk.core.conversation import Conversation, Message
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.export.foreign import chatgpt, gpt4all, jan, lm_studio, open_webui, salvage
from finr1_desk.export.foreign.drafts import Draft, UnreadableError, finish
from finr1_desk.export.reading import from_markdown

LARGEST_FILE: Final = 512 * 2**20
LARGEST_ARCHIVE: Final = 2 * 2**30  # all that is read of one, unpacked
_MOST_FILES: Final = 20_000
_KINDS: Final = (chatgpt, open_webui, lm_studio)
_SUFFIXES: Final = (".json", ".jsonl", ".md", ".chat")
_ZIP: Final = b"PK\x03\x04"
_SPACE: Final = b" \t\r\n"
_JSON: Final = (b"[", b"{")
_CHUNK: Final = 2**20


@dataclass(slots=True)
class Imported:
    """What a file held, each conversation under ids of its own, and what could not be read."""

    conversations: list[tuple[Conversation, list[Message]]] = field(default_factory=list)
    problems: list[UserError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file, alone, in a folder or in an archive; `name` is its path there."""

    name: str
    label: str  # what the user is told
    read: Callable[[], bytes]


def read_conversations(path: Path, now: float) -> Imported:
    """All conversations of a file, an archive or a folder.

    Args:
        now: seconds since the epoch; stands for dates that are missing.
    """
    imported = Imported()
    try:
        if path.is_dir():
            _read_several(_in_folder(path), str(path), now, imported)
        elif _begins_with(path, _ZIP):
            with zipfile.ZipFile(path) as archive:
                _read_several(_in_archive(archive, str(path)), str(path), now, imported)
        else:
            _read_one(_entry(path), _beside(path), now, imported)
    except UserError as error:
        imported.problems.append(error)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        imported.problems.append(UserError(ErrorCode.FILE_UNREADABLE, path=str(path), reason=reason))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError):
        imported.problems.append(UserError(ErrorCode.IMPORT_ARCHIVE_DAMAGED, path=str(path)))
    return imported


# -- where files are


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _entry(path: Path) -> _Entry:
    def read() -> bytes:
        if path.stat().st_size > LARGEST_FILE:
            raise UserError(ErrorCode.IMPORT_TOO_LARGE, path=str(path), limit_bytes=LARGEST_FILE)
        return path.read_bytes()

    return _Entry(path.name, str(path), read)


def _beside(path: Path) -> dict[str, _Entry]:
    """The other half of a Jan conversation."""
    names = {jan.THREAD: jan.MESSAGES, jan.MESSAGES: jan.THREAD}
    other = path.with_name(names.get(path.name, path.name))
    return {other.name: _entry(other)} if other != path and other.is_file() else {}


def _in_folder(folder: Path) -> list[_Entry]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.is_symlink():
            entry = _entry(path)
            found.append(_Entry(path.relative_to(folder).as_posix(), entry.label, entry.read))
        if len(found) > _MOST_FILES:
            raise UserError(ErrorCode.IMPORT_TOO_LARGE, path=str(folder), limit_bytes=LARGEST_ARCHIVE)
    return found


def _in_archive(archive: zipfile.ZipFile, label: str) -> list[_Entry]:
    budget = [LARGEST_ARCHIVE]

    def reader(member: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            limit = min(LARGEST_FILE, budget[0])
            pieces, size = [], 0
            with archive.open(member) as file:  # the size in its head may be a lie
                while piece := file.read(_CHUNK):
                    size += len(piece)
                    if size > limit:
                        raise UserError(ErrorCode.IMPORT_TOO_LARGE, path=label, limit_bytes=LARGEST_FILE)
                    pieces.append(piece)
            budget[0] -= size
            return b"".join(pieces)

        return read

    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > 100 * _MOST_FILES:
        raise UserError(ErrorCode.IMPORT_TOO_LARGE, path=label, limit_bytes=LARGEST_ARCHIVE)
    wanted = [member for member in members if PurePosixPath(member.filename).suffix.lower() in _SUFFIXES]
    return [_Entry(member.filename, f"{label}: {member.filename}", reader(member)) for member in wanted[:_MOST_FILES]]


def _read_several(entries: Sequence[_Entry], label: str, now: float, imported: Imported) -> None:
    """All files of a folder or archive that hold conversations; of the others nothing is said, unless all are so."""
    by_name = {entry.name: entry for entry in entries}
    unknown: list[UserError] = []
    for entry in entries:
        name = PurePosixPath(entry.name)
        thread = str(name.with_name(jan.THREAD))
        if name.name == jan.MESSAGES and thread in by_name:
            continue  # read with its thread
        messages = by_name.get(str(name.with_name(jan.MESSAGES)))
        beside = {} if messages is None or name.name != jan.THREAD else {jan.MESSAGES: messages}
        found = Imported()
        try:
            _read_one(entry, beside, now, found)
        except UserError as error:
            found.problems.append(error)
        except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError):
            found.problems.append(UserError(ErrorCode.IMPORT_PART_DAMAGED, path=label, name=entry.name))
        imported.conversations += found.conversations
        foreign = (ErrorCode.IMPORT_UNKNOWN, ErrorCode.IMPORT_NOT_CONVERSATION)
        imported.problems += [error for error in found.problems if error.code not in foreign]
        unknown += [error for error in found.problems if error.code in foreign]
    if not imported.conversations and not imported.problems:
        imported.problems.append(UserError(ErrorCode.IMPORT_UNKNOWN, path=label))


# -- which kind


def _read_one(entry: _Entry, beside: Mapping[str, _Entry], now: float, imported: Imported) -> None:
    """
    Raises:
        UserError: the file cannot be read at all.
    """
    data = entry.read()
    if data[: len(gpt4all.MAGIC)] == gpt4all.MAGIC:
        _read_gpt4all(data, entry, now, imported)
        return
    if data.removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)[:1] in _JSON:
        _read_json(data, entry, beside, now, imported)
        return
    try:
        words = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(ErrorCode.IMPORT_UNKNOWN, path=entry.label) from None
    try:
        imported.conversations.append(from_markdown(words, entry.label))
    except UserError as error:
        if error.code is ErrorCode.IMPORT_NOT_CONVERSATION:
            raise UserError(ErrorCode.IMPORT_UNKNOWN, path=entry.label) from None
        raise


def _read_gpt4all(data: bytes, entry: _Entry, now: float, imported: Imported) -> None:
    try:
        draft = gpt4all.read(data)
    except gpt4all.CutOffError as cut:
        draft = cut.draft
        imported.problems.append(UserError(ErrorCode.IMPORT_CUT_OFF, path=entry.label))
    except UnreadableError:
        raise UserError(ErrorCode.IMPORT_PART_DAMAGED, path=entry.label, name="") from None
    _finish(draft, entry, now, imported)


def _read_json(data: bytes, entry: _Entry, beside: Mapping[str, _Entry], now: float, imported: Imported) -> None:
    words = data.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    lines = _json_lines(words)
    if lines is not None:
        _read_jan(_thread_beside(beside), lines, entry, now, imported)
        return
    try:
        value, is_whole = salvage.load(words)
    except (ValueError, RecursionError):
        raise UserError(ErrorCode.IMPORT_UNKNOWN, path=entry.label) from None
    before = len(imported.conversations), len(imported.problems)
    records = value if isinstance(value, list) else [value]
    if len(records) == 1 and isinstance(records[0], Mapping) and jan.is_thread(records[0]):
        messages = _json_lines(_text_of(beside[jan.MESSAGES])) if jan.MESSAGES in beside else None
        _read_jan(records[0], messages or _own_messages(records[0]), entry, now, imported)
    else:
        _read_records(records, entry, now, imported)
    if (len(imported.conversations), len(imported.problems)) == before:
        raise UserError(ErrorCode.IMPORT_UNKNOWN, path=entry.label)
    if not is_whole:
        imported.problems.append(UserError(ErrorCode.IMPORT_CUT_OFF, path=entry.label))


def _read_records(records: Iterable[Any], entry: _Entry, now: float, imported: Imported) -> None:
    """The conversations of a list; those that cannot be read are named if any other is one."""
    foreign: list[UserError] = []
    known = 0
    for number, record in enumerate(records, 1):
        kind = next((kind for kind in _KINDS if isinstance(record, Mapping) and kind.is_one(record)), None)
        if kind is None:
            foreign.append(UserError(ErrorCode.IMPORT_PART_DAMAGED, path=entry.label, name=str(number)))
            continue
        known += 1
        try:
            draft = kind.read(record)
        except UnreadableError:
            imported.problems.append(_damaged(record, number, entry))
            continue
        _finish(draft, entry, now, imported, number)
    if known:
        imported.problems += foreign


def _damaged(record: Mapping[str, Any], number: int, entry: _Entry) -> UserError:
    title = record.get("title")
    name = title if isinstance(title, str) and title.strip() else str(number)
    return UserError(ErrorCode.IMPORT_PART_DAMAGED, path=entry.label, name=name)


def _read_jan(
    thread: Mapping[str, Any], messages: Sequence[Any], entry: _Entry, now: float, imported: Imported
) -> None:
    _finish(jan.read(thread, [message for message in messages if isinstance(message, Mapping)]), entry, now, imported)
    if len(messages) and messages[-1] is None:
        imported.problems.append(UserError(ErrorCode.IMPORT_CUT_OFF, path=entry.label))


def _own_messages(thread: Mapping[str, Any]) -> list[Any]:
    messages = thread.get("messages")
    return messages if isinstance(messages, list) else []


def _thread_beside(beside: Mapping[str, _Entry]) -> Mapping[str, Any]:
    if jan.THREAD not in beside:
        return {}
    try:
        value, _ = salvage.load(_text_of(beside[jan.THREAD]))
    except (ValueError, RecursionError, OSError):
        return {}
    return value if isinstance(value, Mapping) else {}


def _text_of(entry: _Entry) -> str:
    return entry.read().decode("utf-8", "replace").removeprefix("\ufeff").strip()


def _json_lines(words: str) -> list[Any] | None:
    """The messages of a Jan conversation, one a line, None for a line that is damaged; None where it is none."""
    found = list(_lines(words))
    first = next((record for record in found if record is not None), None)
    return found if isinstance(first, Mapping) and jan.is_message(first) else None


def _lines(words: str) -> Iterator[Any]:
    for number, line in enumerate(words.split("\n")):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if number == 0 and not (isinstance(record, Mapping) and jan.is_message(record)):
            return  # one value over many lines: the usual case, told by its first line
        yield record


def _finish(draft: Draft, entry: _Entry, now: float, imported: Imported, number: int = 0) -> None:
    """Takes a conversation over; one without any message is left out, as its own application would not show it."""
    try:
        imported.conversations.append(finish(draft, now))
    except UnreadableError:
        name = draft.title or (str(number) if number else "")
        imported.problems.append(UserError(ErrorCode.IMPORT_EMPTY, path=entry.label, name=name))
