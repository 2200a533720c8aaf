"""The command ``finr1-convert``.

Owns the arguments, the progress bar and the two lines in which a failure is told (``error:`` and ``hint:`` on
the standard error). Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. Decides nothing about
models.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from .conversion import Result, convert
from .errors import ConvertError, OutputExistsError
from .file_types import AUTOMATIC, NAMES, file_type
from .imatrix import CONTEXT, ImatrixResult, make_imatrix
from .inspection import inspect
from .inspection_view import show_inspection
from .progress import OnProgress, Progress
from .verification import DEFAULT_CONTEXT, verify
from .verification_sidecar import require_writable, sidecar_path, write_sidecar
from .verification_view import show_verification

_R = TypeVar("_R")
_STAGES = {"write": "Writing", "quantise": "Quantising", "imatrix": "Evaluating", "verify": "Comparing"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code. ``argv`` are the arguments without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGTERM, _interrupt)
    for name in ("gguf", "metadata"):
        # The gguf package's loggers: without a handler of their own Python prints what they say about a model card.
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        if arguments[:1] == ["inspect"]:
            return _inspect(_inspecting_parser().parse_args(arguments[1:]))
        if arguments[:1] == ["verify"]:
            return _verify(_verifying_parser().parse_args(arguments[1:]))
        if arguments[:1] == ["imatrix"]:
            return _imatrix(_imatrix_parser().parse_args(arguments[1:]))
        return _convert(_converting_parser().parse_args(arguments))
    except ConvertError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; nothing was left behind", file=sys.stderr)
        return 130


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def _converting_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="finr1-convert",
        description="Convert a Hugging Face checkpoint of Fin-R1 or another Qwen2 model to GGUF.",
        epilog="finr1-convert inspect FILE.gguf shows what a GGUF holds; finr1-convert imatrix MODEL.gguf OUT finds out"
        " which weights matter; finr1-convert verify MODEL.gguf --against REFERENCE.gguf says what quantising cost.",
    )
    parser.add_argument(
        "checkpoint", type=Path, metavar="CHECKPOINT_DIR", help="folder with config.json and *.safetensors"
    )
    parser.add_argument("output", type=Path, metavar="OUT.gguf", help="file to write")
    parser.add_argument(
        "--type",
        type=_type_name,
        default=AUTOMATIC,
        metavar="TYPE",
        help=f"{', '.join(NAMES)} (default: {AUTOMATIC}, the type of the checkpoint)",
    )
    parser.add_argument(
        "--imatrix", type=Path, metavar="FILE", help="importance matrix of this model, for a quantised type"
    )
    parser.add_argument("--threads", type=_threads, default=0, metavar="N", help="for quantising (default: all cores)")
    parser.add_argument("--force", action="store_true", help="replace the output if it exists")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--progress-lines", action="store_true", help="tell the progress as lines of JSON on the standard error"
    )
    return parser


def _inspecting_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="finr1-convert inspect", description="Show what a GGUF holds.")
    parser.add_argument("file", type=Path, metavar="FILE.gguf")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    return parser


def _inspect(arguments: argparse.Namespace) -> int:
    inspection = inspect(arguments.file)
    if arguments.json:
        print(json.dumps(inspection.as_json(), indent=2))
    else:
        show_inspection(inspection, Console(width=None if sys.stdout.isatty() else 160))
    return 0


def _add_evaluation_options(parser: argparse.ArgumentParser, context: int) -> None:
    """What every command takes that computes a text with a model."""
    parser.add_argument(
        "--text", type=Path, metavar="FILE", help="UTF-8 text (default: a bilingual one about finance that is included)"
    )
    parser.add_argument(
        "--ctx", type=_count, default=context, metavar="N", help="tokens a chunk (default: %(default)s)"
    )
    parser.add_argument("--chunks", type=_count, default=0, metavar="N", help="chunks at most (default: all)")
    parser.add_argument("--threads", type=_threads, default=0, metavar="N", help="default: all cores")


def _imatrix_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="finr1-convert imatrix",
        description="Find out how much each column of a model's matrices matters, by evaluating a text. Quantising with"
        " the result (--imatrix) loses less.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.gguf", help="the model, best in f16 or bf16")
    parser.add_argument("output", type=Path, metavar="OUT", help="file to write, Fin-R1.imatrix say")
    _add_evaluation_options(parser, CONTEXT)
    parser.add_argument("--force", action="store_true", help="replace the output if it exists")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _imatrix(arguments: argparse.Namespace) -> int:
    def make(overwrite: bool) -> ImatrixResult:
        with _progress_bar(of_bytes=False) as on_progress:
            return make_imatrix(
                arguments.model,
                arguments.output,
                arguments.text,
                context=arguments.ctx,
                chunks=arguments.chunks,
                threads=arguments.threads,
                overwrite=overwrite,
                on_progress=on_progress,
            )

    result = _asking_to_replace(make, arguments.force)
    if arguments.json:
        print(json.dumps(result.as_json(), ensure_ascii=False, indent=2))
    else:
        print(
            f"{result.output}: {result.entries} matrices over {result.chunks} chunks of {result.context} tokens"
            f" of {result.text}, {result.seconds:.1f} s"
        )
    return 0


def _verifying_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="finr1-convert verify",
        description="Compare a quantised model with the one it was made of: perplexity, KL divergence, and how often"
        " both would choose the same token first. The result is also kept beside the model, as MODEL.verify.json.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.gguf", help="the model to judge")
    parser.add_argument(
        "--against", type=Path, required=True, metavar="REFERENCE.gguf", help="what it was quantised from"
    )
    _add_evaluation_options(parser, DEFAULT_CONTEXT)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--to", type=Path, metavar="FILE.json", help="keep the result in this file instead")
    place.add_argument("--no-sidecar", action="store_true", help="keep the result nowhere")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _verify(arguments: argparse.Namespace) -> int:
    target = None if arguments.no_sidecar else arguments.to or sidecar_path(arguments.model)
    if target is not None:
        require_writable(target)
    with _progress_bar(of_bytes=False) as on_progress:
        verification = verify(
            arguments.model,
            arguments.against,
            arguments.text,
            context=arguments.ctx,
            chunks=arguments.chunks,
            threads=arguments.threads,
            on_progress=on_progress,
        )
    record = verification.as_json()
    if arguments.json:
        print(json.dumps(record, ensure_ascii=False, indent=2))
    else:
        show_verification(verification, Console(width=None if sys.stdout.isatty() else 160))
    if target is not None:
        write_sidecar(record, target)
    return 0


def _type_name(text: str) -> str:
    try:
        return AUTOMATIC if text.lower() == AUTOMATIC else file_type(text).name
    except ConvertError as error:
        raise argparse.ArgumentTypeError(f"{error.message} ({error.hint})") from None


def _threads(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of threads")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def _convert(arguments: argparse.Namespace) -> int:
    result = _asking_to_replace(lambda overwrite: _with_progress(arguments, overwrite), arguments.force)
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if arguments.json:
        print(json.dumps(result.as_json(), indent=2))
    else:
        print(_summary(result))
    return 0


def _asking_to_replace(work: Callable[[bool], _R], force: bool) -> _R:
    """Do the work; where its output exists, a person at a terminal is asked whether it may be replaced."""
    try:
        return work(force)
    except OutputExistsError as error:
        if not (sys.stdin.isatty() and sys.stderr.isatty()) or not _agreed(error.message):
            raise
        return work(True)


def _agreed(message: str) -> bool:
    print(f"{message}. Replace it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _with_progress(arguments: argparse.Namespace, overwrite: bool) -> Result:
    with _progress_lines() if arguments.progress_lines else _progress_bar() as on_progress:
        return convert(
            arguments.checkpoint,
            arguments.output,
            arguments.type,
            imatrix=arguments.imatrix,
            threads=arguments.threads,
            overwrite=overwrite,
            on_progress=on_progress,
        )


class _TokenSpeedColumn(ProgressColumn):
    """Tokens a second, once it is known."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} tokens/s" if task.speed else "")


