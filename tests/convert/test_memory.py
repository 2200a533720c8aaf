"""Weights pass through memory in pieces: what a conversion holds does not grow with the tensors."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import prod
from pathlib import Path

import pytest
from gguf import GGMLQuantizationType

from finr1_convert.conversion import examine
from finr1_convert.file_types import file_type
from finr1_convert.quantise_plan import PlannedTensor, QuantisationPlan
from finr1_convert.quantise_stream import write_quantised
from finr1_convert.safetensors_files import StoredTensor
from finr1_convert.writer import write_gguf
from tests.convert.checkpoints import make_checkpoint

ROWS, COLUMNS = 40_000, 1024
# The tensor has 82 MB in bf16; a few pieces of it, for two threads, have less than 20.
ALLOWED_BYTES = 20_000_000


@pytest.fixture
def large(tmp_path: Path) -> StoredTensor:
    """A tensor of zeros in a file that is one hole."""
    path = tmp_path / "large.safetensors"
    header = json.dumps({"large": {"dtype": "BF16", "shape": [ROWS, COLUMNS]}}).encode()
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + 2 * ROWS * COLUMNS)
    return StoredTensor("large", "BF16", (ROWS, COLUMNS), path, len(header), 2 * ROWS * COLUMNS)


@pytest.fixture
def peak() -> Iterator[Callable[[], int]]:
    """The bytes that Python and numpy held at most since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_converting(large: StoredTensor, tmp_path: Path, peak: Callable[[], int]) -> None:
    plan = examine(make_checkpoint(tmp_path))
    tensors = (replace(plan.tensors[0], source=large),)
    tracemalloc.reset_peak()
    out = tmp_path / "out.part"
    write_gguf(out, file_type("f16"), plan.config, plan.vocabulary, plan.description.metadata, tensors)
    assert out.stat().st_size > prod(large.shape) * 2
    assert peak() < ALLOWED_BYTES


def test_quantising(large: StoredTensor, tmp_path: Path, peak: Callable[[], int]) -> None:
    tensor = PlannedTensor("large", GGMLQuantizationType.Q8_0, large, 0, b"")
    with (tmp_path / "out.part").open("wb") as file:
        write_quantised(file, QuantisationPlan(b"", (tensor,)), {}, 2, lambda done: None)
        assert file.tell() == tensor.nbytes == ROWS * COLUMNS // 32 * 34
    assert peak() < ALLOWED_BYTES
