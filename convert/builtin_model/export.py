"""Writes the trained model as a Hugging Face Qwen2 checkpoint.

Owns the checkpoint's files; turning it into GGUF is ``finr1_convert``'s.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from builtin_model.conversation import CHAT_TEMPLATE, END, END_OF_TEXT, START
from builtin_model.model import Qwen2, Shape

NAME = "Built-in demonstration model"


def configuration(shape: Shape, tokeniser: Tokenizer) -> dict[str, Any]:
    """``config.json`` of a Qwen2 checkpoint."""
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "hidden_act": "silu",
        "max_position_embeddings": shape.positions,
        "rope_theta": shape.rope_theta,
        "rms_norm_eps": shape.rms_eps,
        "initializer_range": 0.02,
        "attention_dropout": 0.0,
        "use_sliding_window": False,
        "tie_word_embeddings": True,
        "use_cache": True,
        "torch_dtype": "float16",
        "bos_token_id": tokeniser.token_to_id(END_OF_TEXT),
        "eos_token_id": tokeniser.token_to_id(END),
        "pad_token_id": tokeniser.token_to_id(END_OF_TEXT),
    }


def tokeniser_configuration(shape: Shape, tokeniser: Tokenizer) -> dict[str, Any]:
    """``tokenizer_config.json`` with the chat template."""
    added = {
        str(tokeniser.token_to_id(token)): {
            "content": token,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for token in (END_OF_TEXT, START, END)
    }
    return {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_prefix_space": False,
        "add_bos_token": False,
        "added_tokens_decoder": added,
        "additional_special_tokens": [START, END],
        "bos_token": None,
        "eos_token": END,
        "pad_token": END_OF_TEXT,
        "unk_token": None,
        "errors": "replace",
        "split_special_tokens": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": shape.positions,
        "chat_template": CHAT_TEMPLATE,
    }


def generation_configuration(tokeniser: Tokenizer, temperature: float) -> dict[str, Any]:
    """``generation_config.json``. No repetition penalty: it would punish a digit for having been written before."""
    return {
        "do_sample": True,
        "temperature": temperature,
        "top_p": 0.8,
        "repetition_penalty": 1.0,
        "bos_token_id": tokeniser.token_to_id(END_OF_TEXT),
        "eos_token_id": tokeniser.token_to_id(END),
        "pad_token_id": tokeniser.token_to_id(END_OF_TEXT),
    }


def export(model: Qwen2, tokeniser: Tokenizer, card: str, folder: Path, temperature: float) -> None:
    """Write the checkpoint with half-precision weights and the model card as its README."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.to(torch.float16).contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    tokeniser.save(str(folder / "tokenizer.json"))
    documents = {
        "config.json": configuration(model.shape, tokeniser),
        "tokenizer_config.json": tokeniser_configuration(model.shape, tokeniser),
        "generation_config.json": generation_configuration(tokeniser, temperature),
    }
    for name, content in documents.items():
        (folder / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")
