"""The command line: which commands there are and what each of them takes.

Owns the parser only; what a command does is its own module's. How a model is loaded comes from the settings'
declaration. Building it imports nothing else but argparse, so that `--version` and a mistyped option answer at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from finr1_desk.core.choices import PRESETS
from finr1_desk.core.settings import LOADING
from finr1_desk.terminal.model_arguments import add_models

Translate = Callable[..., str]
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

SAMPLING: Final = {
    "temperature": float,
    "top_p": float,
    "repetition_penalty": float,
    "max_tokens": int,
}
WRONG_USAGE: Final = 2


class Parser(argparse.ArgumentParser):
    """argparse, with the two lines of every other error."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"error: {message}", file=sys.stderr)
        print(f"hint: {self.prog} --help", file=sys.stderr)
        sys.exit(WRONG_USAGE)


def build_parser(translate: Translate) -> argparse.ArgumentParser:
    """The parser, with its help in the language of `translate`."""
    parser = Parser(
        prog="finr1-desk",
        description=translate("Terminal", "Ask Fin-R1, a financial reasoning model, on your own machine."),
        epilog=translate(
            "Terminal",
            "Exit status: 0, 1 (could not), 2 (wrong usage), 130 (Ctrl-C), 141 (the reader of a pipe has gone).",
        ),
        allow_abbrev=False,
    )
    _common(parser, translate, None)
    parser.add_argument("--version", action="store_true", help=translate("Terminal", "print the version and exit"))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for add in (_open, _ask, _chat, _conversations, _export, _import, _tasks, _run_task):
        add(commands, translate)
    for add in (_example, _serve, _bench, _doctor):
        add(commands, translate)
    add_models(commands, translate, _command)
    return parser


