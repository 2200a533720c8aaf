"""The header reader: right on good files, one sentence on bad ones, bounded on hostile ones."""

from __future__ import annotations

import os
import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.quantisation import FILE_TYPES
from finr1_desk.core.sampling import GGUF_SAMPLING_KEYS
from finr1_desk.library.gguf_format import TENSOR_TYPES, KnownArrays
from finr1_desk.library.gguf_header import GgufHeader, glance, read_header

EXPECTED_ERRORS = {
    ErrorCode.MODEL_NOT_FOUND,
    ErrorCode.MODEL_UNREADABLE,
    ErrorCode.MODEL_NOT_GGUF,
    ErrorCode.MODEL_TRUNCATED,
}


def write_model(
    path: Path, *, name: str = "A model", tokens: int = 300, change: Callable[..., None] | None = None
) -> Path:
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_type("model")
    writer.add_name(name)
    writer.add_basename("Base")
    writer.add_block_count(2)
    writer.add_context_length(2048)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_float32("general.sampling.temp", 0.25)
    writer.add_int32("general.sampling.top_k", 7)
    writer.add_float32("general.sampling.min_p", float("nan"))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([f"字{i}" for i in range(tokens)])
    writer.add_token_types([1] * tokens)
    writer.add_chat_template("{{ messages }}")
    writer.add_array("some.floats", [0.5] * 2000)
    writer.add_array("some.flags", [True, False])
    if change is not None:
        change(writer)
    writer.add_tensor("token_embd.weight", np.zeros((tokens, 64), dtype=np.float16))
    writer.add_tensor("output_norm.weight", np.ones(64, dtype=np.float32))
    writer.add_tensor(
        "blk.0.attn_q.weight", np.zeros((64, 68), dtype=np.uint8), raw_dtype=gguf.GGMLQuantizationType.Q8_0
    )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("gguf") / "model.gguf")


def assert_agrees_with_gguf_package(path: Path) -> GgufHeader:
    header = read_header(path)
    reader = gguf.GGUFReader(path)

    def value(key: str) -> object:
        field = reader.get_field(key)
        return field.contents() if field else None

    arch = value("general.architecture")
    assert header.architecture == arch
    assert header.layers == (value(f"{arch}.block_count") or 0)
    assert header.trained_context == (value(f"{arch}.context_length") or 0)
    assert header.embedding_length == (value(f"{arch}.embedding_length") or 0)
    assert header.tokenizer_model == (value("tokenizer.ggml.model") or "")
    assert header.tokenizer_pre == (value("tokenizer.ggml.pre") or "")
    tokens = reader.get_field("tokenizer.ggml.tokens")
    assert header.vocabulary_size == (len(tokens.data) if tokens else 0)
    assert header.has_chat_template == bool(value("tokenizer.chat_template"))
    assert header.parameters == sum(int(t.n_elements) for t in reader.tensors)
    assert header.tensor_bytes == sum(int(t.n_bytes) for t in reader.tensors)
    assert header.file_bytes == path.stat().st_size
    return header


def test_a_model_is_read_as_the_gguf_package_reads_it(model: Path) -> None:
    header = assert_agrees_with_gguf_package(model)
    assert header.name == "A model"
    assert header.basename == "Base"
    assert header.quantisation == "F16"
    assert header.is_language_model
    assert header.sampling == {"temperature": 0.25, "top_k": 7}
    assert header.kv_heads == 4
    assert header.key_length == 16


def test_the_real_vocabulary_is_read_as_the_gguf_package_reads_it() -> None:
    root = os.environ.get("FINR1_REAL_DATA")
    if not root:
        pytest.skip("FINR1_REAL_DATA is not set")
    path = Path(root, "qwen2-tokenizer", "ggml-vocab-qwen2.gguf")
    started = time.perf_counter()
    header = read_header(path)
    assert time.perf_counter() - started < 5  # some 25 ms on a quiet machine; gguf's own reader takes seconds
    assert header.vocabulary_size == 151_936
    assert not header.is_language_model
    assert_agrees_with_gguf_package(path)


def test_the_tables_agree_with_the_gguf_package() -> None:
    sizes = {int(kind): (kind.name, block, size) for kind, (block, size) in gguf.GGML_QUANT_SIZES.items()}
    assert dict(TENSOR_TYPES) == sizes
    labels = {
        int(kind): kind.name.removeprefix("MOSTLY_").removeprefix("ALL_")
        for kind in gguf.LlamaFileType
        if kind is not gguf.LlamaFileType.GUESSED
    }
    assert dict(FILE_TYPES) == labels
    ours = {
        gguf.Keys.General.SAMPLING_TEMP,
        gguf.Keys.General.SAMPLING_TOP_P,
        gguf.Keys.General.SAMPLING_PENALTY_REPEAT,
    }
    assert ours <= set(GGUF_SAMPLING_KEYS)


