"""Builds the application's services and ties them together.

Owns the order in which they come and go. Building does no I/O beyond small files (settings, the team server, the
policy): the store, the keychain, the models and the engine are touched by `open`, after the window's first paint.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from finr1_desk.app.answers import Answers
from finr1_desk.app.background import MainThread, Pool
from finr1_desk.app.branches import Branches
from finr1_desk.app.conversations import Conversations
from finr1_desk.app.counting import Counting
from finr1_desk.app.drafts import Drafts
from finr1_desk.app.engine_link import EngineLink
from finr1_desk.app.keeping import Keeping
from finr1_desk.app.local_api import LocalApi
from finr1_desk.app.manner import Manner
from finr1_desk.app.model_jobs import ModelJobs
from finr1_desk.app.models import Models
from finr1_desk.app.settings import SettingsController
from finr1_desk.app.store_access import Open, StoreAccess, StoreStatus
from finr1_desk.app.tasks import Tasks
from finr1_desk.app.team_server import TeamServer
from finr1_desk.app.transfers import Transfers
from finr1_desk.core.errors import UserError
from finr1_desk.store.paths import DataPaths, resolve_data_dir

if TYPE_CHECKING:
    from finr1_desk.app.task_runs import TaskRuns

MODELS_WAIT_MS = 1000  # for the list of conversations; a keychain that asks its user lets the models come first
LEAVE_S = 1.5  # what leaving may take at most for the disk


@dataclass(frozen=True)
class Application:
    """The services of one running window."""

    paths: DataPaths
    main: MainThread
    pool: Pool
    settings: SettingsController
    store: StoreAccess
    link: EngineLink
    server: TeamServer
    models: Models
    jobs: ModelJobs
    conversations: Conversations
    manner: Manner
    keeping: Keeping
    answers: Answers
    branches: Branches
    drafts: Drafts
    counting: Counting
    transfers: Transfers
    local_api: LocalApi
    tasks: Tasks
    model_override: Path | None

    def open(self) -> None:
        """Opens the store in the background, then looks for a model; the list of conversations comes first."""
        self.store.changed.connect(self._on_store_changed)
        self.keeping.deleted.connect(self._on_deleted)
        self.settings.changed.connect(lambda _: self._drop_unwanted_snapshots())
        waiting = QTimer(self.main, singleShot=True, interval=MODELS_WAIT_MS)
        waiting.timeout.connect(lambda: self.main.post(self._look_for_models))  # which does nothing after the end
        self.conversations.listed.connect(lambda *_: waiting.setInterval(0) if waiting.isActive() else None)
        waiting.start()
        self.store.open()

    def _look_for_models(self) -> None:
        self.models.find(self.model_override)
        self.jobs.look()

    @cached_property
    def task_runs(self) -> TaskRuns:
        """Runs of a task over a table; made when one is wanted, so that the start need not read tables' libraries."""
        from finr1_desk.app.task_runs import TaskRuns

        return TaskRuns(self.paths, self.models, self.settings, self.link, self.pool)

    def _on_store_changed(self, status: StoreStatus) -> None:
        if isinstance(status, Open):
            self.keeping.read_folded()
            self.conversations.refresh()
            self.conversations.open_last()
            self.drafts.load()
            self._drop_unwanted_snapshots()

    def _on_deleted(self, ids: list[str]) -> None:
        for id in ids:
            self.link.forget(id)

    def _drop_unwanted_snapshots(self) -> None:
        if not self.settings.value.snapshots:
            self.link.forget()
            self.store.run(lambda store: store.snapshots.remove_all())

    def quit(self) -> None:
        """Keeps what is being written, then lets everything go."""
        if isinstance(self.store.status, Open):
            with suppress(UserError, TimeoutError):  # the last save, half a second old, is what stays
                self.answers.keep_everything(LEAVE_S)
                self.drafts.keep_everything(LEAVE_S)
        self.local_api.close()
        self.jobs.close()
        self.main.close()
        self.link.close()
        self.pool.close()
        if "task_runs" in vars(self):
            self.task_runs.close()
        self.store.close()


def build(
    data_dir: Path | None = None, model: Path | None = None, *, settings: SettingsController | None = None
) -> Application:
    """The services over a data folder (None: the user's own).

    `settings` are those of the same folder, where they were read already to paint the window.

    Raises:
        UserError: `DATA_DIR_UNWRITABLE`.
    """
    paths = resolve_data_dir(data_dir)
    main = MainThread()
    pool = Pool(main)
    if settings is None:
        settings = SettingsController(paths)
        settings.load()
    store = StoreAccess(paths, main)
    server = TeamServer(paths, pool)
    link = EngineLink(paths.runtime, main, server.access)
    models = Models(paths, settings, link, pool, server)
    jobs = ModelJobs(paths, settings, main, pool)
    conversations = Conversations(store)
    manner = Manner(store, conversations, settings)
    answers = Answers(store, conversations, models, settings, manner, link)
    return Application(
        paths=paths,
        main=main,
        pool=pool,
        settings=settings,
        store=store,
        link=link,
        server=server,
        models=models,
        jobs=jobs,
        conversations=conversations,
        manner=manner,
        keeping=Keeping(store, conversations),
        answers=answers,
        branches=Branches(store, conversations, answers.live_statuses, answers.is_starting),
        drafts=Drafts(store),
        counting=Counting(conversations, models, settings, manner, link),
        transfers=Transfers(store, pool, conversations),
        local_api=LocalApi(paths, settings, models, pool),
        tasks=Tasks(paths, pool),
        model_override=model,
    )