def _common(parser: argparse.ArgumentParser, translate: Translate, default: str | None) -> None:
    """What every command takes, before or after its name."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        default=default,
        help=translate("Terminal", "the folder with conversations and settings (or FINR1_DESK_DATA_DIR)"),
    )
    parser.add_argument(
        "--language",
        choices=("system", "en", "zh_CN"),
        default=default,
        help=translate("Terminal", "the language of messages"),
    )


def _command(commands: Commands, translate: Translate, name: str, help: str) -> Parser:
    parser = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
    # Suppressed, so that what was given before the command is not replaced by a default.
    _common(parser, translate, argparse.SUPPRESS)
    return parser


def _open(commands: Commands, translate: Translate) -> None:
    parser = _command(commands, translate, "open", translate("Terminal", "open the window (also without any command)"))
    _model(parser, translate)


def _model(parser: argparse.ArgumentParser, translate: Translate) -> None:
    parser.add_argument(
        "--model",
        type=Path,
        metavar="PATH",
        help=translate("Terminal", "the GGUF to run; by default a Fin-R1 on this machine, else the built-in model"),
    )


def _loading(parser: argparse.ArgumentParser, translate: Translate) -> None:
    """How the model is loaded: the settings of that name, for this once."""
    for declared in LOADING:
        about = declared.metadata
        text = ". ".join(
            translate("Settings", words).rstrip(".。") for words in (about["label"], about["help"]) if words
        )
        parser.add_argument(
            about["option"],
            dest=declared.name,
            type=type(declared.default),
            choices=tuple(about["choices"]) if about["choices"] else None,
            metavar=None if about["choices"] else "N",
            help=text.replace("%", "%%"),
        )


def _answering(parser: argparse.ArgumentParser, translate: Translate) -> None:
    """What `ask` and `chat` have in common."""
    _model(parser, translate)
    system = parser.add_mutually_exclusive_group()
    system.add_argument("--system", metavar="TEXT", help=translate("Terminal", "the system prompt"))
    system.add_argument("--no-system", action="store_true", help=translate("Terminal", "no system prompt"))
    parser.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        help=translate("Terminal", "sampling as published, as evaluated, or always the likeliest token"),
    )
    parser.add_argument("--temperature", type=float, metavar="T", help=translate("Terminal", "0: the likeliest token"))
    parser.add_argument("--top-p", type=float, metavar="P", help=translate("Terminal", "1 switches it off"))
    parser.add_argument(
        "--repeat-penalty",
        type=float,
        metavar="R",
        dest="repetition_penalty",
        help=translate("Terminal", "1 switches it off"),
    )
    parser.add_argument(
        "--max-tokens", type=int, metavar="N", help=translate("Terminal", "the longest answer, with its reasoning")
    )
    parser.add_argument(
        "--max-think", type=int, metavar="N", help=translate("Terminal", "the longest reasoning; 0: without a limit")
    )
    _loading(parser, translate)
    parser.add_argument("--seed", type=int, metavar="N", help=translate("Terminal", "makes the answer repeatable"))
    parser.add_argument("--think", action="store_true", help=translate("Terminal", "print the reasoning as well"))


def _server(parser: argparse.ArgumentParser, translate: Translate) -> None:
    parser.add_argument(
        "--server", action="store_true", help=translate("Terminal", "ask the team server that was set up in the window")
    )


def _ask(commands: Commands, translate: Translate) -> None:
    parser = _command(commands, translate, "ask", translate("Terminal", "answer one question"))
    parser.add_argument("text", metavar="TEXT", help=translate("Terminal", "the question; - reads standard input"))
    _answering(parser, translate)
    parser.add_argument(
        "--samples",
        type=int,
        metavar="N",
        default=1,
        help=translate("Terminal", "write so many answers side by side, give the one that most agree on"),
    )
    _server(parser, translate)
    parser.add_argument("--json", action="store_true", help=translate("Terminal", "print one JSON object"))
    parser.add_argument("--save", action="store_true", help=translate("Terminal", "keep it as a conversation"))


def _chat(commands: Commands, translate: Translate) -> None:
    parser = _command(commands, translate, "chat", translate("Terminal", "chat in the terminal"))
    _answering(parser, translate)
    _server(parser, translate)
    parser.add_argument("--resume", metavar="ID", help=translate("Terminal", "go on with a conversation"))


def _conversations(commands: Commands, translate: Translate) -> None:
    help = translate("Terminal", "list, show, search and keep conversations in order")
    parser = _command(commands, translate, "conversations", help)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _command(actions, translate, "list", translate("Terminal", "list conversations, newest first"))
    listing.add_argument("--limit", type=int, metavar="N", help=translate("Terminal", "at most so many"))
    which = listing.add_mutually_exclusive_group()
    _folder(which, translate)
    which.add_argument("--trash", action="store_true", help=translate("Terminal", "those in the trash"))
    show = _command(actions, translate, "show", translate("Terminal", "show one conversation"))
    _id(show, translate)
    show.add_argument("--think", action="store_true", help=translate("Terminal", "print the reasoning as well"))
    search = _command(actions, translate, "search", translate("Terminal", "find words in all messages"))
    search.add_argument("query", metavar="QUERY", help=translate("Terminal", "words, in any language"))
    search.add_argument("--limit", type=int, metavar="N", default=100, help=translate("Terminal", "at most so many"))
    _narrowing(search, translate)
    folders = _command(actions, translate, "folders", translate("Terminal", "list folders"))
    for action in (listing, show, search, folders):
        action.add_argument("--json", action="store_true", help=translate("Terminal", "print JSON"))
    _keeping(actions, translate)


def _folder(parser: argparse._ActionsContainer, translate: Translate) -> None:
    parser.add_argument("--folder", metavar="NAME", help=translate("Terminal", "only what lies in this folder"))


def _narrowing(parser: argparse.ArgumentParser, translate: Translate) -> None:
    """What a search can be narrowed to."""
    _folder(parser, translate)
    parser.add_argument(
        "--after", metavar="DATE", help=translate("Terminal", "written on this day or later, as 2026-07-01")
    )
    parser.add_argument("--before", metavar="DATE", help=translate("Terminal", "written before this day"))
    parser.add_argument(
        "--model", metavar="NAME", help=translate("Terminal", "written by the model whose name has this in it")
    )
    parser.add_argument(
        "--in",
        dest="place",
        choices=("question", "answer", "thinking"),
        help=translate("Terminal", "only in questions, in answers or in the reasoning"),
    )


def _keeping(actions: Commands, translate: Translate) -> None:
    """The actions that change where conversations are."""
    move = _command(actions, translate, "move", translate("Terminal", "put conversations into a folder"))
    where = move.add_mutually_exclusive_group(required=True)
    where.add_argument("--to", metavar="FOLDER", help=translate("Terminal", "a folder that there is"))
    where.add_argument("--out", action="store_true", help=translate("Terminal", "out of all folders"))
    move.add_argument("--create", action="store_true", help=translate("Terminal", "make the folder if need be"))
    pin = _command(actions, translate, "pin", translate("Terminal", "keep conversations at the top of the list"))
    pin.add_argument("--off", action="store_true", help=translate("Terminal", "no longer"))
    delete = _command(actions, translate, "delete", translate("Terminal", "put conversations into the trash"))
    delete.add_argument(
        "--for-good",
        action="store_true",
        help=translate("Terminal", "remove what is in the trash already, for ever"),
    )
    delete.add_argument("--yes", action="store_true", help=translate("Terminal", "do not ask before that"))
    restore = _command(actions, translate, "restore", translate("Terminal", "bring conversations back from the trash"))
    for action in (move, pin, delete, restore):
        action.add_argument(
            "ids",
            metavar="ID",
            nargs="+",
            help=translate("Terminal", "conversations; the first characters of each are enough"),
        )
        action.add_argument("--json", action="store_true", help=translate("Terminal", "print JSON"))


def _id(parser: argparse.ArgumentParser, translate: Translate) -> None:
    parser.add_argument(
        "id", metavar="ID", help=translate("Terminal", "a conversation; the first characters are enough")
    )


def _export(commands: Commands, translate: Translate) -> None:
    parser = _command(
        commands, translate, "export", translate("Terminal", "write conversations as Markdown, HTML, PDF or DOCX")
    )
    parser.add_argument(
        "ids", metavar="ID", nargs="*", help=translate("Terminal", "conversations; the first characters are enough")
    )
    parser.add_argument("--all", action="store_true", help=translate("Terminal", "every conversation"))
    parser.add_argument(
        "--to", type=Path, metavar="DIR", required=True, help=translate("Terminal", "the folder to write to")
    )
    parser.add_argument(
        "--format",
        choices=("markdown", "html", "pdf", "docx"),
        default="markdown",
        help=translate("Terminal", "the kind of file (markdown)"),
    )
    parser.add_argument(
        "--all-branches", action="store_true", help=translate("Terminal", "also answers that are not shown")
    )
    parser.add_argument("--no-thinking", action="store_true", help=translate("Terminal", "leave the reasoning out"))
    parser.add_argument(
        "--no-facts",
        action="store_true",
        help=translate("Terminal", "leave out model, time and settings (not from Markdown)"),
    )


def _import(commands: Commands, translate: Translate) -> None:
    parser = _command(
        commands, translate, "import", translate("Terminal", "read conversations, of this and of other applications")
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help=translate(
            "Terminal", "Markdown of this application; ChatGPT, Open WebUI, LM Studio, Jan, GPT4All; archives, folders"
        ),
    )


def _tasks(commands: Commands, translate: Translate) -> None:
    parser = _command(commands, translate, "tasks", translate("Terminal", "list tasks, or show what one asks for"))
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _command(actions, translate, "list", translate("Terminal", "list the tasks"))
    show = _command(actions, translate, "show", translate("Terminal", "show one task: fields, prompt, example"))
    show.add_argument("name", metavar="NAME", help=translate("Terminal", "a task, by its id or name"))
    for action in (listing, show):
        action.add_argument("--json", action="store_true", help=translate("Terminal", "print JSON"))


def _run_task(commands: Commands, translate: Translate) -> None:
    parser = _command(
        commands, translate, "run-task", translate("Terminal", "run a task over the rows of a table, into another")
    )
    parser.add_argument("name", metavar="NAME", help=translate("Terminal", "a task, by its id or name"))
    parser.add_argument(
        "--input",
        type=Path,
        metavar="FILE",
        required=True,
        help=translate("Terminal", "a CSV or XLSX file with headings in its first row"),
    )
    parser.add_argument(
        "--to", type=Path, metavar="FILE", required=True, help=translate("Terminal", "the .csv or .xlsx file to write")
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help=translate("Terminal", "which column fills a field; by default the one of its name"),
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=TEXT",
        help=translate("Terminal", "what a field holds in every row"),
    )
    parser.add_argument(
        "--server", action="store_true", help=translate("Terminal", "ask the team server that was set up in the window")
    )
    parser.add_argument("--limit", type=int, metavar="N", help=translate("Terminal", "only the first rows"))
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--resume", action="store_true", help=translate("Terminal", "go on with a run that was paused or ended")
    )
    again.add_argument(
        "--overwrite", action="store_true", help=translate("Terminal", "replace the output, and begin anew")
    )
    _answering(parser, translate)
    parser.add_argument(
        "--json", action="store_true", help=translate("Terminal", "print the progress as one JSON object a line")
    )


def _example(commands: Commands, translate: Translate) -> None:
    _command(commands, translate, "example", translate("Terminal", "answer an example question and say how to go on"))


def _serve(commands: Commands, translate: Translate) -> None:
    help = translate("Terminal", "let programs ask the model through an API like OpenAI's")
    parser = _command(commands, translate, "serve", help)
    _model(parser, translate)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help=translate("Terminal", "the address to listen at (127.0.0.1: this computer alone)"),
    )
    parser.add_argument("--port", type=int, metavar="N", help=translate("Terminal", "the port to listen at (8000)"))
    parser.add_argument(
        "--api-key", metavar="KEY", help=translate("Terminal", "the key to ask with; else a random one")
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help=translate("Terminal", "another name that programs may call this computer by; several times"),
    )
    parser.add_argument(
        "--served-model-name", metavar="NAME", help=translate("Terminal", "what programs call the model")
    )
    parser.add_argument(
        "--reasoning",
        choices=("inline", "separate"),
        help=translate("Terminal", "inline: in the text, with its tags; separate: in reasoning_content"),
    )
    _loading(parser, translate)
    parser.add_argument("--attached", action="store_true", help=argparse.SUPPRESS)  # for the window that starts it


def _bench(commands: Commands, translate: Translate) -> None:
    help = translate("Terminal", "measure how quick the model runs here, beside llama.cpp alone")
    parser = _command(commands, translate, "bench", help)
    _model(parser, translate)
    _loading(parser, translate)
    parser.add_argument(
        "--rounds", type=int, metavar="N", default=3, help=translate("Terminal", "how often each thing is measured (3)")
    )
    sizes = {
        "--prompt": (2048, translate("Terminal", "tokens of the prompt that is read (2048)")),
        "--tokens": (128, translate("Terminal", "tokens of the answer that is written (128)")),
        "--conversation": (4000, translate("Terminal", "tokens of the conversation before a follow-up (4000)")),
    }
    for name, (default, text) in sizes.items():
        parser.add_argument(name, type=int, metavar="N", default=default, help=text)
    parser.add_argument("--json", action="store_true", help=translate("Terminal", "print one JSON object"))
    parser.add_argument(
        "--tune",
        action="store_true",
        help=translate("Terminal", "only try numbers of threads, and keep the quickest in the settings"),
    )


def _doctor(commands: Commands, translate: Translate) -> None:
    parser = _command(commands, translate, "doctor", translate("Terminal", "check what the application needs"))
    parser.add_argument(
        "--forget-safe-modes",
        action="store_true",
        help=translate("Terminal", "load models in full again that the engine crashed with"),
    )
    parser.add_argument("--json", action="store_true", help=translate("Terminal", "print JSON"))
