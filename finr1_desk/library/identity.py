"""Whether a model is Fin-R1, and why that is thought.

Owns the judgement, from what a header says and from the file's hash. A name alone proves nothing, and neither does
the shape, which every model made from Qwen2.5-7B has: both together make it likely, a hash of the catalogue certain.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

from finr1_desk.library.gguf_header import GgufHeader, has_fin_r1_shape, says_fin_r1


class Verdict(StrEnum):
    CERTAIN = "certain"
    LIKELY = "likely"
    SHAPE_ONLY = "shape_only"  # a model of Qwen2.5-7B's shape that does not say what it is
    NAME_ONLY = "name_only"  # called Fin-R1, but of another shape
    NO = "no"


class Evidence(StrEnum):
    HASH = "hash"  # the sha256 of a known conversion
    NAME = "name"
    ORIGIN = "origin"  # what the header says it was made from
    SHAPE = "shape"  # layers, widths, heads and the number of weights


@dataclass(frozen=True, slots=True)
class Identity:
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()

    @property
    def is_fin_r1(self) -> bool:
        return self.verdict in (Verdict.CERTAIN, Verdict.LIKELY)


def identify(header: GgufHeader, sha256: str = "", known: Container[str] = ()) -> Identity:
    """What speaks for the model being Fin-R1.

    Args:
        sha256: of the whole file, empty where it is not known.
        known: hashes of conversions of Fin-R1.
    """
    named = says_fin_r1((header.name, header.basename, header.path.name))
    from_fin_r1 = says_fin_r1(header.origins)
    shaped = has_fin_r1_shape(header)
    hashed = bool(sha256) and sha256 in known
    evidence = tuple(
        kind
        for kind, holds in (
            (Evidence.HASH, hashed),
            (Evidence.NAME, named),
            (Evidence.ORIGIN, from_fin_r1),
            (Evidence.SHAPE, shaped),
        )
        if holds
    )
    if hashed:
        return Identity(Verdict.CERTAIN, evidence)
    if named or from_fin_r1:
        return Identity(Verdict.LIKELY if shaped else Verdict.NAME_ONLY, evidence)
    return Identity(Verdict.SHAPE_ONLY if shaped else Verdict.NO, evidence)
