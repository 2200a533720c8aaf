"""The float GGUF: header, keys in llama.cpp's order, and the streamed tensors.

Owns what is written and in which order, through the ``gguf`` package's writer. Where the file lies and how it
gets its name is in ``output.py``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from gguf import GGML_QUANT_VERSION, GGMLQuantizationType, GGUFType, GGUFWriter, Metadata, RopeScalingType

from .errors import ConvertError
from .file_types import FileType
from .qwen2 import ModelTensor, Qwen2Config
from .safetensors_files import BYTES_PER_VALUE
from .streaming import TensorCopier
from .tokeniser import Vocabulary

_STORED_AS = {"f32": "F32", "f16": "F16", "bf16": "BF16"}
_GGML = {
    "F32": GGMLQuantizationType.F32,
    "F16": GGMLQuantizationType.F16,
    "BF16": GGMLQuantizationType.BF16,
}


def target_type(tensor: ModelTensor, kind: FileType) -> str:
    """The type (F32, F16, BF16) in which a file of the float type ``kind`` holds the tensor."""
    return "F32" if tensor.always_f32 else _STORED_AS[kind.name]


def target_bytes(tensor: ModelTensor, kind: FileType) -> int:
    """The bytes that the tensor takes in a file of the float type ``kind``, padding excluded."""
    return tensor.source.values * BYTES_PER_VALUE[target_type(tensor, kind)]


def write_gguf(
    path: Path,
    kind: FileType,
    config: Qwen2Config,
    vocabulary: Vocabulary,
    metadata: Metadata,
    tensors: tuple[ModelTensor, ...],
    on_bytes: Callable[[int], None] = lambda written: None,
) -> None:
    """Write a complete GGUF of the float type ``kind`` to ``path`` and force it to the disk.

    ``on_bytes`` is called with the tensor bytes written so far, at least once a megabyte; what it raises ends
    the writing. Raises ConvertError for tensor data that cannot be used, OSError when the disk is full.
    """
    writer = GGUFWriter(None, "qwen2")
    for tensor in tensors:
        stored = target_type(tensor, kind)
        # The shape given with this element type is taken as it is; raw_dtype says what the bytes are.
        writer.add_tensor_info(
            tensor.name, tensor.source.shape, np.dtype(np.float32), target_bytes(tensor, kind), _GGML[stored]
        )
    writer.add_type(GGUFType.MODEL)
    metadata.set_gguf_meta_model(writer)
    _add_architecture(writer, config, kind)
    writer.add_quantization_version(GGML_QUANT_VERSION)
    _add_tokeniser(writer, vocabulary)
    try:
        try:
            writer.write_header_to_file(path)
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
        except UnicodeEncodeError:
            raise ConvertError(
                "a text in the checkpoint's JSON files is not Unicode (half of a surrogate pair)"
            ) from None
        assert writer.fout is not None
        file = writer.fout[0]
        _write_tensors(writer, file, kind, tensors, on_bytes)
        file.flush()
        os.fsync(file.fileno())
    finally:
        writer.close()


def _write_tensors(
    writer: GGUFWriter,
    file: BinaryIO,
    kind: FileType,
    tensors: tuple[ModelTensor, ...],
    on_bytes: Callable[[int], None],
) -> None:
    written = 0

    def write(piece: memoryview) -> None:
        nonlocal written
        file.write(piece)
        written += len(piece)
        on_bytes(written)

    copier = TensorCopier()
    writer.write_padding(file, file.tell())
    with _open_one_at_a_time() as source:
        for tensor in tensors:
            copier.copy(source(tensor.source.file), tensor.source, target_type(tensor, kind), write)
            writer.write_padding(file, target_bytes(tensor, kind))


@contextmanager
def _open_one_at_a_time() -> Iterator[Callable[[Path], BinaryIO]]:
    """A function that opens a file, keeps it open while it is asked for again, and closes it for another."""
    current: tuple[Path, BinaryIO] | None = None

    def source(path: Path) -> BinaryIO:
        nonlocal current
        if current is None or current[0] != path:
            if current is not None:
                current[1].close()
            current = (path, path.open("rb", buffering=0))
        return current[1]

    try:
        yield source
    finally:
        if current is not None:
            current[1].close()


def _add_architecture(writer: GGUFWriter, config: Qwen2Config, kind: FileType) -> None:
    writer.add_block_count(config.layers)
    writer.add_context_length(config.context_length)
    writer.add_embedding_length(config.hidden)
    writer.add_feed_forward_length(config.feed_forward)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.key_value_heads)
    scaling = config.rope_scaling
    if scaling is not None:
        writer.add_rope_scaling_type(RopeScalingType(scaling.kind))
        writer.add_rope_scaling_factor(scaling.factor)
        if scaling.original_context is not None:
            writer.add_rope_scaling_orig_ctx_len(scaling.original_context)
        for value, add in (
            (scaling.extrapolation_factor, writer.add_rope_scaling_yarn_ext_factor),
            (scaling.attention_factor, writer.add_rope_scaling_yarn_attn_factor),
            (scaling.beta_fast, writer.add_rope_scaling_yarn_beta_fast),
            (scaling.beta_slow, writer.add_rope_scaling_yarn_beta_slow),
        ):
            if value is not None:
                add(value)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.rms_epsilon)
    if config.head_size is not None:
        writer.add_key_length(config.head_size)
        writer.add_value_length(config.head_size)
    writer.add_file_type(kind.number)


def _add_tokeniser(writer: GGUFWriter, vocabulary: Vocabulary) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    if vocabulary.merges:
        writer.add_token_merges(vocabulary.merges)
    special = vocabulary.special
    for kind, identifier in special.ids.items():
        add_id = getattr(writer, f"add_{kind}_token_id", None)
        if add_id is not None:
            add_id(identifier)
    add_flag = {
        "bos": writer.add_add_bos_token,
        "eos": writer.add_add_eos_token,
        "sep": writer.add_add_sep_token,
    }
    for kind, flag in special.added.items():
        add_flag[kind](flag)
    if vocabulary.chat_template is not None:
        writer.add_chat_template(vocabulary.chat_template)