@contextmanager
def _progress_bar(of_bytes: bool = True) -> Iterator[OnProgress | None]:
    """A bar a stage with speed and time left on a terminal; nothing where the standard error goes to a file. What is
    counted are bytes, or tokens.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    amounts = (DownloadColumn(), TransferSpeedColumn()) if of_bytes else (MofNCompleteColumn(), _TokenSpeedColumn())
    with Bar(TextColumn("{task.description:10}"), BarColumn(), *amounts, TimeRemainingColumn(), console=console) as bar:
        tasks = {}

        def show(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bar.add_task(_STAGES[progress.stage], total=progress.total)
            bar.update(tasks[progress.stage], completed=progress.done)

        yield show


@contextmanager
def _progress_lines() -> Iterator[OnProgress]:
    """For programs that run this one: each report as a line of JSON."""

    def tell(progress: Progress) -> None:
        values = {"stage": progress.stage, "done": progress.done, "total": progress.total, "seconds": progress.seconds}
        print(json.dumps(values), file=sys.stderr, flush=True)

    yield tell


def _summary(result: Result) -> str:
    return (
        f"{result.output}: {result.name}, {result.type}, {result.parameters / 1e6:,.1f} M weights"
        f" in {result.tensors} tensors, {result.bytes / 1e6:,.1f} MB, {result.seconds:.1f} s"
    )
