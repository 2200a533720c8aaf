"""The command `finr1-desk`: parses, then imports what the command needs and nothing else.

Owns the way from an exception to an exit status: 0, 1 with `error:` and `hint:` on standard error, 2 for wrong
usage, 130 where Ctrl-C ended it. What the commands do is in `finr1_desk.terminal` and `finr1_desk.ui`.
"""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.terminal.arguments import SAMPLING, WRONG_USAGE, build_parser
from finr1_desk.terminal.output import discard_output, prepare_streams
from finr1_desk.terminal.voice import CommandError, Voice

if TYPE_CHECKING:
    from finr1_desk.terminal.ask import AskOptions
    from finr1_desk.terminal.workspace import Workspace

_INTERRUPTED = 130
_READER_GONE = 141
_OUTPUT_FAILED = frozenset({errno.ENOSPC, errno.EFBIG, errno.EIO})
_MAX_CONTEXT = 1 << 20
_MAX_ROUNDS = 1000
_MAX_SEED = (1 << 64) - 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns the exit status."""
    prepare_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parse(words)
    if options.version:
        from finr1_desk.core.version import VERSION

        print(f"finr1-desk {VERSION}")
        return 0
    problems: list[UserError] = []
    voice = Voice(options.language, lambda: _settings_language(options.data_dir, problems))
    try:
        _check(options)
    except UserError as error:
        voice.report(error)
        return WRONG_USAGE
    status = _status_of(options, voice)
    for problem in problems:
        voice.note(" ".join(voice.sentence(problem)))
    return status


def _status_of(options: argparse.Namespace, voice: Voice) -> int:
    try:
        status = _run(options, voice)
        sys.stdout.flush()
        return status
    except (UserError, CommandError) as error:
        voice.report(error)
        return 1
    except BrokenPipeError:
        discard_output()
        return _READER_GONE
    except OSError as error:
        if error.errno not in _OUTPUT_FAILED:
            raise
        discard_output()
        text = voice.translate("Terminal", "The output could not be written: %1.", error.strerror or "")
        voice.report(CommandError(text, voice.translate("Terminal", "Check the free space where it goes.")))
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parse(words: list[str]) -> argparse.Namespace:
    """The options. Only a help page needs the parser's texts, so only for one they are translated."""
    if "-h" in words or "--help" in words:
        chosen = next((words[i + 1] for i, word in enumerate(words[:-1]) if word == "--language"), None)
        voice = Voice(chosen if chosen in ("en", "zh_CN") else None, lambda: "system")
        return build_parser(voice.translate).parse_args(words)
    return build_parser(lambda _context, text: text).parse_args(words)


def _settings_language(data_dir: Path | None, problems: list[UserError]) -> str:
    """The language of the settings; that of the system where there is no data folder to read them from.

    What is wrong with the settings' file goes to `problems`: it cannot be said before the language is known.
    """
    from finr1_desk.store.paths import resolve_data_dir
    from finr1_desk.store.settings_file import load_settings

    try:
        loaded = load_settings(resolve_data_dir(data_dir))
    except UserError:
        return "system"
    if loaded.problem is not None:
        problems.append(loaded.problem)
    return loaded.settings.language


def _check(options: argparse.Namespace) -> None:
    """Refuses values that no model takes.

    Raises:
        UserError: `BAD_VALUE`.
    """
    if options.command == "bench":
        _check_bench(options)
        return
    if options.command == "serve":
        _check_loading(options)
        return
    limit = getattr(options, "limit", None)
    if limit is not None and limit < 1:
        raise UserError(ErrorCode.BAD_VALUE, name="--limit", value=str(limit))
    if options.command not in ("ask", "chat", "run-task"):
        return
    from finr1_desk.core.sampling import MOST_SAMPLES, MOST_THINKING, checked

    checked(_sampling(options))
    if options.max_think is not None and not 0 <= options.max_think <= MOST_THINKING:
        raise UserError(ErrorCode.BAD_VALUE, name="--max-think", value=str(options.max_think))
    _check_loading(options)
    if options.seed is not None and not 0 <= options.seed <= _MAX_SEED:
        raise UserError(ErrorCode.BAD_VALUE, name="--seed", value=str(options.seed))
    if not 1 <= getattr(options, "samples", 1) <= MOST_SAMPLES:
        raise UserError(ErrorCode.BAD_VALUE, name="--samples", value=str(options.samples))


