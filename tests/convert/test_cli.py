"""The command's arguments, answers and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import finr1_convert
from finr1_convert.gguf_header import read_header
from tests.convert.conftest import Run


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("only-one",),
        ("a", "b.gguf", "--type", "Q9_9"),
        ("a", "b.gguf", "--threads", "0"),
        ("a", "b.gguf", "--threads", "many"),
        ("a", "b.gguf", "--unknown"),
        ("inspect",),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...], run: Run) -> None:
    code, stdout, stderr = run(*arguments)
    assert code == 2
    assert stdout == ""
    assert "usage: finr1-convert" in stderr


@pytest.mark.parametrize(("given", "number"), [("F16", 1), ("bf16", 32), ("q8_0", 7), ("q4_k", 15), ("auto", 32)])
def test_types_in_any_case(given: str, number: int, checkpoint: Path, out: Path, run: Run) -> None:
    assert run(checkpoint, out, "--type", given)[0] == 0
    assert read_header(out).keys["general.file_type"] == number


def test_the_result_as_json(checkpoint: Path, out: Path, run: Run) -> None:
    code, stdout, stderr = run(checkpoint, out, "--json")
    assert (code, stderr) == (0, "")
    result = json.loads(stdout)
    assert result["output"] == str(out)
    assert result["type"] == "bf16"
    assert result["bytes"] == out.stat().st_size
    assert result["tensors"] == len(read_header(out).tensors) == 27
    assert result["warnings"] == []


def test_the_result_in_words(checkpoint: Path, out: Path, run: Run) -> None:
    code, stdout, stderr = run(checkpoint, out)
    assert (code, stderr) == (0, "")
    assert stdout.startswith(f"{out}: Tiny Fin 0.1M Instruct, bf16, 0.1 M weights in 27 tensors")


def test_help_lists_the_types(run: Run) -> None:
    code, stdout, _ = run("--help")
    assert code == 0
    for name in ("Q4_K_M", "IQ4_XS", "bf16", "inspect"):
        assert name in stdout


def test_runs_as_a_module_without_the_desktop_application() -> None:
    package = Path(finr1_convert.__file__).parents[1]
    program = (
        "import sys; import finr1_convert.cli; print(sorted(m for m in sys.modules if m.startswith('finr1_desk')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(package)}
    )
    assert done.stdout == "[]\n"
