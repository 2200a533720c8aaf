"""The conversions of Fin-R1 that are known, from `assets/models/catalogue.toml`.

Owns that file's meaning. It is read when it is asked for, and contacts nothing: what it does not know about a file is
asked of the hub when the file is fetched.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finr1_desk.library.assets import asset

_QUANTISATION: Final = re.compile(r"(?i)(?:^|[^a-z0-9])((?:i?q\d(?:_[a-z0-9]+)*)|bf16|f16|f32)(?=[^a-z0-9_]|$)")


@dataclass(frozen=True, slots=True)
class Conversion:
    """A GGUF of Fin-R1 in somebody's repository.

    Attributes:
        file: its name there; empty where that is not known.
        sha256: empty where it is not known.
        exact: whether `bytes` is the file's very size.
    """

    repository: str
    quantisation: str
    bytes: int
    file: str = ""
    sha256: str = ""
    exact: bool = False

    @property
    def id(self) -> str:
        return f"{self.repository}:{self.quantisation}"


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """The model as its authors published it; repositories by hub."""

    name: str
    huggingface: str
    modelscope: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    checkpoint: PublishedCheckpoint
    conversions: tuple[Conversion, ...]

    def hashes(self) -> frozenset[str]:
        return frozenset(entry.sha256 for entry in self.conversions if entry.sha256)

    def by_hash(self, sha256: str) -> Conversion | None:
        return next((entry for entry in self.conversions if sha256 and entry.sha256 == sha256), None)

    def find(self, repository: str, quantisation: str) -> Conversion | None:
        wanted = (repository.lower(), quantisation.lower())
        return next((e for e in self.conversions if (e.repository.lower(), e.quantisation.lower()) == wanted), None)

    def offers(self) -> tuple[Conversion, ...]:
        """One conversion for each quantisation, the first that the catalogue has."""
        return tuple({entry.quantisation: entry for entry in reversed(self.conversions)}.values())[::-1]


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The application's own catalogue, or that of another file.

    Raises:
        OSError, ValueError, LookupError: the file is missing or says something else than it should.
    """
    content = tomllib.loads((path or asset("models", "catalogue.toml")).read_text("utf-8"))
    conversions = tuple(
        Conversion(
            entry["repository"],
            entry["quantisation"],
            int(entry["bytes"]),
            entry.get("file", ""),
            entry.get("sha256", ""),
            bool(entry.get("exact", "sha256" in entry)),
        )
        for entry in content["conversion"]
    )
    about = content["checkpoint"]
    checkpoint = PublishedCheckpoint(about["name"], about["huggingface"], about["modelscope"], int(about["bytes"]))
    return Catalogue(checkpoint, conversions)


def quantisation_of(file: str) -> str:
    """The quantisation that a file's name says, in capitals (`Q4_K_M`); empty where it says none."""
    name = file.rpartition("/")[2].removesuffix(".gguf")
    found: list[str] = _QUANTISATION.findall(name)
    return found[-1].upper() if found else ""
