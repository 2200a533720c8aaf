"""What holds for every test: a home, a keychain and a network that are not the user's, and nothing left behind.

The environment is set here, at import, because Qt, keyring and platformdirs read it when they are imported; test
modules come later. Child processes inherit it.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest

from tests.helpers import guards, x11

# A shell ignores these for what it starts in the background, and children inherit that: no test of Ctrl-C could pass.
for _number in (signal.SIGINT, getattr(signal, "SIGQUIT", signal.SIGINT)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number is signal.SIGINT else signal.SIG_DFL)

_PLACE = Path(tempfile.mkdtemp(prefix="finr1-tests-"))
_HOME = _PLACE / "home"
_CONFIG = _PLACE / "config"
_DATA = _PLACE / "data"
_STATE = _PLACE / "state"
_SESSION = uuid.uuid4().hex
_NO_PROXY = "http://127.0.0.1:9"  # the discard port: nothing listens there
_ORIGINAL_ENVIRONMENT = dict(os.environ)
_network = guards.NetworkGuard()


def _set_environment() -> None:
    runtime, cache = _PLACE / "run", _PLACE / "cache"
    for folder in (_HOME, _CONFIG, _DATA, _STATE, runtime, cache):
        folder.mkdir(mode=0o700)
    for name in ("LC_ALL", "LANGUAGE", "FINR1_DESK_DATA_DIR", "HF_HOME", "HF_HUB_CACHE", "LLAMA_CACHE"):
        os.environ.pop(name, None)
    os.environ |= {
        "HOME": str(_HOME),
        "USERPROFILE": str(_HOME),
        "XDG_CONFIG_HOME": str(_CONFIG),
        "XDG_DATA_HOME": str(_DATA),
        "XDG_STATE_HOME": str(_STATE),
        "XDG_CACHE_HOME": str(cache),
        "XDG_RUNTIME_DIR": str(runtime),
        "LANG": "C.UTF-8",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "HF_HUB_OFFLINE": "1",
        guards.SESSION_VARIABLE: _SESSION,
    }
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ[name] = os.environ[name.lower()] = _NO_PROXY
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1,::1"
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # llama.cpp's threads wait for each other after each node by turning; more tests than processors then turn in vain.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


_set_environment()
_network.install()
# How long an example takes tells of what else the machine does; the time limit of the test stays.
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")


def pytest_unconfigure() -> None:
    shutil.rmtree(_PLACE, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if x11.is_available():
        return
    for item in items:
        if item.get_closest_marker("x11"):
            item.add_marker(pytest.mark.skip(reason="Xvfb is not installed"))


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fixtures of a wider scope are set up before this one, so what they started is theirs to end."""
    threads = guards.living_threads()
    children = guards.living_children(_SESSION)
    attempts = len(_network.attempts)
    files = guards.home_files(_HOME, _CONFIG, _DATA, _STATE)
    yield
    problems = [
        *(f"process left running: {line}" for line in guards.leaked_children(_SESSION, children)),
        *(f"thread left running: {name}" for name in guards.leaked_threads(threads)),
        *(f"network used: {attempt}" for attempt in _network.attempts[attempts:]),
    ]
    written = [path for path in guards.home_files(_HOME, _CONFIG, _DATA, _STATE) if path not in files]
    problems += [f"written to the home directory: {path}" for path in written]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder that the application, and every process started from here, uses. It does not exist yet."""
    folder = tmp_path / "data"
    monkeypatch.setenv("FINR1_DESK_DATA_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Recorded outputs, documents and tokeniser files that are not part of the project; see the README."""
    place = os.environ.get("FINR1_REAL_DATA")
    if not place:
        pytest.skip("FINR1_REAL_DATA is not set")
    return Path(place)


@pytest.fixture(scope="session")
def x11_environment() -> Iterator[Mapping[str, str]]:
    """The environment of a child process that shows real windows, on a virtual screen of the session's own."""
    with x11.virtual_screen() as display:
        environment = dict(os.environ) | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        environment.pop("WAYLAND_DISPLAY", None)
        yield environment


@pytest.fixture(scope="session")
def original_environment() -> Mapping[str, str]:
    """The environment before the tests changed it, for tools whose caches lie in the user's home (uv)."""
    return dict(_ORIGINAL_ENVIRONMENT)
