"""Answers of a given form: llama.cpp's grammars, made from JSON schemas.

Owns the pointer to a grammar's state and the way from a schema to it. It knows which tokens may come next and draws
none. llama.cpp ends the process where a grammar is given a token that it does not allow, so every token is asked for
first.
"""

from __future__ import annotations

import ctypes
import json
from typing import Any, Final

import llama_cpp
import numpy as np
import numpy.typing as npt
from llama_cpp.llama_grammar import SchemaConverter

from finr1_desk.engine.json_schema import checked_schema, refused
from finr1_desk.engine.llama_vocabulary import Vocabulary

_LONGEST: Final = 256 * 1024  # characters of a grammar
# A string of JSON has no bare control characters; the converter's rule lets them through.
_CHARACTERS: Final = ('char ::= [^"\\\\] |', 'char ::= [^"\\\\\\x00-\\x1F\\x7F] |')
_CANDIDATE: Final = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class _Converter(SchemaConverter):  # type: ignore[misc]
    """llama-cpp-python's converter, with names and constants of any characters."""

    def _format_literal(self, literal: str) -> str:
        text = json.dumps(json.loads(literal), ensure_ascii=False)
        text.encode("utf-8")  # a lone surrogate has no UTF-8
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'


def grammar_of(schema: str) -> str:
    """The grammar, in llama.cpp's notation, of JSON that the schema describes.

    Raises:
        UserError: `BAD_VALUE` of `json_schema`.
    """
    checked = checked_schema(schema)
    converter = _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
    try:
        converter.visit(converter.resolve_refs(checked, "schema"), "")
        text: str = converter.format_grammar()
    except RecursionError:
        raise refused("too deep") from None
    except Exception as error:  # whatever a stranger's schema does to the converter
        raise refused(str(error)[:200] or type(error).__name__) from None
    if len(text) > _LONGEST or "\0" in text:
        raise refused("too large a grammar")
    return text.replace(*_CHARACTERS)


class Grammar:
    """Where an answer stands in its grammar. `close` frees it.

    Raises:
        UserError: `BAD_VALUE`: llama.cpp takes no such grammar.
    """

    def __init__(self, vocabulary: Vocabulary, text: str) -> None:
        self._pointer: Any = llama_cpp.llama_sampler_init_grammar(
            vocabulary.pointer, text.encode("utf-8", "replace"), b"root"
        )
        if not self._pointer:
            raise refused("llama.cpp takes no such grammar")
        self._one = np.zeros(1, dtype=_CANDIDATE)
        self._all = np.zeros(vocabulary.size, dtype=_CANDIDATE)
        self._ids = np.arange(vocabulary.size, dtype=np.int32)
        self._is_end = vocabulary.is_end

    def allows(self, token: int) -> bool:
        """Whether this token may come next."""
        self._one["id"], self._one["logit"] = token, 0.0
        self._apply(self._one)
        return bool(self._one["logit"][0] == 0.0)

    def forbid(self, logits: npt.NDArray[np.float32]) -> None:
        """Takes every chance, in place, from the tokens that may not come next."""
        self._all["id"], self._all["logit"] = self._ids, 0.0
        self._apply(self._all)
        logits[self._all["logit"] != 0.0] = -np.inf

    def accept(self, token: int) -> None:
        """The token has come; only one that is allowed."""
        if not self._is_end(token):
            llama_cpp.llama_sampler_accept(self._pointer, token)

    def _apply(self, candidates: npt.NDArray[Any]) -> None:
        address = candidates.ctypes.data_as(llama_cpp.llama_token_data_p)
        array = llama_cpp.llama_token_data_array(address, len(candidates), -1, False)
        llama_cpp.llama_sampler_apply(self._pointer, ctypes.byref(array))

    def close(self) -> None:
        """Gives the memory back; a second call does nothing."""
        if self._pointer:
            llama_cpp.llama_sampler_free(self._pointer)
            self._pointer = None