def test_a_glance_tells_the_name_without_the_vocabulary(model: Path) -> None:
    seen = glance(model)
    assert (seen.name, seen.architecture, seen.is_fin_r1) == ("A model", "qwen2", False)


@pytest.mark.parametrize(
    ("file_name", "name", "basename", "expected"),
    [
        ("SUFE-AIFLM-Lab_Fin-R1-Q4_K_M.gguf", "Fin R1", "", True),
        ("Fin-R1-q4_k.gguf", "Qwen2.5 7B Instruct", "", True),
        ("model.gguf", "Fin-R1", "", True),
        ("model.gguf", "Merged", "Fin-R1", True),
        ("model.gguf", "Qwen2.5 7B Instruct", "Qwen2.5", False),
    ],
)
def test_fin_r1_is_known_by_name_and_shape(
    tmp_path: Path, file_name: str, name: str, basename: str, expected: bool
) -> None:
    path = write_fin_r1_header(tmp_path / file_name, name, basename)
    assert read_header(path).is_fin_r1 is expected
    assert glance(path).is_fin_r1 is expected


def test_a_small_model_called_fin_r1_is_not_taken_for_it(tmp_path: Path) -> None:
    assert not read_header(write_model(tmp_path / "Fin-R1.gguf", name="Fin-R1")).is_fin_r1


