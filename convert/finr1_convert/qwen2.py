"""The Qwen2 architecture: its configuration and the tensors that follow from it.

Owns the reading of both spellings of config.json (transformers 4 and 5), the names and shapes of all tensors,
and the sentence about what else is not supported. Does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .checkpoint import Checkpoint
from .errors import ConvertError
from .safetensors_files import StoredTensor

SUPPORTED = (
    "supported are dense Qwen2 models (Qwen2ForCausalLM): Fin-R1, Qwen2 and Qwen2.5 in all sizes,"
    " and the DeepSeek-R1-Distill-Qwen models"
)
# Buffers that older versions of transformers saved with the weights; they follow from the configuration.
_IGNORED_SUFFIXES = (".rotary_emb.inv_freq", ".attention.masked_bias", ".attention.bias")


@dataclass(frozen=True, slots=True)
class RopeScaling:
    """How positions are stretched. ``kind`` is "linear" or "yarn"; the optional numbers are YaRN's."""

    kind: str
    factor: float
    original_context: int | None = None
    extrapolation_factor: float | None = None
    attention_factor: float | None = None
    beta_fast: float | None = None
    beta_slow: float | None = None


@dataclass(frozen=True, slots=True)
class Qwen2Config:
    """The numbers of config.json that a GGUF states. ``context_length`` counts tokens."""

    layers: int
    context_length: int
    hidden: int
    feed_forward: int
    heads: int
    key_value_heads: int
    vocabulary: int
    head_size: int | None
    tied: bool
    rms_epsilon: float
    rope_theta: float
    rope_scaling: RopeScaling | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelTensor:
    """A checkpoint's tensor under its GGUF name."""

    name: str
    source: StoredTensor

    @property
    def always_f32(self) -> bool:
        """llama.cpp keeps biases and norms in F32, whatever the type of the file."""
        return len(self.source.shape) <= 1 or self.name.endswith("_norm.weight")


def read_config(config: dict[str, Any]) -> Qwen2Config:
    """Interpret config.json. Raises ConvertError for another architecture, or a number that is missing or
    absurd.
    """
    _check_architecture(config)
    heads = _count(config, "num_attention_heads", 1 << 16)
    key_value_heads = _count(config, "num_key_value_heads", 1 << 16, default=heads)
    hidden = _count(config, "hidden_size", 1 << 24)
    head_size = _count(config, "head_dim", 1 << 16) if config.get("head_dim") is not None else None
    if heads % key_value_heads or (head_size is None and hidden % heads):
        raise ConvertError(
            f"config.json divides {hidden} values among {heads} heads and {key_value_heads} key-value heads,"
            " which does not come out even"
        )
    context = _count(config, "max_position_embeddings", 1 << 31, default=32768)
    rope = _rope_parameters(config)
    warnings = []
    if config.get("use_sliding_window") is True:
        warnings.append("config.json switches on sliding-window attention, which llama.cpp does not do for Qwen2")
    return Qwen2Config(
        layers=_count(config, "num_hidden_layers", 1 << 12),
        context_length=context,
        hidden=hidden,
        feed_forward=_count(config, "intermediate_size", 1 << 24),
        heads=heads,
        key_value_heads=key_value_heads,
        vocabulary=_count(config, "vocab_size", 1 << 24),
        head_size=head_size,
        tied=config.get("tie_word_embeddings") is True,
        rms_epsilon=_number(config, "rms_norm_eps", "config.json", default=1e-6),
        rope_theta=_number(rope, "rope_theta", "config.json", default=10000.0),
        rope_scaling=_rope_scaling(rope, context),
        warnings=tuple(warnings),
    )


def model_tensors(checkpoint: Checkpoint, config: Qwen2Config) -> tuple[ModelTensor, ...]:
    """The checkpoint's tensors under their GGUF names, in the checkpoint's order.

    Raises ConvertError when one is missing, has another shape than the configuration says, or is unknown.
    """
    expected = _expected(config)
    found = []
    for tensor in checkpoint.tensors:
        if tensor.name.endswith(_IGNORED_SUFFIXES):
            continue
        if tensor.name not in expected:
            raise ConvertError(
                f"the tensor {tensor.name} in {tensor.file.name} is not part of a Qwen2 model", SUPPORTED
            )
        name, shape, _ = expected.pop(tensor.name)
        if tensor.shape != shape:
            raise ConvertError(
                f"the tensor {tensor.name} in {tensor.file.name} has the shape {_shape(tensor.shape)},"
                f" but config.json makes it {_shape(shape)}",
                "the configuration and the weights are of different models: fetch both again",
            )
        found.append(ModelTensor(name, tensor))
    missing = [name for name, (_, _, required) in expected.items() if required]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise ConvertError(
            f"the tensor {missing[0]}{more} is missing from the checkpoint",
            "fetch all shards and the index of the model",
        )
    return tuple(found)


def _check_architecture(config: dict[str, Any]) -> None:
    names = config.get("architectures")
    name = names[0] if isinstance(names, list) and names else None
    if name != "Qwen2ForCausalLM" or config.get("model_type", "qwen2") != "qwen2":
        stated = name if isinstance(name, str) and name != "Qwen2ForCausalLM" else config.get("model_type")
        raise ConvertError(
            f"the checkpoint's architecture is {stated or 'not stated'}, which cannot be converted", SUPPORTED
        )
    if config.get("quantization_config"):
        raise ConvertError(
            "the checkpoint is already quantised (config.json has a quantization_config)",
            "convert the original BF16, F16 or F32 checkpoint: quantising twice only loses more",
        )


