"""What a GGUF file says about the model in it, without loading it.

Owns the meaning of the header's keys: name, shape, quantisation, sampling, and how much of the file must be there.
It checks that the tensors fit into the file, so that a download that broke off is recognised before llama.cpp sees
it. The byte layout is `gguf_format`'s; nothing here imports the `gguf` package or numpy.
"""

from __future__ import annotations

import math
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.quantisation import label_of
from finr1_desk.core.sampling import GGUF_SAMPLING_KEYS
from finr1_desk.library.gguf_format import (
    ArrayFacts,
    Container,
    CutOffError,
    KnownArrays,
    MalformedError,
    NotGgufError,
    read_container,
)

_OTHER_TYPES: Final = frozenset({"mmproj", "adapter", "imatrix", "controlvector", "vocab"})
# Architectures that turn text (or images) into vectors and write nothing.
_ENCODERS: Final = frozenset(
    {
        "bert",
        "clip",
        "gemma-embedding",
        "jina-bert-v2",
        "jina-bert-v3",
        "modern-bert",
        "neo-bert",
        "nomic-bert",
        "nomic-bert-moe",
        "t5encoder",
        "wavtokenizer-dec",
    }
)
_MAX_NAME: Final = 120  # characters
_FIN_R1_LAYERS: Final = 28
_FIN_R1_EMBEDDING: Final = 3584
_FIN_R1_FEED_FORWARD: Final = 18_944
_FIN_R1_KV_HEADS: Final = 4 * _FIN_R1_LAYERS
_FIN_R1_PARAMETERS: Final = 7_615_616_512
# Where a header may say what the model was made from.
_ORIGIN_KEYS: Final = (
    "general.source.repo_url",
    "general.source.url",
    "general.source.huggingface.repository",
    "general.repo_url",
    "general.url",
)
_BASE_MODELS: Final = 4  # of which name and address are read
_MAX_ORIGIN: Final = 200  # characters


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The facts of one file; 0 or "" where the file does not say.

    Attributes:
        name: `general.name`, else the file's name without its ending.
        basename: `general.basename`.
        quantisation: the label (`Q4_K_M`); where the file has none, the type that most of its bytes have.
        parameters: elements of all tensors of this file.
        trained_context: tokens.
        kv_heads: key-value heads of all layers together.
        key_length, value_length: elements of one head.
        sampling: the model's own sampling parameters under our names, unchecked numbers.
        tensor_bytes: bytes of tensor data in this file.
        split_count: files that the model consists of; 1 for a whole one.
        general_type: `model`, or what else the file is (`mmproj`, `adapter`, …).
        feed_forward_length: elements of a feed-forward layer.
        origins: names and addresses of what the model was made from, and where it was published.
    """

    path: Path
    name: str
    basename: str
    architecture: str
    quantisation: str
    parameters: int
    layers: int
    trained_context: int
    embedding_length: int
    kv_heads: int
    key_length: int
    value_length: int
    vocabulary_size: int
    tokenizer_model: str
    tokenizer_pre: str
    has_chat_template: bool
    file_bytes: int
    tensor_bytes: int
    split_count: int = 1
    general_type: str = "model"
    sampling: Mapping[str, float | int] = field(default_factory=dict)
    feed_forward_length: int = 0
    origins: tuple[str, ...] = ()

    @property
    def is_language_model(self) -> bool:
        """Whether this is something to chat with: not an adapter, a vocabulary, a projector or an encoder."""
        return (
            self.general_type not in _OTHER_TYPES
            and self.architecture not in _ENCODERS
            and self.layers > 0
            and self.parameters > 0
        )

    @property
    def is_fin_r1(self) -> bool:
        """Whether it says so and has the shape; `identity` gives reasons, and knows hashes too."""
        return says_fin_r1((self.name, self.basename, self.path.name, *self.origins)) and has_fin_r1_shape(self)


@dataclass(frozen=True, slots=True)
class Glance:
    """What the start of a header tells; enough to recognise a model, too little to judge the file."""

    name: str
    architecture: str
    general_type: str
    is_fin_r1: bool


def read_header(path: Path, known: KnownArrays | None = None) -> GgufHeader:
    """The header of the file at `path`; at most a few hundred milliseconds and some megabytes for any file.

    `known` makes reading many files quicker: they often have a vocabulary in common.

    Raises:
        UserError: `MODEL_NOT_FOUND`, `MODEL_UNREADABLE`, `MODEL_NOT_GGUF`, or `MODEL_TRUNCATED` (its
            `expected_bytes` is None where the header itself is cut off).
    """
    container, size = _open(path, peek=False, known=known)
    header = _header(path, container, size)
    expected = container.data_start + max((t.offset + t.bytes for t in container.tensors), default=0)
    if container.tensors and expected > size:
        raise UserError(ErrorCode.MODEL_TRUNCATED, path=str(path), expected_bytes=expected, actual_bytes=size)
    return header


def glance(path: Path) -> Glance:
    """The first facts of the file at `path`, in well under a millisecond.

    Raises:
        UserError: as `read_header`, except that a cut-off file is not noticed.
    """
    pairs = _open(path, peek=True)[0].pairs
    architecture = _text(pairs, "general.architecture")
    names = (_text(pairs, "general.name"), _text(pairs, "general.basename"), path.name, *_origins(pairs))
    layers = _number(pairs, f"{architecture}.block_count")
    embedding = _number(pairs, f"{architecture}.embedding_length")
    return Glance(
        name=_name(pairs, path),
        architecture=architecture,
        general_type=_text(pairs, "general.type") or "model",
        is_fin_r1=says_fin_r1(names) and _is_shaped(architecture, layers, embedding),
    )


def says_fin_r1(names: Iterable[str]) -> bool:
    """Whether one of the names is Fin-R1's, however it is written."""
    return any("finr1" in re.sub(r"[^a-z0-9]", "", name.lower()) for name in names)


