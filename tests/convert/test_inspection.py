"""Inspecting a GGUF: the same facts as the gguf package's reader, and sentences for damaged files."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from gguf import GGUFReader, GGUFWriter

from finr1_convert.conversion import convert
from finr1_convert.errors import ConvertError
from finr1_convert.gguf_header import ArrayOf, read_header
from finr1_convert.inspection import inspect
from tests.convert.checkpoints import Variant, make_checkpoint
from tests.convert.conftest import Run


@pytest.fixture
def model(checkpoint: Path, out: Path) -> Path:
    convert(checkpoint, out, "f16")
    return out


def test_agrees_with_the_gguf_packages_reader(model: Path) -> None:
    reader, header = GGUFReader(model), read_header(model)
    theirs = {name: field for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert list(header.keys) == list(theirs)
    for name, value in header.keys.items():
        contents = theirs[name].contents()
        if isinstance(value, ArrayOf):
            assert value.length == len(contents)
        else:
            assert value == contents
    assert [
        (tensor.name, tensor.type, list(tensor.shape), tensor.offset, tensor.nbytes) for tensor in header.tensors
    ] == [
        (tensor.name, tensor.tensor_type.name, [int(n) for n in tensor.shape[::-1]], tensor.data_offset, tensor.n_bytes)
        for tensor in reader.tensors
    ]


def test_the_real_sizes_of_fin_r1(tmp_path: Path) -> None:
    writer = GGUFWriter(tmp_path / "fin-r1.gguf", "qwen2")
    writer.add_block_count(28)
    writer.add_context_length(32768)
    writer.add_embedding_length(3584)
    writer.add_head_count(28)
    writer.add_head_count_kv(4)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    inspection = inspect(tmp_path / "fin-r1.gguf")
    assert inspection.cache_bytes == {tokens: tokens * 57_344 for tokens in (4096, 8192, 16384, 32768)}


def test_json_and_table_say_the_same(model: Path, run: Run) -> None:
    code, stdout, _ = run("inspect", model, "--json")
    facts = json.loads(stdout)
    assert code == 0
    assert facts["keys"]["general.name"] == "Tiny Fin 0.1M Instruct"
    assert facts["keys"]["tokenizer.ggml.tokens"] == {"array_of": "string", "length": 326}
    assert facts["file_type"] == "F16"
    assert {share["type"]: share["tensors"] for share in facts["types"]} == {"F16": 16, "F32": 11}
    assert sum(share["bytes"] for share in facts["types"]) == facts["weight_bytes"]
    assert facts["memory"][-1]["context"] == 4096
    code, stdout, _ = run("inspect", model)
    assert code == 0
    for text in ("Tiny Fin 0.1M Instruct", "326 × string", "4,096", "F16"):
        assert text in stdout


def test_markup_in_a_file_is_text(tmp_path: Path, out: Path, run: Run) -> None:
    card = "---\nmodel_name: '[red]Name[/red] [/]'\n---\n"
    convert(make_checkpoint(tmp_path / "markup", Variant(card=card)), out, "f16")
    assert "[red]Name[/red] [/]" in run("inspect", out)[1]


@pytest.mark.parametrize("length", [0, 3, 4, 20, 500, 5000, -1, -50_000])
def test_truncated_files(length: int, model: Path, run: Run) -> None:
    data = model.read_bytes()
    model.write_bytes(data[:length])
    code, stdout, stderr = run("inspect", model)
    assert (code, stdout) == (1, "")
    assert stderr.startswith("error: ")
    assert "Traceback" not in stderr


def test_a_missing_file(tmp_path: Path, run: Run) -> None:
    assert "does not exist" in run("inspect", tmp_path / "none.gguf")[2]


def test_random_damage_is_read_or_refused_and_never_raises_anything_else(model: Path) -> None:
    data = model.read_bytes()
    refused = 0
    for seed in range(200):
        chance = random.Random(seed)
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(6000)] = chance.randrange(256)
        model.write_bytes(damaged)
        try:
            inspect(model).as_json()
        except ConvertError:
            refused += 1
    assert 0 < refused < 200
