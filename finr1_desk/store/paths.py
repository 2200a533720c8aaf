"""Where the application's files lie.

Owns the names inside the data folder, and that nobody else can read it. Nothing else in the application knows a path
of its own.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from finr1_desk.core.errors import ErrorCode, UserError

DATA_DIR_VARIABLE: Final = "FINR1_DESK_DATA_DIR"
_APPLICATION: Final = "finr1-desk"

# A Unix socket's address holds 104 bytes on macOS, 108 on Linux, with the final NUL.
_SOCKET_ADDRESS: Final = 103
_SOCKET_NAME: Final = 32  # left for the name of a socket inside the runtime folder


@dataclass(frozen=True, slots=True)
class DataPaths:
    """The files and folders of one data folder. `runtime` may lie elsewhere: its path has to be short."""

    root: Path
    runtime: Path

    @property
    def database(self) -> Path:
        return self.root / "conversations.db"

    @property
    def backups(self) -> Path:
        return self.root / "backups"  # where `Store.open` puts them: beside the database

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"  # as the backups

    @property
    def settings(self) -> Path:
        return self.root / "settings.json"

    @property
    def window(self) -> Path:
        return self.root / "window.json"

    @property
    def model_settings(self) -> Path:
        return self.root / "model-settings.json"

    @property
    def hashes(self) -> Path:
        return self.root / "model-hashes.json"

    @property
    def model_headers(self) -> Path:
        return self.root / "model-headers.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def server(self) -> Path:
        return self.root / "server.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def tasks(self) -> Path:
        return self.root / "tasks"  # the user's own; made with the first of them

    @property
    def key_file(self) -> Path:
        return self.root / "store.key"

    @property
    def key_name(self) -> Path:
        return self.root / "store.key-name"

    @property
    def key_lock(self) -> Path:
        return self.root / "store.key-lock"


def resolve_data_dir(explicit: Path | None = None) -> DataPaths:
    """The data folder that was asked for, else that of the environment, else the platform's; created if missing.

    Raises:
        UserError: `DATA_DIR_UNWRITABLE`.
    """
    named = os.environ.get(DATA_DIR_VARIABLE)
    if explicit is not None:
        root = explicit
    elif named:
        root = Path(named)
    else:
        root = platformdirs.user_data_path(_APPLICATION, appauthor=False)
    try:
        root = root.expanduser().absolute()
        _make_private(root)
        paths = DataPaths(root, _runtime(root))
        for folder in (paths.logs, paths.models, paths.backups):
            folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as probe:
            probe.write(b"\0")
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home to expand `~` to
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UserError(ErrorCode.DATA_DIR_UNWRITABLE, path=str(root), reason=reason) from None
    return paths


def _make_private(folder: Path) -> None:
    """Makes the folder for this user alone; one that is there already keeps the rights its owner gave it."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _runtime(root: Path) -> Path:
    """The folder for sockets: inside the data folder, unless that lies too deep."""
    inside = root / "runtime"
    if os.name != "posix" or _fits(inside):  # Windows has named pipes instead
        inside.mkdir(mode=0o700, exist_ok=True)
        return inside
    return _short_runtime(root)


def _short_runtime(root: Path) -> Path:
    """A private folder of a shared one, named after the data folder."""
    import hashlib  # seldom wanted, and long to import

    name = f"{_APPLICATION}-{os.getuid()}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"
    places = [os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"]
    for place in filter(None, places):
        folder = Path(place) / name
        if Path(place).is_dir() and _fits(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            status = folder.lstat()
            # Anybody may have made it in a shared folder before.
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
                raise PermissionError(errno.EPERM, "the runtime folder belongs to somebody else", str(folder))
            return folder
    raise OSError(errno.ENAMETOOLONG, "no place for a socket", str(root))


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder)) + 1 + _SOCKET_NAME <= _SOCKET_ADDRESS
