"""Finds models that are on the machine already.

Owns the search through the places, what of it is the same file twice, and the choice of the default model. It looks
at names first and at the first kilobytes of a header next; the number of files it looks at is bounded, links are not
followed out of a folder's reach, and no model is ever written.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.assets import asset
from finr1_desk.library.gguf_header import GgufHeader, glance, read_header
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.header_cache import HeaderCache
from finr1_desk.library.places import ModelSource, Place, ollama_blobs, places
from finr1_desk.library.verification import Verification, read_verification

MAX_ENTRIES: Final = 20_000  # files and folders looked at, over all places
MAX_DEPTH: Final = 6
MAX_MODELS: Final = 500
_MEMORY_SHARE: Final = 0.6  # of the machine's memory may be model: the context and the system need the rest
_LATER_PART: Final = re.compile(r"-(\d{5})-of-\d{5}\.gguf$", re.IGNORECASE)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model's file.

    Attributes:
        verification: where its quantisation was measured and the result lies beside it.
        label: the name it goes by where it was found, if that is not its file's (`fin-r1:latest`).
        sha256: where it is known: computed before, or stated by the cache in which the file lies.
        same_as: another file that was found before with the same contents.
        sha256_stated: the hash is what a cache calls the file, and nobody has computed it here.
    """

    source: ModelSource
    path: Path
    header: GgufHeader
    verification: Verification | None = None
    label: str = ""
    sha256: str = ""
    same_as: Path | None = None
    sha256_stated: bool = False

    @property
    def is_fin_r1(self) -> bool:
        return self.header.is_fin_r1

    @property
    def is_built_in(self) -> bool:
        return self.source is ModelSource.BUILT_IN

    @property
    def shown_name(self) -> str:
        return self.header.name if not self.label or self.header.name != self.path.stem else self.label


def built_in_model() -> Path:
    """Where the demonstration model is that the application carries."""
    return asset("builtin_model", "builtin-demonstration-model.gguf")


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
    own_folder: Path,
    *,
    where: Sequence[Place] | None = None,
    built_in: Path | None = None,
    headers: HeaderCache | None = None,
    hashes: HashCache | None = None,
) -> list[FoundModel]:
    """Every language model on the machine and, last, the built-in one; broken files are left out.

    Reads every header whole that `headers` does not hold yet, some 20 to 60 ms for each: not for the window's thread.
    `where` and `built_in` replace the usual places.
    """
    cache = headers or HeaderCache()
    found = []
    for file in _gguf_files(places(own_folder) if where is None else where):
        model = _found(file, cache)
        if model is not None:
            found.append(model)
    found = _compared(found, cache, hashes)
    built_in_found = _found(_File(ModelSource.BUILT_IN, built_in or built_in_model()), cache)
    cache.save()
    return found + ([built_in_found] if built_in_found else [])


def _compared(found: list[FoundModel], cache: HeaderCache, hashes: HashCache | None) -> list[FoundModel]:
    """The models with their known hashes, and with what is the same as one before it.

    Files of one size are the same if their hashes are, or, where one is not known, their fingerprints.
    """
    known = hashes.known_of(model.path for model in found) if hashes is not None else {}
    alike = Counter(model.header.file_bytes for model in found)
    seen: dict[str, Path] = {}
    result = []
    for model in found:
        computed = known.get(model.path, "")
        sha256 = computed or model.sha256
        same_as = None
        if alike[model.header.file_bytes] > 1:
            mark = cache.fingerprint(model.path)
            same_as = seen.get(mark)
            seen.setdefault(mark, model.path)
        result.append(replace(model, sha256=sha256, sha256_stated=bool(sha256 and not computed), same_as=same_as))
    return result


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
    for file in _gguf_files(places(own_folder) if where is None else where):
        try:
            is_fin_r1 = glance(file.path).is_fin_r1
        except UserError:
            continue
        model = _found(file, HeaderCache()) if is_fin_r1 else None
        if model is not None:
            candidates.append(model)
    if not candidates:
        return _found(_File(ModelSource.BUILT_IN, built_in or built_in_model()), HeaderCache())
    if len(candidates) == 1:
        return candidates[0]
    limit = _MEMORY_SHARE * (_memory_bytes() if memory_bytes is None else memory_bytes)
    fitting = [model for model in candidates if model.header.file_bytes <= limit]
    if fitting:
        return max(fitting, key=lambda model: model.header.file_bytes)
    return min(candidates, key=lambda model: model.header.file_bytes)


@dataclass(frozen=True, slots=True)
class _File:
    source: ModelSource
    path: Path
    label: str = ""
    sha256: str = ""


def _found(file: _File, cache: HeaderCache) -> FoundModel | None:
    header = cache.header(file.path)
    if header is None or not header.is_language_model:
        return None
    return FoundModel(file.source, file.path, header, read_verification(file.path), file.label, file.sha256)


def _gguf_files(where: Sequence[Place]) -> Iterator[_File]:
    """The GGUF files in these places, each once; of a split model only its first part."""
    budget = _Budget(MAX_ENTRIES)
    seen: set[tuple[int, int]] = set()
    for place in where:
        for file in _files_of(place, budget):
            part = _LATER_PART.search(file.path.name)
            if part and part.group(1) != "00001":
                continue
            try:
                status = file.path.stat()
            except OSError:
                continue  # a link into nowhere: a download that was removed
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            yield file
            if len(seen) >= MAX_MODELS:
                return


def _files_of(place: Place, budget: _Budget) -> Iterator[_File]:
    if place.source is ModelSource.OLLAMA:
        for blob in ollama_blobs(place.folder):
            yield _File(place.source, blob.path, blob.name, blob.sha256)
        return
    for path in _walk(place.folder, budget, MAX_DEPTH):
        stated = _stated_hash(path) if place.source is ModelSource.HUGGING_FACE else ""
        yield _File(place.source, path, sha256=stated)


def _stated_hash(path: Path) -> str:
    """The sha256 by which Hugging Face's cache calls the contents; small files go by another hash there."""
    try:
        target = path.readlink().name if path.is_symlink() else ""
    except OSError:
        return ""
    return target if _SHA256.fullmatch(target) else ""


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
    folders, files = [], []
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
                    files.append(Path(entry.path))
            except OSError:
                continue
    yield from sorted(files)
    if depth > 1:
        for subfolder in sorted(folders):
            yield from _walk(subfolder, budget, depth - 1)


def _memory_bytes() -> int:
    import psutil  # here, because it takes 10 ms and is needed only to choose between several

    return int(psutil.virtual_memory().total)