def write_fin_r1_header(path: Path, name: str, basename: str = "") -> Path:
    """A file that has Fin-R1's shape in its keys and a single tiny tensor."""
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name(name)
    if basename:
        writer.add_basename(basename)
    writer.add_block_count(28)
    writer.add_context_length(32768)
    writer.add_embedding_length(3584)
    writer.add_head_count(28)
    writer.add_head_count_kv(4)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_tensor("output_norm.weight", np.ones(64, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_context_of_fin_r1_costs_what_was_measured(tmp_path: Path) -> None:
    header = read_header(write_fin_r1_header(tmp_path / "Fin-R1.gguf", "Fin-R1"))
    assert header.quantisation == "Q4_K_M"


def error_of(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read_header(path)
    return caught.value


def test_files_that_are_no_models(tmp_path: Path, model: Path) -> None:
    assert error_of(tmp_path / "absent.gguf").code is ErrorCode.MODEL_NOT_FOUND
    assert error_of(tmp_path).code is ErrorCode.MODEL_NOT_GGUF
    for content in (b"", b"GGU", b"PK\x03\x04" * 100):
        (tmp_path / "other.gguf").write_bytes(content)
        assert error_of(tmp_path / "other.gguf").code is ErrorCode.MODEL_NOT_GGUF
    swapped = b"GGUF" + struct.pack(">I", 3) + model.read_bytes()[8:]
    (tmp_path / "big.gguf").write_bytes(swapped)
    assert "big-endian" in str(error_of(tmp_path / "big.gguf").params["reason"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert error_of(tmp_path / "pipe.gguf").code is ErrorCode.MODEL_NOT_GGUF


def test_a_file_cut_at_any_place_is_called_truncated(tmp_path: Path, model: Path) -> None:
    whole = model.read_bytes()
    path = tmp_path / "cut.gguf"
    for size in [*range(4, len(whole), 997), len(whole) - 1]:
        path.write_bytes(whole[:size])
        error = error_of(path)
        assert error.code is ErrorCode.MODEL_TRUNCATED
        assert error.params["actual_bytes"] == size
        expected = error.params["expected_bytes"]
        assert expected is None or (isinstance(expected, int) and expected == len(whole) > size)
    path.write_bytes(whole + b"appended by someone")
    assert read_header(path).parameters > 0


def hostile(pairs: int, body: bytes, tensors: int = 0) -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", 3, tensors, pairs) + body


def key(name: str, kind: int) -> bytes:
    return struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", kind)


@pytest.mark.parametrize(
    "content",
    [
        hostile(2**64 - 1, b""),
        hostile(0, b"", tensors=2**63),
        hostile(1, struct.pack("<Q", 2**64 - 1) + b"x" * 100),
        hostile(1, key("a", 8) + struct.pack("<Q", 2**62) + b"x" * 100),
        hostile(1, key("a", 9) + struct.pack("<IQ", 8, 2**64 - 1) + bytes(5_000_000)),
        hostile(1, key("a", 9) + struct.pack("<IQ", 8, 3_999_999) + bytes(1_000_000)),
        hostile(1, key("a", 9) + struct.pack("<IQ", 6, 2**61) + bytes(1000)),
        hostile(1, key("a", 9) + struct.pack("<IQ", 9, 1) + struct.pack("<IQ", 9, 1) * 1000),
        hostile(1, key("a", 99)),
        hostile(1, key("general.alignment", 4) + struct.pack("<I", 0)),
        hostile(1, key("general.alignment", 4) + struct.pack("<I", 48)),
        hostile(0, struct.pack("<Q1sIQQQQIQ", 1, b"t", 4, *[2**62] * 4, 0, 0), tensors=1),
        hostile(0, struct.pack("<Q1sI", 1, b"t", 2**31) + bytes(1000), tensors=1),
        hostile(0, struct.pack("<Q1sIQIQ", 1, b"t", 1, 32, 250, 0), tensors=1),
    ],
)
def test_lengths_that_lie_cost_neither_memory_nor_time(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(content)
    tracemalloc.start()
    started = time.perf_counter()
    try:
        assert error_of(path).code in EXPECTED_ERRORS
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - started < 20


def test_a_sparse_file_full_of_long_strings_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "sparse.gguf"
    start = hostile(1, key("a", 9) + struct.pack("<IQ", 8, 1_000_000))
    with path.open("wb") as file:
        file.write(start)
        file.truncate(4_000_000_000)  # zeroes: a million empty strings, then four gigabytes of nothing
    assert error_of(path).code in EXPECTED_ERRORS


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_mutation_gives_a_header_or_a_user_error(model: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(model.read_bytes())
    header_end = 24_000  # the mutations belong where the reader looks
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, header_end))
        kind = data.draw(st.sampled_from(["byte", "length", "delete", "insert"]))
        if kind == "byte":
            content[at] = data.draw(st.integers(0, 255))
        elif kind == "length":
            content[at : at + 8] = struct.pack("<Q", data.draw(st.sampled_from([0, 1, 2**31, 2**32, 2**63, 2**64 - 1])))
        elif kind == "delete":
            del content[at : at + data.draw(st.integers(1, 16))]
        else:
            content[at:at] = data.draw(st.binary(min_size=1, max_size=16))
    path = tmp_path / "mutated.gguf"
    path.write_bytes(content)
    for read in (read_header, glance):
        assert outcome(read, path) in EXPECTED_ERRORS | {None}


def outcome(read: Callable[[Path], object], path: Path) -> ErrorCode | None:
    try:
        read(path)
    except UserError as error:
        return error.code
    return None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400), pairs=st.integers(0, 5), tensors=st.integers(0, 5))
def test_noise_after_the_magic_is_a_user_error_or_a_header(
    tmp_path: Path, body: bytes, pairs: int, tensors: int
) -> None:
    path = tmp_path / "noise.gguf"
    path.write_bytes(hostile(pairs, body, tensors))
    with pytest.raises(UserError) as caught:
        read_header(path)
    assert caught.value.code in EXPECTED_ERRORS


def test_a_name_is_one_printable_line(tmp_path: Path) -> None:
    header = read_header(write_model(tmp_path / "m.gguf", name="Fin\n\x1b[31mR1\u202e" + "x" * 500))
    assert header.name.startswith("Fin [31mR1xxx")
    assert len(header.name) == 120


@pytest.mark.parametrize("kind", ["mmproj", "adapter", "imatrix"])
def test_what_cannot_be_talked_with_is_told_apart(tmp_path: Path, kind: str) -> None:
    def change(writer: gguf.GGUFWriter) -> None:
        del writer.kv_data[0]["general.type"]
        writer.add_type(kind)

    assert not read_header(write_model(tmp_path / "m.gguf", change=change)).is_language_model


def test_heads_that_differ_by_layer_are_summed(tmp_path: Path) -> None:
    def change(writer: gguf.GGUFWriter) -> None:
        del writer.kv_data[0]["qwen2.attention.head_count_kv"]
        writer.add_head_count_kv([2, 1])

    assert read_header(write_model(tmp_path / "m.gguf", change=change)).kv_heads == 3


def write_vocabulary(path: Path, tokens: list[str]) -> Path:
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name(path.stem)
    writer.add_token_list(tokens)
    writer.add_block_count(len(path.stem))
    writer.add_tensor("output_norm.weight", np.ones(8, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_vocabulary_that_was_seen_before_is_known_again_and_no_other(tmp_path: Path) -> None:
    tokens = [f"token{number}" for number in range(12_000)]
    others = [*tokens[:-1], "otherwise"]  # as many, and the same but for the end
    files = [
        write_vocabulary(tmp_path / "a.gguf", tokens),
        write_vocabulary(tmp_path / "bb.gguf", others),
        write_vocabulary(tmp_path / "ccc.gguf", tokens),
    ]
    known = KnownArrays()
    assert [read_header(path, known) for path in files] == [read_header(path) for path in files]
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(files[0].read_bytes()[:60_000])
    with pytest.raises(UserError) as caught:
        read_header(cut, known)
    assert caught.value.code is ErrorCode.MODEL_TRUNCATED
