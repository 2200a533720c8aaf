"""What a command works with: the data folder, the settings, the store, the model.

Owns how the command line, the settings and what the machine has are put together. It opens each thing when a command
asks for it and nothing before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from finr1_desk.core.choices import UNCHOSEN, Choices
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import LoadedModel, ModelRequest, SnapshotPlace
from finr1_desk.core.remote import RemoteServer, ServerAccess, host_of, is_remote
from finr1_desk.core.settings import Settings, loading_values, sampling_overrides, snapshot_budget
from finr1_desk.library.discovery import FoundModel, default_model, inspect_model
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.places import Place, folders_of, places
from finr1_desk.store.paths import DataPaths, resolve_data_dir
from finr1_desk.store.policy import load_policy
from finr1_desk.store.secrets import Secrets
from finr1_desk.store.server_access import access_to
from finr1_desk.store.server_file import load_server
from finr1_desk.store.settings_file import load_model_settings, load_settings

if TYPE_CHECKING:
    from finr1_desk.core.conversation import ModelIdentity
    from finr1_desk.store.database import Store
    from finr1_desk.terminal.voice import Voice

_HASHED_AT_ONCE: Final = 64_000_000  # bytes: a tenth of a second


@dataclass
class Workspace:
    """The data folder of one command; `data_dir` None for the user's own."""

    data_dir: Path | None
    voice: Voice

    @cached_property
    def paths(self) -> DataPaths:
        """
        Raises:
            UserError: `DATA_DIR_UNWRITABLE`.
        """
        return resolve_data_dir(self.data_dir)

    @cached_property
    def settings(self) -> Settings:
        """The user's settings; a damaged file is reported and the defaults are used."""
        loaded = load_settings(self.paths)
        if loaded.problem is not None:
            self.voice.note(" ".join(self.voice.sentence(loaded.problem)))
        return loaded.settings

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """The store, for this thread.

        Raises:
            UserError: whatever keeps it from being opened.
        """
        from finr1_desk.store.database import Store
        from finr1_desk.store.keys import obtain_key
        from finr1_desk.store.writers import this_writer

        key = obtain_key(self.paths)
        store = Store.open(self.paths.database, key.key, writer=this_writer())
        try:
            store.recover()
            if not self.settings.snapshots:
                store.snapshots.remove_all()
            yield store
        finally:
            store.close()

    def model(self, explicit: Path | None) -> FoundModel:
        """The model to use: the one asked for, the one in the settings, a Fin-R1 on the machine, the built-in one.

        Raises:
            UserError: the file asked for is no model; `NO_MODEL`.
        """
        if explicit is not None:
            return inspect_model(explicit.expanduser().absolute())
        if self.settings.model_path:
            try:
                return inspect_model(Path(self.settings.model_path))
            except UserError as error:
                self.voice.note(" ".join(self.voice.sentence(error)))
        found = default_model(self.paths.models, where=self.places())
        if found is None:
            raise UserError(ErrorCode.NO_MODEL)
        return found

    def places(self) -> tuple[Place, ...]:
        """Where models may be on this machine."""
        return places(self.paths.models, added=folders_of(self.settings.model_folders))

    def model_request(self, model: FoundModel, loading: Mapping[str, Any]) -> ModelRequest:
        """How a model is asked for: as the command line says, else as this model was set here, else as the settings."""
        own = load_model_settings(self.paths, model.path)
        return ModelRequest(str(model.path), **loading_values(self.settings, own, loading))

    def server(self) -> RemoteServer:
        """The team server that was set up in the window.

        Raises:
            UserError: `SERVER_ADDRESS`: there is none; `SERVER_FORBIDDEN`.
        """
        server = load_server(self.paths)
        if not server.base_url:
            raise UserError(ErrorCode.SERVER_ADDRESS, value="")
        load_policy().check(server.base_url)
        return server

    def access(self, address: str) -> ServerAccess:
        """What a request to the team server is sent with; it is set up by the window, which may do so meanwhile.

        Raises:
            UserError: `SERVER_CHANGED`, and as `server`.
        """
        return access_to(self.server(), address, load_policy(), Secrets(self.paths))

    def sampling(self, explicit: dict[str, float | int], choices: Choices = UNCHOSEN) -> dict[str, float | int]:
        """The sampling to ask for: the command line's, else what was chosen, else the settings'.

        The model's own fills in the rest.
        """
        return sampling_overrides(self.settings, choices) | explicit

    def snapshot(self, store: Store, conversation_id: str, model: ModelRequest) -> SnapshotPlace | None:
        """Where the engine may keep a conversation; None where the settings say that it may not."""
        budget = snapshot_budget(self.settings)
        known = HashCache(self.paths.hashes).known(Path(model.path)) or ""
        return store.snapshots.place(conversation_id, budget, known) if budget else None

    def identity(self, model: LoadedModel) -> ModelIdentity:
        """Which model it is; its hash where that is known or costs nothing."""
        from finr1_desk.core.conversation import ModelIdentity

        if is_remote(model.request.path):
            return ModelIdentity(model.name, "", "", server=host_of(model.request.path))
        return ModelIdentity(model.name, model.file_name, model.quantisation, self._sha256(Path(model.request.path)))

    def _sha256(self, path: Path) -> str | None:
        hashes = HashCache(self.paths.hashes)
        known = hashes.known(path)
        if known is not None:
            return known
        try:
            return hashes.compute(path) if path.stat().st_size <= _HASHED_AT_ONCE else None
        except OSError:
            return None
