"""The project's papers agree with the project: version, licence, change log, lock file, wheel and read-me."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from finr1_desk.core.version import VERSION
from tests.helpers.source_tree import ROOT, files, name

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODULES = {"finr1-desk": "finr1_desk", "finr1-convert": "finr1_convert"}
README = (ROOT / "README.md").read_text("utf-8")


def commands_in(text: str) -> list[str]:
    """The lines of the shell blocks, without comments."""
    blocks = re.findall(r"^```(?:sh|powershell)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_one_version() -> None:
    assert PROJECT["project"]["version"] == VERSION
    assert re.search(rf"^## {re.escape(VERSION)}\b", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


def test_licence() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_lock_file_fits_the_project(original_environment: Mapping[str, str]) -> None:
    uv = shutil.which("uv", path=f"{ROOT / '.tools/uv/bin'}:{original_environment.get('PATH', '')}")
    if uv is None:
        pytest.skip("uv is not installed")
    command = [uv, "lock", "--check", "--offline", "--project", str(ROOT)]
    result = subprocess.run(command, env=dict(original_environment), capture_output=True, text=True, timeout=120)
    if result.returncode and "needs to be updated" not in result.stderr:
        pytest.skip(f"uv could not tell without the network: {result.stderr[-200:]}")
    assert result.returncode == 0, result.stderr


def test_llama_cpp_is_pinned_exactly() -> None:
    wanted = [item for item in PROJECT["project"]["dependencies"] if item.startswith("llama-cpp-python")]
    assert len(wanted) == 1
    assert re.fullmatch(r"llama-cpp-python==[\d.]+", wanted[0])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a wheel, made by its own build backend."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    result = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert result.returncode == 0, result.stderr
    return folder / result.stdout.split()[-1]


def test_the_wheel_is_complete(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = set()
    for path in files():
        top, *rest = path.relative_to(ROOT).parts
        if top == "assets" and rest[0] != "screenshots":
            wanted.add("/".join(("finr1_desk", "assets", *rest)))
        elif top == "finr1_desk":
            wanted.add(name(path))
        elif rest[:1] == ["finr1_convert"]:
            wanted.add("/".join(rest))
        elif rest[:1] == ["calibration"]:
            wanted.add("/".join(("finr1_convert", *rest)))
    assert wanted
    assert not wanted - inside
    assert {entry.split("/")[0] for entry in inside} == {
        "finr1_desk",
        "finr1_convert",
        f"finr1_desk-{VERSION}.dist-info",
    }


def test_the_installed_wheel_finds_its_assets(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    ask = (
        "from finr1_convert import calibration_text; from finr1_desk.library import assets; "
        "print(assets.__file__); print(assets.asset('builtin_model')); print(calibration_text.evaluation_file())"
    )
    result = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    module, folder, text = result.stdout.splitlines()
    assert Path(module).is_relative_to(tmp_path)
    assert Path(folder) == tmp_path / "finr1_desk" / "assets" / "builtin_model"
    assert Path(text) == tmp_path / "finr1_convert" / "calibration" / "evaluation.txt"


def test_the_read_me_names_files_that_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README) + re.findall(r'src="(?!https?:)([^"]+)"', README)
    assert not [link for link in links if not (ROOT / link).exists()]
    scripts = [word for command in commands_in(README) for word in command.split() if word.startswith("installers")]
    assert scripts
    assert not [script for script in scripts if not (ROOT / script.replace("\\", "/")).is_file()]


def test_the_read_me_names_commands_that_exist() -> None:
    """Every documented option is in the help of its command, which is therefore understood, too."""
    documented = [shlex.split(command) for command in commands_in(README) if command.startswith("finr1-")]
    assert documented
    for program, *words in documented:
        position = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
        command, options = words[:position], [word for word in words[position:] if word.startswith("--")]
        help_page = help_of(program, tuple(command))
        assert not [option for option in options if option not in help_page], f"{program} {' '.join(words)}"


def help_of(program: str, command: tuple[str, ...]) -> str:
    arguments = [sys.executable, "-m", MODULES[program], *command, "--help"]
    result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout
