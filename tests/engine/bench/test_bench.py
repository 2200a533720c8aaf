from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import psutil
import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import ModelRequest, SnapshotPlace
from finr1_desk.engine import endpoint, llama
from finr1_desk.engine.bench.conversation import follow_ups, keep, reopened
from finr1_desk.engine.bench.measuring import Bench
from finr1_desk.engine.bench.results import Comparison, Sample
from finr1_desk.engine.bench.system import worker_memory
from finr1_desk.engine.bench.tuning import tune
from tests.engine.conftest import MakeModel, model_request
from tests.helpers.tiny_models import endless, speaking


@pytest.fixture
def short_model(make_model: MakeModel) -> Path:
    """A model that ends after a few tokens when it may."""
    return make_model(speaking("Profit fell."))


@pytest.fixture
def bench(runtime: Path, short_model: Path) -> Iterator[Bench]:
    with Bench(runtime, model_request(short_model), lambda _fraction: None) as running:
        yield running


def test_the_bare_loop_computes_what_the_engine_computes(make_model: MakeModel) -> None:
    log = llama.LlamaLog(lambda _line: None)
    model = llama.Model(str(make_model(endless(words=30))), log)
    context = llama.Context(model, length=512, threads=1, threads_prefill=1, micro_batch=16, should_abort=lambda: False)
    prompt = model.vocabulary.tokenise("Hello\n", parse_special=False)

    def engine() -> list[int]:
        context.drop(0)
        assert context.prefill(0, prompt, want_logits=True) == 0
        found = []
        for _ in range(40):
            found.append(int(context.logits().argmax()))
            assert context.append(0, found[-1]) == 0
        return found

    def bare() -> list[int]:
        context.drop(0)
        assert context.decode_bare(prompt[:3], want_logits=False) == 0
        assert context.decode_bare(prompt[3:], want_logits=True) == 0
        found = []
        for _ in range(40):
            found.append(int(context.logits().argmax()))
            assert context.decode_bare(found[-1:], want_logits=True) == 0
        return found

    assert engine() == bare() == engine()
    context.close()
    model.close()


def test_both_sides_do_the_same_work(bench: Bench) -> None:
    plan = bench.load()
    assert (plan.kv_type, plan.model.threads, plan.threads_prefill) == ("f16", 1, 1)
    assert plan.ready_s > plan.model.load_s > 0
    read = bench.prefill(700, rounds=2)
    assert 690 <= read.prompt_tokens <= 700
    assert {sample.tokens for sample in (*read.ours, *read.bare)} == {read.prompt_tokens}
    for greedy in (True, False):
        written = bench.decode(60, 2, greedy=greedy)  # the model would have ended long before
        assert [sample.tokens for sample in (*written.ours, *written.bare)] == [60] * 4
        assert all(sample.seconds > 0 for sample in (*written.ours, *written.bare))
    assert 0 <= bench.others_at_work() <= 1


def test_a_follow_up_reads_little_of_the_conversation_again(bench: Bench) -> None:
    bench.load()
    after_pause, at_once = follow_ups(bench, 1200, rounds=2)
    assert 1100 <= after_pause.prompt_tokens <= 1300
    assert after_pause.cached_tokens > at_once.cached_tokens > 0.5 * at_once.prompt_tokens
    # The question and what opens the answer, in tokens that are bytes here.
    assert after_pause.prompt_tokens - after_pause.cached_tokens < 100
    assert len(at_once.seconds) == len(at_once.whole_seconds) == len(after_pause.seconds) == 2


def test_a_conversation_is_as_short_as_it_can_be(bench: Bench) -> None:
    bench.load()
    after_pause, _ = follow_ups(bench, 50, rounds=1)
    shorter, _ = follow_ups(bench, 20, rounds=1)
    assert after_pause.prompt_tokens == shorter.prompt_tokens > 50


def test_a_conversation_is_reopened_by_another_engine(bench: Bench, runtime: Path, short_model: Path) -> None:
    bench.load()
    kept = keep(bench, 1200, SnapshotPlace(str(runtime / "snapshots" / "bench.kv"), "ab" * 32))
    other = runtime.with_name("other")
    other.mkdir()
    with Bench(other, model_request(short_model), lambda _fraction: None) as another:
        another.load()
        found = reopened(another, kept, rounds=2)
    assert 0 < found.prompt_tokens - found.cached_tokens < 100
    assert len(found.seconds) == len(found.whole_seconds) == 2


