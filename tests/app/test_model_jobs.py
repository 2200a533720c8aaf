"""Jobs with models go on in processes of their own: fetched, paused, taken up, converted, copied; told as they go."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.app.model_jobs import Job, JobKind, ModelJobs
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.catalogue import Conversion, load_catalogue
from finr1_desk.library.discovery import built_in_model
from finr1_desk.library.download.origins import Origins
from finr1_desk.store.secrets import Secrets
from tests.convert.checkpoints import make_checkpoint
from tests.helpers.hub_server import HubServer, running
from tests.library.downloading import FILE, REPOSITORY, contents
from tests.library.test_discovery import write

WAIT_MS = 60_000
SIZE = 6_000_000


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with running(HubServer({REPOSITORY: {FILE: contents(SIZE)}})) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", server.endpoint)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        yield server


@pytest.fixture
def application(start: Callable[..., Application], hub: HubServer) -> Application:
    return start(built_in_model())


@pytest.fixture
def wanted() -> Conversion:
    found = load_catalogue().find(REPOSITORY, "Q5_K_M")
    assert found is not None
    return found


class Told:
    """What the jobs said."""

    def __init__(self, jobs: ModelJobs) -> None:
        self.jobs: list[Job] = []
        self.arrived: list[Path] = []
        self.errors: list[UserError] = []
        jobs.changed.connect(lambda job: self.jobs.append(job) if job is not None else None)
        jobs.arrived.connect(self.arrived.extend)
        jobs.failed.connect(self.errors.append)


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)


def test_nothing_is_contacted_before_it_is_asked_for(qtbot: QtBot, application: Application, hub: HubServer) -> None:
    with qtbot.waitSignal(application.jobs.advised, timeout=WAIT_MS) as advised:
        application.jobs.advise()
    assert advised.args[0].advice.recommended is not None
    assert hub.seen == []


def test_a_download_is_paused_and_taken_up(
    qtbot: QtBot, application: Application, hub: HubServer, wanted: Conversion
) -> None:
    jobs, told = application.jobs, Told(application.jobs)
    hub.pause_s = 0.02
    jobs.download(wanted)
    jobs.download(wanted)  # one at a time: the second is not begun
    until(qtbot, lambda: any(job.done > 0 for job in told.jobs))
    jobs.pause()
    until(qtbot, lambda: not jobs.busy and bool(jobs.left))
    (left,) = jobs.left
    assert 0 < left.done_bytes < SIZE
    assert told.arrived == []
    hub.pause_s = 0
    before = len(hub.fetched())
    jobs.resume(left)
    until(qtbot, lambda: bool(told.arrived))
    path = application.paths.models / FILE
    assert told.arrived == [path]
    assert path.read_bytes() == contents(SIZE)
    assert [seen.range for seen in hub.fetched()[before:]] == [f"bytes={left.done_bytes}-"]
    assert told.errors == []
    until(qtbot, lambda: jobs.left == [])


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has ended, and waits to be reaped
        return ""


def test_one_that_died_is_told_and_kept(
    qtbot: QtBot, application: Application, hub: HubServer, wanted: Conversion
) -> None:
    jobs, told = application.jobs, Told(application.jobs)
    hub.pause_s = 0.02
    jobs.download(wanted)
    until(qtbot, lambda: any(job.done > 0 for job in told.jobs))
    (process,) = [child for child in psutil.Process().children() if "download_process" in _command(child)]
    os.kill(process.pid, signal.SIGKILL)
    until(qtbot, lambda: bool(told.errors) and bool(jobs.left))
    assert told.errors[0].code is ErrorCode.DOWNLOAD_CRASHED
    assert jobs.left[0].done_bytes > 0
    jobs.discard(jobs.left[0])
    until(qtbot, lambda: jobs.left == [])
    assert not list(application.paths.models.rglob("*.part"))


@pytest.mark.slow
def test_it_ends_with_the_application(
    qtbot: QtBot, application: Application, hub: HubServer, wanted: Conversion
) -> None:
    told = Told(application.jobs)
    hub.pause_s = 0.02
    application.jobs.download(wanted)
    until(qtbot, lambda: any(job.done > 0 for job in told.jobs))
    application.jobs.close()
    assert not [p for p in psutil.Process().children() if "download_process" in _command(p)]
    assert list(application.paths.models.rglob("*.part"))


@pytest.mark.slow
def test_a_failure_is_told_and_the_mirror_is_offered(
    qtbot: QtBot, application: Application, wanted: Conversion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    jobs, told = application.jobs, Told(application.jobs)
    jobs.download(wanted)
    until(qtbot, lambda: bool(told.errors))
    assert told.errors[0].code is ErrorCode.DOWNLOAD_UNREACHABLE
    assert jobs.may_try_mirror(told.errors[0])
    jobs.try_mirror()
    assert application.settings.value.hub == "mirror"
    until(qtbot, lambda: len(told.errors) == 2)
    assert told.errors[1].params["host"] == "hf-mirror.com"
    assert not jobs.may_try_mirror(told.errors[1])


@pytest.mark.slow
def test_the_access_key_is_kept_for_its_hub(
    qtbot: QtBot, application: Application, hub: HubServer, wanted: Conversion
) -> None:
    hub.secret = "hf_secret"
    host = hub.endpoint.removeprefix("http://")
    application.jobs.keep_token(host, "hf_secret")
    until(qtbot, lambda: Secrets(application.paths).get("hub", host) == "hf_secret")
    told = Told(application.jobs)
    application.jobs.download(wanted)
    until(qtbot, lambda: bool(told.arrived))
    assert {seen.authorization for seen in hub.seen if seen.where == "contents"} == {""}


def test_a_checkpoint_is_fetched_and_converted(
    qtbot: QtBot, application: Application, hub: HubServer, tmp_path: Path
) -> None:
    folder = make_checkpoint(tmp_path)
    hub.repositories["AI-ModelScope/Fin-R1"] = {path.name: path.read_bytes() for path in folder.iterdir()}
    jobs, told = application.jobs, Told(application.jobs)
    jobs.download_checkpoint("Q8_0", model_scope=True)
    until(qtbot, lambda: bool(told.arrived) or bool(told.errors))
    path = application.paths.models / "Fin-R1-Q8_0.gguf"
    assert told.errors == []
    assert told.arrived == [path]
    assert {job.kind for job in told.jobs} == {JobKind.DOWNLOAD, JobKind.CONVERT}
    assert any(job.kind is JobKind.CONVERT and job.total > 0 for job in told.jobs)
    until(qtbot, lambda: Origins(application.paths.models).of(path.name) is not None)


def test_a_folder_that_is_no_checkpoint_is_told(qtbot: QtBot, application: Application, tmp_path: Path) -> None:
    told = Told(application.jobs)
    (tmp_path / "empty").mkdir()
    application.jobs.convert(tmp_path / "empty", "Q8_0")
    until(qtbot, lambda: bool(told.errors))
    assert told.errors[0].code is ErrorCode.CONVERSION_FAILED
    assert "config.json" in str(told.errors[0].params["reason"])


def test_a_model_is_copied_from_a_drive(qtbot: QtBot, application: Application, tmp_path: Path) -> None:
    drive = write(tmp_path / "drive/Fin-R1.gguf")
    told = Told(application.jobs)
    with qtbot.waitSignal(application.jobs.checked, timeout=WAIT_MS) as checked:
        application.jobs.copy_in(drive)
    assert checked.args[0].identity.is_fin_r1
    until(qtbot, lambda: told.arrived == [application.paths.models / "Fin-R1.gguf"])
    application.jobs.copy_in(tmp_path / "nothing.gguf")
    until(qtbot, lambda: bool(told.errors))
    assert told.errors[0].code is ErrorCode.MODEL_NOT_FOUND
