"""What the converter writes equals, byte for byte, what llama.cpp's own script wrote from the same checkpoints."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from finr1_convert.conversion import convert
from tests.convert.checkpoints import RECORDED, make_checkpoint
from tests.convert.gguf_digest import digest

REFERENCE: dict[str, Any] = json.loads(Path(__file__).with_name("reference.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", REFERENCE["files"])
def test_equals_llama_cpps_own_conversion(case: str, tmp_path: Path) -> None:
    name, _, kind = case.rpartition("-")
    checkpoint = make_checkpoint(tmp_path / name, RECORDED[name])
    output = tmp_path / "out.gguf"
    convert(checkpoint, output, kind)
    mine, theirs = digest(output), REFERENCE["files"][case]
    assert mine["keys"] == theirs["keys"]
    assert mine["tensors"] == theirs["tensors"]
    assert mine["sha256"] == theirs["sha256"]


def test_the_record_is_of_the_llama_cpp_that_is_installed() -> None:
    assert REFERENCE["llama_cpp_python"] == version("llama-cpp-python")


def test_every_recorded_variant_was_recorded() -> None:
    assert {case.rpartition("-")[0] for case in REFERENCE["files"]} == set(RECORDED)
