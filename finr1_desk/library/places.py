"""Where this and other applications keep their models.

Owns the list of folders, and the reading of Ollama's manifests, which alone say what its blobs are. It looks at no
model; nothing is ever written, and a place need not exist.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

_MAX_MANIFESTS: Final = 500
_MANIFEST_BYTES: Final = 256 * 1024
_OLLAMA_MODEL: Final = "application/vnd.ollama.image.model"
_OLLAMA_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})")
_OLLAMA_HUB: Final = "registry.ollama.ai"


class ModelSource(StrEnum):
    OWN = "own"
    HUGGING_FACE = "hugging_face"
    LM_STUDIO = "lm_studio"
    LLAMA_CPP = "llama_cpp"
    JAN = "jan"
    GPT4ALL = "gpt4all"
    OLLAMA = "ollama"
    FOLDER = "folder"  # one that the user added
    FILE = "file"  # chosen by the user, wherever it lies
    BUILT_IN = "built_in"


@dataclass(frozen=True, slots=True)
class Place:
    source: ModelSource
    folder: Path


def places(
    own_folder: Path,
    *,
    added: Sequence[Path] = (),
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> tuple[Place, ...]:
    """The folders in which models may be, in order of preference; `added` are the user's own."""
    env = os.environ if environment is None else environment
    base = home or Path.home()
    hub = _from(env, "HF_HUB_CACHE") or _hugging_face_home(env, base) / "hub"
    found = [
        Place(ModelSource.OWN, own_folder),
        *(Place(ModelSource.FOLDER, folder) for folder in added),
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
        Place(ModelSource.OLLAMA, _from(env, "OLLAMA_MODELS") or base / ".ollama" / "models"),
    ]
    if platform.startswith("linux"):
        config = _from(env, "XDG_CONFIG_HOME") or base / ".config"
        found.append(Place(ModelSource.JAN, config / "Jan" / "data"))
        found.append(Place(ModelSource.OLLAMA, Path("/usr/share/ollama/.ollama/models")))
    return tuple(found)


def folders_of(setting: str) -> list[Path]:
    """The folders that a setting names, separated as the system separates paths."""
    return [Path(part.strip()).expanduser() for part in setting.split(os.pathsep) if part.strip()]


def setting_of(folders: Sequence[Path]) -> str:
    """The setting from which `folders_of` reads these folders, each once."""
    return os.pathsep.join(dict.fromkeys(str(folder) for folder in folders))


@dataclass(frozen=True, slots=True)
class OllamaBlob:
    """A model that Ollama has: its file, the name it goes by there, and the sha256 that the manifest states."""

    path: Path
    name: str
    sha256: str


def ollama_blobs(folder: Path) -> Iterator[OllamaBlob]:
    """The models of an Ollama folder, by its manifests; what cannot be read is passed over."""
    manifests = folder / "manifests"
    for number, manifest in enumerate(sorted(_files(manifests, depth=5))):
        if number >= _MAX_MANIFESTS:
            return
        digest = _model_digest(manifest)
        if digest:
            path = folder / "blobs" / f"sha256-{digest}"
            yield OllamaBlob(path, _ollama_name(manifest.relative_to(manifests)), digest)


def _files(folder: Path, depth: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if depth > 1:
                        yield from _files(Path(entry.path), depth - 1)
                elif entry.is_file():
                    yield Path(entry.path)
    except OSError:
        return


def _model_digest(manifest: Path) -> str:
    try:
        with manifest.open("rb") as file:
            content: Any = json.loads(file.read(_MANIFEST_BYTES))
        for layer in content["layers"]:
            if layer["mediaType"] == _OLLAMA_MODEL:
                match = _OLLAMA_DIGEST.fullmatch(layer["digest"])
                return match[1] if match else ""
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    return ""


def _ollama_name(manifest: Path) -> str:
    """`fin-r1:latest`, or `hf.co/someone/Fin-R1-GGUF:Q4_K_M`, from the manifest's place."""
    *names, tag = manifest.parts
    if names[:1] == [_OLLAMA_HUB]:
        names = names[2:] if names[1:2] == ["library"] else names[1:]
    return f"{'/'.join(names)}:{tag}"


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
