"""How many tokens of a prompt are computed at once.

Owns that choice. On a processor a prefill can be stopped between two operations of its graph, so the longest of them,
a multiplication with the feed-forward layer's matrix, has to be short; a GPU cannot be stopped within a batch, but is
done with one soon, and needs many tokens to be busy. The choice follows from the model and the number of threads and
never from the clock: seeded answers depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ON_GPU: Final = 512
_MOST: Final = 128  # beyond that a prefill on a processor gains nothing
LEAST: Final = 16  # below that it loses much; several samples take a row each
_LONGEST_S: Final = 0.1  # for one operation; half of what a stop may take, for machines that are busy besides
_SPEED: Final = 90e9  # operations a second and thread: a processor with AVX2; one with AVX-512 did 200e9


def on_processor(facts: Mapping[str, int], threads: int) -> int:
    """Tokens, a power of two.

    Args:
        facts: `embedding_length` and `feed_forward_length` of the model's file; without them the model counts as small.
        threads: that compute a prompt.
    """
    weights = facts.get("embedding_length", 0) * facts.get("feed_forward_length", 0)
    tokens = _MOST
    while tokens > LEAST and 2 * weights * tokens > _LONGEST_S * _SPEED * max(1, threads):
        tokens //= 2
    return tokens
