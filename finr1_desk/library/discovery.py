"""Finds models that are on the machine already.

Owns the places where this and other applications keep GGUF files, and the choice of the default model. It looks at
names first and at the first kilobytes of a header next; the number of files it looks at is bounded, links are not
followed out of a folder's reach, and nothing is ever written.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.assets import asset
from finr1_desk.library.gguf_header import GgufHeader, glance, read_header
from finr1_desk.library.verification import Verification, read_verification

MAX_ENTRIES: Final = 20_000  # files and folders looked at, over all places
MAX_DEPTH: Final = 6
MAX_MODELS: Final = 500
_MEMORY_SHARE: Final = 0.6  # of the machine's memory may be model: the context and the system need the rest
_LATER_PART: Final = re.compile(r"-(\d{5})-of-\d{5}\.gguf$", re.IGNORECASE)


class ModelSource(StrEnum):
    OWN = "own"
    HUGGING_FACE = "hugging_face"
    LM_STUDIO = "lm_studio"
    LLAMA_CPP = "llama_cpp"
    JAN = "jan"
    GPT4ALL = "gpt4all"
    FILE = "file"  # chosen by the user, wherever it lies
    BUILT_IN = "built_in"


@dataclass(frozen=True, slots=True)
class Place:
    source: ModelSource
    folder: Path


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model's file; `verification` where its quantisation was measured and the result lies beside it."""

    source: ModelSource
    path: Path
    header: GgufHeader
    verification: Verification | None = None

    @property
    def is_fin_r1(self) -> bool:
        return self.header.is_fin_r1

    @property
    def is_built_in(self) -> bool:
        return self.source is ModelSource.BUILT_IN


def built_in_model() -> Path:
    """Where the demonstration model is that the application carries."""
    return asset("builtin_model", "builtin-demonstration-model.gguf")


