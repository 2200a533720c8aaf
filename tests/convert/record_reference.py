"""Convert the test checkpoints with llama.cpp's own script and record what came out, in ``reference.json``.

Run by hand when llama-cpp-python is updated, with a Python that has what the script needs (torch, transformers
4.57.6, sentencepiece): ``python tests/convert/record_reference.py LLAMA_CPP_DIR VERSION``, where LLAMA_CPP_DIR is
``vendor/llama.cpp`` of the llama-cpp-python source package and VERSION that package's version.

The script knows pre-tokenisers by a hash over a known vocabulary, which the tests' small vocabularies cannot have; for
them alone its answer is replaced by the name that belongs to their splitting rule.
"""

from __future__ import annotations

import importlib
import json
import runpy
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.convert.checkpoints import RECORDED, make_checkpoint

TYPES = {"plain": ("f16", "bf16", "f32"), "sharded": ("f16", "bf16", "f32"), "tied": ("f16", "bf16")}


def main(llama_cpp: Path, version: str) -> None:
    sys.path[:0] = [str(llama_cpp), str(llama_cpp / "gguf-py")]
    # Only now: the gguf package beside the script is newer than the published one of the same version.
    digest = importlib.import_module("tests.convert.gguf_digest").digest
    _name_small_vocabularies()
    files: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for name, variant in RECORDED.items():
            checkpoint = make_checkpoint(Path(temporary) / name, variant)
            for kind in TYPES.get(name, ("f16",)):
                output = Path(temporary) / f"{name}-{kind}.gguf"
                sys.argv = ["convert", str(checkpoint), "--outfile", str(output), "--outtype", kind]
                runpy.run_path(str(llama_cpp / "convert_hf_to_gguf.py"), run_name="__main__")
                files[f"{name}-{kind}"] = digest(output)
    recorded = {"llama_cpp_python": version, "files": files}
    Path(__file__).with_name("reference.json").write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")


def _name_small_vocabularies() -> None:
    text_model = importlib.import_module("conversion.base").TextModel
    original = text_model.get_vocab_base_pre

    def named(self: Any, tokenizer: Any) -> str:
        try:
            return str(original(self, tokenizer))
        except NotImplementedError:
            return "deepseek-r1-qwen" if "<｜begin▁of▁sentence｜>" in tokenizer.get_vocab() else "qwen2"

    text_model.get_vocab_base_pre = named


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
