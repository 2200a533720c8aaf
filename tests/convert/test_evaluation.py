"""Text becomes chunks and logits as llama.cpp's own tools have it, and a worker's failure reaches its parent."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from finr1_convert.conversion import convert
from finr1_convert.errors import CancelledError, ConvertError
from finr1_convert.evaluation import Evaluator, LlamaLog, Window, read_text
from finr1_convert.worker_process import Message, run_worker_process
from tests.convert.checkpoints import Variant, make_checkpoint

TEXT = "the revenue of the company 净利润增长 is 12.5 and the rate <|im_end|> increased\n" * 20


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation")
    convert(make_checkpoint(folder), folder / "model.gguf", "f32")
    return folder / "model.gguf"


@pytest.fixture(scope="module")
def log() -> LlamaLog:
    return LlamaLog()


def test_chunks_hold_the_text_in_order_and_leave_its_end_out(model: Path, log: LlamaLog) -> None:
    with Evaluator(model, Window(context=64), log, 1) as evaluator:
        tokens = evaluator.tokenise(TEXT)
        chunks = evaluator.chunks(tokens)
        assert chunks.shape == (len(tokens) // 64, 64)
        assert chunks.ravel().tolist() == tokens[: chunks.size].tolist()
        assert evaluator.chunks(tokens, 3).tolist() == chunks[:3].tolist()
        assert len(evaluator.tokenise("<|im_end|>")) > 1, "typed text must not become a control token"
        with pytest.raises(ConvertError, match="the text has 127 tokens, and 128 are needed"):
            evaluator.chunks(tokens[:127])


@pytest.mark.parametrize("window", [Window(64, 32, batch=24, micro_batch=8), Window(64, 32, batch=256)])
def test_logits_are_the_same_however_the_chunks_are_batched(window: Window, model: Path, log: LlamaLog) -> None:
    with Evaluator(model, Window(context=64, batch=64), log, 1) as evaluator:
        chunks = evaluator.chunks(evaluator.tokenise(TEXT), 5)
        expected = np.stack([piece.logits.copy() for piece in evaluator.logits(chunks)])
    seen = np.full_like(expected, np.nan)
    with Evaluator(model, window, log, 1) as evaluator:
        for piece in evaluator.logits(chunks):
            seen[piece.chunk, piece.position : piece.position + len(piece.logits)] = piece.logits
    assert np.isnan(seen[:, :32]).all(), "logits before the first position asked for"
    # The cache holds f16, so another batch shape shows in the third digit; another position or chunk is off by 1.
    np.testing.assert_allclose(seen[:, 32:], expected[:, 32:], atol=0.01)


def test_each_chunk_begins_with_bos_where_the_vocabulary_asks_for_it(tmp_path: Path, log: LlamaLog) -> None:
    convert(make_checkpoint(tmp_path, Variant(deepseek=True)), tmp_path / "model.gguf", "f32")
    with Evaluator(tmp_path / "model.gguf", Window(context=32), log, 1) as evaluator:
        tokens = evaluator.tokenise(TEXT)
        chunks = evaluator.chunks(tokens, 2)
        with_bos = chunks.copy()
        with_bos[:, 0] = tokens[0]
        pieces = [piece.logits.copy() for piece in evaluator.logits(chunks)]
        assert np.array_equal(pieces, [piece.logits.copy() for piece in evaluator.logits(with_bos)])
        assert evaluator.tokenise("x")[0] == tokens[0] != chunks[1, 0]


@pytest.mark.parametrize("context", [1, 4097])
def test_a_context_that_does_not_suit_the_model(context: int, model: Path, log: LlamaLog) -> None:
    with pytest.raises(ConvertError, match="was trained on 4096"), Evaluator(model, Window(context=context), log):
        pass


def test_a_file_that_is_no_model(tmp_path: Path, log: LlamaLog) -> None:
    (tmp_path / "x.gguf").write_bytes(b"no model")
    with (
        pytest.raises(ConvertError, match=r"llama\.cpp cannot load x\.gguf: \w"),
        Evaluator(tmp_path / "x.gguf", Window(), log),
    ):
        pass


def test_texts_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(ConvertError, match=r"is not UTF-8 \(byte 3\)"):
        read_text(tmp_path / "latin")
    with pytest.raises(ConvertError, match="cannot be read"):
        read_text(tmp_path / "nowhere")
    (tmp_path / "text").write_bytes(b"one\r\n\n")
    assert read_text(tmp_path / "text") == "one\r\n"


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules count as part of the package in child processes."""
    package = tmp_path / "finr1_convert"
    package.mkdir()
    (package / "__init__.py").touch()
    source = Path(__file__).parents[2] / "convert" / "finr1_convert"
    for name in ("worker.py", "errors.py"):
        (package / name).write_text((source / name).read_text())
    monkeypatch.setattr("finr1_convert.worker_process.__file__", str(package / "worker_process.py"))
    return package


def _write_worker(workers: Path, body: str) -> None:
    (workers / "play.py").write_text(
        "import os, sys, time\nfrom finr1_convert.errors import ConvertError\n"
        "from finr1_convert.worker import run_worker\n\ndef work(parent, arguments):\n"
        + "".join(f"    {line}\n" for line in body.splitlines())
        + "\nrun_worker(work)\n"
    )


def test_a_workers_messages_and_failure_arrive(workers: Path) -> None:
    _write_worker(workers, "parent.tell(arguments=arguments)\nraise ConvertError('it is broken', 'mend it')")
    seen: list[Message] = []
    with pytest.raises(ConvertError, match="it is broken") as caught:
        run_worker_process("play", ["a", "b"], "playing", seen.append, lambda: False)
    assert seen == [{"arguments": ["a", "b"]}]
    assert caught.value.hint == "mend it"


def test_a_worker_that_aborts_becomes_a_sentence(workers: Path) -> None:
    _write_worker(workers, "os.abort()")
    with pytest.raises(ConvertError, match="ended with signal 6 while playing"):
        run_worker_process("play", [], "playing", lambda message: None, lambda: False)


def test_a_cancelled_worker_is_gone(workers: Path) -> None:
    _write_worker(workers, "parent.tell(pid=os.getpid())\ntime.sleep(600)")
    seen: list[Message] = []
    with pytest.raises(CancelledError):
        run_worker_process("play", [], "playing", seen.append, lambda: bool(seen))
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0]["pid"], signal.SIG_DFL)
