"""Importance matrices are what llama.cpp's own tool makes, and steer quantising as they steer its own."""

from __future__ import annotations

import ctypes
import json
from pathlib import Path

import llama_cpp
import numpy as np
import pytest
from gguf import GGUFReader

from finr1_convert import ggml_tensor
from finr1_convert.conversion import convert
from finr1_convert.errors import CancelledError, ConvertError
from finr1_convert.file_types import QUANTISED_TYPES, FileType
from finr1_convert.gguf_header import read_header
from finr1_convert.imatrix import make_imatrix
from finr1_convert.imatrix_file import ImportanceMatrix, read_imatrix
from finr1_convert.imatrix_worker import Collector
from finr1_convert.progress import Progress
from tests.convert.checkpoints import Variant, make_checkpoint, random_weights, write_safetensors
from tests.convert.conftest import Run
from tests.convert.imatrix_models import CONTEXT, FOLDER, MODELS, text

# Searching for the best blocks of these takes GGML from 10 to 30 seconds.
SLOW = {"IQ1_M", "IQ1_S", "IQ2_M", "IQ2_S", "IQ3_XXS"}
TYPES = [
    pytest.param(kind, id=kind.name, marks=[pytest.mark.slow] if kind.name in SLOW else [])
    for kind in QUANTISED_TYPES
    if kind.needs_imatrix or kind.name == "Q4_K_M"
]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The checkpoint of each recorded model, with ``model.gguf`` beside it."""
    folders = {}
    for name, variant in MODELS.items():
        folders[name] = make_checkpoint(tmp_path_factory.mktemp(name), variant)
        convert(folders[name], folders[name].parent / "model.gguf", "bf16")
    return folders


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(text(), encoding="utf-8")
    return path


def _largest_difference(ours: ImportanceMatrix, theirs: ImportanceMatrix) -> float:
    """The largest relative difference of a sum, where both hold the same matrices over as many rows."""
    assert ours.entries.keys() == theirs.entries.keys()
    worst = 0.0
    for name, entry in ours.entries.items():
        assert entry.count == theirs.entries[name].count, name
        worst = max(worst, float(np.abs(entry.sums / theirs.entries[name].sums - 1).max()))
    return worst


@pytest.mark.parametrize("name", MODELS)
def test_agrees_with_llama_cpps_own_tool(name: str, checkpoints: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "ours.imatrix"
    result = make_imatrix(checkpoints[name].parent / "model.gguf", out, corpus, context=CONTEXT, threads=1)
    ours, theirs = read_imatrix(out), read_imatrix(FOLDER / f"{name}.imatrix")
    assert (ours.chunks, ours.chunk_size) == (theirs.chunks, theirs.chunk_size)
    assert (result.chunks, result.entries, result.context) == (ours.chunks, len(ours.entries), CONTEXT)
    assert ours.datasets == (str(corpus),)
    assert _largest_difference(ours, theirs) < 1e-3


def test_a_limit_takes_the_first_chunks(checkpoints: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    model = checkpoints["bos"].parent / "model.gguf"
    make_imatrix(model, tmp_path / "three", corpus, context=64, chunks=3, threads=1)
    shorter = tmp_path / "shorter.txt"
    shorter.write_text(text()[:2000], encoding="utf-8")
    make_imatrix(model, tmp_path / "shorter", shorter, context=64, chunks=3, threads=1)
    three = read_imatrix(tmp_path / "three")
    assert three.chunks == 3
    assert {entry.count for entry in three.entries.values()} == {3 * 64}
    assert _largest_difference(three, read_imatrix(tmp_path / "shorter")) == 0


def test_a_chunk_longer_than_a_decode_counts_whole(checkpoints: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    model = checkpoints["bos"].parent / "model.gguf"
    make_imatrix(model, tmp_path / "long", corpus, context=520, threads=1)
    long = read_imatrix(tmp_path / "long")
    assert {entry.count for entry in long.entries.values()} == {long.chunks * 520}


def test_matrices_that_share_an_input_have_the_same_sums_and_others_have_not(
    checkpoints: dict[str, Path], corpus: Path, tmp_path: Path
) -> None:
    model = checkpoints["bos"].parent / "model.gguf"
    make_imatrix(model, tmp_path / "out", corpus, context=64, chunks=2, threads=1)
    sums = {name: entry.sums for name, entry in read_imatrix(tmp_path / "out").entries.items()}
    for layer in range(2):
        block = f"blk.{layer}."
        assert np.array_equal(sums[block + "attn_q.weight"], sums[block + "attn_v.weight"])
        assert np.array_equal(sums[block + "ffn_gate.weight"], sums[block + "ffn_up.weight"])
        assert not np.allclose(sums[block + "attn_q.weight"], sums[block + "ffn_up.weight"], rtol=0.01)
    assert not np.allclose(sums["blk.0.attn_q.weight"], sums["blk.1.attn_q.weight"], rtol=0.01)


def test_the_text_that_comes_along_is_the_default(
    checkpoints: dict[str, Path], tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.imatrix"
    model = checkpoints["bos"].parent / "model.gguf"
    code, stdout, stderr = run("imatrix", model, out, "--ctx", "64", "--chunks", "2", "--threads", "1", "--json")
    assert (code, stderr) == (0, "")
    assert json.loads(stdout)["text"] == "finr1-desk/calibration.txt"
    assert read_imatrix(out).datasets == ("finr1-desk/calibration.txt",)


def test_a_quantised_model_will_do(checkpoints: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    convert(checkpoints["wide"], tmp_path / "q.gguf", "Q4_K_M", threads=1)
    make_imatrix(tmp_path / "q.gguf", tmp_path / "out", corpus, context=CONTEXT, chunks=2, threads=1)
    assert read_imatrix(tmp_path / "out").entries.keys() == read_imatrix(FOLDER / "wide.imatrix").entries.keys()


@pytest.mark.parametrize("kind", TYPES)
def test_quantises_as_llama_cpp_does_with_the_same_matrix(
    kind: FileType, checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    out, expected = tmp_path / "ours.gguf", tmp_path / "expected.gguf"
    convert(checkpoints["wide"], out, kind.name, imatrix=Path("wide.imatrix"), threads=1)
    _quantise_with(read_imatrix(Path("wide.imatrix")), checkpoints["wide"].parent / "model.gguf", expected, kind.number)
    ours, theirs = GGUFReader(out), GGUFReader(expected)
    assert [(t.name, t.tensor_type, t.data.tobytes()) for t in ours.tensors] == [
        (t.name, t.tensor_type, t.data.tobytes()) for t in theirs.tensors
    ]
    without = tmp_path / "without.gguf"
    if not kind.needs_imatrix:
        convert(checkpoints["wide"], without, kind.name, threads=1)
        assert without.stat().st_size < out.stat().st_size, "the keys of the matrix"
        assert read_header(without).tensors != read_header(out).tensors or (
            GGUFReader(without).tensors[0].data.tobytes() != ours.tensors[0].data.tobytes()
        )


def _quantise_with(matrix: ImportanceMatrix, source: Path, target: Path, number: int) -> None:
    """llama.cpp's quantisation of ``source``, given the matrix's means as its own tool reckons them."""
    means = {name: (entry.sums / np.float32(entry.count)) for name, entry in matrix.entries.items()}
    data = (llama_cpp.llama_model_imatrix_data * (len(means) + 1))()
    for slot, (name, values) in zip(data, means.items(), strict=False):
        slot.name, slot.size = name.encode(), values.size
        slot.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.nthread = number, 1
    parameters.imatrix = ctypes.cast(data, ctypes.POINTER(llama_cpp.llama_model_imatrix_data))
    llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
    assert llama_cpp.llama_model_quantize(bytes(source), bytes(target), ctypes.byref(parameters)) == 0


@llama_cpp.llama_log_callback
def _silent(level: int, text: bytes, data: ctypes.c_void_p) -> None:
    """llama.cpp logs every tensor; nobody reads it here."""


@pytest.mark.parametrize("ending", ["imatrix", "dat"])
def test_a_quantised_file_tells_of_its_matrix_as_llama_quantize_has_it(
    ending: str, checkpoints: dict[str, Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    convert(checkpoints["wide"], out, "IQ2_XS", imatrix=Path(f"wide.{ending}"), threads=1)
    fields = GGUFReader(out).fields
    told = {name: [f.types[0].name, f.contents()] for name, f in fields.items() if name.startswith("quantize.")}
    recorded = json.loads((FOLDER / "keys.json").read_text())["keys"][ending]
    assert list(told.items()) == list(recorded.items())


def test_progress_runs_to_the_end_in_tokens(checkpoints: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    model = checkpoints["bos"].parent / "model.gguf"
    result = make_imatrix(model, tmp_path / "out", corpus, context=64, threads=1, on_progress=seen.append)
    assert {progress.stage for progress in seen} == {"imatrix"}
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1].done == seen[-1].total == result.chunks * 64


def test_cancelling_leaves_nothing(checkpoints: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(CancelledError):
        make_imatrix(
            checkpoints["bos"].parent / "model.gguf",
            folder / "out",
            corpus,
            context=64,
            on_progress=seen.append,
            cancelled=lambda: bool(seen),
        )
    assert list(folder.iterdir()) == []


def test_another_layout_of_tensors_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = dict(ggml_tensor.GgmlTensor._fields_)
    ggml_tensor.Ggml()
    for name in ("op", "src", "name", "data"):
        others = [(other, kind) for other, kind in fields.items() if other != name]
        moved = type("Moved", (ctypes.Structure,), {"_fields_": [*others, (name, fields[name])]})
        monkeypatch.setattr(ggml_tensor, "GgmlTensor", moved)
        with pytest.raises(ConvertError, match="laid out in another way"):
            ggml_tensor.Ggml()


def test_what_fails_in_the_callback_is_raised_outside_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ggml = ggml_tensor.Ggml()
    collector = Collector(ggml)
    monkeypatch.setattr(ggml, "tensor", lambda address: 1 / 0)
    assert collector.on_tensor(0, True, None) is False
    with pytest.raises(ZeroDivisionError):
        collector.check()


def test_a_model_without_blocks_is_refused() -> None:
    with pytest.raises(ConvertError, match="no matrix of this model"):
        Collector(ggml_tensor.Ggml()).entries()


def test_a_model_whose_activations_overflow_is_refused_by_the_matrix_they_meet(corpus: Path, tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path, Variant(dtypes=("F32",)))
    rows = json.loads((folder / "config.json").read_text())["vocab_size"]
    weights = random_weights(Variant(), rows, 7)
    weights["model.layers.1.post_attention_layernorm.weight"] *= np.float32(1e25)
    write_safetensors(folder / "model.safetensors", weights)
    convert(folder, tmp_path / "model.gguf", "f32")
    with pytest.raises(ConvertError, match=r"that meet blk\.1\.ffn_gate\.weight are not finite"):
        make_imatrix(tmp_path / "model.gguf", tmp_path / "out", corpus, context=64, chunks=1, threads=1)
    assert not (tmp_path / "out").exists()
