"""The result appears under its name complete or not at all, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from finr1_convert import output
from finr1_convert.conversion import convert
from finr1_convert.errors import CancelledError, ConvertError, OutputExistsError
from finr1_convert.gguf_header import read_header
from finr1_convert.output import claim_output
from finr1_convert.progress import Progress
from tests.convert.checkpoints import Variant, make_checkpoint
from tests.convert.conftest import Run

resource = pytest.importorskip("resource", reason="limits, signals and groups of processes as POSIX has them")
PATIENCE_SECONDS = 30.0
LARGE = Variant(hidden=512, feed_forward=2048, layers=8)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that takes seconds to quantise."""
    return make_checkpoint(tmp_path_factory.mktemp("large"), LARGE)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "finr1_convert", *map(str, arguments)]


def _environment() -> dict[str, str]:
    package = str(Path(output.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": package}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_an_existing_file_is_kept_without_force_and_replaced_with_it(checkpoint: Path, out: Path, run: Run) -> None:
    out.write_bytes(b"precious")
    code, _, stderr = run(checkpoint, out)
    assert code == 1
    assert "exists already" in stderr
    assert "--force" in stderr
    assert out.read_bytes() == b"precious"
    assert run(checkpoint, out, "--force")[0] == 0
    assert read_header(out).tensors


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("y", 0)])
def test_on_a_terminal_it_asks_before_it_replaces(answer: str, code: int, checkpoint: Path, out: Path) -> None:
    out.write_bytes(b"precious")
    terminal, end = os.openpty()
    command = _command(checkpoint, out)
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env=_environment()) as process:
        os.close(end)
        said = b""
        while b"[y/N]" not in said:
            said += os.read(terminal, 4096)
        os.write(terminal, f"{answer}\n".encode())
        assert _until_closed(terminal)
        assert process.wait(PATIENCE_SECONDS) == code
    assert b"exists already. Replace it?" in said
    assert (out.read_bytes() == b"precious") == (code == 1)
    assert list(out.parent.iterdir()) == [out]


def _until_closed(terminal: int) -> bytes:
    """What the other end still writes; it would wait for a reader otherwise."""
    said = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            piece = b""
        if not piece:
            os.close(terminal)
            return said
        said += piece


def test_a_failure_keeps_the_file_that_force_would_have_replaced(sharded: Path, out: Path, run: Run) -> None:
    out.write_bytes(b"precious")
    (sharded / "model-00003-of-00003.safetensors").unlink()
    assert run(sharded, out, "--force")[0] == 1
    assert out.read_bytes() == b"precious"


def test_a_target_that_appears_meanwhile_is_not_overwritten(checkpoint: Path, out: Path) -> None:
    def interfere(progress: Progress) -> None:
        out.write_bytes(b"someone else's")

    with pytest.raises(OutputExistsError):
        convert(checkpoint, out, on_progress=interfere)
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    assert out.read_bytes() == b"someone else's"


@pytest.mark.parametrize(
    ("name", "said"), [("model.bin", "does not end in .gguf"), ("no/such/model.gguf", "does not exist")]
)
def test_unusable_targets(name: str, said: str, checkpoint: Path, tmp_path: Path, run: Run) -> None:
    assert said in run(checkpoint, tmp_path / name)[2]


def test_a_folder_is_no_target(checkpoint: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "folder.gguf").mkdir()
    assert "is a folder" in run(checkpoint, tmp_path / "folder.gguf", "--force")[2]


def test_two_conversions_to_one_target(checkpoint: Path, out: Path) -> None:
    with claim_output(out, overwrite=False), pytest.raises(ConvertError, match="another conversion"):
        convert(checkpoint, out)
    convert(checkpoint, out)
    assert list(out.parent.iterdir()) == [out]


def test_leftovers_of_a_killed_run_are_removed_by_the_next(checkpoint: Path, out: Path) -> None:
    for purpose in ("question", "answer", "model", "lock"):
        out.with_name(f".{out.name}.{purpose}.part").write_bytes(b"left behind")
    convert(checkpoint, out)
    assert list(out.parent.iterdir()) == [out]


def test_a_disk_without_room_is_noticed_before_anything_is_written(
    checkpoint: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = type("Usage", (), {"free": 1_000_000})
    monkeypatch.setattr(output.shutil, "disk_usage", lambda path: free)
    reported: list[Progress] = []
    with pytest.raises(ConvertError, match=r"needs 0\.07 GB .* 0\.00 GB are free"):
        convert(checkpoint, out, on_progress=reported.append)
    assert reported == []
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "limit"),
    # Of the quantised type: while llama.cpp is asked, and in the middle of the weights.
    [("f16", 100_000), ("IQ4_XS", 100_000), ("IQ4_XS", 2_000_000)],
)
def test_a_disk_that_fills_up_meanwhile(kind: str, limit: int, large: Path, out: Path) -> None:
    def limited() -> None:
        # A limit on file sizes fails a write in the middle, as a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = _command(large, out, "--type", kind)
    done = subprocess.run(command, preexec_fn=limited, capture_output=True, text=True, env=_environment(), check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: the disk of {out.parent} is full")
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(("kind", "stage"), [("f16", "write"), ("IQ4_XS", "quantise")])
def test_cancelling_leaves_nothing(kind: str, stage: str, large: Path, out: Path) -> None:
    reached: list[Progress] = []
    with pytest.raises(CancelledError):
        convert(large, out, kind, on_progress=reached.append, cancelled=lambda: bool(reached))
    assert reached[-1].stage == stage
    assert reached[-1].done < reached[-1].total
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("part", ["question", "model"])
def test_ctrl_c_cleans_up(sent: signal.Signals, part: str, large: Path, out: Path) -> None:
    command = _command(large, out, "--type", "IQ4_XS", "--threads", "1")
    # A group of its own, which gets the signal as a whole, as from a terminal.
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=_environment(), start_new_session=True) as process:
        _wait_for(lambda: _size(out.with_name(f".{out.name}.{part}.part")) > 0)
        os.killpg(process.pid, sent)
        _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert stderr.decode() == "error: interrupted; nothing was left behind\n"
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("part", ["question", "model"])
def test_kill_9_leaves_nothing_that_looks_like_a_model(part: str, large: Path, out: Path) -> None:
    command = _command(large, out, "--type", "IQ4_XS", "--threads", "1")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=_environment()) as process:
        _wait_for(lambda: _size(out.with_name(f".{out.name}.{part}.part")) > 0)
        process.kill()
    assert list(out.parent.glob("*.gguf")) == []
    assert list(out.parent.glob(".*.part"))
    # The quantising child notices and ends; the next run needs no help to begin afresh.
    convert(large, out, "f16")
    assert list(out.parent.iterdir()) == [out]
    assert read_header(out).tensors