def has_fin_r1_shape(header: GgufHeader) -> bool:
    """Whether the shape is that of Fin-R1's base, Qwen2.5-7B; what the header does not say is not held against it."""
    return (
        _is_shaped(header.architecture, header.layers, header.embedding_length)
        and header.feed_forward_length in (0, _FIN_R1_FEED_FORWARD)
        and (header.feed_forward_length == 0 or header.kv_heads == _FIN_R1_KV_HEADS)
        and (header.feed_forward_length == 0 or header.split_count > 1 or _is_sized(header.parameters))
    )


def _is_sized(parameters: int) -> bool:
    """Some converters add a small tensor of their own."""
    return abs(parameters - _FIN_R1_PARAMETERS) <= _FIN_R1_PARAMETERS // 1000


def _is_shaped(architecture: str, layers: int, embedding_length: int) -> bool:
    return (architecture, layers, embedding_length) == ("qwen2", _FIN_R1_LAYERS, _FIN_R1_EMBEDDING)


def _open(path: Path, *, peek: bool, known: KnownArrays | None = None) -> tuple[Container, int]:
    try:
        # A pipe or device in the place of a model would block or never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError(ErrorCode.MODEL_NOT_GGUF, path=str(path))
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            return _read(path, file, size, peek, known), size
    except FileNotFoundError:
        raise UserError(ErrorCode.MODEL_NOT_FOUND, path=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(ErrorCode.MODEL_UNREADABLE, path=str(path), reason=reason) from error


def _read(path: Path, file: BinaryIO, size: int, peek: bool, known: KnownArrays | None) -> Container:
    try:
        return read_container(file, size, peek=peek, known=known)
    except NotGgufError:
        raise UserError(ErrorCode.MODEL_NOT_GGUF, path=str(path)) from None
    except MalformedError as error:
        raise UserError(ErrorCode.MODEL_UNREADABLE, path=str(path), reason=str(error)) from None
    except CutOffError:
        raise UserError(ErrorCode.MODEL_TRUNCATED, path=str(path), expected_bytes=None, actual_bytes=size) from None


def _header(path: Path, container: Container, size: int) -> GgufHeader:
    pairs = container.pairs
    architecture = _text(pairs, "general.architecture")
    if not architecture:
        raise UserError(ErrorCode.MODEL_UNREADABLE, path=str(path), reason="no general.architecture")

    def of_architecture(key: str) -> int:
        return _number(pairs, f"{architecture}.{key}")

    heads, embedding = of_architecture("attention.head_count"), of_architecture("embedding_length")
    head_length = embedding // heads if heads else 0
    layers = of_architecture("block_count")
    return GgufHeader(
        path=path,
        name=_name(pairs, path),
        basename=_text(pairs, "general.basename"),
        architecture=architecture,
        quantisation=_quantisation(container),
        parameters=sum(tensor.elements for tensor in container.tensors),
        layers=layers,
        trained_context=of_architecture("context_length"),
        embedding_length=embedding,
        kv_heads=_kv_heads(pairs.get(f"{architecture}.attention.head_count_kv"), heads, layers),
        key_length=of_architecture("attention.key_length") or head_length,
        value_length=of_architecture("attention.value_length") or head_length,
        vocabulary_size=_length(pairs, "tokenizer.ggml.tokens") or of_architecture("vocab_size"),
        tokenizer_model=_text(pairs, "tokenizer.ggml.model"),
        tokenizer_pre=_text(pairs, "tokenizer.ggml.pre"),
        has_chat_template=bool(_text(pairs, "tokenizer.chat_template")),
        file_bytes=size,
        tensor_bytes=sum(tensor.bytes for tensor in container.tensors),
        split_count=max(1, _number(pairs, "split.count")),
        general_type=_text(pairs, "general.type") or "model",
        sampling=_sampling(pairs),
        feed_forward_length=of_architecture("feed_forward_length"),
        origins=_origins(pairs),
    )


def _origins(pairs: Mapping[str, Any]) -> tuple[str, ...]:
    keys = [*_ORIGIN_KEYS]
    for number in range(_BASE_MODELS):
        keys += [f"general.base_model.{number}.{what}" for what in ("name", "repo_url")]
    found = (" ".join(_text(pairs, key).split())[:_MAX_ORIGIN] for key in keys)
    return tuple(dict.fromkeys("".join(filter(str.isprintable, text)) for text in found if text))


def _text(pairs: Mapping[str, Any], key: str) -> str:
    value = pairs.get(key)
    return value if isinstance(value, str) else ""


def _name(pairs: Mapping[str, Any], path: Path) -> str:
    """The name as one printable line: the file may come from anywhere, and the name is shown everywhere."""
    line = " ".join(_text(pairs, "general.name").split())
    printable = "".join(char for char in line if char.isprintable())
    return printable[:_MAX_NAME] or path.stem


def _number(pairs: Mapping[str, Any], key: str) -> int:
    """A count; 0 where it is missing, of another type, or negative."""
    value = pairs.get(key)
    if isinstance(value, ArrayFacts):  # one number a layer
        value = max(value.numbers, default=0)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _length(pairs: Mapping[str, Any], key: str) -> int:
    value = pairs.get(key)
    return value.length if isinstance(value, ArrayFacts) else 0


def _kv_heads(value: Any, heads: int, layers: int) -> int:
    if isinstance(value, ArrayFacts) and value.numbers:
        return sum(value.numbers)
    per_layer = value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else heads
    return per_layer * layers


def _quantisation(container: Container) -> str:
    file_type = container.pairs.get("general.file_type")
    if isinstance(file_type, int) and not isinstance(file_type, bool):
        label = label_of(file_type)
        if label is not None:
            return label
    weights: Counter[str] = Counter()
    for tensor in container.tensors:
        weights[tensor.type_name] += tensor.bytes
    return weights.most_common(1)[0][0] if weights else ""


def _sampling(pairs: Mapping[str, Any]) -> dict[str, float | int]:
    found: dict[str, float | int] = {}
    for key, name in GGUF_SAMPLING_KEYS.items():
        value = pairs.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            found[name] = value
    return found
