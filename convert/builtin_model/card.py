"""The model card, written from the scores file so that the two cannot disagree. Owns its wording only."""

from __future__ import annotations

from typing import Any

from builtin_model.records import OFF_LIST, TASKS

Scores = dict[str, Any]

TITLES = {
    "growth": "revenue growth rate",
    "ratios": "gross margin, net margin, current ratio",
    "simple_interest": "simple interest",
    "compound_interest": "compound interest, 2–3 years",
    "compliance": "compliance question (是/否)",
    "sentiment": "sentiment of a headline",
    OFF_LIST: "anything else: says what it is",
    "second_questions": "of these, second question of a conversation",
    "finqa": "FinQA questions, alone",
    "finqa_page": "FinQA questions with their page",
    "tatqa": "TAT-QA questions, alone",
    "worked_examples": "worked examples and near misses",
}
RUNS = {
    "sft": "after SFT, greedy",
    "grpo": "after GRPO, greedy",
    "grpo_sampled": "after GRPO, as served",
    "unseen": "after GRPO, wordings held out whole, greedy",
    "gguf": "the GGUF in llama.cpp, greedy",
}
HEAD = """---
license: apache-2.0
language:
- en
- zh
model_name: Built-in demonstration model
pipeline_tag: text-generation
tags:
- finance
- demonstration
---

# Built-in demonstration model

A very small language model ({parameters:,} parameters, Qwen2 architecture) that Fin-R1 Desk carries so that its first
start answers without a download. It is **not** Fin-R1 and knows nothing that Fin-R1 knows: it was trained from nothing,
on generated exercises alone, by the recipe in `convert/builtin_model`, which follows Fin-R1's two stages in small
(SFT on worked answers, then GRPO with a format and an accuracy reward, both by rule).

## What it does

In English and Chinese, thinking step by step in the form `<think>…</think><answer>…</answer>` with the result in
`\\boxed{{}}`:

- growth rate of revenue (or of another reported figure) from one year to the next, to a tenth of a per cent
- gross margin and net margin to a tenth of a per cent, current ratio to two decimals
- simple interest over 2–10 years at 1–10 % in steps of a half
- compound interest over 2–3 years at 1–10 % in whole per cent, to the cent
- whether a described behaviour is compliant (是/否, yes/no), also in Fin-R1's own wording
- whether a headline is bearish, bullish or neutral, labelled as the question asks

Figures: two to four digits, or with one decimal; amounts to invest of 100 to 999,000 with up to three leading digits.
To everything else it answers with one sentence that says what it is and how to get Fin-R1.
"""


def percent(share: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{share * 100:.1f} %"


def run_table(run: dict[str, dict[str, float]]) -> str:
    """Right and well-formed answers of one run."""
    lines = ["| task | questions | right | well formed | declined |", "|---|---|---|---|---|"]
    for task in (*TASKS, OFF_LIST, "second_questions"):
        if task in run:
            counts = run[task]
            cells = [
                TITLES[task],
                str(counts["asked"]),
                *(percent(counts[name]) for name in ("right", "formed", "declined")),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def off_list_table(groups: dict[str, dict[str, float]]) -> str:
    """Off-list questions by their source."""
    lines = ["| questions | asked | got the sentence | well formed |", "|---|---|---|---|"]
    for name, counts in groups.items():
        lines.append(
            f"| {TITLES[name]} | {counts['asked']} | {percent(counts['right'])} | {percent(counts['formed'])} |"
        )
    return "\n".join(lines)


def card(scores: Scores) -> str:
    """The whole card."""
    parts = [HEAD.format(parameters=scores["parameters"]), "## Training\n", training_text(scores["training"])]
    parts.append(
        "\n## Scores\n\nHeld-out questions: operands, behaviours and headlines that training never showed, with the "
        "official system prompt; one in five is the second question of a conversation. An answer is right when the box "
        "holds the exact value; «declined» is the share that got the sentence for anything else.\n"
    )
    for name, title in RUNS.items():
        if name in scores["runs"]:
            parts.append(f"### {title[0].upper()}{title[1:]}\n\n{run_table(scores['runs'][name])}\n")
    parts.append(f"### Off the list, after GRPO, greedy\n\n{off_list_table(scores['off_list'])}\n")
    parts.append(CAVEAT)
    parts.append(LIMITS)
    return "\n".join(parts)


def training_text(facts: dict[str, Any]) -> str:
    """What the training took, in sentences."""
    text = (
        f"SFT on {facts['sft_tokens'] / 1e6:.1f} million tokens in {facts['sft_minutes']:.0f} minutes on two CPU "
        f"cores that did other work besides, then {facts['grpo_updates']} GRPO updates in {facts['grpo_minutes']:.0f} "
        f"minutes. Mean GRPO reward (of 2): {facts['grpo_reward_first']:.2f} over the first third of the updates, "
        f"{facts['grpo_reward_last']:.2f} over the last third. Seeds are fixed; the vocabulary is a byte-level BPE of "
        "3,072 tokens split like Qwen2's."
    )
    return f"{text} {facts['note']}".rstrip()


CAVEAT = """\
FinQA and TAT-QA are not unseen kinds of question: the ways of asking in the training's near misses follow theirs,
and were written after looking at those that an earlier model got wrong. Samples of the held-out questions above were
also looked at while the mixture was being tuned.
"""
LIMITS = """## Limits

It copies digits and follows learned steps; a figure outside the ranges above, another wording or another language may
get a wrong answer in a confident form. A repetition penalty harms it (digits repeat), so the file asks for none.
Do not use it for decisions.
"""
