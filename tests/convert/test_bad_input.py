"""Checkpoints that cannot be converted: one sentence that says why, one that helps, and no file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.convert.checkpoints import Variant, edit_json, make_checkpoint, random_weights, write_json, write_safetensors
from tests.convert.conftest import Run

Damage = Callable[[Path], object]
INDEX = "model.safetensors.index.json"
SHARD = "model-00002-of-00003.safetensors"


def _refused(run: Run, checkpoint: Path, out: Path) -> tuple[str, str]:
    code, stdout, stderr = run(checkpoint, out, "--type", "f16")
    assert code == 1
    assert stdout == ""
    lines = stderr.strip().split("\n")
    assert lines[0].startswith("error: ")
    assert len(lines) <= 2
    assert list(out.parent.iterdir()) == []
    return lines[0].removeprefix("error: "), lines[1].removeprefix("hint: ") if len(lines) == 2 else ""


def _in_index(change: Callable[[dict[str, str]], object]) -> Damage:
    def damage(folder: Path) -> None:
        index = json.loads((folder / INDEX).read_text())
        change(index["weight_map"])
        write_json(folder / INDEX, index)

    return damage


def _cut(path: Path, nbytes: int) -> None:
    os.truncate(path, path.stat().st_size - nbytes)


def _swap(folder: Path) -> None:
    first, second = folder / "model-00001-of-00003.safetensors", folder / SHARD
    first.rename(folder / "other")
    second.rename(first)
    (folder / "other").rename(second)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / SHARD).unlink(), f"{SHARD} is missing"),
        (lambda folder: _cut(folder / SHARD, 1), f"{SHARD} is truncated"),
        (lambda folder: _cut(folder / SHARD, 10_000), f"{SHARD} is truncated"),
        (lambda folder: os.truncate(folder / SHARD, 100), "ends inside its header"),
        (lambda folder: os.truncate(folder / SHARD, 3), "is not a safetensors file"),
        (lambda folder: (folder / SHARD).write_bytes(b"<html>not found</html>"), "is not a safetensors file"),
        (
            lambda folder: (folder / SHARD).write_bytes((folder / SHARD).read_bytes() + b"x"),
            "1 bytes more than its header",
        ),
        (_swap, "but the index places it in"),
        (_in_index(lambda files: files.update({"model.layers.9.extra": SHARD})), "promises the tensor"),
        (_in_index(lambda files: files.pop("model.norm.weight")), "which the index does not name"),
        (
            _in_index(lambda files: files.update({"model.norm.weight": "../x.safetensors"})),
            "not a shard of this folder",
        ),
        (_in_index(lambda files: files.update({"model.norm.weight": "\0.safetensors"})), "not a shard of this"),
        (_in_index(lambda files: files.clear()), "has no weight_map"),
        (lambda folder: (folder / INDEX).write_text("{"), f"{INDEX} is not valid JSON"),
        (lambda folder: ((folder / INDEX).unlink(), (folder / SHARD).unlink()), "2 of 3 shards are in"),
    ],
)
def test_damaged_shards(damage: Damage, said: str, sharded: Path, out: Path, run: Run) -> None:
    damage(sharded)
    message, _ = _refused(run, sharded, out)
    assert said in message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}, "LlamaForCausalLM, which cannot be converted"),
        ({"architectures": ["Qwen2MoeForCausalLM"]}, "Qwen2MoeForCausalLM, which cannot be converted"),
        ({"architectures": None, "model_type": None}, "architecture is not stated"),
        ({"architectures": "Qwen2ForCausalLM"}, "which cannot be converted"),
        ({"quantization_config": {"quant_method": "gptq"}}, "already quantised"),
        ({"hidden_size": 65}, "does not come out even"),
        ({"hidden_size": 128}, "has the shape"),
        ({"hidden_size": "64"}, "hidden_size as '64'"),
        ({"hidden_size": None}, "does not state hidden_size"),
        ({"num_hidden_layers": 0}, "num_hidden_layers as 0"),
        ({"num_hidden_layers": 3}, "model.layers.2.input_layernorm.weight (and 11 more) is missing"),
        ({"num_hidden_layers": 1}, "is not part of a Qwen2 model"),
        ({"num_key_value_heads": 3}, "does not come out even"),
        ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "rotary scaling 'dynamic'"),
        ({"rope_scaling": {"type": "yarn"}}, "gives factor as None"),
        ({"rope_scaling": [4.0]}, "rope_scaling in config.json is not an object"),
        ({"rope_theta": 10**400}, "rope_theta as 1000"),
        ({"rope_scaling": {"type": "yarn", "factor": 4.0, "beta_fast": "x"}}, "gives beta_fast as 'x'"),
        ({"rope_theta": -1.0}, "rope_theta as -1.0"),
        ({"rms_norm_eps": True}, "rms_norm_eps as True"),
        ({"vocab_size": 300}, "has the shape"),
        ({"bos_token_id": 5_000}, "the bos token has the id 5000"),
    ],
)
def test_configurations(changes: dict[str, Any], said: str, checkpoint: Path, out: Path, run: Run) -> None:
    edit_json(checkpoint / "config.json", **changes)
    message, _ = _refused(run, checkpoint, out)
    assert said in message


def test_another_architecture_is_told_what_is_supported(checkpoint: Path, out: Path, run: Run) -> None:
    edit_json(checkpoint / "config.json", architectures=["MistralForCausalLM"])
    _, hint = _refused(run, checkpoint, out)
    assert "Fin-R1" in hint
    assert "Qwen2.5" in hint


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "model.pt"])
def test_pickles_are_refused_with_the_reason_and_a_way_out(name: str, checkpoint: Path, out: Path, run: Run) -> None:
    (checkpoint / "model.safetensors").rename(checkpoint / name)
    message, hint = _refused(run, checkpoint, out)
    assert f"{name} is a pickle" in message
    assert "safetensors" in hint


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinite")])
@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
def test_weights_that_are_no_numbers_are_named(
    value: float, word: str, dtype: str, checkpoint: Path, out: Path, run: Run
) -> None:
    rows = json.loads((checkpoint / "config.json").read_text())["vocab_size"]
    weights = random_weights(Variant(), rows, 7)
    weights["model.layers.1.mlp.down_proj.weight"][3, 5] = value
    write_safetensors(checkpoint / "model.safetensors", weights, (dtype,))
    message, _ = _refused(run, checkpoint, out)
    assert "model.layers.1.mlp.down_proj.weight" in message
    assert f"{word} (at [3, 5])" in message


def test_integer_weights_are_refused(checkpoint: Path, out: Path, run: Run) -> None:
    raw = (checkpoint / "model.safetensors").read_bytes()
    (checkpoint / "model.safetensors").write_bytes(raw.replace(b'"BF16"', b'"I16" ', 1))
    assert "is stored as I16" in _refused(run, checkpoint, out)[0]


def _tokenizer(change: Callable[[dict[str, Any]], object]) -> Damage:
    def damage(folder: Path) -> None:
        value = json.loads((folder / "tokenizer.json").read_text())
        change(value)
        write_json(folder / "tokenizer.json", value)

    return damage


def _regex(value: dict[str, Any], regex: str) -> None:
    value["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = regex


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_tokenizer(lambda value: _regex(value, r"\p{L}+|\p{N}{1,3}|.")), "the pre-tokeniser is unknown"),
        (_tokenizer(lambda value: value.update(pre_tokenizer={"type": "Whitespace"})), "splits text by Whitespace"),
        (_tokenizer(lambda value: value.update(pre_tokenizer=None)), "splits text by none"),
        (_tokenizer(lambda value: value.update(normalizer={"type": "Lowercase"})), "normalises text by Lowercase"),
        (_tokenizer(lambda value: value["model"].update(type="Unigram")), "holds a Unigram tokeniser"),
        (_tokenizer(lambda value: value["model"]["merges"].append("zz qq")), "merges 'zz qq'"),
        (_tokenizer(lambda value: value["model"]["merges"].append("one")), "does not name two tokens"),
        (_tokenizer(lambda value: value["model"]["vocab"].pop("!")), "no token for the byte 0x21"),
        (_tokenizer(lambda value: value["model"]["vocab"].update({"!": 1})), "gives the token"),
        (_tokenizer(lambda value: value["added_tokens"][-1].update(id=900)), "has the id 900"),
        (_tokenizer(lambda value: value["added_tokens"][1].pop("content")), "without a usable id and text"),
        (_tokenizer(lambda value: value["added_tokens"][3].update(content="[PAD322]")), "two rows of the vocabulary"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "the checkpoint has no tokeniser"),
        (lambda folder: (folder / "tokenizer.json").write_bytes(b"\xff\xfe{}"), "is not UTF-8"),
        (lambda folder: edit_json(folder / "tokenizer_config.json", chat_template=7), "the chat template"),
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "config.json").write_text("[]"), "does not hold a JSON object"),
        (lambda folder: (folder / "config.json").write_text("[" * 100_000), "is not valid JSON"),
        (lambda folder: (folder / "model.safetensors").unlink(), "there are no model*.safetensors files"),
    ],
)
def test_tokenisers_and_missing_files(damage: Damage, said: str, checkpoint: Path, out: Path, run: Run) -> None:
    damage(checkpoint)
    assert said in _refused(run, checkpoint, out)[0]


@pytest.mark.parametrize("padding", [-1, 400])
def test_a_tokeniser_of_another_model(padding: int, tmp_path: Path, out: Path, run: Run) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint", Variant(padding=padding))
    message, hint = _refused(run, checkpoint, out)
    assert message == f"the tokeniser knows 321 tokens, but the embedding has {321 + padding} rows"
    assert "different models" in hint


def test_files_without_a_class_leave_the_pre_tokeniser_unknown(tmp_path: Path, out: Path, run: Run) -> None:
    checkpoint = make_checkpoint(tmp_path, Variant(tokeniser="files"))
    edit_json(checkpoint / "tokenizer_config.json", tokenizer_class="GPT2Tokenizer")
    assert "the tokeniser class GPT2Tokenizer" in _refused(run, checkpoint, out)[0]


def test_a_malformed_model_card_costs_its_keys_and_a_warning_only(checkpoint: Path, out: Path, run: Run) -> None:
    (checkpoint / "README.md").write_text("---\nlicense: [unclosed\n---\n")
    code, _, stderr = run(checkpoint, out)
    assert code == 0
    assert stderr.startswith("warning: ")
    assert out.is_file()


def test_a_model_card_of_another_form_is_passed_over_in_silence(checkpoint: Path, out: Path, run: Run) -> None:
    (checkpoint / "README.md").write_text("---\n- a list\n---\n")
    code, _, stderr = run(checkpoint, out)
    assert (code, stderr) == (0, "")


def test_a_folder_that_is_none(tmp_path: Path, out: Path, run: Run) -> None:
    assert "does not exist" in _refused(run, tmp_path / "nowhere", out)[0]
    (tmp_path / "file").touch()
    assert "is a file" in _refused(run, tmp_path / "file", out)[0]
