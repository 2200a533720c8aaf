"""Quantised files are, byte for byte, what llama.cpp makes of the float file, and its failures become sentences."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Callable
from pathlib import Path

import llama_cpp
import numpy as np
import psutil
import pytest

from finr1_convert import quantise_stream
from finr1_convert.checkpoint import open_checkpoint
from finr1_convert.conversion import convert, examine
from finr1_convert.errors import ConvertError
from finr1_convert.file_types import QUANTISED_TYPES, FileType, file_type
from finr1_convert.gguf_header import read_header
from finr1_convert.progress import Progress
from finr1_convert.quantise_plan import QuantisationPlan, first_rows, read_plan
from finr1_convert.quantise_stream import write_quantised
from finr1_convert.quantise_worker import ask_llama_cpp
from finr1_convert.qwen2 import model_tensors, read_config
from finr1_convert.writer import write_gguf
from tests.convert.checkpoints import Variant, make_checkpoint, random_weights, write_safetensors

# Layers enough for every rule of llama.cpp's that goes by the layer, rows of whole 256-value blocks as K-quants need.
DEEP = Variant(hidden=256, feed_forward=256, layers=16, heads=8, key_value_heads=2, shards=3)
# Rows that no block divides, tied embeddings, and every float type.
ODD = Variant(hidden=72, heads=6, feed_forward=96, tied=True, dtypes=("BF16", "F16", "F32"))
Q4_K_M = file_type("Q4_K_M")


@pytest.fixture(scope="module", params=[DEEP, ODD, Variant(dtypes=("F16",))], ids=["deep", "odd", "f16"])
def shaped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Checkpoints of several shapes, each with its float GGUF."""
    folder = tmp_path_factory.mktemp("shaped")
    checkpoint, unquantised = make_checkpoint(folder, request.param), folder / "float.gguf"
    convert(checkpoint, unquantised)
    return checkpoint, unquantised


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("deep"), DEEP)


@llama_cpp.llama_log_callback
def _silent(level: int, text: bytes, data: ctypes.c_void_p) -> None:
    """llama.cpp logs every tensor; nobody reads it here."""


def _by_llama_cpp(source: Path, target: Path, number: int) -> bytes:
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = number
    parameters.nthread = 2
    llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
    assert llama_cpp.llama_model_quantize(bytes(source), bytes(target), ctypes.byref(parameters)) == 0
    return target.read_bytes()


