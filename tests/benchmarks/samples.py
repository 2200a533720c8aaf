"""Several samples of one question: against a bare decode of as many rows, and against the time of one answer.

Run: `python -m tests.benchmarks.samples MODEL.gguf [--samples N] [--tokens N] [--prompt N] [--threads N] [--rounds N]`,
with a file that `tests.benchmarks.random_7b` wrote, for example. All answers have the same length. The bare decode is
`llama_decode` with a row for each answer, and the arg-max of each. All take turns within one run.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import llama_cpp

from finr1_desk.engine.decode.answer import Answer, Measured
from finr1_desk.engine.decode.decoding import Decoding
from finr1_desk.engine.decode.samples import Samples
from tests.benchmarks.engine_in_process import SEQUENCE, Engine, Took, Watch, control, engine, in_turns, median, ratio


def sampled(bench: Engine, prompt: list[int], samples: int, tokens: int, *, greedy: bool) -> tuple[Took, Took]:
    """Reading the prompt, and writing the answers."""
    read = bench.prefill(prompt)
    task = bench.task(prompt, tokens, samples=samples, greedy=greedy)
    measured = Measured()
    watch = Watch()
    if samples == 1:
        Decoding(bench.loaded.context, SEQUENCE, Answer(task, measured), control(), None).run()
    else:
        sequences = [SEQUENCE, *range(1, samples)]
        Samples(bench.loaded.context, sequences, task, measured, control(), lambda _event: None).run()
    assert measured.completion_tokens == samples * tokens
    return read, watch.took()


def bare(bench: Engine, prompt: list[int], rows: int, tokens: int) -> Took:
    """Writing as many tokens in as many sequences, with nothing around llama.cpp."""
    bench.prefill(prompt)
    context = bench.loaded.context
    for row in range(1, rows):
        context.copy(SEQUENCE, row, len(prompt))
    batch = llama_cpp.llama_batch_init(rows, 0, 1)
    batch.n_tokens = rows
    watch = Watch()
    last = [int(context.logits().argmax())] * rows
    for step in range(tokens - 1):
        for row, token in enumerate(last):
            batch.token[row], batch.pos[row] = token, len(prompt) + step
            batch.n_seq_id[row], batch.seq_id[row][0], batch.logits[row] = 1, row, 1
        assert llama_cpp.llama_decode(context._pointer, batch) == 0
        last = [int(context.logits(row).argmax()) for row in range(rows)]
    took = watch.took()
    llama_cpp.llama_batch_free(batch)
    return took


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--prompt", type=int, default=300)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sampled", action="store_true", help="draw as Fin-R1 is served, instead of greedily")
    options = parser.parse_args()
    prompt = [1000 + number for number in range(options.prompt)]
    with engine(options.model, 4096, options.threads) as bench:

        def of(samples: int) -> Took:
            read, wrote = sampled(bench, prompt, samples, options.tokens, greedy=not options.sampled)
            reading.append(read)
            return wrote

        reading: list[Took] = []
        sampled(bench, prompt, options.samples, 4, greedy=True)
        several, rows, one = in_turns(
            options.rounds,
            lambda: of(options.samples),
            lambda: bare(bench, prompt, options.samples, options.tokens),
            lambda: of(1),
        )
    read = median(reading)

    def whole(wrote: Took) -> Took:
        return Took(read.seconds + wrote.seconds, read.processor_s + wrote.processor_s)

    report = {
        "samples": options.samples,
        "tokens_each": options.tokens,
        "prompt_tokens": options.prompt,
        "prefill_s": read.seconds,
        "several_s": median(several).seconds,
        "bare_rows_s": median(rows).seconds,
        "one_s": median(one).seconds,
        "against_bare": ratio(several, rows),
        "against_one": ratio(list(map(whole, several)), list(map(whole, one))),
        "decode_against_one": ratio(several, one),
    }
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
