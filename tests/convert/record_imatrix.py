"""Have llama.cpp's own tools make importance matrices of the test models and quantise with them, and keep the results.

Run by hand when llama-cpp-python is updated: ``python -m tests.convert.record_imatrix TOOLS_DIR VERSION [TYPE…]``
with ``convert`` in PYTHONPATH, where TOOLS_DIR holds llama-imatrix and llama-quantize, built from the sources inside
the llama-cpp-python source package of that version. Every file that llama-quantize makes is compared with the
converter's here, byte by byte, in every type unless some are named; what the tests need of it are the keys.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from gguf import GGUFReader

from finr1_convert.conversion import convert
from finr1_convert.file_types import QUANTISED_TYPES
from tests.convert.checkpoints import make_checkpoint
from tests.convert.imatrix_models import CONTEXT, FOLDER, MODELS, text


def main(tools: Path, version: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)
        Path("text.txt").write_text(text(), encoding="utf-8")
        for name, variant in MODELS.items():
            convert(make_checkpoint(Path(name), variant), Path(f"{name}.gguf"), "bf16")
            for form, ending in (("gguf", "imatrix"), ("dat", "dat")):
                command = [tools / "llama-imatrix", "-m", f"{name}.gguf", "-f", "text.txt", "-o", f"{name}.{ending}"]
                _run(*command, "-c", CONTEXT, "-t", "1", "--output-format", form)
                (FOLDER / f"{name}.{ending}").write_bytes(Path(f"{name}.{ending}").read_bytes())
        names = sys.argv[3:] or [kind.name for kind in QUANTISED_TYPES]
        keys = {ending: _quantise(tools, f"wide.{ending}", names) for ending in ("imatrix", "dat")}
    record = {"llama_cpp_python": version, "keys": keys}
    (FOLDER / "keys.json").write_text(json.dumps(record, indent=1) + "\n")


def _quantise(tools: Path, imatrix: str, names: list[str]) -> dict[str, Any]:
    """Quantise the wide model to each type with both programs; the keys that tell of the matrix."""
    checkpoint = next(Path("wide").iterdir())
    for name in names:
        _run(tools / "llama-quantize", "--imatrix", imatrix, "wide.gguf", "theirs.gguf", name, "1")
        convert(checkpoint, Path("ours.gguf"), name, imatrix=Path(imatrix), threads=1, overwrite=True)
        same = Path("ours.gguf").read_bytes() == Path("theirs.gguf").read_bytes()
        print(f"{imatrix} {name}: {'the same bytes' if same else 'DIFFERENT'}", flush=True)
        if not same:
            sys.exit(1)
    fields = GGUFReader("theirs.gguf").fields
    return {
        name: [field.types[0].name, field.contents()]
        for name, field in fields.items()
        if name.startswith("quantize.imatrix")
    }


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2])
