"""How a model is loaded: on the command line, as remembered for the model, as in the settings."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

from finr1_desk.core.settings import LOADING
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.terminal.arguments import build_parser
from finr1_desk.terminal.voice import Voice
from finr1_desk.terminal.workspace import Workspace
from tests.cli.conftest import Cli

OPTIONS = [declared.metadata["option"] for declared in LOADING]


def test_ask_chat_and_bench_take_what_the_settings_declare() -> None:
    assert len(OPTIONS) == 6
    parser = build_parser(lambda _context, text: text)
    values = {"--kv-type": "q8_0", "--flash-attention": "off"}
    words = [word for option in OPTIONS for word in (option, values.get(option, "7"))]
    for command in (["ask", "Hi"], ["chat"], ["bench"]):
        found = vars(parser.parse_args([*command, *words]))
        for declared in LOADING:
            assert found[declared.name] == type(declared.default)(values.get(declared.metadata["option"], "7"))


@pytest.mark.parametrize(
    ("option", "value"),
    [("--batch", "5000"), ("--gpu-layers", "-2"), ("--threads", "-1"), ("--ctx", "0"), ("--ctx", "1000000000")],
)
def test_values_that_cannot_be_are_wrong_usage(cli: Cli, option: str, value: str) -> None:
    done = cli.run("ask", "Hi", option, value)
    assert done.status == 2
    assert option in done.err


def test_the_command_line_comes_before_the_model_before_the_settings(tmp_path: Path, speaking_model: Path) -> None:
    paths = resolve_data_dir(tmp_path)
    paths.settings.write_text('{"context_length": 1024, "threads": 1, "kv_type": "q8_0"}')
    own = {str(speaking_model): {"context_length": 2048, "threads": 2}}
    paths.model_settings.write_text(json.dumps({platform.node(): own}))
    workspace = Workspace(tmp_path, Voice("en", lambda: "en"))
    request = workspace.model_request(workspace.model(speaking_model), {"context_length": 512})
    assert (request.context_length, request.threads, request.kv_type) == (512, 2, "q8_0")


def test_what_could_not_be_had_is_noted(cli: Cli, speaking_model: Path) -> None:
    done = cli.run("ask", "Hi", "--model", speaking_model, "--gpu-layers", "2")
    assert done.status == 0, done.err
    assert "0 instead of 2 layers on the GPU" in done.err
    assert "All layers on the processor" in done.err
