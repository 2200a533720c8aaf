"""Which model answers: found, chosen, loaded, unloaded when idle.

Owns the choice and the loading state. It reads headers in the background and never a model's weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from finr1_desk.app.background import Pool
from finr1_desk.app.engine_link import EngineLink
from finr1_desk.app.settings import SettingsController
from finr1_desk.app.team_server import TeamServer
from finr1_desk.core.conversation import FinishReason, ModelIdentity
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import (
    EngineDied,
    EngineEvent,
    Finished,
    LoadedModel,
    LoadProgress,
    ModelLoaded,
    ModelRequest,
    ModelUnloaded,
    Planned,
    Started,
)
from finr1_desk.core.plan import LoadPlan
from finr1_desk.core.remote import RemoteServer, host_of, is_remote
from finr1_desk.core.settings import loading_values
from finr1_desk.store.paths import DataPaths
from finr1_desk.store.settings_file import load_model_settings, save_model_settings

if TYPE_CHECKING:
    from finr1_desk.library.discovery import FoundModel

_DEATHS = (ErrorCode.ENGINE_DIED, ErrorCode.ENGINE_GAVE_UP)


class Models(QObject):
    changed = Signal(object)  # LoadedModel | None
    chosen = Signal(object)  # FoundModel | None
    foundChanged = Signal(list)  # list[FoundModel]
    loading = Signal(str, float)  # path, fraction
    died = Signal(object)  # EngineDied
    failed = Signal(object)  # UserError
    hashed = Signal(str, str)  # path, sha256
    planned = Signal(object)  # LoadPlan, of the chosen model
    planFailed = Signal(object)  # UserError

    def __init__(
        self,
        paths: DataPaths,
        settings: SettingsController,
        link: EngineLink,
        pool: Pool,
        server: TeamServer,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._paths = paths
        self._server = server
        self._settings = settings
        self._link = link
        self._pool = pool
        self._hashing: set[Path] = set()
        self._loads: set[str] = set()
        self._busy: set[str] = set()
        self._held = False
        self._looked = False
        self._planning = ""
        self.plan: LoadPlan | None = None
        self.own_settings: dict[str, Any] = {}
        self._found: list[FoundModel] = []
        self.choice: FoundModel | None = None
        self.loaded: LoadedModel | None = None
        self._idle = QTimer(self, singleShot=True)
        self._idle.timeout.connect(self._on_idle)
        link.received.connect(self._on_event)
        settings.changed.connect(lambda _: self._restart_idle())
        server.changed.connect(self._on_server_changed)

    # -- choosing

    def find(self, override: Path | None = None) -> None:
        """Looks for the model to use: the one given, the one in the settings, else what the machine has."""
        wanted = override or (Path(self._settings.value.model_path) if self._settings.value.model_path else None)
        if wanted is not None:
            self._pool.run(lambda: _inspect(wanted), self._set_choice, self._on_choice_failed)
        else:
            self._find_default()
        self.look_again()

    def look_again(self) -> None:
        """Lists what is on the machine; `foundChanged` tells."""
        folders = self._settings.value.model_folders
        self._pool.run(lambda: _list(self._paths, folders), self._on_found, self.failed.emit)

    def remove(self, path: Path) -> None:
        """Removes a file from the own models folder, and lists what is left."""
        self._pool.run(lambda: _remove(path, self._paths.models), lambda _: self.look_again(), self.failed.emit)

    def choose(self, path: Path) -> None:
        """Takes this file from now on, on this machine; a file that is no model is reported and the choice stays."""
        self._pool.run(lambda: _inspect(path), self._on_chosen, self.failed.emit)

    def found(self) -> list[FoundModel]:
        return list(self._found)

    @property
    def is_settled(self) -> bool:
        """Whether it is known which model answers, if any: False until the first search for one has ended."""
        return self._looked or self._server.value.in_use

    def request(self) -> ModelRequest | None:
        """How the model that answers is asked for, a server's or the chosen one; None while there is none."""
        if self._server.value.in_use:
            return ModelRequest(self._server.value.address)
        return self.local_request()

    def local_request(self) -> ModelRequest | None:
        """The same of the chosen model on this machine, whoever answers; None while there is none."""
        if self.choice is None:
            return None
        return ModelRequest(str(self.choice.path), **self.loading_values())

    def _on_chosen(self, model: FoundModel) -> None:
        self._settings.set(model_path=str(model.path))
        self._server.use(False)
        self._set_choice(model)
        self.load()

    def _set_choice(self, model: FoundModel | None) -> None:
        self.choice, self._looked = model, True
        self.plan, self._planning = None, ""
        self.own_settings = load_model_settings(self._paths, model.path) if model is not None else {}
        self.chosen.emit(model)

    def _on_choice_failed(self, error: UserError) -> None:
        """The remembered file is gone or broken: say so, and go on with what there is."""
        self.failed.emit(error)
        self._find_default()

    def _find_default(self) -> None:
        folders = self._settings.value.model_folders
        self._pool.run(lambda: _default(self._paths, folders), self._set_choice, self._on_no_default)

    def _on_no_default(self, error: UserError) -> None:
        self.failed.emit(error)
        self._set_choice(None)

    def _on_found(self, models: list[FoundModel]) -> None:
        self._found = models
        self.foundChanged.emit(models)

    def _on_server_changed(self, server: RemoteServer) -> None:
        """From now on the server answers, or this machine again: what the other one has loaded counts no longer."""
        if server.in_use and self.loaded is not None and not is_remote(self.loaded.request.path):
            self.unload()
        self._loads.clear()
        if self.loaded is not None and self.loaded.request != self.request():
            self._set_loaded(None)
        if server.in_use:
            self.load()

    # -- how it is loaded

    def loading_values(self) -> dict[str, Any]:
        """What is asked for when the chosen model is loaded: the settings, and what was set for it alone."""
        return loading_values(self._settings.value, self.own_settings)

    @property
    def context_limit(self) -> int:
        """Tokens of the context there is, or will be once the model is loaded; 0 where a server does not tell."""
        if self.loaded is not None:
            return self.loaded.context_length
        if self._server.value.in_use:
            return 0
        wanted = int(self.loading_values()["context_length"])
        return min(wanted, self.choice.header.trained_context or wanted) if self.choice is not None else wanted

    def make_plan(self) -> None:
        """Asks the engine how the chosen model would be loaded now; `planned` or `planFailed` tells."""
        request = self.request()
        if request is not None:
            self._planning = self._link.client.plan(request)

    def set_own(self, **values: Any) -> None:
        """Sets something for the chosen model on this machine."""
        self._keep_own(self.own_settings | values)

    def forget_own(self) -> None:
        """The chosen model is loaded as the settings say again."""
        self._keep_own({})

    def _keep_own(self, values: dict[str, Any]) -> None:
        if self.choice is None:
            return
        try:
            save_model_settings(self._paths, self.choice.path, values)
        except UserError as error:
            self.failed.emit(error)
            return
        self.own_settings = values
        self.make_plan()

    # -- loading

    def load(self) -> None:
        """Loads the chosen model unless it is loaded or being loaded."""
        request = self.request()
        if request is not None and not self._loads and (self.loaded is None or self.loaded.request != request):
            self._loads.add(self._link.client.load(request))

    def unload(self) -> None:
        self._link.client.unload()

    def set_busy(self, conversations: set[str]) -> None:
        """Which conversations are being written: an idle model is one that none of them needs."""
        self._busy = conversations
        self._restart_idle()

    def hold(self, on: bool) -> None:
        """Whether something else than a conversation needs the model, such as a run over a table."""
        self._held = on
        self._restart_idle()

    def _restart_idle(self) -> None:
        minutes = self._settings.value.idle_unload_minutes
        if self.loaded is None or self._busy or self._held or minutes == 0:
            self._idle.stop()
        else:
            self._idle.start(minutes * 60_000)

    def _on_idle(self) -> None:
        self.unload()

    # -- identity

    def identity(self, model: LoadedModel) -> ModelIdentity:
        """Who wrote an answer; the hash only if it is known already, else it is computed and `hashed` tells it."""
        if is_remote(model.request.path):
            return ModelIdentity(model.name, "", "", server=host_of(model.request.path))
        known = self.known_hash(model.request.path) or None
        if known is None:
            self._hash(Path(model.request.path))
        return ModelIdentity(model.name, model.file_name, model.quantisation, known)

    def known_hash(self, path: str) -> str:
        """The hash of a model's file; empty where it is not known yet."""
        from finr1_desk.library.hashing import HashCache

        return HashCache(self._paths.hashes).known(Path(path)) or ""

    def _hash(self, path: Path) -> None:
        if path in self._hashing:
            return
        self._hashing.add(path)

        def work() -> str | None:
            from finr1_desk.library.hashing import HashCache, HashingCancelledError

            try:
                return HashCache(self._paths.hashes).compute(path, lambda: self._pool.closing)
            except (OSError, HashingCancelledError):
                return None  # the file went away, or we do: the answer stays without a hash

        def done(sha256: str | None) -> None:
            self._hashing.discard(path)
            if sha256 is not None:
                self.hashed.emit(str(path), sha256)

        self._pool.run(work, done)

    # -- events

    def _on_event(self, event: EngineEvent) -> None:
        match event:
            case LoadProgress(path, fraction):
                self.loading.emit(path, fraction)
            case ModelLoaded(model) if is_remote(model.request.path) == self._server.value.in_use:
                self._set_loaded(model)
            case Planned(request, plan) if request == self._planning:
                self.plan, self._planning = plan, ""
                self.planned.emit(plan)
            case Finished(request, _, code=code, params=params) if request == self._planning:
                self.plan, self._planning = None, ""
                if code is not None:
                    self.planFailed.emit(UserError(code, **params))
            case Started(model=model) if self.loaded != model and not is_remote(model.request.path):
                self._set_loaded(model)
            case ModelUnloaded() if not self._server.value.in_use:
                self._set_loaded(None)
            case EngineDied():
                self._on_died(event)
            case Finished(request, reason, code=code, params=params) if request in self._loads:
                self._loads.discard(request)
                if reason is FinishReason.ERROR and code not in (None, *_DEATHS):  # `died` tells of those
                    self.failed.emit(UserError(code, **params))
            case _:
                pass

    def _on_died(self, event: EngineDied) -> None:
        """The engine is gone: it is started again with what it had loaded, so that the next question need not wait.

        Not where it died of loading: that is asked again in a safe mode already, or would end the same way.
        """
        had_model = self.loaded is not None
        if not event.safe_mode:
            self._loads.clear()
        self._set_loaded(None)
        self.died.emit(event)
        if had_model and not event.safe_mode and not event.report:
            self.load()

    def _set_loaded(self, model: LoadedModel | None) -> None:
        self.loaded = model
        if model is not None:
            self._loads.clear()
            if model.plan is not None and model.request == self.request():
                self.plan = model.plan
                self.planned.emit(model.plan)
        self.changed.emit(model)
        self._restart_idle()


# The library is imported where it is used, on a background thread: reading headers is not the window's start.


def _inspect(path: Path) -> FoundModel:
    from finr1_desk.library.discovery import inspect_model

    return inspect_model(path)


def _default(paths: DataPaths, folders: str) -> FoundModel | None:
    from finr1_desk.library.discovery import default_model
    from finr1_desk.library.places import folders_of, places

    return default_model(paths.models, where=places(paths.models, added=folders_of(folders)))


def _list(paths: DataPaths, folders: str) -> list[FoundModel]:
    from finr1_desk.library.discovery import list_models
    from finr1_desk.library.hashing import HashCache
    from finr1_desk.library.header_cache import HeaderCache
    from finr1_desk.library.places import folders_of, places

    where = places(paths.models, added=folders_of(folders))
    return list_models(
        paths.models, where=where, headers=HeaderCache(paths.model_headers), hashes=HashCache(paths.hashes)
    )


def _remove(path: Path, models: Path) -> None:
    from finr1_desk.library.importing import remove

    remove(path, models)
