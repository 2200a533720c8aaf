"""Quantised files are what llama.cpp makes of the float file, and llama.cpp's failures become sentences."""

from __future__ import annotations

import ctypes
from pathlib import Path

import llama_cpp
import pytest

from finr1_convert.conversion import convert
from finr1_convert.errors import ConvertError
from finr1_convert.file_types import QUANTISED_TYPES, FileType, file_type
from finr1_convert.gguf_header import read_header
from finr1_convert.progress import Progress
from finr1_convert.quantising import quantise
from tests.convert.checkpoints import Variant, make_checkpoint

WIDE = Variant(hidden=256, feed_forward=512, heads=4)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose rows have whole 256-value blocks, as K-quants need."""
    return make_checkpoint(tmp_path_factory.mktemp("wide"), WIDE)


def _by_llama_cpp(source: Path, target: Path, number: int) -> None:
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = number
    parameters.nthread = 1
    llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
    assert llama_cpp.llama_model_quantize(bytes(source), bytes(target), ctypes.byref(parameters)) == 0


@llama_cpp.llama_log_callback
def _silent(level: int, text: bytes, data: ctypes.c_void_p) -> None:
    """llama.cpp logs every tensor; nobody reads it here."""


@pytest.mark.parametrize("name", ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS"])
def test_equals_llama_cpps_quantisation_of_the_float_file(name: str, wide: Path, out: Path, tmp_path: Path) -> None:
    unquantised, expected = tmp_path / "float.gguf", tmp_path / "expected.gguf"
    convert(wide, unquantised)
    _by_llama_cpp(unquantised, expected, file_type(name).number)
    convert(wide, out, name, threads=2)
    assert out.read_bytes() == expected.read_bytes()
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("kind", QUANTISED_TYPES, ids=lambda kind: kind.name)
def test_every_offered_type_can_be_made_and_stays_near_its_estimate(kind: FileType, wide: Path, out: Path) -> None:
    result = convert(wide, out, kind.name, threads=2)
    header = read_header(out)
    assert header.keys["general.file_type"] == kind.number
    weights = sum(tensor.nbytes for tensor in header.tensors)
    # Embedding and output weigh more in a small model than in any real one, and they get the finer types.
    assert weights * 8 / result.parameters < kind.bits + 1.2


def test_progress_runs_through_both_stages_to_the_end(wide: Path, out: Path) -> None:
    seen: list[Progress] = []
    convert(wide, out, "Q4_K_M", on_progress=seen.append)
    for stage in ("write", "quantise"):
        of_stage = [progress for progress in seen if progress.stage == stage]
        assert [progress.done for progress in of_stage] == sorted(progress.done for progress in of_stage)
        assert of_stage[-1].done == of_stage[-1].total > 0
        assert of_stage[-1].seconds_left == 0
    assert [progress.stage for progress in seen] == sorted((p.stage for p in seen), key=["write", "quantise"].index)


def test_a_file_that_llama_cpp_refuses_becomes_a_sentence(tmp_path: Path) -> None:
    source = tmp_path / "float.part"
    source.write_bytes(b"no model")
    with pytest.raises(ConvertError, match=r"llama\.cpp could not quantise to Q8_0: ") as caught:
        quantise(source, tmp_path / "target.part", file_type("Q8_0"), {}, 1, None, lambda: False)
    assert "\n" not in caught.value.message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_is_full_while_quantising(wide: Path, tmp_path: Path) -> None:
    source = tmp_path / "float.gguf"
    convert(wide, source)
    with pytest.raises(ConvertError, match="could not be written") as caught:
        quantise(source, Path("/dev/full"), file_type("Q8_0"), {}, 1, None, lambda: False)
    assert "disk" in caught.value.hint
