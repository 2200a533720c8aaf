"""The checkpoint's tokeniser as a GGUF states it: tokens, their types, merges, special ids, chat template.

Owns the two forms in which byte-level BPE tokenisers are published (tokenizer.json; vocab.json with
merges.txt) and the agreement between tokeniser and embedding. Which splitting rule is which is in
``pretokeniser.py``; which tokens begin and end a text is in ``special_tokens.py``. Tokenises nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gguf import TokenType

from .errors import ConvertError
from .json_files import read_object, read_optional_object, read_text
from .pretokeniser import DEEPSEEK_BOS, recognise
from .special_tokens import SPECIAL_KINDS, SpecialTokens, read_special_tokens, token_content

# What Hugging Face's Qwen2 tokeniser takes for the roles that tokenizer_config.json does not mention.
_DEFAULT_ROLE = "<|endoftext|>"


@dataclass(frozen=True, slots=True)
class AddedToken:
    """A token that is matched as a whole before the text is split."""

    content: str
    special: bool
    normalized: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``tokens[i]`` and ``types[i]`` describe row i of the embedding; ``merges`` are "left right" in order of
    rank.
    """

    tokens: tuple[str, ...]
    types: tuple[int, ...]
    merges: tuple[str, ...]
    pre: str
    special: SpecialTokens
    chat_template: str | list[dict[str, str]] | None


def read_vocabulary(directory: Path, config: dict[str, Any], rows: int) -> Vocabulary:
    """Read the tokeniser of ``directory`` for an embedding of ``rows`` rows; ``config`` is config.json.

    Raises ConvertError for a missing, damaged or unknown tokeniser, or one that does not fit the embedding.
    """
    tokenizer = read_optional_object(directory / "tokenizer.json")
    stated = read_optional_object(directory / "tokenizer_config.json")
    settings = stated or {}
    if tokenizer is not None:
        base, merges = _from_tokenizer_json(tokenizer)
    else:
        base, merges = _from_vocab_and_merges(directory)
    _check_base(base, merges)
    added = _added_tokens(directory, tokenizer, settings, base, rows)
    texts = dict(base)
    for identifier, token in added.items():
        texts[token.content] = identifier
    _check_size(texts, rows)
    pre = recognise(tokenizer, settings)
    if any(token.content == DEEPSEEK_BOS for token in added.values()):
        pre = "deepseek-r1-qwen"
    tokens, types = _rows(texts, added, rows)
    if len(set(tokens)) != rows:
        twice = next(token for token, count in Counter(tokens).items() if count > 1)
        raise ConvertError(f"two rows of the vocabulary are {twice!r}, which llama.cpp cannot tell apart", _FETCH_AGAIN)
    special = read_special_tokens(tokenizer, settings, config, rows)
    template = None if stated is None else _chat_template(directory, stated)
    return Vocabulary(tokens, types, merges, pre, special, template)


def _from_tokenizer_json(tokenizer: dict[str, Any]) -> tuple[dict[str, int], tuple[str, ...]]:
    model = tokenizer.get("model")
    if not isinstance(model, dict) or model.get("type", "BPE") != "BPE":
        kind = model.get("type") if isinstance(model, dict) else None
        raise ConvertError(
            f"tokenizer.json holds a {kind or 'nameless'} tokeniser where Qwen2 models have byte-level BPE"
        )
    if model.get("byte_fallback") or model.get("ignore_merges") or model.get("dropout"):
        raise ConvertError(
            "tokenizer.json sets an option of BPE (byte_fallback, ignore_merges, dropout) that Qwen2's does not have"
        )
    merges = model.get("merges")
    if not isinstance(merges, list):
        raise ConvertError("tokenizer.json has no list of merges", _FETCH_AGAIN)
    return _vocabulary(model.get("vocab"), "tokenizer.json"), tuple(_merge(merge) for merge in merges)


