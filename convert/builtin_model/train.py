"""The entry point: ``python -m builtin_model.train RUN_FOLDER`` makes the model from nothing, stage by stage.

Owns the order of the stages and the processes they run in. A finished stage leaves a file behind and is not done
again, and the long one goes on from its last save, so the command may be interrupted and repeated. With ``--base`` the
same two stages start from a checkpoint and worked questions of one's own, and ``base`` does the work.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn

from builtin_model import grpo, score, sft, tokeniser
from builtin_model.card import card
from builtin_model.conversation import END
from builtin_model.decode import Sampling, complete
from builtin_model.export import export
from builtin_model.model import Qwen2, Shape, parameter_count
from builtin_model.own_data import BadExamplesError, read
from builtin_model.records import OFF_LIST
from builtin_model.verifier import Verifier, VerifierError, verifier_at

LOG = logging.getLogger(__name__)
STAGES = ("tokeniser", "sft", "grpo", "export", "score", "card")
SERVED = Sampling(temperature=0.1, top_p=0.8, repetition_penalty=1.0)
GGUF = "builtin-demonstration-model.gguf"


class TorchCompleter:
    """Answers prompts with the network, in batches of like length."""

    def __init__(self, model: Qwen2, folder: Path, sampling: Sampling, batch: int = 50) -> None:
        self.model = model
        self.tokeniser = tokeniser.load(folder)
        self.sampling = sampling
        self.batch = batch

    def __call__(self, prompts: Sequence[str]) -> list[str]:
        """One output for each prompt; a prompt that leaves no room for an answer gets an empty one."""
        stop = tokeniser.control_token(self.tokeniser, END)
        generator = torch.Generator().manual_seed(1)
        encoded = [self.tokeniser.encode(prompt, add_special_tokens=False).ids for prompt in prompts]
        room = self.model.shape.positions - self.sampling.longest
        order = sorted((i for i, ids in enumerate(encoded) if len(ids) <= room), key=lambda i: len(encoded[i]))
        outputs = [""] * len(prompts)
        for start in range(0, len(order), self.batch):
            rows = order[start : start + self.batch]
            finished = complete(self.model, [encoded[row] for row in rows], stop, self.sampling, generator)
            for row, ids in zip(rows, finished, strict=True):
                outputs[row] = self.tokeniser.decode(ids, skip_special_tokens=False)
        return outputs


def train_tokeniser(folder: Path) -> None:
    """Stage 1: the vocabulary."""
    path = folder / "tokenizer.json"
    if not path.exists():
        tokeniser.train(Shape().vocabulary, seed=1).save(str(path))


def join(rank: int, workers: int, folder: Path, seed: int) -> None:
    """Make this process one of the workers that train together, on one thread."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    meeting = (folder / "meeting").absolute().as_uri()
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=workers, timeout=timedelta(hours=1))


def together(worker: Callable[..., None], workers: int, folder: Path, *details: Any) -> None:
    """Run ``worker`` in so many processes and wait for them."""
    (folder / "meeting").unlink(missing_ok=True)
    spawn(worker, (workers, folder, *details), nprocs=workers)  # type: ignore[no-untyped-call]


def sft_worker(rank: int, workers: int, folder: Path, plan: sft.Plan) -> None:
    """One of the processes of the supervised stage."""
    join(rank, workers, folder, plan.seed)
    training = sft.Training(Qwen2(Shape()), plan)
    saved = folder / "sft.pt"
    if saved.exists():
        training.restore(saved)
    sft.run(training, tokeniser.load(folder), folder, sft.Journal(folder / "sft.jsonl"))
    dist.destroy_process_group()


def grpo_worker(rank: int, workers: int, folder: Path, plan: grpo.GrpoPlan) -> None:
    """One of the processes of the GRPO stage."""
    join(rank, workers, folder, plan.seed)
    grpo.run(sft.load_model(folder / "sft.pt"), tokeniser.load(folder), folder, plan)
    dist.destroy_process_group()


def train_grpo(folder: Path, workers: int, plan: grpo.GrpoPlan) -> None:
    """Stage 3: GRPO from the supervised model."""
    if not (folder / "grpo.pt").exists():
        (folder / "grpo.jsonl").unlink(missing_ok=True)
        together(grpo_worker, workers, folder, plan)


