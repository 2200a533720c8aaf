"""Answers prompts with a GGUF in llama.cpp, so that what is scored is what ships. Sole importer of llama_cpp here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llama_cpp import Llama

from builtin_model.conversation import END


class LlamaCompleter:
    """Completes prompts one after the other; greedy unless a temperature is given."""

    def __init__(
        self, model: Path, temperature: float = 0.0, repetition_penalty: float = 1.0, seed: int = 1, threads: int = 2
    ) -> None:
        self.llama = Llama(
            str(model), n_ctx=2048, n_threads=threads, n_threads_batch=threads, n_batch=512, verbose=False, seed=seed
        )
        self.temperature = temperature
        self.repetition_penalty = repetition_penalty

    def __call__(self, prompts: Sequence[str]) -> list[str]:
        """One output for each prompt."""
        return [self.complete(prompt) for prompt in prompts]

    def complete(self, prompt: str, longest: int = 480) -> str:
        """Continue one prompt until the end of the turn."""
        result = self.llama.create_completion(
            self.llama.tokenize(prompt.encode(), add_bos=False, special=True),
            max_tokens=longest,
            temperature=self.temperature,
            top_p=0.8 if self.temperature else 1.0,
            top_k=0,
            min_p=0.0,
            repeat_penalty=self.repetition_penalty,
            stop=[END],
        )
        text: str = result["choices"][0]["text"]
        return text

    def close(self) -> None:
        """Free the model."""
        self.llama.close()
