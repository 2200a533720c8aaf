"""The process that computes both models of a verification: ``python -m finr1_convert.verification_worker``.

Owns the run over the text: both models side by side, one decode of each at a time, so that what has to be kept is the
logits of one decode, and neither a file nor the memory grows with the text. Tells ``{"chunks", "tokens"}`` once,
``{"done"}`` (tokens) after each decode and ``{"result"}`` at the end. What the logits say is
``verification_statistics.py``'s; the parent's side is ``verification.py``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np

from .errors import ConvertError, OtherVocabularyError
from .evaluation import Evaluator, LlamaLog, Piece, Tokens, Window, read_text
from .verification_statistics import Comparison, NotFiniteError
from .worker import Parent, run_worker

# Tokens a decode: no slower than more, and the buffers for the logits of two models stay below a gigabyte.
_BATCH = 512


def verify(parent: Parent, arguments: Sequence[str]) -> None:
    """``model reference text context chunks threads`` → the messages above. Raises ConvertError."""
    model, reference, text = (Path(argument) for argument in arguments[:3])
    context, limit, threads = (int(argument) for argument in arguments[3:])
    # Perplexity is taken over the second half of each chunk, where the models have something to go by.
    window = Window(context=context, first=context // 2, batch=_BATCH, micro_batch=_BATCH)
    content = read_text(text)
    log = LlamaLog()
    try:
        with (
            Evaluator(reference, window, log, threads) as base,
            Evaluator(model, window, log, threads) as tested,
            ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool,
        ):
            _require_one_vocabulary(tested, base)
            chunks = base.chunks(_tokens(content, tested, base), limit)
            parent.tell(chunks=len(chunks), tokens=chunks.size)
            _run(parent, _Timed(tested, chunks), _Timed(base, chunks), chunks, pool)
    except NotFiniteError as error:
        damaged = reference if error.of_reference else model
        raise ConvertError(
            f"{damaged.name} computes values that are no numbers (NaN or infinite)",
            "its weights are damaged: fetch or convert it again",
        ) from None
    except MemoryError:
        raise ConvertError(
            "there is too little memory for both models", "give a smaller --ctx, or close other programs"
        ) from None


class _Timed:
    """The logits of one model for all chunks, and how long each chunk took."""

    def __init__(self, evaluator: Evaluator, chunks: Tokens) -> None:
        self._evaluator = evaluator
        self._chunks = chunks
        self._seconds = [0.0] * len(chunks)

    def __iter__(self) -> Iterator[Piece]:
        pieces = self._evaluator.logits(self._chunks)
        while True:
            started = time.perf_counter()
            piece = next(pieces, None)
            if piece is None:
                return
            self._seconds[piece.chunk] += time.perf_counter() - started
            yield piece

    def tokens_per_second(self) -> float:
        """Prompt tokens a second, without the first decode where there are more: it reads the weights from the disk."""
        sequences = self._evaluator.window.sequences
        counted = self._seconds[sequences if len(self._seconds) > sequences else 0 :]
        return len(counted) * self._evaluator.window.context / max(sum(counted), 1e-9)


def _run(parent: Parent, tested: _Timed, base: _Timed, chunks: Tokens, pool: ThreadPoolExecutor) -> None:
    comparison = Comparison()
    context = chunks.shape[1]
    for piece, reference in zip(tested, base, strict=True):
        # The last position of a chunk predicts a token of the next one, which nothing else of it belongs to.
        rows = min(len(piece.logits), context - 1 - piece.position)
        following = chunks[piece.chunk, piece.position + 1 : piece.position + 1 + rows]
        comparison.add(piece.logits[:rows], reference.logits[:rows], following, pool.map)
        parent.tell(done=piece.chunk * context + piece.position + len(piece.logits))
    parent.tell(
        result={
            "figures": asdict(comparison.figures()),
            "tokens_per_second": tested.tokens_per_second(),
            "reference_tokens_per_second": base.tokens_per_second(),
        }
    )


def _require_one_vocabulary(tested: Evaluator, base: Evaluator) -> None:
    if tested.vocabulary() != base.vocabulary():
        raise OtherVocabularyError("some of their tokens differ")


def _tokens(content: str, tested: Evaluator, base: Evaluator) -> Tokens:
    tokens = base.tokenise(content)
    if not np.array_equal(tokens, tested.tokenise(content)):
        raise OtherVocabularyError("they cut the text into other tokens")
    return tokens


if __name__ == "__main__":
    run_worker(verify)
