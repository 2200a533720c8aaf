"""Which rule splits a text before byte-pair merging, by the name that llama.cpp has for it.

Owns the recognition: by the rule itself as tokenizer.json spells it, so that any vocabulary that uses Qwen2's
rule is recognised, however its merges were learnt. An unknown rule is refused: a wrong one gives a model that
reads every number and every line break differently from how it was trained, and nobody would notice.
"""

from __future__ import annotations

from typing import Any

from .errors import ConvertError

DEEPSEEK_BOS = "<｜begin▁of▁sentence｜>"
# llama.cpp's name → the regular expression of the Split step.
_RULES = {
    "qwen2": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
_IMPLIED_BY_CLASS = {"Qwen2Tokenizer": "qwen2", "Qwen2TokenizerFast": "qwen2"}
_HINT = "the pre-tokenisers of Qwen2, Qwen2.5, Fin-R1 and DeepSeek-R1-Distill-Qwen are known"


def recognise(tokenizer: dict[str, Any] | None, settings: dict[str, Any]) -> str:
    """The ``tokenizer.ggml.pre`` of a tokeniser.

    ``tokenizer`` is tokenizer.json. vocab.json and merges.txt do not state the rule: where a checkpoint has only
    those, the class named in tokenizer_config.json (``settings``) decides, and it is Qwen2's where none is named.
    Raises ConvertError for any other rule.
    """
    if tokenizer is None:
        name = settings.get("tokenizer_class", "Qwen2Tokenizer")
        if not isinstance(name, str) or name not in _IMPLIED_BY_CLASS:
            raise ConvertError(
                f"the pre-tokeniser is unknown: tokenizer_config.json names the tokeniser class {name}", _HINT
            )
        return _IMPLIED_BY_CLASS[name]
    _check_normaliser(tokenizer.get("normalizer"))
    steps = _steps(tokenizer.get("pre_tokenizer"), "pretokenizers")
    split = steps[0] if len(steps) == 2 else {}
    pattern = split.get("pattern")
    regex = pattern.get("Regex") if isinstance(pattern, dict) else None
    name = next((name for name, rule in _RULES.items() if rule == regex), None)
    plain = split.get("type") == "Split" and split.get("behavior") == "Isolated" and split.get("invert") is not True
    if name is None or not plain or not _is_plain_byte_level(steps[1]):
        described = (
            repr(regex) if isinstance(regex, str) else " + ".join(str(step.get("type")) for step in steps) or "none"
        )
        raise ConvertError(f"the pre-tokeniser is unknown: tokenizer.json splits text by {described}", _HINT)
    return name


def _steps(value: Any, key: str) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    inner = value.get(key) if value.get("type") == "Sequence" else [value]
    return [step for step in inner if isinstance(step, dict)] if isinstance(inner, list) else []


def _is_plain_byte_level(step: dict[str, Any]) -> bool:
    return (
        step.get("type") == "ByteLevel" and step.get("use_regex") is False and step.get("add_prefix_space") is not True
    )


def _check_normaliser(value: Any) -> None:
    """Qwen2 composes characters (NFC), DeepSeek's distils do nothing; llama.cpp knows no other preparation."""
    if value is None:
        return
    steps = _steps(value, "normalizers")
    if not isinstance(value, dict) or any(step.get("type") != "NFC" for step in steps):
        kinds = " + ".join(str(step.get("type")) for step in steps) or "something unreadable"
        raise ConvertError(f"the tokeniser normalises text by {kinds}, which llama.cpp cannot do", _HINT)