def _rope_parameters(config: dict[str, Any]) -> dict[str, Any]:
    """The rotary parameters in one object, whichever spelling they came in."""
    rope: dict[str, Any] = {}
    for key in ("rope_parameters", "rope_scaling"):
        value = config.get(key)
        if value is None:
            continue
        if not isinstance(value, dict):
            raise ConvertError(f"{key} in config.json is not an object")
        rope = rope or dict(value)
    if any(isinstance(value, dict) for value in rope.values()):
        raise ConvertError("config.json gives rotary parameters for each kind of layer, which Qwen2 does not have")
    if rope.get("rope_theta") is None:
        rope["rope_theta"] = config.get("rope_theta")
    if rope.get("original_max_position_embeddings") is None:
        rope["original_max_position_embeddings"] = config.get("original_max_position_embeddings")
    return rope


def _rope_scaling(rope: dict[str, Any], context: int) -> RopeScaling | None:
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind in (None, "default"):
        return None
    if kind not in ("linear", "yarn"):
        raise ConvertError(
            f"config.json asks for the rotary scaling {kind!r}, which llama.cpp does not do for Qwen2",
            "linear and yarn scaling, or none, can be converted",
        )
    factor = _number(rope, "factor", "the rotary scaling of config.json")
    if kind == "linear":
        return RopeScaling("linear", factor)
    attention = "attention_factor" if "attention_factor" in rope else "attn_factor"
    return RopeScaling(
        "yarn",
        factor,
        original_context=_count(rope, "original_max_position_embeddings", 1 << 31, default=context),
        extrapolation_factor=_optional_number(rope, "extrapolation_factor"),
        attention_factor=_optional_number(rope, attention),
        beta_fast=_optional_number(rope, "beta_fast"),
        beta_slow=_optional_number(rope, "beta_slow"),
    )


def _expected(config: Qwen2Config) -> dict[str, tuple[str, tuple[int, ...], bool]]:
    """Checkpoint name → (GGUF name, shape, whether a model without it is broken)."""
    hidden, wide = config.hidden, config.feed_forward
    head = config.head_size or hidden // config.heads
    queries, keys = config.heads * head, config.key_value_heads * head
    tensors: dict[str, tuple[str, tuple[int, ...], bool]] = {
        "model.embed_tokens.weight": ("token_embd.weight", (config.vocabulary, hidden), True),
        "model.norm.weight": ("output_norm.weight", (hidden,), True),
        "lm_head.weight": ("output.weight", (config.vocabulary, hidden), not config.tied),
    }
    of_a_layer: dict[str, tuple[str, tuple[int, ...], bool]] = {
        "input_layernorm.weight": ("attn_norm.weight", (hidden,), True),
        "self_attn.q_proj.weight": ("attn_q.weight", (queries, hidden), True),
        "self_attn.k_proj.weight": ("attn_k.weight", (keys, hidden), True),
        "self_attn.v_proj.weight": ("attn_v.weight", (keys, hidden), True),
        "self_attn.q_proj.bias": ("attn_q.bias", (queries,), True),
        "self_attn.k_proj.bias": ("attn_k.bias", (keys,), True),
        "self_attn.v_proj.bias": ("attn_v.bias", (keys,), True),
        "self_attn.o_proj.weight": ("attn_output.weight", (hidden, queries), True),
        "post_attention_layernorm.weight": ("ffn_norm.weight", (hidden,), True),
        "mlp.gate_proj.weight": ("ffn_gate.weight", (wide, hidden), True),
        "mlp.up_proj.weight": ("ffn_up.weight", (wide, hidden), True),
        "mlp.down_proj.weight": ("ffn_down.weight", (hidden, wide), True),
    }
    for layer in range(config.layers):
        for source, (target, shape, required) in of_a_layer.items():
            tensors[f"model.layers.{layer}.{source}"] = (f"blk.{layer}.{target}", shape, required)
    return tensors


def _count(values: dict[str, Any], key: str, limit: int, default: int | None = None) -> int:
    value = values.get(key)
    if value is None and default is not None:
        return default
    if value is None:
        raise ConvertError(f"config.json does not state {key}", "fetch config.json again from the model's repository")
    if type(value) is not int or not 0 < value < limit:
        raise ConvertError(f"config.json gives {key} as {value!r}, which is not a usable number")
    return value


def _number(values: dict[str, Any], key: str, where: str, default: float | None = None) -> float:
    value = values.get(key)
    if value is None and default is not None:
        return default
    number = _single_precision(value)
    if number is None or number <= 0:
        raise ConvertError(f"{where} gives {key} as {value!r}, which is not a usable number")
    return number


def _optional_number(values: dict[str, Any], key: str) -> float | None:
    if values.get(key) is None:
        return None
    number = _single_precision(values[key])
    if number is None:
        raise ConvertError(f"the rotary scaling of config.json gives {key} as {values[key]!r}, which is not a number")
    return number


def _single_precision(value: Any) -> float | None:
    """The value as a float where a GGUF's 32-bit floats can hold it, else None (also for NaN and for
    booleans).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 3.4e38:
        return None
    return float(value)


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single number"
