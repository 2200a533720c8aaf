"""A download in a process of its own, so that fetching and hashing gigabytes disturbs no window.

Owns the protocol: one JSON object on standard input says what to fetch, lines of JSON on standard output tell how it
goes. The end of standard input means that whoever asked has gone or wants a pause: what has come is on the disk, so the
process may end at any moment. No Qt.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TextIO

from finr1_desk.core.errors import UserError
from finr1_desk.library.catalogue import load_catalogue
from finr1_desk.library.download.job import Downloader, Stop, Wish
from finr1_desk.library.download.journal import Kind
from finr1_desk.library.download.transfer import StoppedError
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.hub.address import Hub, HubKind
from finr1_desk.library.hub.session import Token
from finr1_desk.store.file_lock import locked

PAUSED: Final = 3  # the exit status
_MAX_REQUEST: Final = 1 << 20
_LOCK_S: Final = 1.0  # the process before may be on its way out
_LAST_PIECE_S: Final = 1.0


def request_for(
    models: Path, hashes: Path, *, wish: Wish | None = None, resume: str = "", token: Token | None = None
) -> bytes:
    """The line that the process is sent: what to fetch, or which download to go on with."""
    values: dict[str, Any] = {"models": str(models), "hashes": str(hashes), "resume": resume}
    if wish is not None:
        values["wish"] = {
            "hub": wish.hub.kind.value,
            "endpoint": wish.hub.endpoint,
            "repository": wish.repository,
            "kind": wish.kind.value,
            "file": wish.file,
            "quantisation": wish.quantisation,
        }
    if token is not None:
        values["token"] = {"host": token.host, "secret": token.secret}
    return json.dumps(values).encode() + b"\n"


def main() -> int:
    """Fetches what standard input says; 0 where it is there, 1 where it failed, 3 where it was paused."""
    source, target = sys.stdin.buffer, sys.stdout
    request = json.loads(source.readline(_MAX_REQUEST))
    stop = Stop()
    threading.Thread(target=_end_with, args=(source.fileno(), stop), name="asker", daemon=True).start()
    try:
        paths = _run(request, stop, target)
    except StoppedError:
        return PAUSED
    except UserError as error:
        _tell(target, {"error": error.to_json()})
        return 1
    _tell(target, {"done": [str(path) for path in paths]})
    return 0


def _run(request: dict[str, Any], stop: Stop, target: TextIO) -> list[Path]:
    token = Token(**request["token"]) if "token" in request else None
    downloader = Downloader(
        Path(request["models"]),
        HashCache(Path(request["hashes"])),
        load_catalogue(),
        lambda path: locked(path, _LOCK_S),
        token=token,
        on_progress=lambda progress: _tell(target, {"progress": asdict(progress)}),
        stop=stop,
    )
    if request["resume"]:
        return downloader.resume(request["resume"])
    wish = request["wish"]
    hub = Hub(HubKind(wish["hub"]), wish["endpoint"])
    return downloader.fetch(Wish(hub, wish["repository"], Kind(wish["kind"]), wish["file"], wish["quantisation"]))


def _tell(target: TextIO, values: dict[str, Any]) -> None:
    try:
        target.write(json.dumps(values) + "\n")
        target.flush()
    except OSError:  # whoever asked has gone
        os._exit(PAUSED)


def _end_with(source: int, stop: Stop) -> None:
    """Ends the process when standard input does; after a moment also one that hangs in a connection.

    It reads past Python's buffer, whose lock would be held when the interpreter ends.
    """
    while os.read(source, 1):
        pass
    stop.set()
    threading.Event().wait(_LAST_PIECE_S)
    os._exit(PAUSED)


if __name__ == "__main__":
    sys.exit(main())