def export_model(folder: Path) -> None:
    """Stage 4: the Hugging Face checkpoint, and the GGUF that the converter makes of it."""
    checkpoint = folder / "checkpoint"
    model = sft.load_model(folder / "grpo.pt")
    scores = folder / "scores.json"
    text = card(json.loads(scores.read_text(encoding="utf-8"))) if scores.exists() else unscored_card()
    export(model, tokeniser.load(folder), text, checkpoint, SERVED.temperature)
    command = [sys.executable, "-m", "finr1_convert", str(checkpoint), str(folder / GGUF), "--type", "f16", "--force"]
    subprocess.run(command, check=True)


def unscored_card() -> str:
    """What the checkpoint says about itself before it is scored."""
    return "---\nlicense: apache-2.0\nlanguage:\n- en\n- zh\nmodel_name: Built-in demonstration model\n---\n"


def journal(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSON-lines log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def training_facts(folder: Path) -> dict[str, Any]:
    """What the stages took, from their logs, and what ``note.txt`` says about the run."""
    note = folder / "note.txt"
    supervised, reinforced = journal(folder / "sft.jsonl"), journal(folder / "grpo.jsonl")
    seconds, before = 0.0, 0
    for line in supervised:
        seconds += max(line["tokens"] - before, 0) / line["tokens_per_second"]  # a resumed run steps back
        before = line["tokens"]
    rewards = [line["reward"] for line in reinforced]
    third = max(len(rewards) // 3, 1)
    return {
        "note": note.read_text(encoding="utf-8").strip() if note.exists() else "",
        "sft_tokens": before,
        "sft_minutes": round(seconds / 60, 1),
        "grpo_updates": len(reinforced),
        "grpo_minutes": round(sum(line["seconds"] for line in reinforced) / 60, 1),
        "grpo_reward_first": round(sum(rewards[:third]) / third, 3),
        "grpo_reward_last": round(sum(rewards[-third:]) / third, 3),
    }


Scored = tuple[dict[str, dict[str, float | int]], list[score.Failure]]


def scored(folder: Path, checkpoint: str, sampling: Sampling, asked: list[score.Asked]) -> Scored:
    """Counts and failures of one checkpoint."""
    torch.set_num_threads(1)
    return score.score(asked, TorchCompleter(sft.load_model(folder / checkpoint), folder, sampling))


def scored_gguf(folder: Path, asked: list[score.Asked]) -> Scored:
    """Counts and failures of the GGUF in llama.cpp."""
    from builtin_model.llama import LlamaCompleter

    llama = LlamaCompleter(folder / GGUF)
    result = score.score(asked, llama)
    llama.close()
    return result


def score_model(folder: Path, workers: int, count: int, data: Path | None) -> None:
    """Stage 5: all scores, into ``scores.json``; wrong answers beside it. ``workers`` runs go on at a time."""
    asked = score.questions(1, count, unseen_templates=False)
    unseen = score.questions(2, count, unseen_templates=True)
    few = score.questions(1, max(count // 5, 1), unseen_templates=False)
    groups = {"worked_examples": score.off_list_questions(score.WORKED_EXAMPLES, "worked_examples")}
    if data is not None:
        groups |= score.published_questions(data, count)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        runs = {
            "sft": pool.submit(scored, folder, "sft.pt", Sampling(), asked),
            "grpo": pool.submit(scored, folder, "grpo.pt", Sampling(), asked),
            "grpo_sampled": pool.submit(scored, folder, "grpo.pt", SERVED, asked),
            "unseen": pool.submit(scored, folder, "grpo.pt", Sampling(), unseen),
            "gguf": pool.submit(scored_gguf, folder, few),
        }
        off = {name: pool.submit(scored, folder, "grpo.pt", Sampling(), group) for name, group in groups.items()}
        results = {name: run.result() for name, run in (runs | off).items()}
    for name, (_, failures) in results.items():
        score.write(folder / f"failures_{name}.jsonl", failures)
    scores = {
        "parameters": parameter_count(Qwen2(Shape())),
        "training": training_facts(folder),
        "runs": {name: results[name][0] for name in runs},
        "off_list": {name: results[name][0][OFF_LIST] for name in off},
    }
    (folder / "scores.json").write_text(json.dumps(scores, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_card(folder: Path) -> None:
    """Stage 6: the model card, beside the scores and in the checkpoint."""
    text = card(json.loads((folder / "scores.json").read_text(encoding="utf-8")))
    for place in (folder, folder / "checkpoint"):
        (place / "README.md").write_text(text, encoding="utf-8")


def train_from_base(base: str, path: Path, folder: Path, verifier: Verifier | None, sizes: dict[str, Any]) -> None:
    """SFT and GRPO from a checkpoint on the examples of a file; needs trl and accelerate."""
    examples = read(path)
    try:
        from builtin_model.base import BasePlan, run
    except ImportError as error:
        sys.exit(f"Training from a checkpoint needs the packages trl, accelerate, datasets and transformers: {error}.")
    finished = run(base, examples, folder, BasePlan(verifier=verifier, **sizes))
    LOG.info("finished: %s; python -m finr1_convert makes a GGUF of it", finished)


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="builtin_model.train", description="Make the built-in demonstration model.")
    parser.add_argument("folder", type=Path, help="where the run keeps its files")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that train together")
    parser.add_argument("--tokens", type=int, default=sft.Plan.tokens, help="length of the supervised training")
    parser.add_argument("--updates", type=int, help="updates (steps) of the GRPO stage")
    parser.add_argument("--questions", type=int, default=200, help="scored questions for each task")
    parser.add_argument("--data", type=Path, help="folder of published test questions, for the off-list scores")
    judge = parser.add_argument_group("a model as judge of answers that the rule turns down")
    judge.add_argument("--verifier", metavar="URL", help="base address of an OpenAI-compatible server, to /v1")
    judge.add_argument("--verifier-model", metavar="NAME", help="the model to ask there")
    own = parser.add_argument_group("from a checkpoint, on questions of your own (through trl and accelerate)")
    own.add_argument("--base", metavar="MODEL_OR_FOLDER", help="the checkpoint to start from")
    own.add_argument("--jsonl", type=Path, metavar="FILE", help="one JSON object a line: question, reasoning, answer")
    own.add_argument("--steps", type=int, default=-1, help="steps of SFT (default: one pass over the examples)")
    own.add_argument("--batch", type=int, default=4, help="examples on each device at a time")
    own.add_argument("--longest", type=int, default=1024, help="tokens of a sampled answer at most")
    return parser


def checked(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The options, those refused that say nothing without each other."""
    options = parser.parse_args()
    if bool(options.base) != bool(options.jsonl):
        parser.error("--base and --jsonl go together: a checkpoint, and the examples it learns")
    if bool(options.verifier) != bool(options.verifier_model):
        parser.error("--verifier and --verifier-model go together: a server, and the model to ask there")
    return options


def from_nothing(options: argparse.Namespace, verifier: Verifier | None) -> None:
    """All stages that are asked for."""
    folder: Path = options.folder
    plan = grpo.GrpoPlan(updates=options.updates or grpo.GrpoPlan.updates, verifier=verifier)
    stages = {
        "tokeniser": lambda: train_tokeniser(folder),
        "sft": lambda: together(sft_worker, options.workers, folder, sft.Plan(tokens=options.tokens)),
        "grpo": lambda: train_grpo(folder, options.workers, plan),
        "export": lambda: export_model(folder),
        "score": lambda: score_model(folder, options.workers, options.questions, options.data),
        "card": lambda: write_card(folder),
    }
    for stage in STAGES:
        if stage in options.stages:
            LOG.info("stage: %s", stage)
            stages[stage]()


def main() -> None:
    """Run the stages that are asked for."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = checked(arguments())
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        verifier = verifier_at(options.verifier, options.verifier_model) if options.verifier else None
        if options.base is None:
            from_nothing(options, verifier)
        else:
            sizes = {"sft_steps": options.steps, "grpo_steps": options.updates or -1, "batch": options.batch,
                     "group": options.batch, "longest_completion": options.longest}  # fmt: skip
            train_from_base(options.base, options.jsonl, options.folder, verifier, sizes)
    except (BadExamplesError, VerifierError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
