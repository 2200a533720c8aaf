"""A llama.cpp that knows RPC, built once, and its server on loopback: a second device where there is no GPU.

The sources are those of the pinned llama-cpp-python: an unpacked folder named by `FINR1_LLAMA_SOURCES`, else a source
distribution in pip's or uv's cache. What is built is kept in `FINR1_LLAMA_BUILD`, else in the user's cache folder.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

VERSION = "0.3.36"  # of llama-cpp-python, as the application pins it
FOLDER = f"llama_cpp_python-{VERSION}"
BUILD_S = 3600
START_S = 30


class UnavailableError(Exception):
    """Why it cannot be built here."""


def caches() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path(pwd_home()) / ".cache")


def pwd_home() -> str:
    """The user's real home: the tests' own environment has none."""
    import pwd

    return pwd.getpwuid(os.getuid()).pw_dir


def libraries() -> Path:
    """The folder of the libraries and the server, built if need be.

    Raises:
        UnavailableError: no sources, or no cmake, or they could not be built.
    """
    chosen = os.environ.get("FINR1_LLAMA_BUILD")
    build = Path(chosen) if chosen else caches() / "finr1-desk-tests" / f"llama-rpc-{VERSION}"
    if (build / "bin" / "ggml-rpc-server").is_file() and (build / "bin" / "libllama.so").exists():
        return build / "bin"
    cmake = shutil.which("cmake")
    if cmake is None:
        raise UnavailableError("cmake is not installed")
    build.mkdir(parents=True, exist_ok=True)
    sources = _sources(build)
    options = {
        "CMAKE_BUILD_TYPE": "Release",
        "BUILD_SHARED_LIBS": "ON",
        "GGML_RPC": "ON",
        "LLAMA_BUILD_TESTS": "OFF",
        "LLAMA_BUILD_EXAMPLES": "OFF",
        "LLAMA_BUILD_SERVER": "OFF",
        "LLAMA_BUILD_TOOLS": "ON",
        "LLAMA_CURL": "OFF",
    }
    if platform.machine() == "x86_64":  # GCC 12 makes AMX kernels that crash
        options |= dict.fromkeys(("CMAKE_C_FLAGS", "CMAKE_CXX_FLAGS"), "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16")
    defined = [f"-D{name}={value}" for name, value in options.items()]
    _run([cmake, "-S", str(sources), "-B", str(build), *defined])
    jobs = str(os.cpu_count() or 1)
    _run([cmake, "--build", str(build), "--target", "llama", "ggml-rpc-server", "--parallel", jobs])
    return build / "bin"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_S)
    if done.returncode != 0:
        raise UnavailableError(f"{command[0]} failed: {done.stderr[-500:] or done.stdout[-500:]}")


def _sources(build: Path) -> Path:
    named = os.environ.get("FINR1_LLAMA_SOURCES")
    folders = [Path(named)] if named else [*caches().glob(f"uv/sdists-v*/**/{FOLDER}"), build / FOLDER]
    for folder in folders:
        found = folder / "vendor" / "llama.cpp"
        if found.is_dir():
            return found
    for archive in [] if named else caches().glob(f"**/{FOLDER}.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(build, filter="data")
        return build / FOLDER / "vendor" / "llama.cpp"
    raise UnavailableError(f"no sources of llama-cpp-python {VERSION}: name their folder in FINR1_LLAMA_SOURCES")


@contextlib.contextmanager
def server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a server that computes on this machine's processor, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(folder / "ggml-rpc-server"), "-H", "127.0.0.1", "-p", str(port), "-t", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise UnavailableError("the RPC server did not start")
            time.sleep(0.05)
        yield f"127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()
