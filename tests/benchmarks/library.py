"""How quick the model library is: a download against `curl` and `sha256sum`, and the list of 200 models.

    python -m tests.benchmarks.library download [--megabytes 1000] [--rounds 3]
    python -m tests.benchmarks.library listing [--files 200]

Owns the measuring. The hub is a process of its own on the loopback, the same for both; rounds alternate.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gguf
import numpy as np

from finr1_desk.library.catalogue import load_catalogue
from finr1_desk.library.discovery import list_models
from finr1_desk.library.download.job import Downloader, Wish
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.header_cache import HeaderCache
from finr1_desk.library.hub.address import Hub, HubKind
from finr1_desk.library.places import ModelSource, Place
from finr1_desk.store.file_lock import locked
from tests.helpers.hub_server import HubServer, running

REPOSITORY = "someone/Fin-R1-GGUF"
FILE = "Fin-R1-Q4_K_M.gguf"
VOCABULARY = 152_064


def serve(megabytes: int) -> None:
    """The hub: prints its address, and ends when standard input does."""
    content = random.Random(1).randbytes(1_000_000) * megabytes
    with running(HubServer({REPOSITORY: {FILE: content}})) as hub:
        hub.sha256(REPOSITORY, FILE)
        print(hub.endpoint, flush=True)
        sys.stdin.read()


def with_curl(endpoint: str, folder: Path) -> float:
    target = folder / "curl.gguf"
    started = time.perf_counter()
    subprocess.run(["curl", "-sfL", "-o", target, f"{endpoint}/{REPOSITORY}/resolve/main/{FILE}"], check=True)
    subprocess.run(["sha256sum", target], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    target.unlink()
    return seconds


def with_ours(endpoint: str, folder: Path) -> float:
    models = folder / "models"
    models.mkdir()
    downloader = Downloader(models, HashCache(folder / "hashes.json"), load_catalogue(), lambda path: locked(path, 1))
    started = time.perf_counter()
    (path,) = downloader.fetch(Wish(Hub(HubKind.HUGGING_FACE, endpoint), REPOSITORY, file=FILE))
    seconds = time.perf_counter() - started
    assert path.exists()
    shutil.rmtree(models)
    return seconds


def download(megabytes: int, rounds: int) -> dict[str, float]:
    os.environ["HF_HUB_OFFLINE"] = "0"
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    import huggingface_hub  # noqa: F401 - not part of what is compared

    command = [sys.executable, "-m", "tests.benchmarks.library", "serve", "--megabytes", str(megabytes)]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server,
        tempfile.TemporaryDirectory() as place,
    ):
        assert server.stdout is not None
        assert server.stdin is not None
        endpoint = server.stdout.readline().strip()
        curl, ours = [], []
        for _ in range(rounds):
            curl.append(with_curl(endpoint, Path(place)))
            ours.append(with_ours(endpoint, Path(place)))
        server.stdin.close()
    result = {"curl_s": statistics.median(curl), "ours_s": statistics.median(ours)}
    return result | {"ratio": result["ours_s"] / result["curl_s"]}


def write_models(folder: Path, files: int) -> None:
    """Headers as large as Fin-R1's, in ten folders."""
    first = folder / "0" / "model-0.gguf"
    first.parent.mkdir()
    writer = gguf.GGUFWriter(first, "qwen2")
    writer.add_name("Fin-R1")
    writer.add_block_count(28)
    writer.add_embedding_length(3584)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"token{number}" for number in range(VOCABULARY)])
    writer.add_token_types([1] * VOCABULARY)
    writer.add_token_merges([f"a{number} b{number}" for number in range(VOCABULARY - 700)])
    for number in range(339):
        writer.add_tensor(f"blk.{number}.weight", np.ones(32, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    for number in range(1, files):
        target = folder / str(number % 10) / f"model-{number}.gguf"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(first, target)
        with target.open("ab") as file:
            file.write(bytes(number))  # no two are alike


def listing(files: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_models(folder, files)
        where = [Place(ModelSource.FOLDER, path) for path in sorted(folder.iterdir()) if path.is_dir()]
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            headers, hashes = HeaderCache(folder / "headers.json"), HashCache(folder / "hashes.json")
            found = list_models(folder, where=where, built_in=folder / "none", headers=headers, hashes=hashes)
            seconds.append(time.perf_counter() - started)
            assert len(found) == files
    return {"first_s": seconds[0], "second_s": seconds[1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("download", "listing", "serve"))
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=200)
    options = parser.parse_args()
    if options.what == "serve":
        serve(options.megabytes)
    elif options.what == "download":
        print(json.dumps(download(options.megabytes, options.rounds)))
    else:
        print(json.dumps(listing(options.files)))


if __name__ == "__main__":
    main()
