"""Converting weights: every 16-bit pattern, rounding, refusals, chunk borders."""

from __future__ import annotations

import io
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from finr1_convert.errors import ConvertError
from finr1_convert.safetensors_files import StoredTensor
from finr1_convert.streaming import CHUNK_VALUES, TensorCopier


def _finite_patterns(dtype: str) -> NDArray[np.uint16]:
    patterns = np.arange(1 << 16, dtype=np.uint16)
    infinity = {"BF16": 0x7F80, "F16": 0x7C00}[dtype]
    return patterns[(patterns & 0x7FFF) < infinity]


def _as_f32(patterns: NDArray[np.uint16], dtype: str) -> NDArray[np.float32]:
    if dtype == "F16":
        return patterns.view(np.float16).astype(np.float32)
    return gguf.quants.dequantize(patterns.view(np.uint8), gguf.GGMLQuantizationType.BF16)


@pytest.mark.parametrize(("source", "target"), [("BF16", "F32"), ("BF16", "F16"), ("F16", "F32"), ("F16", "BF16")])
def test_every_16_bit_weight_converts_as_the_gguf_package_does(source: str, target: str) -> None:
    patterns = _finite_patterns(source)
    with np.errstate(over="ignore"):
        expected = gguf.quants.quantize(_as_f32(patterns, source), gguf.GGMLQuantizationType[target])
    assert TensorCopier().convert(patterns, source, target).tobytes() == expected.tobytes()


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=64))
def test_f32_weights_round_as_the_gguf_package_does(values: list[float]) -> None:
    weights = np.array(values, dtype=np.float32)
    for target in ("F16", "BF16"):
        with np.errstate(over="ignore"):
            expected = gguf.quants.quantize(weights, gguf.GGMLQuantizationType[target])
        assert TensorCopier().convert(weights.view(np.uint32), "F32", target).tobytes() == expected.tobytes()


def _stored(values: NDArray[np.float32], name: str = "weights") -> tuple[io.BytesIO, StoredTensor]:
    # Something before the data, as in a real file.
    data = b"header" + values.tobytes()
    return io.BytesIO(data), StoredTensor(name, "F32", values.shape, Path("model.safetensors"), 6, values.nbytes)


def test_a_tensor_of_several_chunks_arrives_whole() -> None:
    values = np.arange(2 * CHUNK_VALUES + 17, dtype=np.float32).reshape(1, -1)
    file, tensor = _stored(values)
    pieces: list[bytes] = []
    TensorCopier().copy(file, tensor, "F32", lambda piece: pieces.append(bytes(piece)))
    assert len(pieces) == 3
    assert b"".join(pieces) == values.tobytes()


@pytest.mark.parametrize(
    ("value", "word"), [(np.nan, "NaN"), (-np.nan, "NaN"), (np.inf, "infinite"), (-np.inf, "infinite")]
)
def test_a_weight_that_is_no_number_is_named_with_its_place(value: float, word: str) -> None:
    values = np.zeros((3, CHUNK_VALUES // 2), dtype=np.float32)
    values[2, 41] = value
    file, tensor = _stored(values, "model.layers.3.mlp.up_proj.weight")
    with pytest.raises(ConvertError) as caught:
        TensorCopier().copy(file, tensor, "F16", lambda piece: None)
    assert "model.layers.3.mlp.up_proj.weight" in caught.value.message
    assert f"{word} (at [2, 41])" in caught.value.message


def test_a_weight_beyond_f16_is_refused_and_fits_bf16() -> None:
    values = np.array([1.0, 70000.0], dtype=np.float32)
    file, tensor = _stored(values)
    with pytest.raises(ConvertError, match="too large for F16") as caught:
        TensorCopier().copy(file, tensor, "F16", lambda piece: None)
    assert "bf16" in caught.value.hint
    TensorCopier().copy(file, tensor, "BF16", lambda piece: None)


def test_a_file_that_shrinks_meanwhile_is_noticed() -> None:
    file, tensor = _stored(np.zeros(10, dtype=np.float32))
    file.truncate(20)
    with pytest.raises(ConvertError, match="became shorter"):
        TensorCopier().copy(file, tensor, "F32", lambda piece: None)
