"""What `finr1-desk models` takes on the command line, and which function does it.

Owns the parser's part and the way from options to calls; importing it imports argparse and nothing of the library.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finr1_desk.terminal.workspace import Workspace

Translate = Callable[..., str]
Command = Callable[[Any, Translate, str, str], argparse.ArgumentParser]


def add_models(commands: Any, translate: Translate, command: Command) -> None:
    """Adds the command and its actions; `command` makes a parser with what every command takes."""
    about = translate("Models", "the models on this machine, and how to get Fin-R1")
    parser = command(commands, translate, "models", about)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = {
        name: command(actions, translate, name, text)
        for name, text in {
            "list": translate("Models", "list the models of this and other applications"),
            "info": translate("Models", "say what a model is, and whether it is Fin-R1"),
            "add": translate("Models", "copy a model from a drive, or remember a folder with models"),
            "download": translate("Models", "fetch a conversion of Fin-R1, or go on with it"),
            "verify": translate("Models", "hash a model and compare it with what is known of it"),
            "remove": translate("Models", "remove a model from the application's own folder"),
        }.items()
    }
    for name in ("info", "verify", "remove"):
        made[name].add_argument("model", metavar="MODEL", help=translate("Models", "its file, or the file's name"))
    made["remove"].add_argument("--yes", action="store_true", help=translate("Models", "do not ask"))
    made["add"].add_argument("path", metavar="PATH", type=Path, help=translate("Models", "a GGUF file, or a folder"))
    made["add"].add_argument(
        "--in-place", action="store_true", help=translate("Models", "do not copy; remember the folder it lies in")
    )
    _download(made["download"], translate)
    for parser_ in made.values():
        parser_.add_argument("--json", action="store_true", help=translate("Terminal", "print JSON"))


def _download(parser: argparse.ArgumentParser, translate: Translate) -> None:
    parser.add_argument(
        "repository",
        metavar="REPOSITORY",
        nargs="?",
        default="",
        help=translate("Models", "as OWNER/NAME; without one, what suits this machine"),
    )
    parser.add_argument("--file", metavar="NAME", default="", help=translate("Models", "the file in the repository"))
    parser.add_argument(
        "--quantisation", metavar="TYPE", default="", help=translate("Models", "Q4_K_M and the like, instead of a file")
    )
    parser.add_argument(
        "--checkpoint",
        action="store_true",
        help=translate("Models", "the checkpoint as published, 15.2 GB, and convert it (to Q4_K_M by default)"),
    )
    parser.add_argument(
        "--from",
        dest="source",
        choices=("huggingface", "modelscope"),
        default="",
        help=translate("Models", "the hub (HF_ENDPOINT names a mirror)"),
    )


def run_models(options: argparse.Namespace, workspace: Workspace) -> int:
    """Does what the options say; returns the exit status."""
    from finr1_desk.terminal import models

    match options.action:
        case "list":
            return models.list_(workspace, as_json=options.json)
        case "info":
            return models.info(workspace, options.model, as_json=options.json)
        case "add":
            return models.add(workspace, options.path, in_place=options.in_place, as_json=options.json)
        case "verify":
            return models.verify(workspace, options.model, as_json=options.json)
        case "remove":
            return models.remove(workspace, options.model, yes=options.yes, as_json=options.json)
        case _:
            from finr1_desk.terminal.model_download import DownloadOptions, download

            asked = DownloadOptions(
                options.repository,
                options.file,
                options.quantisation,
                options.checkpoint,
                options.source,
                options.json,
            )
            return download(workspace, asked)
