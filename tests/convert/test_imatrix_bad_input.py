"""Models, texts and matrices that cannot be used: one sentence that says why, one that helps, and no file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter

from finr1_convert.conversion import convert
from finr1_convert.imatrix_file import Entry, ImportanceMatrix, read_imatrix, write_imatrix
from tests.convert.checkpoints import Variant, make_checkpoint
from tests.convert.conftest import Run
from tests.convert.imatrix_models import FOLDER, MODELS, text

resource = pytest.importorskip("resource", reason="limits, signals and groups of processes as POSIX has them")

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wide model's checkpoint, with ``model.gguf`` beside it."""
    folder = make_checkpoint(tmp_path_factory.mktemp("bad"), MODELS["wide"])
    convert(folder, folder.parent / "model.gguf", "f16")
    return folder


def _refused(run: Run, out: Path, *arguments: object) -> tuple[str, str]:
    """Run a command that must fail without leaving anything beside ``out``; its two sentences."""
    before = sorted(out.parent.iterdir())
    code, stdout, stderr = run(*arguments)
    lines = stderr.strip().split("\n")
    assert (code, stdout) == (1, ""), stderr
    assert lines[0].startswith("error: ")
    assert len(lines) <= 2
    assert sorted(out.parent.iterdir()) == before
    return lines[0].removeprefix("error: "), lines[-1].removeprefix("hint: ")


def _other(change: Callable[[ImportanceMatrix], ImportanceMatrix]) -> Callable[[Path], object]:
    return lambda path: write_imatrix(path, change(read_imatrix(FOLDER / "wide.imatrix")))


def _with_entry(matrix: ImportanceMatrix, name: str, columns: int) -> ImportanceMatrix:
    entry = Entry(np.ones(columns, dtype=np.float32), 5)
    return replace(matrix, entries={**matrix.entries, name: entry})


def _without_layer_1(matrix: ImportanceMatrix) -> ImportanceMatrix:
    return replace(matrix, entries={name: e for name, e in matrix.entries.items() if not name.startswith("blk.1.")})


