"""What a command imports, how it refuses, and in which language it speaks."""

from __future__ import annotations

import html
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from finr1_desk.core.version import VERSION
from finr1_desk.library.assets import asset
from finr1_desk.terminal import arguments
from finr1_desk.terminal.voice import system_language
from tests.cli.conftest import PATIENCE_S, Cli
from tests.ui import translations


def imported_by(cli: Cli, *words: str | Path) -> set[str]:
    """The modules that Python has imported when the command ends."""
    script = (
        "import sys\nfrom finr1_desk.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print('MODULES', *sys.modules)"
    )
    command = [sys.executable, "-c", script, "--data-dir", str(cli.data_dir), *map(str, words)]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, env=cli.full_environment(), check=True)
    return set(done.stdout.decode().rpartition("MODULES ")[2].split())


def test_the_version_is_told_without_loading_anything(cli: Cli) -> None:
    assert cli.ok("--version") == f"finr1-desk {VERSION}\n"
    loaded = imported_by(cli, "--version")
    assert not {name for name in loaded if name.split(".")[0] in ("PySide6", "shiboken6", "numpy", "llama_cpp", "rich")}
    assert "finr1_desk.engine.client" not in loaded
    assert "sqlcipher3" not in loaded


def test_ask_needs_no_widgets_and_no_llama_cpp(cli: Cli, speaking_model: Path) -> None:
    loaded = imported_by(cli, "ask", "Hi", "--model", speaking_model, "--save")
    assert "finr1_desk.engine.client" in loaded
    assert not {name for name in loaded if name.split(".")[0] in ("PySide6", "numpy", "llama_cpp", "rich", "yaml")}


def test_an_error_needs_qt_core_only(cli: Cli) -> None:
    loaded = imported_by(cli, "ask", "Hi", "--model", "/none.gguf", "--language", "zh_CN")
    assert {name for name in loaded if name.startswith("PySide6.")} <= {"PySide6.QtCore", "PySide6.support"} | {
        name for name in loaded if name.startswith("PySide6.support")
    }


@pytest.mark.parametrize(
    "words",
    [
        ["ask"],
        ["ask", "Hi", "--temperature", "warm"],
        ["ask", "Hi", "--temperature", "99"],
        ["ask", "Hi", "--temperature", "nan"],
        ["ask", "Hi", "--top-p", "1.5"],
        ["ask", "Hi", "--max-tokens", "0"],
        ["ask", "Hi", "--ctx", "0"],
        ["ask", "Hi", "--seed", "-1"],
        ["ask", "Hi", "--system", "x", "--no-system"],
        ["ask", "Hi", "--temp", "1"],
        ["conversations"],
        ["conversations", "show"],
        ["conversations", "list", "--limit", "0"],
        ["export", "--all"],
        ["import"],
        ["nonsense"],
        ["--language", "fr"],
    ],
)
def test_wrong_usage_is_status_2(cli: Cli, words: list[str]) -> None:
    done = cli.run(*words)
    assert (done.status, done.out) == (2, "")
    assert done.err.count("error: ") == done.err.count("hint: ") == 1


def test_the_data_folder_may_stand_before_or_after_the_command(cli: Cli, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert cli.run("conversations", "--data-dir", other, "list").status == 0
    assert (other / "conversations.db").exists()
    assert not (cli.data_dir / "conversations.db").exists()


def test_the_environment_names_the_data_folder(cli: Cli, tmp_path: Path) -> None:
    environment = cli.full_environment() | {"FINR1_DESK_DATA_DIR": str(tmp_path / "named")}
    command = [sys.executable, "-m", "finr1_desk", "conversations", "list", "--json"]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, env=environment, check=True)
    assert done.stdout == b"[]\n"
    assert (tmp_path / "named" / "conversations.db").exists()


def test_a_data_folder_that_cannot_be_is_an_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = cli.run("conversations", "--data-dir", tmp_path / "file" / "data", "list")
    assert done.status == 1
    assert done.err.startswith("error: The data folder ")


