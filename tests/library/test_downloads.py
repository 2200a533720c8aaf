"""Downloads arrive whole and verified, go on where they broke off, and say in words what went wrong."""

from __future__ import annotations

import random
import resource
import sys
from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.download.job import Stop
from finr1_desk.library.download.journal import FOLDER, Journal, Kind
from finr1_desk.library.download.origins import Origins
from finr1_desk.library.download.progress import Meter, Phase, Progress
from finr1_desk.library.download.transfer import StoppedError
from finr1_desk.library.hub.address import Hub, HubKind
from finr1_desk.library.hub.session import Token
from finr1_desk.store.file_lock import locked
from tests.helpers.hub_server import Fault
from tests.library.downloading import CHECKPOINT, FILE, REPOSITORY, SIZE, Setting, contents, hub, setting

__all__ = ["hub", "setting"]  # fixtures
CHUNK = 64 * 1024


def code_of(caught: pytest.ExceptionInfo[UserError]) -> ErrorCode:
    return caught.value.code


def left(setting: Setting) -> list[str]:
    """Names of files and folders of unfinished downloads."""
    folder = setting.models / FOLDER
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) if folder.exists() else []


def test_a_file_arrives_and_is_verified(setting: Setting) -> None:
    (path,) = setting.fetch()
    assert path == setting.models / FILE
    assert path.read_bytes() == contents()
    sha256 = setting.hub.sha256(REPOSITORY, FILE)
    assert setting.hashes.known(path) == sha256  # hashed while it came, and not again
    origin = Origins(setting.models).of(FILE)
    assert origin is not None
    assert (origin.repository, origin.revision, origin.sha256) == (REPOSITORY, setting.hub.commit, sha256)
    assert left(setting) == []
    assert [seen.sent for seen in setting.hub.fetched()] == [SIZE]
    assert setting.progress[-1].done == setting.progress[-1].total == SIZE


def test_the_quantisation_is_enough(setting: Setting) -> None:
    (path,) = setting.fetch(file="", quantisation="Q5_K_M")
    assert path.name == FILE
    with pytest.raises(UserError) as caught:
        setting.fetch(file="", quantisation="Q8_0")
    assert code_of(caught) is ErrorCode.DOWNLOAD_NOT_FOUND


def test_all_parts_of_a_split_model_are_fetched(setting: Setting) -> None:
    parts = {f"Fin-R1-Q8_0-0000{n}-of-00003.gguf": contents(50_000, n) for n in (1, 2, 3)}
    setting.hub.repositories[REPOSITORY] |= parts
    paths = setting.fetch(file="", quantisation="Q8_0")
    assert {path.name: path.read_bytes() for path in paths} == parts


@pytest.mark.parametrize("reset", [False, True])
def test_a_broken_connection_is_taken_up_where_it_broke(setting: Setting, reset: bool) -> None:
    setting.hub.faults.extend(Fault(after_bytes=700_000, reset=reset) for _ in range(3))
    (path,) = setting.fetch()
    assert path.read_bytes() == contents()
    fetched = setting.hub.fetched()
    assert len(fetched) == 4
    assert not fetched[0].range
    if not reset:  # what a reset throws away of what was sent is the system's business
        assert sum(seen.sent for seen in fetched) == SIZE
        assert [seen.range for seen in fetched[1:]] == [f"bytes={n}-" for n in (700_000, 1_400_000, 2_100_000)]
    assert Phase.WAITING in {progress.phase for progress in setting.progress}


def interrupted(setting: Setting, times: int, seed: int) -> None:
    """A download that breaks off at random bytes, between runs and within them, and is right in the end."""
    chance = random.Random(seed)
    content = contents(400_000, seed)
    setting.hub.repositories[REPOSITORY] = {FILE: content}
    for _ in range(times):
        setting.hub.faults.append(Fault(after_bytes=chance.randrange(0, 120_000)))
    starts = len(setting.hub.seen)
    for _ in range(times + 1):
        stop = Stop()
        at = chance.randrange(0, 400_000)

        def tell(progress: Progress, stop: Stop = stop, at: int = at) -> None:
            if chance.random() < 0.3 and progress.done >= at:
                stop.set()

        downloader = setting.downloader(stop=stop)
        downloader._tell = tell
        try:
            (path,) = downloader.fetch(setting.wish())
            break
        except StoppedError:
            continue
    else:
        (path,) = setting.fetch()
    assert path.read_bytes() == content
    spans = []
    for seen in setting.hub.seen[starts:]:
        if seen.where == "contents" and seen.sent:
            first = int(seen.range.removeprefix("bytes=").rstrip("-") or 0)
            spans.append((first, first + seen.sent))
    have = 0
    for first, end in spans:  # a pause leaves in the connection what was sent and not read: at most what it holds
        assert first <= have
        have = max(have, end)
    path.unlink()


