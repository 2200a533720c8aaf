"""What the tests of downloads share: a hub with Fin-R1 in it, and a downloader into a folder of the test's own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finr1_desk.library.catalogue import load_catalogue
from finr1_desk.library.download.job import Downloader, Wish
from finr1_desk.library.download.progress import Progress
from finr1_desk.library.download.transfer import Patience
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.hub.address import Hub, HubKind
from finr1_desk.store.file_lock import locked
from tests.helpers.hub_server import HubServer, running

REPOSITORY = "bartowski/SUFE-AIFLM-Lab_Fin-R1-GGUF"
FILE = "SUFE-AIFLM-Lab_Fin-R1-Q5_K_M.gguf"
CHECKPOINT = "SUFE-AIFLM-Lab/Fin-R1"
SIZE = 3_000_000
QUICK = Patience(attempts=4, first_s=0.01, longest_s=0.02, told_s=5.0)


def contents(size: int = SIZE, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with running(HubServer({REPOSITORY: {FILE: contents(), "README.md": b"# card"}})) as server:
        yield server


class Setting:
    """A models folder, and downloads into it."""

    def __init__(self, hub: HubServer, folder: Path) -> None:
        self.hub = hub
        self.models = folder / "models"
        self.models.mkdir()
        self.hashes = HashCache(folder / "hashes.json")
        self.progress: list[Progress] = []

    def downloader(self, **options: Any) -> Downloader:
        return Downloader(
            self.models,
            self.hashes,
            load_catalogue(),
            lambda path: locked(path, 0.1),
            on_progress=self.progress.append,
            **{"patience": QUICK, **options},
        )

    def wish(self, **options: Any) -> Wish:
        named = {"repository": REPOSITORY, "file": FILE, **options}
        return Wish(named.pop("hub", Hub(HubKind.HUGGING_FACE, self.hub.endpoint)), **named)

    def fetch(self, **options: Any) -> list[Path]:
        return self.downloader().fetch(self.wish(**options))


@pytest.fixture
def setting(hub: HubServer, tmp_path: Path) -> Setting:
    return Setting(hub, tmp_path)