def _from_vocab_and_merges(directory: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    for name in ("vocab.json", "merges.txt"):
        if not (directory / name).is_file():
            raise ConvertError(
                f"the checkpoint has no tokeniser: neither tokenizer.json nor {name} is in {directory}",
                "fetch tokenizer.json and tokenizer_config.json of the model",
            )
    lines = read_text(directory / "merges.txt").split("\n")
    if lines and lines[0].startswith("#"):
        lines = lines[1:]
    merges = tuple(_merge(line.strip()) for line in lines if line.strip())
    return _vocabulary(read_object(directory / "vocab.json"), "vocab.json"), merges


def _vocabulary(value: Any, name: str) -> dict[str, int]:
    if not isinstance(value, dict) or not value:
        raise ConvertError(f"{name} has no vocabulary", _FETCH_AGAIN)
    seen: set[int] = set()
    for token, identifier in value.items():
        if type(identifier) is not int or identifier < 0 or identifier in seen:
            raise ConvertError(f"{name} gives the token {token!r} the id {identifier!r}", _FETCH_AGAIN)
        seen.add(identifier)
    return value


def _merge(value: Any) -> str:
    """One merge as "left right"; a space inside a half becomes its byte-level letter, as llama.cpp stores it."""
    if isinstance(value, str):
        halves = value.split(" ")
    elif isinstance(value, list) and all(isinstance(half, str) for half in value):
        halves = [half.replace(" ", "Ġ") for half in value]
    else:
        halves = []
    if len(halves) != 2 or not all(halves):
        raise ConvertError(f"the tokeniser's merge {value!r} does not name two tokens", _FETCH_AGAIN)
    return f"{halves[0]} {halves[1]}"


def _check_base(base: dict[str, int], merges: tuple[str, ...]) -> None:
    for letter, byte in byte_letters().items():
        if letter not in base:
            raise ConvertError(
                f"the vocabulary has no token for the byte {byte:#04x}: it is not byte-level",
                "Qwen2 models use byte-level BPE, whose vocabulary starts with all 256 bytes",
            )
    for merge in merges:
        left, right = merge.split(" ")
        if left not in base or right not in base or left + right not in base:
            raise ConvertError(f"the tokeniser merges {merge!r}, which are not tokens of its vocabulary", _FETCH_AGAIN)


def _check_size(texts: dict[str, int], rows: int) -> None:
    highest = max(texts.values())
    if highest >= rows:
        raise ConvertError(
            f"the tokeniser knows {highest + 1:,} tokens, but the embedding has {rows:,} rows",
            "tokeniser and weights are of different models, or tokens were added without resizing the embedding",
        )
    # Embeddings are padded to round numbers, never to twice their size.
    if len(texts) * 2 < rows:
        raise ConvertError(
            f"the tokeniser knows {len(texts):,} tokens, but the embedding has {rows:,} rows",
            "tokeniser and weights are of different models: fetch both again",
        )


def _added_tokens(
    directory: Path, tokenizer: dict[str, Any] | None, settings: dict[str, Any], base: dict[str, int], rows: int
) -> dict[int, AddedToken]:
    """All added tokens by id: those listed, then those that only have a role, which the tokeniser appends."""
    entries = _listed_tokens(directory, tokenizer, settings)
    named = _named_special(settings)
    added: dict[int, AddedToken] = {}
    following = len(base)
    for identifier, token in sorted(entries.items()):
        expected = base.get(token.content, following)
        if identifier != expected:
            raise ConvertError(
                f"the added token {token.content!r} has the id {identifier}, but its place is {expected}",
                _FETCH_AGAIN,
            )
        following = max(following, identifier + 1)
        added[identifier] = AddedToken(token.content, token.special or token.content in named, token.normalized)
    known = {token.content for token in added.values()}
    for content in named:
        if content in known or (content == _DEFAULT_ROLE and following >= rows):
            continue
        identifier = base.get(content, following)
        following = max(following, identifier + 1)
        added[identifier] = AddedToken(content, special=True, normalized=False)
    return added


def _listed_tokens(
    directory: Path, tokenizer: dict[str, Any] | None, settings: dict[str, Any]
) -> dict[int, AddedToken]:
    entries: dict[int, AddedToken] = {}
    listed = (tokenizer or {}).get("added_tokens") or []
    decoder = settings.get("added_tokens_decoder") or {}
    if not isinstance(listed, list) or not isinstance(decoder, dict):
        raise ConvertError("the tokeniser's list of added tokens is not a list", _FETCH_AGAIN)
    for entry in listed:
        identifier = entry.get("id") if isinstance(entry, dict) else None
        _put(entries, identifier, entry, "tokenizer.json")
    for key, entry in decoder.items():
        _put(entries, int(key) if key.isdecimal() and len(key) < 10 else key, entry, "tokenizer_config.json")
    if tokenizer is None:
        contents = {token.content for token in entries.values()}
        for content, identifier in (read_optional_object(directory / "added_tokens.json") or {}).items():
            if content not in contents:
                _put(entries, identifier, {"content": content}, "added_tokens.json")
    return entries


def _put(entries: dict[int, AddedToken], identifier: Any, entry: Any, where: str) -> None:
    content = entry.get("content") if isinstance(entry, dict) else None
    if type(identifier) is not int or identifier < 0 or not isinstance(content, str) or not content:
        raise ConvertError(f"{where} lists an added token without a usable id and text: {identifier!r}", _FETCH_AGAIN)
    before = entries.get(identifier)
    if before is not None and before.content != content:
        raise ConvertError(
            f"{where} gives the id {identifier} to {content!r}, but it is {before.content!r} elsewhere",
            _FETCH_AGAIN,
        )
    special = entry.get("special") is True
    entries[identifier] = AddedToken(content, special, entry.get("normalized", not special) is True)


def _named_special(settings: dict[str, Any]) -> list[str]:
    """Texts that have a role in tokenizer_config.json, in the order in which a tokeniser appends missing
    ones.
    """
    named = [token_content(settings.get(f"{kind}_token")) for kind in SPECIAL_KINDS]
    if any(f"{kind}_token" not in settings for kind in ("eos", "unk", "pad")):
        named.append(_DEFAULT_ROLE)
    for key in ("additional_special_tokens", "extra_special_tokens"):
        value = settings.get(key)
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        named.extend(token_content(item) for item in values)
    return list(dict.fromkeys(content for content in named if content is not None))


def _rows(texts: dict[str, int], added: dict[int, AddedToken], rows: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    by_id = {identifier: text for text, identifier in texts.items()}
    by_id.update((identifier, token.content) for identifier, token in added.items())
    tokens: list[str] = []
    types: list[int] = []
    for identifier in range(rows):
        text = by_id.get(identifier)
        token = added.get(identifier)
        if text is None:
            tokens.append(f"[PAD{identifier}]")
            types.append(TokenType.UNUSED)
        elif token is None:
            tokens.append(text)
            types.append(TokenType.NORMAL)
        else:
            text = text if token.normalized else _as_decoded(text)
            control = token.special or _looks_special(text)
            # llama.cpp compares user-defined tokens with plain text, in which SentencePiece's blank is a space.
            tokens.append(text if control else text.replace("▁", " "))
            types.append(TokenType.CONTROL if control else TokenType.USER_DEFINED)
    return tuple(tokens), tuple(types)


def _looks_special(text: str) -> bool:
    """Markers that several models forgot to declare special; llama.cpp treats them as control tokens."""
    return (
        text in ("<pad>", "<mask>", "<2mass>", "[@BOS@]")
        or (text.startswith("<|") and text.endswith("|>"))
        or (text.startswith("<｜") and text.endswith("｜>"))
        or (text.startswith("<unused") and text.endswith(">"))
    )


def _as_decoded(text: str) -> str:
    """What a byte-level decoder makes of an added token: letters that stand for bytes become those bytes."""
    letters = byte_letters()
    if all(letter in letters for letter in text):
        return bytes(letters[letter] for letter in text).decode("utf-8", errors="replace")
    return text


def byte_letters() -> dict[str, int]:
    """GPT-2's alphabet: printable Latin-1 stands for itself, the other bytes for the letters from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {chr(byte): byte for byte in printable}
    others = (byte for byte in range(256) if byte not in letters.values())
    letters.update((chr(0x100 + n), byte) for n, byte in enumerate(others))
    return letters


def _chat_template(directory: Path, settings: dict[str, Any]) -> str | list[dict[str, str]] | None:
    """The template of tokenizer_config.json, else that of chat_template.jinja or chat_template.json."""
    template: Any = None
    if "chat_template" in settings:
        template = settings["chat_template"]
    elif (directory / "chat_template.jinja").is_file():
        template = read_text(directory / "chat_template.jinja")
        more = sorted((directory / "additional_chat_templates").glob("*.jinja"))
        if more:
            named = [{"name": path.stem, "template": read_text(path)} for path in more]
            template = [{"name": "default", "template": template}, *named]
    elif (directory / "chat_template.json").is_file():
        template = read_object(directory / "chat_template.json").get("chat_template")
    if template is None or isinstance(template, str):
        return template
    if isinstance(template, list) and all(
        isinstance(item, dict) and isinstance(item.get("name"), str) and isinstance(item.get("template"), str)
        for item in template
    ):
        return template
    raise ConvertError("the chat template of the checkpoint is neither a text nor a list of named texts", _FETCH_AGAIN)


_FETCH_AGAIN = "fetch the tokeniser's files again from the model's repository"