def test_interrupted_downloads_arrive(setting: Setting) -> None:
    for seed in range(10):
        interrupted(setting, 3, seed)


@pytest.mark.slow
def test_two_hundred_interrupted_downloads_fetch_no_byte_twice(setting: Setting) -> None:
    """Beyond one chunk: what the server sent is what the file has, but for a chunk at each break."""
    chance = random.Random(7)
    for number in range(200):
        content = contents(chance.randrange(100_000, 900_000), number)
        setting.hub.repositories[REPOSITORY] = {FILE: content}
        before = len(setting.hub.fetched())
        breaks = chance.randrange(1, 8)
        setting.hub.faults.extend(Fault(after_bytes=chance.randrange(1, len(content))) for _ in range(breaks))
        (path,) = setting.fetch()
        setting.hub.faults.clear()
        assert path.read_bytes() == content
        assert setting.hashes.known(path) == setting.hub.sha256(REPOSITORY, FILE)
        sent = sum(seen.sent for seen in setting.hub.fetched()[before:])
        assert len(content) <= sent <= len(content) + CHUNK
        path.unlink()


def test_a_pause_keeps_what_has_come(setting: Setting) -> None:
    stop = Stop()
    setting.hub.pause_s = 0.02
    downloader = setting.downloader(stop=stop)
    downloader._tell = lambda progress: stop.set() if progress.done > 0 else None
    with pytest.raises(StoppedError):
        downloader.fetch(setting.wish())
    (unfinished,) = Journal(setting.models).unfinished()
    assert 0 < unfinished.done_bytes < SIZE
    assert unfinished.download.repository.name == REPOSITORY
    setting.hub.pause_s = 0
    before = len(setting.hub.fetched())
    (path,) = setting.downloader().resume(unfinished.download.id)
    assert path.read_bytes() == contents()
    assert setting.hub.fetched()[before].range == f"bytes={unfinished.done_bytes}-"
    assert list(Journal(setting.models).unfinished()) == []


def test_a_damaged_part_is_fetched_once_more(setting: Setting) -> None:
    setting.hub.faults.append(Fault(spoilt=True))
    (path,) = setting.fetch()
    assert path.read_bytes() == contents()
    assert len(setting.hub.fetched()) == 2


def test_wrong_contents_are_never_used(setting: Setting) -> None:
    setting.hub.faults.extend(Fault(spoilt=True) for _ in range(2))
    with pytest.raises(UserError) as caught:
        setting.fetch()
    assert code_of(caught) is ErrorCode.DOWNLOAD_DAMAGED
    assert list(setting.models.glob("*.gguf")) == []
    (unfinished,) = Journal(setting.models).unfinished()
    assert unfinished.done_bytes == 0
    assert UserError.from_json(unfinished.download.error) is not None


def test_a_mirror_cannot_pass_off_another_file_as_a_known_one(setting: Setting) -> None:
    name = "SUFE-AIFLM-Lab_Fin-R1-Q4_K_M.gguf"  # whose hash the catalogue has
    setting.hub.repositories[REPOSITORY] = {name: contents()}
    with pytest.raises(UserError) as caught:
        setting.fetch(file=name)
    assert code_of(caught) is ErrorCode.DOWNLOAD_DAMAGED
    assert setting.hub.fetched() == []


