"""What is done in the background for `model_jobs`: reading journals, looking at the machine, preparing requests.

Owns functions for the pool's threads. The library is imported in them, where it is used: the window's start needs none
of it. No Qt, no state.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from finr1_desk.store.paths import DataPaths
from finr1_desk.store.secrets import Secrets

if TYPE_CHECKING:
    from finr1_desk.library.advice import Advice, MachineFacts
    from finr1_desk.library.download.job import Wish
    from finr1_desk.library.download.journal import Unfinished
    from finr1_desk.library.hub.address import Hub
    from finr1_desk.library.hub.session import Token

_PROBE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Counsel:
    """Advice for this machine, with what it rests on."""

    advice: Advice
    machine: MachineFacts


def unfinished_downloads(models: Path) -> list[Unfinished]:
    from finr1_desk.library.download.journal import Journal

    return list(Journal(models).unfinished())


def discard_download(models: Path, id: str) -> None:
    from finr1_desk.library.download.journal import Journal

    Journal(models).remove(id)


def hub_of(choice: str) -> Hub:
    from finr1_desk.library.hub.address import hub_for

    return hub_for(choice)


def checkpoint_wish(choice: str, quantisation: str, *, model_scope: bool) -> Wish:
    from finr1_desk.library.catalogue import load_catalogue
    from finr1_desk.library.download.job import Wish
    from finr1_desk.library.download.journal import Kind
    from finr1_desk.library.hub.address import HubKind, hub_for

    published = load_catalogue().checkpoint
    kind = HubKind.MODEL_SCOPE if model_scope else HubKind.HUGGING_FACE
    name = published.modelscope if model_scope else published.huggingface
    return Wish(hub_for(choice, kind), name, Kind.CHECKPOINT, quantisation=quantisation)


def token_of(paths: DataPaths, host: str) -> Token | None:
    from finr1_desk.library.hub.session import Token

    secret = Secrets(paths).get("hub", host)
    return Token(host, secret) if secret else None


def make_counsel() -> Counsel:
    """Devices are asked of a process of their own: nothing but the engine loads llama.cpp."""
    from finr1_desk.library.advice import Offer, advise
    from finr1_desk.library.catalogue import load_catalogue
    from finr1_desk.library.machine import machine_facts

    devices: list[dict[str, Any]] = []
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        command = [sys.executable, "-P", "-m", "finr1_desk.engine.plan.probe"]
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_S, stdin=subprocess.DEVNULL)
        devices = json.loads(done.stdout)["devices"]
    machine = machine_facts(devices)
    offers = [Offer(entry.quantisation, entry.bytes) for entry in load_catalogue().offers()]
    return Counsel(advise(offers, machine), machine)


def record_converted(paths: DataPaths, path: Path) -> None:
    from finr1_desk.library.download.origins import Origin, Origins
    from finr1_desk.library.hashing import HashCache, HashingCancelledError

    with contextlib.suppress(OSError, HashingCancelledError):
        sha256 = HashCache(paths.hashes).compute(path)
        Origins(paths.models).put(path.name, Origin("converted", "", "", "", sha256))


def free_target(models: Path, name: str, quantisation: str) -> Path:
    stem = f"{name}-{quantisation}"
    path, number = models / f"{stem}.gguf", 1
    while path.exists():
        number += 1
        path = models / f"{stem}-{number}.gguf"
    return path


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
