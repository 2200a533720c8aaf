"""A seed's answer, however it is computed: guessed or not, from a warm cache or a cold one, alone or among others.

The model is the built-in one, which was trained: its attention makes every logit depend on the shape of the batches, in
the last bits. Where the two best tokens are as close as that, an answer may differ; how many do is counted.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from finr1_desk.core.events import GenerateRequest, SampleFinished, Started, TextProduced
from finr1_desk.core.prompts import OFFICIAL_SYSTEM_PROMPT, Turn
from finr1_desk.engine.client import EngineClient
from finr1_desk.library.discovery import built_in_model
from tests.engine.conftest import MakeClient, model_request
from tests.helpers.engine_events import Recorder

TABLE = "Year | Revenue | Profit\n2019 | 1,204.5 | 96.1\n2020 | 1,310.2 | 88.7\n2021 | 1,402.9 | 101.3\n"
QUESTIONS = (
    f"{TABLE}What was the change of revenue from 2020 to 2021 in percent?",
    f"{TABLE}净利润从2019年到2020年下降了多少？",
    "Repeat this sentence: The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog.",
)
EXCEPTIONS = 1  # answers that may differ, of those compared in one test


@pytest.fixture(scope="module")
def model() -> Path:
    path = built_in_model()
    if not path.is_file():
        pytest.skip("there is no built-in model here")
    return path


def asked(model: Path, question: str, **options: object) -> GenerateRequest:
    turns = (Turn("system", OFFICIAL_SYSTEM_PROMPT), Turn("user", question))
    overrides = {"max_tokens": 120, "temperature": 0.9, "top_p": 0.95}
    return GenerateRequest(model_request(model), turns, overrides=overrides, **options)  # type: ignore[arg-type]


def answers(client: EngineClient, seen: Recorder, request: GenerateRequest) -> list[str]:
    number = client.generate(request)
    assert seen.finished(number).code is None
    texts = [""] * request.samples
    for event in seen.of(TextProduced, number):
        texts[event.sample] += event.text
    assert len(seen.of(SampleFinished, number)) == (request.samples if request.samples > 1 else 0)
    return texts


def test_guessing_changes_no_answer_of_a_trained_model(make_client: MakeClient, model: Path) -> None:
    client, seen = make_client()
    different = 0
    for seed, question in enumerate(QUESTIONS * 2):
        guessed, plain = (
            answers(client, seen, asked(model, question, seed=seed, prompt_lookup=lookup)) for lookup in (True, False)
        )
        different += guessed != plain
    assert different <= EXCEPTIONS


def test_a_warm_cache_changes_no_answer(make_client: MakeClient, model: Path) -> None:
    """Without a seed the cache is used; the seed that was chosen repeats the answer from a cold one."""
    client, seen = make_client()
    different = 0
    for question in QUESTIONS:
        answers(client, seen, asked(model, question))  # leaves its prompt in the cache
        request = client.generate(asked(model, question))
        assert seen.finished(request).usage.cached_tokens > 0
        seed = seen.of(Started, request)[0].seed
        different += [seen.text(request)] != answers(client, seen, asked(model, question, seed=seed))
    assert different <= EXCEPTIONS


def test_others_beside_it_change_no_answer(make_client: MakeClient, model: Path) -> None:
    client, seen = make_client()
    other, seen_by_other = make_client()
    different = 0
    for seed, question in enumerate(QUESTIONS):
        alone = answers(client, seen, asked(model, question, seed=seed))
        waiting = [other.generate(asked(model, each)) for each in QUESTIONS]
        different += alone != answers(client, seen, asked(model, question, seed=seed))
        for request in waiting:
            seen_by_other.finished(request)
        several = answers(client, seen, asked(model, question, seed=seed, samples=4))
        different += several[:1] != alone
    assert different <= EXCEPTIONS
