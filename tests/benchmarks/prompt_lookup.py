"""What guessing repeated text gains and costs: a quotation, a prompt made to mislead, and real outputs.

Run: `python -m tests.benchmarks.prompt_lookup MODEL.gguf [--threads N] [--tokens N] [--rounds N]`, with a file that
`tests.benchmarks.random_7b` wrote, for example. The texts are forced: the model computes and the sampler draws as ever,
and then the next token of the text is taken. With and without guessing take turns. For the real outputs, the tokens
that were guessed right are counted, and the gain is reckoned from what the rows cost in this very run; they are read
from the folder that FINR1_REAL_DATA names, with the official system prompt before them: their questions are not known.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from finr1_desk.core.prompts import OFFICIAL_SYSTEM_PROMPT
from finr1_desk.engine import llama
from finr1_desk.engine.decode.decoding import Decoding
from finr1_desk.engine.decode.lookup import PromptLookup, costs_of_rows
from tests.benchmarks.engine_in_process import SEQUENCE, Engine, Took, Watch, control, engine, in_turns, median, ratio


def decoded(bench: Engine, prompt: Sequence[int], text: Sequence[int], costs: Mapping[int, float] | None) -> Took:
    """Writing this text after this prompt; with guesses where there are prices for them."""
    bench.prefill(prompt)
    answer = bench.forced(prompt, text)
    lookup = PromptLookup(prompt, costs) if costs is not None else None
    watch = Watch()
    Decoding(bench.loaded.context, SEQUENCE, answer, control(), lookup).run()
    assert answer.measured.completion_tokens == len(text)
    return watch.took()


def row_costs(bench: Engine, prompt: Sequence[int], sizes: Sequence[int], rounds: int) -> dict[int, float]:
    """What so many rows cost together, in single ones, by the processor."""
    bench.prefill(prompt)
    context = bench.loaded.context

    def computed(rows: int) -> Took:
        watch = Watch()
        assert context.extend([(SEQUENCE, 100 + row) for row in range(rows)]) == 0
        took = watch.took()
        context.cut(SEQUENCE, len(prompt))
        return took

    for rows in (1, *sizes):
        computed(rows)
    times = in_turns(rounds, *(partial(computed, rows) for rows in (1, *sizes)))
    single = median(times[0]).processor_s
    return {rows: median(times[number + 1]).processor_s / single for number, rows in enumerate(sizes)}


def replayed(
    prompt: Sequence[int], text: Sequence[int], costs: Mapping[int, float], paid: Mapping[int, float]
) -> tuple[int, int, float]:
    """Guessed and right tokens of a text, and what it costs in single decodes at the prices `paid`."""
    lookup = PromptLookup(prompt, costs)
    guessed = right = done = 0
    spent = 0.0
    while done < len(text):
        lookup.add(text[done])
        done += 1
        draft = lookup.draft(len(text) - done)
        spent += 1.0 if not draft else next(paid[rows] for rows in sorted(paid) if rows > len(draft))
        guessed += len(draft)
        for guess in draft:
            if done == len(text) or text[done] != guess:
                break
            lookup.add(guess)
            done += 1
            right += 1
    return guessed, right, spent


def misleading(tokens: int) -> tuple[list[int], list[int]]:
    """A prompt of passages, and a text that takes one up after the other and leaves each after a few tokens."""
    chance = random.Random(1)
    prompt = [chance.randrange(1000, 9000) for _ in range(300)]
    text: list[int] = []
    while len(text) < tokens:
        at = chance.randrange(280)
        text += [*prompt[at : at + 3 + len(text) % 4], chance.randrange(9000, 100_000)]
    return prompt, text[:tokens]


def real_outputs() -> dict[str, list[int]]:
    folder = Path(os.environ["FINR1_REAL_DATA"])
    model = llama.Model(
        str(folder / "qwen2-tokenizer" / "ggml-vocab-qwen2.gguf"),
        llama.LlamaLog(lambda _line: None),
        vocabulary_only=True,
    )

    def tokens(text: str) -> list[int]:
        return model.vocabulary.tokenise(text, parse_special=False)

    outputs = {path.name: tokens(path.read_text("utf-8")) for path in sorted(folder.glob("fin-r1-outputs/*.txt"))}
    outputs[""] = tokens(OFFICIAL_SYSTEM_PROMPT)
    model.close()
    return outputs


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    outputs = real_outputs() if "FINR1_REAL_DATA" in os.environ else {}
    with engine(options.model, 2048, options.threads) as bench:
        facts, context = bench.loaded.facts, bench.loaded.context
        costs = costs_of_rows(
            facts.threads, on_gpu=facts.gpu_layers > 0, most_rows=min(context.sequence_limit, context.micro_batch)
        )
        passage = [1000 + number for number in range(options.tokens)]
        paid = row_costs(bench, passage, sorted(costs), 3 * options.rounds)
        report: dict[str, object] = {"threads": facts.threads, "costs": costs, "costs_measured": paid}
        for name, (prompt, text) in {
            "quotation": ([*range(500, 600), *passage, *range(600, 700)], passage),
            "misleading": misleading(options.tokens),
        }.items():
            decoded(bench, prompt, text[:8], None)
            plain, guessing = in_turns(
                options.rounds,
                partial(decoded, bench, prompt, text, None),
                partial(decoded, bench, prompt, text, costs),
            )
            report[name] = {
                "plain_tokens_per_s": len(text) / median(plain).seconds,
                "guessing_tokens_per_s": len(text) / median(guessing).seconds,
                "times_as_quick": ratio(plain, guessing),
            }
    report["real"] = real_gains(outputs, costs, paid)
    print(json.dumps(report, indent=2))
    return 0


def real_gains(
    outputs: dict[str, list[int]], costs: Mapping[int, float], paid: Mapping[int, float]
) -> dict[str, object]:
    prompt = outputs.pop("", [])
    found = {name: (len(text), *replayed(prompt, text, costs, paid)) for name, text in outputs.items()}
    if not found:
        return {}
    tokens, guessed, right = (sum(each[column] for each in found.values()) for column in range(3))
    return {
        "tokens": tokens,
        "guessed": guessed,
        "right": right,
        "gain": tokens / sum(each[3] for each in found.values()),
        "gain_each": {name: each[0] / each[3] for name, each in found.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
