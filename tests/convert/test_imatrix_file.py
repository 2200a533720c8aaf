"""Both forms of llama.cpp's importance matrices are read, one is written byte for byte, and damage is noticed."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from finr1_convert.errors import ConvertError
from finr1_convert.imatrix_file import Entry, ImportanceMatrix, read_imatrix, write_imatrix
from tests.convert.imatrix_models import CONTEXT, FOLDER, MODELS

RECORDED = [FOLDER / f"{name}.{ending}" for name in MODELS for ending in ("imatrix", "dat")]


@pytest.mark.parametrize("name", MODELS)
def test_what_is_read_is_written_as_llama_cpp_wrote_it(name: str, tmp_path: Path) -> None:
    write_imatrix(tmp_path / "copy", read_imatrix(FOLDER / f"{name}.imatrix"))
    assert (tmp_path / "copy").read_bytes() == (FOLDER / f"{name}.imatrix").read_bytes()


@pytest.mark.parametrize("name", MODELS)
def test_both_forms_say_the_same(name: str) -> None:
    new, old = read_imatrix(FOLDER / f"{name}.imatrix"), read_imatrix(FOLDER / f"{name}.dat")
    assert new.entries.keys() == old.entries.keys()
    assert len(new.entries) == 14
    for matrix_name, entry in new.entries.items():
        assert np.isfinite(entry.weights).all()
        np.testing.assert_allclose(entry.weights, old.entries[matrix_name].weights, rtol=1e-6)
    assert new.chunks == old.chunks > 10
    assert (new.chunk_size, old.chunk_size) == (CONTEXT, 0)
    assert new.datasets == old.datasets == ("text.txt",)


def test_a_matrix_that_met_nothing_weighs_all_columns_alike() -> None:
    assert Entry(np.zeros(3, dtype=np.float32), 0).weights.tolist() == [1, 1, 1]
    assert Entry(np.array([2, 4, 8], dtype=np.float32), 4).weights.tolist() == [0.5, 1, 2]


def test_the_older_form_without_its_later_additions(tmp_path: Path) -> None:
    path = tmp_path / "old.dat"
    entry = struct.pack("<i5sii2f", 5, b"blk.0", 3, 2, 6.0, 9.0)
    path.write_bytes(struct.pack("<i", 1) + entry)
    matrix = read_imatrix(path)
    assert (matrix.chunks, matrix.datasets) == (0, ())
    assert matrix.entries["blk.0"].weights.tolist() == [2.0, 3.0]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.name)
def test_a_file_that_is_cut_off_is_refused_wherever_it_ends(recorded: Path, tmp_path: Path) -> None:
    whole = recorded.read_bytes()
    path = tmp_path / recorded.name
    # Of the older form the end (chunks and text) may be missing, so no cut is made there.
    for length in range(0, len(whole) - 40, len(whole) // 60):
        path.write_bytes(whole[:length])
        with pytest.raises(ConvertError):
            read_imatrix(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_values_that_are_no_sums_of_squares(value: float, tmp_path: Path) -> None:
    path = tmp_path / "bad"
    entry = Entry(np.array([1, value], dtype=np.float32), 5)
    write_imatrix(path, ImportanceMatrix({"blk.0.attn_q.weight": entry}, 1, 5, ("text",)))
    with pytest.raises(ConvertError, match=r"holds values for blk\.0\.attn_q\.weight that are no sums"):
        read_imatrix(path)


def _without(whole: bytes, old: bytes, new: bytes) -> bytes:
    assert whole.count(old) >= 1
    return whole.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"attn_q.weight.counts", b"attn_q.weight.kounts"),
        (b"attn_q.weight.in_sum2", b"attn_q.weight.in_sum3"),
        (b".in_sum2", b".in_sum3"),
    ],
)
def test_sums_and_counts_that_do_not_belong_together(old: bytes, new: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(_without((FOLDER / "bos.imatrix").read_bytes(), old, new))
    with pytest.raises(ConvertError, match="is damaged"):
        read_imatrix(path)


def test_files_that_are_something_else(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("the revenue of the company " * 20)
    with pytest.raises(ConvertError, match="is no importance matrix, or is cut off"):
        read_imatrix(tmp_path / "text")
    (tmp_path / "empty").touch()
    with pytest.raises(ConvertError, match="is no importance matrix"):
        read_imatrix(tmp_path / "empty")
    with pytest.raises(ConvertError, match="does not exist"):
        read_imatrix(tmp_path / "nowhere")
    with pytest.raises(ConvertError, match="cannot be read"):
        read_imatrix(tmp_path)