def places(
    own_folder: Path,
    *,
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> tuple[Place, ...]:
    """The folders in which models may be, in order of preference; they need not exist."""
    env = os.environ if environment is None else environment
    base = home or Path.home()
    hub = _from(env, "HF_HUB_CACHE") or _hugging_face_home(env, base) / "hub"
    found = [
        Place(ModelSource.OWN, own_folder),
        Place(ModelSource.HUGGING_FACE, hub),
        Place(ModelSource.LM_STUDIO, base / ".lmstudio" / "models"),
        Place(ModelSource.LM_STUDIO, base / ".cache" / "lm-studio" / "models"),
    ]
    data, cache = _platform_folders(env, base, platform)
    found += [
        Place(ModelSource.LLAMA_CPP, _from(env, "LLAMA_CACHE") or cache / "llama.cpp"),
        Place(ModelSource.JAN, data / "Jan" / "data"),
        Place(ModelSource.JAN, base / "jan" / "models"),
        Place(ModelSource.GPT4ALL, (cache if platform == "win32" else data) / "nomic.ai" / "GPT4All"),
    ]
    if platform.startswith("linux"):
        config = _from(env, "XDG_CONFIG_HOME") or base / ".config"
        found.append(Place(ModelSource.JAN, config / "Jan" / "data"))
    return tuple(found)


def _hugging_face_home(env: Mapping[str, str], base: Path) -> Path:
    cache = _from(env, "XDG_CACHE_HOME") or base / ".cache"
    return _from(env, "HF_HOME") or cache / "huggingface"


def _platform_folders(env: Mapping[str, str], base: Path, platform: str) -> tuple[Path, Path]:
    """Where applications keep their data, and their caches."""
    if platform == "darwin":
        return base / "Library" / "Application Support", base / "Library" / "Caches"
    if platform == "win32":
        return (
            _from(env, "APPDATA") or base / "AppData" / "Roaming",
            _from(env, "LOCALAPPDATA") or base / "AppData" / "Local",
        )
    return _from(env, "XDG_DATA_HOME") or base / ".local" / "share", _from(env, "XDG_CACHE_HOME") or base / ".cache"


def _from(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "")
    return Path(value).expanduser() if value else None


def inspect_model(path: Path) -> FoundModel:
    """The model in a file that the user chose.

    Raises:
        UserError: as `read_header`; `MODEL_UNREADABLE` for a GGUF file with something else than a language model.
    """
    header = read_header(path)
    if not header.is_language_model:
        what = header.general_type if header.general_type != "model" else header.architecture
        raise UserError(ErrorCode.MODEL_UNREADABLE, path=str(path), reason=f"no language model ({what})")
    source = ModelSource.BUILT_IN if path == built_in_model() else ModelSource.FILE
    return FoundModel(source, path, header, read_verification(path))


def list_models(
    own_folder: Path, *, where: Sequence[Place] | None = None, built_in: Path | None = None
) -> list[FoundModel]:
    """Every language model on the machine and, last, the built-in one; broken files are left out.

    Reads every header whole, some 20 to 60 ms for each: not for the window's thread. `where` and `built_in` replace
    the usual places.
    """
    found = []
    for source, path in _gguf_files(places(own_folder) if where is None else where):
        model = _found(source, path)
        if model is not None:
            found.append(model)
    built_in_found = _found(ModelSource.BUILT_IN, built_in or built_in_model())
    return found + ([built_in_found] if built_in_found else [])


def default_model(
    own_folder: Path,
    *,
    where: Sequence[Place] | None = None,
    built_in: Path | None = None,
    memory_bytes: int | None = None,
) -> FoundModel | None:
    """A Fin-R1 on the machine, else the built-in demonstration model, else None.

    Of several, the largest that fits comfortably into memory (`memory_bytes`, by default this machine's); where none
    does, the smallest. `where` and `built_in` replace the usual places.
    """
    candidates = []
    for source, path in _gguf_files(places(own_folder) if where is None else where):
        try:
            is_fin_r1 = glance(path).is_fin_r1
        except UserError:
            continue
        model = _found(source, path) if is_fin_r1 else None
        if model is not None:
            candidates.append(model)
    if not candidates:
        return _found(ModelSource.BUILT_IN, built_in or built_in_model())
    if len(candidates) == 1:
        return candidates[0]
    limit = _MEMORY_SHARE * (_memory_bytes() if memory_bytes is None else memory_bytes)
    fitting = [model for model in candidates if model.header.file_bytes <= limit]
    if fitting:
        return max(fitting, key=lambda model: model.header.file_bytes)
    return min(candidates, key=lambda model: model.header.file_bytes)


def _found(source: ModelSource, path: Path) -> FoundModel | None:
    try:
        header = read_header(path)
    except UserError:
        return None
    return FoundModel(source, path, header, read_verification(path)) if header.is_language_model else None


def _gguf_files(where: Sequence[Place]) -> Iterator[tuple[ModelSource, Path]]:
    """The GGUF files in these places, each once; of a split model only its first part."""
    budget = _Budget(MAX_ENTRIES)
    seen: set[tuple[int, int]] = set()
    for place in where:
        for path in _walk(place.folder, budget, MAX_DEPTH):
            part = _LATER_PART.search(path.name)
            if part and part.group(1) != "00001":
                continue
            try:
                status = path.stat()
            except OSError:
                continue  # a link into nowhere: a download that was removed
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            yield place.source, path
            if len(seen) >= MAX_MODELS:
                return


@dataclass(slots=True)
class _Budget:
    left: int


# Hugging Face keeps data sets beside models, and the same bytes once more under their hash.
_NOT_ENTERED: Final = ("datasets--", "spaces--", "blobs", "refs", ".")


def _walk(folder: Path, budget: _Budget, depth: int) -> Iterator[Path]:
    if budget.left <= 0:
        return
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    folders = []
    with entries:
        for entry in entries:
            budget.left -= 1
            if budget.left < 0:
                return
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(_NOT_ENTERED):
                        folders.append(Path(entry.path))
                elif entry.name.lower().endswith(".gguf"):
                    yield Path(entry.path)
            except OSError:
                continue
    if depth > 1:
        for subfolder in sorted(folders):
            yield from _walk(subfolder, budget, depth - 1)


def _memory_bytes() -> int:
    import psutil  # here, because it takes 10 ms and is needed only to choose between several

    return int(psutil.virtual_memory().total)
