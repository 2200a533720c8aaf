"""The team server as a file: `server.json`, without its key.

Owns that file. It stands apart from the settings' files because those are read before the first paint, and this is not.
"""

from __future__ import annotations

from finr1_desk.core.remote import RemoteServer, server_from_json
from finr1_desk.store.paths import DataPaths
from finr1_desk.store.settings_file import read_values, write_values


def load_server(paths: DataPaths) -> RemoteServer:
    """The team server; none where nothing sensible is to be read."""
    return server_from_json(read_values(paths.server)[0])


def save_server(paths: DataPaths, server: RemoteServer) -> None:
    """
    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    write_values(paths.server, server.to_json())