def _check_loading(options: argparse.Namespace) -> None:
    from finr1_desk.core.settings import LOADING, checked

    given = _loading(options)
    context = given.pop("context_length", None)  # shorter ones than the settings have are good for trying things
    if context is not None and not 1 <= context <= _MAX_CONTEXT:
        raise UserError(ErrorCode.BAD_VALUE, name="--ctx", value=str(context))
    names = {declared.name: declared.metadata["option"] for declared in LOADING}
    for name, value in given.items():
        try:
            checked(name, value)
        except UserError as error:
            raise UserError(error.code, name=names[name], value=str(value)) from None


def _loading(options: argparse.Namespace) -> dict[str, Any]:
    """What was said on how to load the model, by the settings' names."""
    from finr1_desk.core.settings import LOADING

    return {name.name: value for name in LOADING if (value := getattr(options, name.name)) is not None}


def _check_bench(options: argparse.Namespace) -> None:
    _check_loading(options)
    bounds = {"rounds": (1, _MAX_ROUNDS), "prompt": (1, _MAX_CONTEXT), "tokens": (2, _MAX_CONTEXT)}
    bounds["conversation"] = bounds["prompt"]
    for name, (least, most) in bounds.items():
        value = getattr(options, name)
        if not least <= value <= most:
            raise UserError(ErrorCode.BAD_VALUE, name=f"--{name}", value=str(value))


def _sampling(options: argparse.Namespace) -> dict[str, float | int]:
    return {name: value for name in SAMPLING if (value := getattr(options, name)) is not None}


def _run(options: argparse.Namespace, voice: Voice) -> int:
    if options.command in (None, "open"):
        return _open(options, voice)
    from finr1_desk.terminal.workspace import Workspace

    workspace = Workspace(options.data_dir, voice)
    match options.command:
        case "ask":
            from finr1_desk.terminal.ask import ask

            return ask(workspace, _ask_options(options, options.text))
        case "chat":
            from finr1_desk.terminal.chat import chat

            return chat(workspace, _ask_options(options, ""), options.resume)
        case "conversations":
            return _conversations(options, workspace)
        case "export":
            return _export(options, workspace)
        case "import":
            from finr1_desk.terminal.transfer import import_files

            return import_files(workspace, options.files)
        case "tasks":
            from finr1_desk.terminal import tasks

            if options.action == "list":
                return tasks.list_(workspace, as_json=options.json)
            return tasks.show(workspace, options.name, as_json=options.json)
        case "run-task":
            return _run_task(options, workspace)
        case "example":
            from finr1_desk.terminal.example import example

            return example(workspace)
        case "serve":
            return _serve(options, workspace)
        case "bench":
            return _bench(options, workspace)
        case "models":
            from finr1_desk.terminal.model_arguments import run_models

            return run_models(options, workspace)
        case _:
            from finr1_desk.terminal.doctor import doctor

            return doctor(workspace, as_json=options.json, forget_safe_modes=options.forget_safe_modes)


def _open(options: argparse.Namespace, voice: Voice) -> int:
    from finr1_desk.terminal.display import has_display

    if not has_display():
        raise CommandError(
            voice.translate("Terminal", "There is no display to open a window on."),
            voice.translate("Terminal", "Use “finr1-desk chat” or “finr1-desk ask”, or set DISPLAY."),
        )
    from finr1_desk.ui.main import run

    model = getattr(options, "model", None)
    return run(options.data_dir, model.expanduser().absolute() if model is not None else None, options.language)