def test_a_server_that_knows_no_ranges_sends_all_of_it_again(setting: Setting) -> None:
    setting.hub.faults.extend([Fault(after_bytes=500_000), Fault(whole=True)])
    (path,) = setting.fetch()
    assert path.read_bytes() == contents()


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("where", ["hub", "contents"])
def test_a_busy_server_is_waited_for(setting: Setting, status: int, where: str) -> None:
    setting.hub.faults.extend(Fault(where, status=status, retry_after="0") for _ in range(2))
    (path,) = setting.fetch()
    assert path.read_bytes() == contents()
    assert sum(progress.phase is Phase.WAITING for progress in setting.progress) == 2


def test_it_waits_as_long_as_it_is_told(setting: Setting) -> None:
    setting.hub.faults.append(Fault("hub", status=429, retry_after="1"))
    setting.fetch()
    assert [progress.wait_s for progress in setting.progress if progress.phase is Phase.WAITING] == [1.0]
    setting.hub.faults.append(Fault("hub", status=429, retry_after="90000"))
    with pytest.raises(UserError) as caught:
        setting.fetch()
    assert code_of(caught) is ErrorCode.DOWNLOAD_BUSY


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("contents", status=404), ErrorCode.DOWNLOAD_NOT_FOUND),
        (Fault("contents", status=403), ErrorCode.DOWNLOAD_REFUSED),
        (Fault("hub", status=401), ErrorCode.DOWNLOAD_REFUSED),
        (Fault("contents", redirect="http://example.com/f"), ErrorCode.DOWNLOAD_REFUSED),  # in the clear
    ],
)
def test_what_waiting_does_not_help_is_told_at_once(setting: Setting, fault: Fault, code: ErrorCode) -> None:
    setting.hub.faults.append(fault)
    with pytest.raises(UserError) as caught:
        setting.fetch()
    assert code_of(caught) is code
    assert Phase.WAITING not in {progress.phase for progress in setting.progress}


def test_a_repository_that_is_not_there(setting: Setting) -> None:
    with pytest.raises(UserError) as caught:
        setting.fetch(repository="nobody/Nothing")
    assert code_of(caught) is ErrorCode.DOWNLOAD_NOT_FOUND
    for name in ("nobody", "../etc/passwd", "a/b/c", "a b/c", "a/.."):
        with pytest.raises(UserError) as caught:
            setting.fetch(repository=name)
        assert code_of(caught) is ErrorCode.BAD_VALUE


def test_a_server_that_stays_away_is_given_up(setting: Setting) -> None:
    setting.hub.faults.extend(Fault(status=503) for _ in range(9))
    with pytest.raises(UserError) as caught:
        setting.fetch()
    assert code_of(caught) is ErrorCode.DOWNLOAD_BUSY
    setting.hub.faults.clear()
    nobody = Hub(HubKind.HUGGING_FACE, "http://127.0.0.1:9")
    with pytest.raises(UserError) as caught:
        setting.fetch(hub=nobody)
    assert code_of(caught) is ErrorCode.DOWNLOAD_UNREACHABLE


def test_nothing_is_asked_where_the_environment_forbids_it(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError) as caught:
        setting.fetch()
    assert code_of(caught) is ErrorCode.DOWNLOAD_UNREACHABLE
    assert setting.hub.seen == []


def test_the_token_goes_to_its_host_only(setting: Setting) -> None:
    setting.hub.secret = "hf_secret"
    host = setting.hub.endpoint.removeprefix("http://")
    with pytest.raises(UserError) as caught:
        setting.fetch()
    assert code_of(caught) is ErrorCode.DOWNLOAD_REFUSED
    with pytest.raises(UserError):
        setting.downloader(token=Token("huggingface.co", "hf_secret")).fetch(setting.wish())
    assert {seen.authorization for seen in setting.hub.seen} == {""}
    setting.downloader(token=Token(host, "hf_secret")).fetch(setting.wish())
    with_it = {seen.where for seen in setting.hub.seen if seen.authorization}
    assert with_it == {"hub"}  # and never to where the contents are
    assert "hf_secret" not in repr(Token(host, "hf_secret"))


def test_one_that_is_running_is_not_started_again(setting: Setting) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(StoppedError):
        setting.downloader(stop=stop).fetch(setting.wish())
    (unfinished,) = Journal(setting.models).unfinished()
    with locked(Journal(setting.models).lock(unfinished.download.id), 1), pytest.raises(UserError) as caught:
        setting.fetch()
    assert code_of(caught) is ErrorCode.DOWNLOAD_RUNNING


