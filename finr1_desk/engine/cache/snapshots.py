"""Conversations on disk as the KV cache holds them, so that one that is opened again need not be read again.

Owns what a snapshot says of itself, when it is still good, and how much room all of them take. A file is one sealed
record of the circumstances, the tokens and llama.cpp's state. What was written by another model, another build of
llama.cpp or with another kind of cache, what is damaged, and what no longer fits the conversation is deleted; it is
never given to llama.cpp. Losing a snapshot costs time only, so no failure here reaches an answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from finr1_desk.core.errors import UserError
from finr1_desk.core.events import SnapshotPlace
from finr1_desk.engine import llama, llama_devices
from finr1_desk.engine.cache.cells import common_beginning
from finr1_desk.engine.cache.sealed import (
    UNFINISHED,
    Part,
    SealBrokenError,
    SealedFile,
    StoppedError,
    sealed_size,
    write_sealed,
)
from finr1_desk.engine.loading import Identity, Loaded

SUFFIX: Final = ".kv"
LEAST_TOKENS: Final = 128  # fewer are read again in no time

_HEADER: Final = 2**20  # bytes of a model's file that are looked at: its metadata are there
_SLACK: Final = 16  # tokens at the end of a snapshot that a prompt may lack and still fit


def circumstances(loaded: Loaded, sha256: str) -> dict[str, Any]:
    """What a snapshot is good for: this model, this llama.cpp, this kind of cache.

    Raises:
        UserError, OSError: the model's file is gone, or is not the one that was loaded.
    """
    identity = loaded.identity
    with Path(identity.path).open("rb") as file:
        header = hashlib.sha256(file.read(_HEADER)).hexdigest()
    if Identity.of(identity.path) != identity:
        raise FileNotFoundError(identity.path)
    return {
        "model": {
            "sha256": sha256,
            "path": identity.path,
            "size": identity.size,
            "modified_ns": identity.modified_ns,
            "inode": identity.inode,
            "header": header,
        },
        "llama_cpp": f"{llama.REQUIRED_VERSION} {llama_devices.ggml_version()}",
        "cache": loaded.context.kind,
    }


def still_good(then: Any, now: dict[str, Any]) -> bool:
    """Whether what was kept under those circumstances serves under these."""
    if not isinstance(then, dict) or any(then.get(name) != now[name] for name in ("llama_cpp", "cache")):
        return False
    before, model = then.get("model"), now["model"]
    if not isinstance(before, dict):
        return False
    if before.get("sha256") and model["sha256"]:
        return bool(before["sha256"] == model["sha256"])
    return {**before, "sha256": ""} == {**model, "sha256": ""}


def _token_bytes(tokens: Sequence[int]) -> bytes:
    return array("i", tokens).tobytes()


# -- writing


def keep(
    place: SnapshotPlace,
    now: dict[str, Any],
    tokens: Sequence[int],
    state: bytearray,
    is_stopped: Callable[[], bool] = lambda: False,
) -> bool:
    """Writes a snapshot in place of the one before; False where it has no room or was stopped.

    Raises:
        OSError: it could not be written.
    """
    path, ids = Path(place.path), _token_bytes(tokens)
    record = {
        "made_for": now,
        "tokens": len(tokens),
        "tokens_sha256": hashlib.sha256(ids).hexdigest(),
        "state_bytes": len(state),
    }
    parts: list[Part] = [json.dumps(record).encode(), ids, state]
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not _make_room(path, place.budget_bytes - sealed_size([len(part) for part in parts])):
        return False
    try:
        write_sealed(path, bytes.fromhex(place.key), path.name, parts, is_stopped)
    except StoppedError:
        return False
    return True


def _make_room(path: Path, room: int) -> bool:
    """Deletes other snapshots, the oldest first, until they take no more than `room` bytes; False where none is left.

    What a writer that was killed left behind goes first: a folder has one engine, and that one writes one at a time.
    """
    if room < 0:
        return False
    others: list[tuple[float, int, Path]] = []
    for other in path.parent.iterdir():
        if other.name.endswith(UNFINISHED):
            _delete(other)
        elif other.suffix == SUFFIX and other != path:
            with contextlib.suppress(OSError):
                found = other.stat()
                others.append((found.st_mtime, found.st_size, other))
    others.sort(reverse=True)
    for _, size, other in others:
        room -= size
        if room < 0:
            _delete(other)
    return True


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


# -- reading


def reopen(
    loaded: Loaded,
    place: SnapshotPlace,
    conversation: str,
    tokens: list[int],
    is_stopped: Callable[[], bool] = lambda: False,
) -> bool:
    """Takes a conversation's snapshot into the cache if a prompt of these tokens gains by it.

    A snapshot that is damaged, stale, or of what the conversation no longer is, is deleted.
    """
    path = Path(place.path)
    try:
        with SealedFile(path, bytes.fromhex(place.key), path.name) as file:
            known = loaded.cache.reusable(tokens)
            fits, taken = _read(file, loaded, place, conversation, tokens, known, is_stopped)
    except (OSError, StoppedError, UserError):  # none there, or none to be had now
        return False
    except (SealBrokenError, ValueError, KeyError, TypeError):
        fits = taken = False
    if not fits:
        _delete(path)
    elif taken:
        with contextlib.suppress(OSError):
            os.utime(path)  # what is used is not the oldest
    return taken


def _read(
    file: SealedFile,
    loaded: Loaded,
    place: SnapshotPlace,
    conversation: str,
    tokens: list[int],
    known: int,
    is_stopped: Callable[[], bool],
) -> tuple[bool, bool]:
    """Whether the snapshot is to stay on disk, and whether it was taken into the cache."""
    record = json.loads(file.first())
    if not still_good(record["made_for"], circumstances(loaded, place.model_sha256)):
        return False, False
    ids = array("i")
    ids.frombytes(file.part(record["tokens"] * ids.itemsize))
    if hashlib.sha256(ids.tobytes()).hexdigest() != record["tokens_sha256"]:
        return False, False
    held = ids.tolist()
    common = common_beginning(held, tokens)
    fits = common + _SLACK >= len(held)
    if common < known + LEAST_TOKENS:
        return fits, False
    state = file.part(record["state_bytes"], last=True, is_stopped=is_stopped)
    return fits, loaded.cache.adopt(held, state, conversation)


# -- beside the engine's work


@dataclass(slots=True)
class _Writing:
    conversation: str
    place: SnapshotPlace
    thread: threading.Thread
    stopped: threading.Event


class SnapshotWriter:
    """Writes one snapshot at a time on a thread of its own: neither the disk nor the cipher holds up an answer."""

    def __init__(self, report: Callable[[str, BaseException], None]) -> None:
        self._report = report
        self._writing: _Writing | None = None

    @property
    def is_busy(self) -> bool:
        return self._writing is not None and self._writing.thread.is_alive()

    def write(
        self, conversation: str, place: SnapshotPlace, now: dict[str, Any], tokens: Sequence[int], state: bytearray
    ) -> None:
        """Begins to write; only while it is not busy."""
        stopped = threading.Event()

        def work() -> None:
            try:
                keep(place, now, tokens, state, stopped.is_set)
            except OSError as error:  # a full disk, say
                self._report("snapshot", error)

        thread = threading.Thread(target=work, name="snapshot", daemon=True)
        self._writing = _Writing(conversation, place, thread, stopped)
        thread.start()

    def forget(self, conversation: str) -> None:
        """Leaves nothing on disk of what was written last, if it was of this conversation; empty: of whichever."""
        writing = self._writing
        if writing is not None and conversation in ("", writing.conversation):
            writing.stopped.set()
            writing.thread.join()
            _delete(Path(writing.place.path))
            self._writing = None
