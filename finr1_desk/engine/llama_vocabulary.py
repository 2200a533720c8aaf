"""Text to tokens and back by a model's own vocabulary.

Owns llama.cpp's calls about it; it knows neither prompts nor answers. The pointer is the model's, which has to live as
long. Beside `llama`, `llama_devices` and
`llama_grammar` it is the only importer of llama_cpp.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

import llama_cpp

from finr1_desk.core.reasoning import TAGS


class Vocabulary:
    """Text to token ids and back. The pieces of tokens are remembered, so the second look-up costs a dictionary's."""

    def __init__(self, pointer: int, metadata: Mapping[str, str]) -> None:
        self.pointer = pointer
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        self.size = int(llama_cpp.llama_vocab_n_tokens(pointer))
        self.pre = metadata.get("tokenizer.ggml.pre", "")
        self.bos = bos if (bos := int(llama_cpp.llama_vocab_bos(pointer))) >= 0 else None
        self.eos = eos if (eos := int(llama_cpp.llama_vocab_eos(pointer))) >= 0 else None
        self.adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(pointer))

    def tokenise(self, text: str, *, parse_special: bool) -> list[int]:
        """Token ids of the text alone: no token is added at either end.

        `parse_special=False` takes the text of control tokens for what it is: text.
        """
        raw = text.encode("utf-8", "replace")  # a lone surrogate has no UTF-8
        room = len(raw) + 8
        while True:
            buffer = (llama_cpp.llama_token * room)()
            count = llama_cpp.llama_tokenize(self.pointer, raw, len(raw), buffer, room, False, parse_special)
            if count >= 0:
                return list(buffer[:count])
            room = -count

    def control_token(self, text: str) -> int | None:
        """The id of a control token by its text; None where the vocabulary has none of that name."""
        ids = self.tokenise(text, parse_special=True)
        if len(ids) == 1 and llama_cpp.llama_vocab_is_control(self.pointer, ids[0]):
            return ids[0]
        return None

    def is_control(self, token: int) -> bool:
        return bool(llama_cpp.llama_vocab_is_control(self.pointer, token))

    def text(self, token: int) -> str:
        """How the vocabulary spells a token, control tokens included."""
        return self._piece(token, special=True).decode("utf-8", "replace")

    def is_end(self, token: int) -> bool:
        """Whether generation ends with this token."""
        end = self._ends.get(token)
        if end is None:
            end = self._ends[token] = bool(llama_cpp.llama_vocab_is_eog(self.pointer, token))
        return end

    def ignore_ends(self) -> None:
        """No token ends generation from now on: what measures speed needs answers of a given length."""
        is_end = llama_cpp.llama_vocab_is_eog
        self._ends = {token: False for token in range(self.size) if is_end(self.pointer, token)}

    def piece(self, token: int) -> bytes:
        """The bytes that a token adds to the output: none for a control token, unless it spells a reasoning tag."""
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._piece(token, special=False)
            if not piece:
                spelled = self._piece(token, special=True)
                piece = spelled if spelled.decode("utf-8", "replace") in TAGS else b""
            self._pieces[token] = piece
        return piece

    def _piece(self, token: int, *, special: bool) -> bytes:
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = llama_cpp.llama_token_to_piece(self.pointer, token, buffer, room, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            room = -count
