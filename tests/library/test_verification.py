"""The verification beside a model: what the converter writes is read, and nothing else is believed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finr1_convert import verification_sidecar
from finr1_desk.library.discovery import inspect_model, list_models
from finr1_desk.library.places import ModelSource, Place
from finr1_desk.library.verification import Verification, fingerprint, read_verification, sidecar_path
from tests.library.test_discovery import write

FIGURES = {
    "tokens": 8160,
    "same_first_choice": {"value": 0.9791, "uncertainty": 0.0016},
    "divergence": {"value": 0.0123, "uncertainty": 0.0002},
}


def record(model: Path) -> dict[str, Any]:
    return {
        "format": "finr1-verification",
        "version": 1,
        "model": {"bytes": model.stat().st_size, "fingerprint": fingerprint(model), "file_type": "Q4_K_M"},
        "reference": {"file_type": "F16"},
        "figures": FIGURES,
    }


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "models" / "Fin-R1-v1.5-Q4_K_M.gguf", width=4096)


@pytest.mark.parametrize("size", [0, 1, 4095, 262_143, 262_144, 262_145, 1_000_003])
def test_both_programs_have_the_same_fingerprint(size: int, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(os.urandom(size))
    assert fingerprint(file) == verification_sidecar.fingerprint(file)


@pytest.mark.parametrize("name", ["a.gguf", "Fin-R1-v1.5.Q4.gguf", "UPPER.GGUF", "no-ending.5", "模型.gguf"])
def test_both_programs_look_in_the_same_place(name: str) -> None:
    path = Path("/models") / name
    assert sidecar_path(path) == verification_sidecar.sidecar_path(path)
    assert sidecar_path(Path("/m/Fin-R1.Q4.gguf")) == Path("/m/Fin-R1.Q4.verify.json")


def test_a_fingerprint_changes_with_the_ends_the_middle_and_the_size(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    data = bytearray(os.urandom(900_000))
    seen = set()
    for change in (None, 0, 450_000 // 4096 * 4096, len(data) - 1):
        changed = bytearray(data)
        if change is not None:
            # As another quantisation would: a stretch of it, not a bit.
            changed[max(0, change - 9000) : change + 9000] = bytes(len(changed[max(0, change - 9000) : change + 9000]))
        file.write_bytes(changed)
        seen.add(fingerprint(file))
    file.write_bytes(data + b"\0")
    assert len(seen | {fingerprint(file)}) == 5


def test_what_the_converter_writes_is_read_with_the_model(model: Path) -> None:
    verification_sidecar.write_sidecar(record(model), verification_sidecar.sidecar_path(model))
    expected = Verification("F16", 8160, 0.9791, 0.0123)
    assert read_verification(model) == expected
    assert inspect_model(model).verification == expected
    found = list_models(model.parent, where=[Place(ModelSource.OWN, model.parent)], built_in=model.parent / "none")
    assert [item.verification for item in found] == [expected]


def test_it_stays_with_a_copy_and_not_with_another_model(model: Path, tmp_path: Path) -> None:
    verification_sidecar.write_sidecar(record(model), sidecar_path(model))
    copy = tmp_path / "elsewhere" / model.name
    copy.parent.mkdir()
    shutil.copyfile(model, copy)
    shutil.copyfile(sidecar_path(model), sidecar_path(copy))
    assert read_verification(copy) is not None
    data = bytearray(model.read_bytes())
    data[-1000:] = os.urandom(1000)
    model.write_bytes(data)  # of the same size and name
    assert read_verification(model) is None


def change(*keys: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def apply(values: dict[str, Any]) -> None:
        for key in keys[:-1]:
            values = values[key]
        values[keys[-1]] = to

    return apply


@pytest.mark.parametrize(
    "damage",
    [
        change("format", to="something else"),
        change("version", to=2),
        change("model", to=None),
        change("model", "bytes", to=1),
        change("model", "fingerprint", to=["no"]),
        change("reference", to=[]),
        change("reference", "file_type", to=5),
        change("figures", to={}),
        change("figures", "tokens", to="8160"),
        change("figures", "tokens", to=0),
        change("figures", "same_first_choice", "value", to=1.01),
        change("figures", "same_first_choice", "value", to=-0.1),
        change("figures", "same_first_choice", "value", to=float("nan")),
        change("figures", "same_first_choice", "value", to=None),
        change("figures", "same_first_choice", "value", to=10**400),
        change("figures", "divergence", "value", to=float("inf")),
    ],
)
def test_a_record_that_says_something_else_is_none(damage: Callable[[dict[str, Any]], None], model: Path) -> None:
    values = json.loads(json.dumps(record(model)))
    damage(values)
    sidecar_path(model).write_text(json.dumps(values), encoding="utf-8")
    assert read_verification(model) is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"1", b"[" * 60_000, b" " * 70_000 + b"{}"], ids=range(8)
)
def test_a_file_that_is_no_record_is_none(content: bytes, model: Path) -> None:
    sidecar_path(model).write_bytes(content)
    assert read_verification(model) is None


def test_what_is_no_file_is_none(model: Path) -> None:
    assert read_verification(model) is None
    sidecar_path(model).mkdir()
    assert read_verification(model) is None
    sidecar_path(model).rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(sidecar_path(model))  # would block who reads it
        assert read_verification(model) is None


def test_a_name_from_elsewhere_is_short_and_printable(model: Path) -> None:
    values = record(model)
    values["reference"]["file_type"] = "F16\n\x1b[31m" + "x" * 1000
    sidecar_path(model).write_text(json.dumps(values), encoding="utf-8")
    found = read_verification(model)
    assert found is not None
    assert found.reference == "F16[31m" + "x" * 17