def _ask_options(options: argparse.Namespace, text: str) -> AskOptions:
    from finr1_desk.core.choices import PRESETS, UNCHOSEN
    from finr1_desk.terminal.ask import AskOptions

    return AskOptions(
        text=text,
        model=options.model,
        system=options.system,
        no_system=options.no_system,
        choices=PRESETS[options.preset] if options.preset else UNCHOSEN,
        sampling=_sampling(options),
        loading=_loading(options),
        max_think=options.max_think,
        seed=options.seed,
        think=options.think,
        json=getattr(options, "json", False),
        save=getattr(options, "save", False),
        samples=getattr(options, "samples", 1),
        server=getattr(options, "server", False),
    )


def _run_task(options: argparse.Namespace, workspace: Workspace) -> int:
    from finr1_desk.app.batch.run import Start
    from finr1_desk.terminal.run_task import RunTaskOptions, run_task
    from finr1_desk.terminal.tasks import read_pairs

    asked = RunTaskOptions(
        name=options.name,
        input=options.input,
        to=options.to,
        columns=read_pairs(options.column, "--column"),
        constants=read_pairs(options.set, "--set"),
        model=options.model,
        system=options.system,
        no_system=options.no_system,
        preset=options.preset,
        sampling=_sampling(options),
        loading=_loading(options),
        max_think=options.max_think,
        seed=options.seed,
        think=options.think,
        limit=options.limit,
        start=Start.RESUME if options.resume else Start.REPLACE if options.overwrite else Start.NEW,
        json=options.json,
        server=options.server,
    )
    return run_task(workspace, asked)


def _bench(options: argparse.Namespace, workspace: Workspace) -> int:
    from finr1_desk.terminal.bench import BenchOptions, bench

    sizes = {name: getattr(options, name) for name in ("rounds", "prompt", "tokens", "conversation")}
    asked = BenchOptions(options.model, _loading(options), as_json=options.json, tune=options.tune, **sizes)
    return bench(workspace, asked)


def _serve(options: argparse.Namespace, workspace: Workspace) -> int:
    from finr1_desk.terminal.serve import ServeOptions, serve

    asked = ServeOptions(
        model=options.model,
        host=options.host,
        port=options.port,
        key=options.api_key,
        names=tuple(options.allow_host),
        served_name=options.served_model_name,
        reasoning=options.reasoning,
        loading=_loading(options),
        attached=options.attached,
    )
    return serve(workspace, asked)


def _export(options: argparse.Namespace, workspace: Workspace) -> int:
    from finr1_desk.export.options import ExportOptions, Format
    from finr1_desk.terminal.transfer import export

    chosen = ExportOptions(
        Format(options.format),
        thinking=not options.no_thinking,
        all_branches=options.all_branches,
        facts=not options.no_facts,
    )
    return export(workspace, options.ids, options.to, chosen, all_=options.all)


def _conversations(options: argparse.Namespace, workspace: Workspace) -> int:
    from finr1_desk.terminal import conversations, keeping
    from finr1_desk.terminal.narrowing import Narrowing

    as_json = options.json
    match options.action:
        case "list":
            return conversations.list_(
                workspace, options.limit, folder=options.folder, trash=options.trash, as_json=as_json
            )
        case "show":
            return conversations.show(workspace, options.id, think=options.think, as_json=as_json)
        case "search":
            asked = Narrowing(options.folder, options.after, options.before, options.model, options.place)
            return conversations.search(workspace, options.query, options.limit, asked, as_json=as_json)
        case "folders":
            return keeping.folders(workspace, as_json=as_json)
        case "move":
            return keeping.move(workspace, options.ids, options.to, create=options.create, as_json=as_json)
        case "pin":
            return keeping.pin(workspace, options.ids, pinned=not options.off, as_json=as_json)
        case "restore":
            return keeping.restore(workspace, options.ids, as_json=as_json)
        case _:
            return keeping.delete(
                workspace, options.ids, for_good=options.for_good, asked_already=options.yes, as_json=as_json
            )