def test_without_a_display_the_window_is_refused_with_a_way_out(cli: Cli) -> None:
    for words in ([], ["open"]):
        done = cli.run(*words, environment={"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""})
        assert done.status == 1
        assert "chat" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_an_error(cli: Cli, speaking_model: Path) -> None:
    for words in (["ask", "Hi", "--model", str(speaking_model), "--save"], ["conversations", "list"], ["doctor"]):
        with Path("/dev/full").open("wb") as full:
            process = cli.start(*words, stdout=full)
            assert process.stderr is not None
            err = process.stderr.read().decode()
            assert process.wait(PATIENCE_S) == 1
        assert "error: The output could not be written" in err
        assert "Traceback" not in err
        assert "Exception" not in err


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_closed_streams_do_not_matter(cli: Cli, speaking_model: Path) -> None:
    command = " ".join(map(shlex.quote, cli.command("ask", "Hi", "--model", speaking_model, "--save")))
    for closed in (">&-", "2>&-", "<&-", "<&- >&- 2>&-"):
        done = subprocess.run(f"{command} {closed}", shell=True, timeout=PATIENCE_S, env=cli.full_environment())
        assert done.returncode == 0, closed
    assert len(cli.run("conversations", "list", "--json").json) == 4


def test_everything_the_terminal_says_is_extracted_for_translation(tmp_path: Path) -> None:
    if not Path(translations.tool("pyside6-lupdate")).exists():
        pytest.skip("lupdate is not installed")
    target = tmp_path / "texts.ts"
    translations.update(target, plurals_only=False)
    extracted = {html.unescape(text) for text in re.findall(r"<source>(.*?)</source>", target.read_text("utf-8"), re.S)}
    said: list[str] = []
    arguments.build_parser(lambda _context, text: said.append(text) or text)
    assert set(said) <= extracted
    calls = {text for context, text, _ in translations.literal_texts() if context == "Terminal"}
    assert len(calls) > 100
    assert calls <= extracted


def chinese(text: str) -> bool:
    return bool(re.search("[\u4e00-\u9fff]", text))


def test_errors_are_in_the_language_of_choice_settings_or_system(cli: Cli) -> None:
    if not asset("translations", "finr1_desk_zh_CN.qm").exists():
        pytest.skip("the translation is not built")
    words = ("ask", "Hi", "--model", "/none.gguf")
    assert not chinese(cli.run(*words).err)
    for err in (
        cli.run(*words, "--language", "zh_CN").err,
        cli.run(*words, environment={"LC_ALL": "zh_CN.UTF-8"}).err,
        cli.run(*words, environment={"LANG": "zh_TW.UTF-8"}).err,
    ):
        assert chinese(err)
        assert err.startswith("error: ")
        assert "\nhint: " in err
    (cli.data_dir / "settings.json").write_text('{"language": "zh_CN"}')
    assert chinese(cli.run(*words).err)
    assert not chinese(cli.run(*words, "--language", "en").err)


def test_the_systems_language_is_read_from_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, expected in (("zh_CN.UTF-8", "zh_CN"), ("zh", "zh_CN"), ("de_DE", "en"), ("C", "en"), ("en_US", "en")):
        monkeypatch.setenv("LC_ALL", value)
        assert system_language() == expected
    monkeypatch.setenv("LC_ALL", "")
    monkeypatch.setenv("LC_MESSAGES", "zh_CN")
    monkeypatch.setenv("LANG", "en_GB")
    assert system_language() == "zh_CN"


def test_a_damaged_settings_file_is_told_and_the_defaults_serve(cli: Cli) -> None:
    (cli.data_dir / "settings.json").write_text("{")
    done = cli.run("ask", "Hi", "--model", "/none.gguf")
    assert done.status == 1
    assert "There is no model file" in done.err
    assert "damaged-1" in done.err
    assert (cli.data_dir / "settings.json.damaged-1").exists()


def test_every_command_has_help_in_both_languages(cli: Cli) -> None:
    assert "chat" in cli.ok("--help")
    for command in ("open", "ask", "chat", "conversations", "export", "import", "example", "doctor"):
        assert "--data-dir" in cli.ok(command, "--help")
    translated: list[str] = []

    def translate(_context: str, text: str) -> str:
        translated.append(text)
        return "帮助"

    assert "帮助" in arguments.build_parser(translate).format_help()
    assert not [text for text in translated if "%" in text]  # argparse would take it for a format
