"""What a hub says of a repository: its files with their sizes and hashes, at one commit.

Owns the values only. A download that waits to be taken up again is read with them, without anything of the network.
"""

from __future__ import annotations

from dataclasses import dataclass

from finr1_desk.library.hub.address import Hub, file_address


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository. `sha1` is git's hash of a blob, for small files of which no sha256 is recorded."""

    path: str
    bytes: int
    sha256: str = ""
    sha1: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit: as long as that is named, its files do not change."""

    hub: Hub
    name: str
    revision: str
    files: tuple[RemoteFile, ...]

    def address(self, file: RemoteFile) -> str:
        return file_address(self.hub, self.name, file.path, self.revision)
