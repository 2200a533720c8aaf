"""Real models and real workers for the engine's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from finr1_desk.core.events import GenerateRequest, ModelRequest
from finr1_desk.core.prompts import Turn
from finr1_desk.engine.client import EngineClient
from tests.helpers.engine_events import Recorder
from tests.helpers.tiny_models import TinyModel, write_model

MakeModel = Callable[[TinyModel], Path]
MakeClient = Callable[..., tuple[EngineClient, Recorder]]


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> MakeModel:
    """Writes each kind of model once."""
    folder = tmp_path_factory.mktemp("models")
    made: list[tuple[TinyModel, Path]] = []

    def make(model: TinyModel) -> Path:
        for known, path in made:
            if known == model:
                return path
        path = write_model(folder / f"model{len(made)}.gguf", model)
        made.append((model, path))
        return path

    return make


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def make_client(runtime: Path) -> Iterator[MakeClient]:
    """Clients of one runtime folder, closed after the test."""
    clients: list[EngineClient] = []

    def make(**options: object) -> tuple[EngineClient, Recorder]:
        recorder = Recorder()
        client = EngineClient(runtime, recorder, **options)  # type: ignore[arg-type]
        clients.append(client)
        return client, recorder

    yield make
    for client in clients:
        client.close(timeout=30.0)


def model_request(path: Path, context_length: int = 2048) -> ModelRequest:
    """One thread: lockstep with a second one is slow on a busy machine."""
    return ModelRequest(str(path), context_length, threads=1)


def ask(path: Path, text: str = "Hello", *, context_length: int = 2048, **options: object) -> GenerateRequest:
    turns = (Turn("system", "You answer."), Turn("user", text))
    return GenerateRequest(model_request(path, context_length), turns, **options)  # type: ignore[arg-type]