@pytest.mark.parametrize(
    "kind", [kind for kind in QUANTISED_TYPES if not kind.needs_imatrix], ids=lambda kind: kind.name
)
def test_equals_llama_cpps_quantisation_of_the_float_file(
    kind: FileType, shaped: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    checkpoint, unquantised = shaped
    result = convert(checkpoint, out, kind.name, threads=2)
    assert out.read_bytes() == _by_llama_cpp(unquantised, tmp_path / "expected.gguf", kind.number)
    assert result.bytes == out.stat().st_size
    assert read_header(out).keys["general.file_type"] == kind.number
    assert list(out.parent.iterdir()) == [out]


def _plan(checkpoint: Path, folder: Path, kind: FileType = Q4_K_M) -> QuantisationPlan:
    question, answer = folder / "question.part", folder / "answer.part"
    examined = examine(checkpoint)
    asked = first_rows(examined.tensors)
    described = (examined.config, examined.vocabulary, examined.description.metadata)
    write_gguf(question, examined.stored_type, *described, asked)
    ask_llama_cpp(question, answer, kind)
    found = open_checkpoint(checkpoint)
    return read_plan(answer, model_tensors(found, read_config(found.config)))


@pytest.mark.parametrize("slab_values", [100, 700, 5_000])
@pytest.mark.parametrize("threads", [1, 5])
def test_slabs_and_threads_make_no_difference(
    slab_values: int,
    threads: int,
    shaped: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checkpoint, unquantised = shaped
    plan = _plan(checkpoint, tmp_path)
    monkeypatch.setattr(quantise_stream, "SLAB_VALUES", slab_values)
    written: list[int] = []
    file = io.BytesIO()
    write_quantised(file, plan, {}, threads, written.append)
    assert file.getvalue() == _by_llama_cpp(unquantised, tmp_path / "expected.gguf", Q4_K_M.number)
    assert plan.nbytes == len(file.getvalue())
    assert written == sorted(written)
    assert written[-1] == sum(tensor.source.nbytes for tensor in plan.tensors)
    assert len(written) > len(plan.tensors)


def test_the_question_is_small_whatever_the_model(deep: Path, tmp_path: Path) -> None:
    matrices = [tensor for tensor in first_rows(examine(deep).tensors) if len(tensor.source.shape) == 2]
    assert len(matrices) == 16 * 7 + 2
    assert {tensor.source.shape[0] for tensor in matrices} == {2}


def test_a_llama_cpp_that_quantises_otherwise_is_noticed(deep: Path, tmp_path: Path) -> None:
    # Only the last row that it was asked about differs, of a tensor in the middle.
    plan = _plan(deep, tmp_path)
    answer = bytearray((tmp_path / "answer.part").read_bytes())
    entry = next(
        tensor for tensor in read_header(tmp_path / "answer.part").tensors if tensor.name == "blk.7.ffn_up.weight"
    )
    answer[entry.offset + entry.nbytes - 1] ^= 1
    (tmp_path / "answer.part").write_bytes(answer)
    altered = read_plan(tmp_path / "answer.part", examine(deep).tensors)
    assert altered != plan
    with pytest.raises(ConvertError, match=r"the tensor blk\.7\.ffn_up\.weight begins with other bytes"):
        write_quantised(io.BytesIO(), altered, {}, 2, lambda done: None)


def test_an_answer_about_other_tensors_is_noticed(deep: Path, tmp_path: Path) -> None:
    _plan(deep, tmp_path)
    with pytest.raises(ConvertError, match="other tensors"):
        read_plan(tmp_path / "answer.part", examine(deep).tensors[1:])


def test_progress_runs_to_the_end_of_the_checkpoint(deep: Path, out: Path) -> None:
    seen: list[Progress] = []
    convert(deep, out, "Q4_K_M", on_progress=seen.append)
    assert {progress.stage for progress in seen} == {"quantise"}
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1].done == seen[-1].total == open_checkpoint(deep).nbytes
    assert seen[-1].seconds_left == 0


def test_a_file_that_llama_cpp_refuses_becomes_a_sentence(tmp_path: Path) -> None:
    question = tmp_path / "question.part"
    question.write_bytes(b"no model")
    with pytest.raises(ConvertError, match=r"llama\.cpp could not quantise to Q8_0: ") as caught:
        ask_llama_cpp(question, tmp_path / "answer.part", file_type("Q8_0"))
    assert "\n" not in caught.value.message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_is_full_for_the_answer(deep: Path, tmp_path: Path) -> None:
    _plan(deep, tmp_path)
    with pytest.raises(ConvertError, match="could not be written") as caught:
        ask_llama_cpp(tmp_path / "question.part", Path("/dev/full"), Q4_K_M)
    assert "disk" in caught.value.hint


def _spoil(checkpoint: Path, value: float) -> None:
    """Set one weight far behind the first rows."""
    variant = ODD.but(dtypes=("F32",))
    weights = random_weights(variant, len(examine(checkpoint).vocabulary.tokens), 7)
    weights["model.layers.1.mlp.down_proj.weight"][61, 5] = value
    write_safetensors(checkpoint / "model.safetensors", weights)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.nan, "has a weight that is NaN (at [61, 5])"),
        (-np.inf, "has a weight that is infinite (at [61, 5])"),
        # 96 columns are whole blocks of 32 values, whose scales are in half precision.
        (1e30, "holds weights that are too large for Q"),
    ],
)
def test_weights_that_cannot_be_quantised_are_named(value: float, said: str, tmp_path: Path, out: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint", ODD)
    _spoil(checkpoint, value)
    with pytest.raises(ConvertError) as caught:
        convert(checkpoint, out, "Q8_0")
    assert "model.layers.1.mlp.down_proj.weight" in caught.value.message
    assert said in caught.value.message
    assert list(out.parent.iterdir()) == []


def _killing(children: Callable[[], list[psutil.Process]]) -> Callable[[Progress], None]:
    def kill(progress: Progress) -> None:
        for child in children():
            child.kill()

    return kill


def test_a_process_that_dies_while_quantising_becomes_a_sentence(tmp_path: Path, out: Path) -> None:
    checkpoint = make_checkpoint(tmp_path, Variant(hidden=512, feed_forward=2048, layers=8))
    with pytest.raises(ConvertError, match="ended with signal 9 while quantising to IQ4_XS"):
        convert(checkpoint, out, "IQ4_XS", threads=1, on_progress=_killing(psutil.Process().children))
    assert list(out.parent.iterdir()) == []