def test_a_file_that_the_hub_replaced_is_begun_anew(setting: Setting) -> None:
    setting.hub.faults.append(Fault(after_bytes=1_000_000))
    setting.hub.faults.extend(Fault(status=500) for _ in range(9))
    with pytest.raises(UserError):
        setting.fetch()
    setting.hub.faults.clear()
    setting.hub.repositories[REPOSITORY][FILE] = newer = contents(seed=2)
    (path,) = setting.fetch()
    assert path.read_bytes() == newer


def test_another_file_of_that_name_stays(setting: Setting) -> None:
    (setting.models / FILE).write_bytes(b"mine")
    (path,) = setting.fetch()
    assert path.name == FILE.replace(".gguf", "-2.gguf")
    assert (setting.models / FILE).read_bytes() == b"mine"
    assert setting.fetch() == [path]  # the same contents again need no third


def test_room_is_looked_at_first(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(setting.models)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(UserError) as caught:
        setting.fetch()
    assert code_of(caught) is ErrorCode.DOWNLOAD_NO_ROOM
    assert caught.value.params["free_bytes"] == 1_000_000
    assert setting.hub.fetched() == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_disk_that_fills_up_is_told_and_what_has_come_is_kept(setting: Setting) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(UserError) as caught:
            setting.fetch()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code_of(caught) is ErrorCode.DOWNLOAD_NO_ROOM
    (unfinished,) = Journal(setting.models).unfinished()
    assert unfinished.done_bytes == 1_000_000
    (path,) = setting.fetch()
    assert path.read_bytes() == contents()


# -- the published checkpoint

FILES = {
    "config.json": b"{}",
    "model-00001-of-00002.safetensors": contents(200_000, 3),
    "model-00002-of-00002.safetensors": contents(100_000, 4),
    "tokenizer.json": contents(5_000, 5),
    "README.md": b"# Fin-R1",
    "pytorch_model.bin": b"pickle",
    "Images/picture.png": b"png",
}


@pytest.mark.parametrize("kind", list(HubKind))
def test_a_checkpoint_is_fetched_from_either_hub(setting: Setting, kind: HubKind) -> None:
    setting.hub.repositories[CHECKPOINT] = FILES
    setting.hub.faults.append(Fault(after_bytes=50_000))
    where = Hub(kind, setting.hub.endpoint)
    (folder,) = setting.fetch(repository=CHECKPOINT, kind=Kind.CHECKPOINT, hub=where, file="")
    assert folder == setting.models / "checkpoints" / "Fin-R1"
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert found == {name: FILES[name] for name in FILES if not name.endswith((".bin", ".png"))}


def test_paths_of_a_repository_stay_below_the_folder(setting: Setting, tmp_path: Path) -> None:
    evil = {"../../evil.safetensors": b"x" * 2000, "a\\b.safetensors": b"y" * 2000}
    setting.hub.repositories[CHECKPOINT] = FILES | evil
    (folder,) = setting.fetch(repository=CHECKPOINT, kind=Kind.CHECKPOINT, file="")
    assert not any(path.name.startswith(("evil", "a\\b")) for path in tmp_path.rglob("*"))
    assert folder.is_relative_to(setting.models)


# -- small things


def test_speed_and_time_left_are_told() -> None:
    now = [0.0]
    told: list[Progress] = []
    meter = Meter(told.append, 1000, clock=lambda: now[0])
    meter.start(Phase.FETCHING, "f")
    for _ in range(8):
        now[0] += 1
        meter.fetched(100)
    assert told[-1].bytes_per_s == pytest.approx(100)
    assert told[-1].left_s == pytest.approx(2)
    assert (told[-1].done, told[-1].total) == (800, 1000)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": "finr1-download", "version": 2}'])
def test_a_damaged_journal_is_no_download(setting: Setting, damage: str) -> None:
    folder = setting.models / FOLDER / "x"
    folder.mkdir(parents=True)
    (folder / "download.json").write_text(damage)
    assert list(Journal(setting.models).unfinished()) == []
    with pytest.raises(UserError):
        setting.downloader().resume("x")
