"""Checkpoints damaged at random: the converter converts or says why not, and never leaves half a file."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finr1_convert.conversion import convert
from finr1_convert.errors import ConvertError
from finr1_convert.gguf_header import read_header
from tests.convert.checkpoints import Variant, make_checkpoint

# The first hundred run with the suite, all of them with `-m "slow or not slow"`.
MUTATIONS, SAMPLE = 500, 100
_ODD_NUMBERS: list[Any] = [-1, 0, 1, 2**31, 2**63, 1.5, float("nan"), True]
_ODD_VALUES: list[Any] = [*_ODD_NUMBERS, None, "", "\ud800", "x", [], {}, [None], {"a": []}]


def _flip_bytes(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    # The beginning is where the structure is.
    reach = len(data) if chance.random() < 0.5 else min(len(data), 2000)
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(reach)] = chance.randrange(256)
    path.write_bytes(data)


def _truncate(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data))])


def _insert(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    at = chance.randrange(len(data))
    path.write_bytes(data[:at] + chance.randbytes(chance.randint(1, 40)) + data[at:])


def _remove(path: Path, chance: random.Random) -> None:
    path.unlink()


def _change_json(path: Path, chance: random.Random) -> None:
    """Replace or remove one value anywhere in a JSON file (or in a safetensors header)."""
    raw = path.read_bytes()
    is_weights = path.suffix == ".safetensors"
    length = int.from_bytes(raw[:8], "little") if is_weights else 0
    value = json.loads(raw[8 : 8 + length] if is_weights else raw)
    place: Any = value
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = chance.choice(list(keys))
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or chance.random() < 0.3:
            break
        place = inner
    if chance.random() < 0.3:
        del place[key]
    else:
        place[key] = chance.choice(_ODD_VALUES)
    text = json.dumps(value).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :] if is_weights else text)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("originals")
    variants = [
        Variant(layers=1),
        Variant(layers=1, shards=2, transformers=5, template="jinja"),
        Variant(layers=1, tokeniser="files", tied=True),
        Variant(layers=1, deepseek=True, dtypes=("F32",)),
    ]
    return [make_checkpoint(root / str(number), variant) for number, variant in enumerate(variants)]


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.slow] if seed >= SAMPLE else []) for seed in range(MUTATIONS)]
)
def test_a_mutated_checkpoint_gives_a_model_or_a_sentence(
    seed: int, originals: list[Path], tmp_path: Path, out: Path
) -> None:
    chance = random.Random(seed)
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(chance.choice(originals), checkpoint)
    path = chance.choice(sorted(checkpoint.iterdir()))
    structured = path.suffix in (".json", ".safetensors")
    byte_level: list[Callable[[Path, random.Random], None]] = [_flip_bytes, _truncate, _insert, _remove]
    mutate = _change_json if structured and chance.random() < 0.6 else chance.choice(byte_level)
    mutate(path, chance)
    refusal = _conversion(checkpoint, out, chance.choice(["f16", "bf16", "f32", "Q8_0", "Q4_K_M"]))
    if refusal is None:
        assert read_header(out).tensors
        assert list(out.parent.iterdir()) == [out]
    else:
        assert refusal.message
        assert "\n" not in refusal.message + refusal.hint
        assert list(out.parent.iterdir()) == []


def _conversion(checkpoint: Path, out: Path, kind: str) -> ConvertError | None:
    try:
        convert(checkpoint, out, kind)
    except ConvertError as error:
        return error
    return None
