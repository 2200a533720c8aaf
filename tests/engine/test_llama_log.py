"""llama.cpp has one log for a process, and goes on calling it when the object that set it is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# A callback that was freed leaves its place to the next one made: here to one that ends the process with 7.
PROGRAM = """
import ctypes, gc, os, sys
import llama_cpp
{make}
gc.collect()
intruders = [ctypes.CFUNCTYPE(None)(lambda: os._exit(7)) for _ in range(100)]
llama_cpp.Llama(sys.argv[1], vocab_only=True, verbose=False)
"""


@pytest.mark.parametrize(
    "make",
    [
        "from finr1_desk.engine.llama import LlamaLog; LlamaLog(lambda line: None)",
        "from finr1_convert.evaluation import LlamaLog; LlamaLog()",
    ],
)
def test_the_log_may_be_dropped_by_its_maker(make: str) -> None:
    root = Path(__file__).parents[2]
    model = root / "assets" / "builtin_model" / "builtin-demonstration-model.gguf"
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(make=make), str(model)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'convert'}"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-500:]
