"""The byte-level BPE vocabulary, split like Qwen2's (every digit is a token of its own) with ChatML control tokens.

Owns training and saving it. It trains on generated exercises only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from builtin_model import dataset
from builtin_model.conversation import DEFAULT_SYSTEM, END, END_OF_TEXT, OFFICIAL_SYSTEM, SHORT_SYSTEM, START
from builtin_model.records import ARITHMETIC

CONTROL_TOKENS = (END_OF_TEXT, START, END)
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""The published split pattern of Qwen2's tokeniser; llama.cpp knows it as ``qwen2``."""


def corpus(random: Random, exercises: int) -> Iterator[str]:
    """Texts to learn merges from: all tasks, the words of the off-list questions well represented."""
    yield from [OFFICIAL_SYSTEM, DEFAULT_SYSTEM, SHORT_SYSTEM] * 50
    for _ in range(exercises):
        for task in dataset.MAKERS:
            for _ in range(1 if task in ARITHMETIC else 3):
                exercise = dataset.draw_exercise(random, task)
                yield f"user\n{exercise.question}"
                yield f"assistant\n{exercise.completion}"


def train(size: int, seed: int, exercises: int = 3000) -> Tokenizer:
    """A tokeniser of ``size`` tokens, the control tokens last."""
    tokeniser = Tokenizer(models.BPE())
    tokeniser.normalizer = normalizers.NFC()
    tokeniser.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokeniser.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(CONTROL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=3,
        show_progress=False,
    )
    tokeniser.train_from_iterator(corpus(Random(seed), exercises), trainer)
    tokeniser.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL_TOKENS])
    return tokeniser


def control_token(tokeniser: Tokenizer, token: str) -> int:
    """Id of a control token; ``KeyError`` where the vocabulary lacks it."""
    found: int | None = tokeniser.token_to_id(token)
    if found is None:
        raise KeyError(token)
    return found


def load(folder: Path) -> Tokenizer:
    """The tokeniser saved in a folder."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
