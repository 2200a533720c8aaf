"""A prefill stops between any two nodes of its graph, and leaves cells and recorded tokens that agree."""

from __future__ import annotations

import llama_cpp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.engine import llama
from finr1_desk.engine.plan import micro_batch
from tests.engine.conftest import MakeModel
from tests.helpers.tiny_models import endless

BATCH = 16
FIN_R1 = {"embedding_length": 3584, "feed_forward_length": 18944}


class Stop:
    """Stops at the node of this number, counted from the last time it was armed."""

    def __init__(self) -> None:
        self.nodes = 0
        self.at: int | None = None

    def __call__(self) -> bool:
        self.nodes += 1
        return self.nodes == self.at

    def arm(self, at: int | None) -> None:
        self.nodes, self.at = 0, at


def cells_of(context: llama.Context, sequence: int) -> int:
    memory = llama_cpp.llama_get_memory(context._pointer)
    return int(llama_cpp.llama_memory_seq_pos_max(memory, sequence)) + 1


def make_context(model: llama.Model, stop: Stop) -> llama.Context:
    return llama.Context(model, length=256, threads=1, threads_prefill=1, micro_batch=BATCH, should_abort=stop)


def test_stopped_at_any_node_it_goes_on_as_if_it_never_was(make_model: MakeModel) -> None:
    model = llama.Model(str(make_model(endless())), llama.LlamaLog(lambda _line: None))
    stop = Stop()
    context = make_context(model, stop)
    tokens = [100 + place for place in range(3 * BATCH)]
    for start in range(0, len(tokens), BATCH):
        assert context.prefill(0, tokens[start : start + BATCH], want_logits=True) == 0
    expected, nodes = context.logits().copy(), stop.nodes // 3
    assert nodes > 10
    for at in range(1, nodes + 1):
        assert context.cut(0, BATCH) == BATCH
        stop.arm(at)
        status = context.prefill(0, tokens[BATCH : 2 * BATCH], want_logits=False)
        assert status in (0, llama.DECODE_ABORTED)
        assert cells_of(context, 0) == len(context.sequences[0]) == (2 if status == 0 else 1) * BATCH, at
        stop.arm(None)
        for start in range(len(context.sequences[0]), len(tokens), BATCH):
            assert context.prefill(0, tokens[start : start + BATCH], want_logits=True) == 0
        np.testing.assert_array_equal(context.logits(), expected)
    context.close()
    model.close()


@pytest.mark.parametrize(("threads", "tokens"), [(1, 64), (2, 128), (4, 128), (16, 128)])
def test_a_large_model_on_few_cores_is_computed_in_small_batches(threads: int, tokens: int) -> None:
    assert micro_batch.on_processor(FIN_R1, threads) == tokens


def test_a_small_model_and_an_unknown_one_are_computed_in_the_largest() -> None:
    assert micro_batch.on_processor({"embedding_length": 512, "feed_forward_length": 2048}, 1) == 128
    assert micro_batch.on_processor({}, 1) == 128


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-5, 500))
def test_it_is_always_a_power_of_two_within_bounds(embedding: int, feed_forward: int, threads: int) -> None:
    facts = {"embedding_length": embedding, "feed_forward_length": feed_forward}
    assert micro_batch.on_processor(facts, threads) in (16, 32, 64, 128)
