"""Which tokens begin, end, pad and separate a text, and which are put there by the tokeniser itself.

Owns the order of the sources: the roles of tokenizer_config.json looked up among tokenizer.json's added
tokens, then the ids of config.json; and for what is added automatically, the post-processor of tokenizer.json
before the ``add_…_token`` flags of tokenizer_config.json. Reads no files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import ConvertError

SPECIAL_KINDS = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """``ids`` maps a kind ("bos", "eos", …) to a token id, ``added`` a kind to whether every text gets that
    token.

    Both keep the order in which they are written.
    """

    ids: dict[str, int]
    added: dict[str, bool]


def read_special_tokens(
    tokenizer: dict[str, Any] | None, settings: dict[str, Any], config: dict[str, Any], rows: int
) -> SpecialTokens:
    """Collect the special tokens from tokenizer.json, tokenizer_config.json (``settings``) and config.json.

    Raises ConvertError when an id lies beyond the ``rows`` of the embedding.
    """
    roles = {kind: token_content(settings.get(f"{kind}_token")) for kind in SPECIAL_KINDS}
    added: dict[str, bool] = {}
    ids: dict[str, int] = {}
    if tokenizer is not None:
        if settings:
            roles["bos"] = roles["bos"] or roles["cls"]
            roles["eos"] = roles["eos"] or roles["sep"]
        added = _added_by_post_processor(tokenizer.get("post_processor"), roles)
        ids = _ids_of_roles(tokenizer, roles)
    for kind in SPECIAL_KINDS:
        flag = settings.get(f"add_{kind}_token")
        if isinstance(flag, bool):
            added.setdefault(kind, flag)
    for kind in SPECIAL_KINDS:
        identifier = config.get(f"{kind}_token_id")
        if type(identifier) is int:
            ids.setdefault(kind, identifier)
    for kind, identifier in ids.items():
        if not 0 <= identifier < rows:
            raise ConvertError(f"the {kind} token has the id {identifier}, but the embedding has {rows:,} rows")
    return SpecialTokens(ids, {kind: flag for kind, flag in added.items() if kind in ("bos", "eos", "sep")})


def token_content(value: Any) -> str | None:
    """The text of a token that a configuration gives as a string or as an object with ``content``."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) and value else None


def _ids_of_roles(tokenizer: dict[str, Any], roles: dict[str, str | None]) -> dict[str, int]:
    listed = tokenizer.get("added_tokens") or []
    known = {entry["content"]: entry["id"] for entry in reversed(listed)}
    return {kind: known[content] for kind, content in roles.items() if content is not None and content in known}


def _added_by_post_processor(value: Any, roles: dict[str, str | None]) -> dict[str, bool]:
    """What the post-processor puts around every text, for the two kinds that Qwen2 tokenisers have."""
    if not isinstance(value, dict):
        return {}
    steps = value.get("processors", [value])
    added: dict[str, bool] = {}
    for step in steps if isinstance(steps, list) else []:
        kind = step.get("type") if isinstance(step, dict) else None
        if kind == "ByteLevel":
            added.setdefault("bos", False)
            added.setdefault("eos", False)
        elif kind == "TemplateProcessing":
            _apply_template(step, roles, added)
        else:
            raise ConvertError(
                f"tokenizer.json wraps texts with the post-processor {kind}, which Qwen2 tokenisers do not have"
            )
    return added


def _apply_template(step: dict[str, Any], roles: dict[str, str | None], added: dict[str, bool]) -> None:
    single, pair = _pieces(step.get("single")), _pieces(step.get("pair"))
    first = single[0] if len(single) > 1 and single[0] not in ("A", "B") else None
    last = single[-1] if len(single) > 1 and single[-1] not in ("A", "B") else None
    if first is not None:
        roles["bos"] = roles["bos"] or first
        added["bos"] = first in (roles["bos"], roles["cls"])
    if last is not None:
        if roles["eos"] not in (None, last):
            raise ConvertError(f"tokenizer.json ends every text with {last}, but the end token is {roles['eos']}")
        roles["eos"] = last
        added["eos"] = True
    inner = pair[
        1 if first is not None and pair[:1] == [first] else 0 : -1 if last is not None and pair[-1:] == [last] else None
    ]
    if inner[:1] == ["A"] and inner[-1:] == ["B"] and len(inner) > 2:
        added["sep"] = last is None and any(piece in (roles["sep"], roles["eos"]) for piece in inner[1:-1])


def _pieces(template: Any) -> list[str]:
    """A template as texts: "A" and "B" for the sequences, the token's own text for a special token."""
    pieces = []
    for piece in template if isinstance(template, list) else []:
        inner = (
            next((value for value in piece.values() if isinstance(value, dict)), {}) if isinstance(piece, dict) else {}
        )
        pieces.append(str(inner.get("id")))
    return pieces