def _experts(path: Path) -> None:
    writer = GGUFWriter(path, "")
    writer.add_string("general.type", "imatrix")
    writer.add_tensor("blk.0.ffn_up_exps.weight.in_sum2", np.ones((4, 256), dtype=np.float32))
    writer.add_tensor("blk.0.ffn_up_exps.weight.counts", np.ones((4, 1), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize(
    ("make", "said", "helped"),
    [
        (lambda path: None, "m.imatrix does not exist", ""),
        (lambda path: path.write_bytes(b"not a matrix at all"), "is no importance matrix", "llama-imatrix"),
        (lambda path: path.write_bytes((FOLDER / "wide.imatrix").read_bytes()[:-900]), "is truncated", "again"),
        (lambda path: path.write_bytes((FOLDER / "wide.dat").read_bytes()[:900]), "is cut off", "llama-imatrix"),
        (lambda path: path.write_bytes((FOLDER / "bos.imatrix").read_bytes()), "of another model", "from this model"),
        (lambda path: path.write_bytes((FOLDER / "bos.dat").read_bytes()), "has 64 columns in it and 256", "imatrix"),
        (_other(_without_layer_1), r"says nothing about blk.1.", "from this model"),
        (_other(lambda m: _with_entry(m, "blk.2.attn_q.weight", 256)), "which this model does not have", "imatrix"),
        (_other(lambda m: _with_entry(m, "blk.1.attn_q.weight", 64)), "64 columns in it and 256 in this", "imatrix"),
        (_experts, "it is of a mixture of experts", "dense Qwen2"),
    ],
)
def test_matrices(
    make: Callable[[Path], object], said: str, helped: str, checkpoint: Path, out: Path, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "m.imatrix"
    make(path)
    arguments = (checkpoint, out, "--type", "IQ2_XS", "--imatrix", path, "--threads", "1")
    message, hint = _refused(run, out, *arguments)
    assert said in message
    assert helped in hint


def test_a_model_is_no_matrix(checkpoint: Path, out: Path, run: Run) -> None:
    arguments = (checkpoint, out, "--type", "Q4_K_M", "--imatrix", checkpoint.parent / "model.gguf")
    assert "is a GGUF, but not an importance matrix" in _refused(run, out, *arguments)[0]


@pytest.mark.parametrize(
    ("arguments", "said", "helped"),
    [
        (("--type", "IQ1_S"), "IQ1_S is useless without an importance matrix", "finr1-convert imatrix"),
        (("--type", "f16", "--imatrix", FOLDER / "wide.imatrix"), "changes nothing in f16", "Q4_K_M"),
        (("--imatrix", FOLDER / "wide.imatrix"), "changes nothing in bf16", "Q4_K_M"),
    ],
)
def test_types_and_matrices_that_do_not_go_together(
    arguments: tuple[object, ...], said: str, helped: str, checkpoint: Path, out: Path, run: Run
) -> None:
    message, hint = _refused(run, out, checkpoint, out, *arguments)
    assert said in message
    assert helped in hint


def _expert_model(path: Path) -> None:
    writer = GGUFWriter(path, "qwen2moe")
    writer.add_expert_count(8)
    writer.add_tensor("blk.0.ffn_norm.weight", np.ones(4, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (lambda path: path.write_bytes(b"no model"), "is not a GGUF file"),
        (lambda path: os.truncate(path, path.stat().st_size // 2), "is truncated"),
        (_expert_model, "is a mixture of experts"),
        (lambda path: path.write_bytes((FOLDER / "wide.imatrix").read_bytes()), "llama.cpp cannot load model.gguf"),
    ],
)
def test_models(damage: Callable[[Path], object], said: str, checkpoint: Path, out: Path, run: Run) -> None:
    model = out.parent / "model.gguf"
    model.write_bytes((checkpoint.parent / "model.gguf").read_bytes())
    damage(model)
    assert said in _refused(run, out, "imatrix", model, out.parent / "out.imatrix")[0]


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (None, (), "cannot be read"),
        (b"caf\xe9" * 900, (), "is not UTF-8"),
        (b"short", (), "tokens, and 1024 are needed with chunks of 512"),
        (text().encode(), ("--ctx", "5000"), "was trained on 4096"),
        (text().encode(), ("--ctx", "1"), "chunks of 1 tokens"),
    ],
)
def test_texts(
    content: bytes | None, options: tuple[str, ...], said: str, checkpoint: Path, out: Path, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "text"
    if content is not None:
        path.write_bytes(content)
    arguments = (checkpoint.parent / "model.gguf", out, "--text", path, *options)
    message, hint = _refused(run, out, "imatrix", *arguments)
    assert said in message
    assert hint or "cannot be read" in message


def test_targets(checkpoint: Path, out: Path, run: Run) -> None:
    model = checkpoint.parent / "model.gguf"
    out.write_bytes(b"precious")
    assert "exists already" in _refused(run, out, "imatrix", model, out)[0]
    assert out.read_bytes() == b"precious"
    assert "is the model itself" in _refused(run, out, "imatrix", model, model, "--force")[0]
    assert "does not exist" in _refused(run, out, "imatrix", model, out.parent / "no" / "out")[0]


@pytest.mark.parametrize("arguments", [("imatrix",), ("imatrix", "a"), ("imatrix", "a", "b", "--chunks", "-1")])
def test_wrong_usage(arguments: tuple[str, ...], run: Run) -> None:
    code, stdout, stderr = run(*arguments)
    assert (code, stdout) == (2, "")
    assert "usage: finr1-convert imatrix" in stderr


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A command that takes long enough to be hit in the middle; its target is to be added."""
    folder = tmp_path_factory.mktemp("slow")
    convert(make_checkpoint(folder, Variant(hidden=256, feed_forward=2048, layers=8)), folder / "model.gguf", "f16")
    (folder / "text").write_text(text() * 60, encoding="utf-8")
    model, corpus = str(folder / "model.gguf"), str(folder / "text")
    return [sys.executable, "-m", "finr1_convert", "imatrix", model, "--text", corpus, "--threads", "1"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "convert")}


def _wait_for_lock(out: Path) -> None:
    lock = out.with_name(f".{out.name}.lock.part")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not lock.exists():
        assert time.monotonic() < deadline, "the command did not begin"
        time.sleep(0.01)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cleans_up(sent: signal.Signals, slow: list[str], out: Path) -> None:
    command = [*slow, str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=_environment(), start_new_session=True) as process:
        _wait_for_lock(out)
        os.killpg(process.pid, sent)
        _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert stderr.decode() == "error: interrupted; nothing was left behind\n"
    assert list(out.parent.iterdir()) == []


def test_kill_9_leaves_nothing_under_the_targets_name(slow: list[str], out: Path, run: Run) -> None:
    with subprocess.Popen([*slow, str(out)], stderr=subprocess.DEVNULL, env=_environment()) as process:
        _wait_for_lock(out)
        process.kill()
    assert not out.exists()
    model, corpus = slow[4], slow[6]
    status, _, said = run("imatrix", model, out, "--text", corpus, "--chunks", "1", "--threads", "1")
    assert status == 0, said
    assert list(out.parent.iterdir()) == [out]


def test_a_disk_that_fills_up(checkpoint: Path, out: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "text"
    corpus.write_text(text(), encoding="utf-8")
    program = [sys.executable, "-m", "finr1_convert", "imatrix", str(checkpoint.parent / "model.gguf"), str(out)]

    def limited() -> None:
        # A limit on file sizes fails a write in the middle, as a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(
        [*program, "--text", str(corpus), "--threads", "1"],
        preexec_fn=limited,
        capture_output=True,
        text=True,
        env=_environment(),
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: the disk of {out.parent} is full")
    assert list(out.parent.iterdir()) == []
