"""The tokeniser of the real Qwen2 vocabulary in a test checkpoint, from llama.cpp's ``ggml-vocab-qwen2.gguf``.

The file is not part of this project: ``FINR1_REAL_DATA`` names a folder with ``qwen2-tokenizer/ggml-vocab-qwen2.gguf``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gguf import GGUFReader, TokenType

from tests.convert.checkpoints import edit_json, write_json

EMBEDDING_ROWS = 152_064
FIRST_CONTROL = 151_643


def vocabulary_folder() -> Path | None:
    """The folder of the vocabulary and its test texts, None where it is not at hand."""
    data = os.environ.get("FINR1_REAL_DATA")
    return Path(data) / "qwen2-tokenizer" if data else None


def write_real_tokeniser(checkpoint: Path, source: Path) -> None:
    """Replace the tokeniser of ``checkpoint``, whose embedding must have ``EMBEDDING_ROWS`` rows."""
    fields = GGUFReader(source).fields
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    types: list[int] = fields["tokenizer.ggml.token_type"].contents()
    names = {identifier: token for identifier, token in enumerate(tokens) if types[identifier] != TokenType.UNUSED}
    added = [identifier for identifier in names if types[identifier] != TokenType.NORMAL]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer: dict[str, Any] = json.loads((checkpoint / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["added_tokens"] = [{"id": identifier, "content": names[identifier], **flags} for identifier in added]
    tokenizer["model"]["vocab"] = {token: identifier for identifier, token in names.items() if identifier not in added}
    tokenizer["model"]["merges"] = fields["tokenizer.ggml.merges"].contents()
    write_json(checkpoint / "tokenizer.json", tokenizer)
    edit_json(checkpoint / "config.json", bos_token_id=FIRST_CONTROL, eos_token_id=FIRST_CONTROL + 2)