def test_sizes_that_do_not_fit_are_cut_to_the_context(bench: Bench) -> None:
    bench.load()
    assert 1900 < bench.prefill(100_000, rounds=1).prompt_tokens <= 2048
    assert bench.decode(100_000, 1, greedy=True).ours[0].tokens > 1500
    assert all(found.prompt_tokens < 2048 for found in follow_ups(bench, 100_000, rounds=1))


def test_a_context_without_room_is_a_sentence(runtime: Path, short_model: Path) -> None:
    with Bench(runtime, model_request(short_model, 16), lambda _fraction: None) as running:
        running.load()
        with pytest.raises(UserError) as raised:
            running.prefill(8, rounds=1)
    assert raised.value.code is ErrorCode.CONTEXT_TOO_LONG


def test_the_memory_beyond_llama_cpps_buffers(bench: Bench) -> None:
    plan = bench.load()
    found = bench.memory()
    assert found.buffers == plan.model.memory_bytes["CPU"]
    assert found.rss > 0
    if found.beyond is not None:
        assert found.mapped is not None
        assert found.mapped > 0
        assert 10e6 < found.beyond < found.rss


def test_memory_counts_pages_of_the_model_file_apart(tmp_path: Path) -> None:
    me = psutil.Process()
    before = worker_memory(me.pid, str(tmp_path / "none.gguf"), {"CPU": 0})
    claimed = worker_memory(me.pid, str(tmp_path / "none.gguf"), {"CPU": 5_000_000, "CUDA0": 10**9})
    if before.beyond is not None and claimed.beyond is not None:
        assert claimed.beyond <= claimed.rss - 5_000_000
        assert before.beyond == before.rss


def test_a_worker_that_dies_is_an_error_not_a_hang(bench: Bench, runtime: Path) -> None:
    bench.load()
    found = endpoint.read(runtime)
    assert found is not None
    psutil.Process(found.pid).kill()
    with pytest.raises(UserError) as raised:
        bench.decode_with(1, 10)
    assert raised.value.code is ErrorCode.ENGINE_DIED
    with pytest.raises(UserError) as raised:
        bench.decode(10, 1, greedy=True)
    assert raised.value.code is ErrorCode.ENGINE_DIED


def test_nothing_is_left_of_the_worker(runtime: Path, short_model: Path) -> None:
    with Bench(runtime, model_request(short_model), lambda _fraction: None) as running:
        running.load()
        found = endpoint.read(runtime)
        assert found is not None
        assert endpoint.at_work(runtime)
    assert not psutil.pid_exists(found.pid)
    assert not endpoint.at_work(runtime)
    assert not list(runtime.rglob("*.sock"))


def test_a_model_that_cannot_be_loaded_is_told_as_elsewhere(runtime: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 100)
    with Bench(runtime, ModelRequest(str(broken)), lambda _fraction: None) as running, pytest.raises(UserError):
        running.load()


# -- arithmetic


def sample(tokens_per_s: float) -> Sample:
    return Sample(100, 100 / tokens_per_s, 2.0)


def test_ratios_are_of_the_same_round() -> None:
    found = Comparison(10, (sample(90), sample(45), sample(20)), (sample(100), sample(50), sample(40)))
    assert found.speed == pytest.approx(45)
    assert found.bare_speed == pytest.approx(50)
    assert astuple(found.ratio) == pytest.approx((0.9, 0.5, 0.9))
    assert found.processor_ratio.median == 1.0


def test_the_quickest_number_of_threads_is_chosen() -> None:
    tried: list[int] = []

    def decode(threads: int) -> Sample:
        tried.append(threads)
        return sample({1: 10, 2: 19, 3: 27, 4: 24}.get(threads, 20 - threads))

    found = tune(decode, default=3, physical=4, logical=12, rounds=3)
    assert (found.best, found.threads) == (3, 0)  # the default, so nothing is to be set
    assert tried[:4] == [4, 3, 2, 1]
    assert max(tried) == 7  # three in a row clearly worse
    found = tune(decode, default=4, physical=4, logical=4, rounds=3)
    assert (found.best, found.threads) == (3, 3)
    assert found.gain.median == pytest.approx(27 / 24)


def test_a_gain_within_the_noise_changes_nothing() -> None:
    def decode(threads: int) -> Sample:
        return sample({1: 100, 2: 102}[threads])

    found = tune(decode, default=1, physical=2, logical=2, rounds=1)
    assert (found.best, found.threads) == (2, 0)
