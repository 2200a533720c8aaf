"""A draft is on disk within a second of the key, also where the process is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from finr1_desk.store.database import Store
from finr1_desk.store.keys import obtain_key
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.store.writers import this_writer

PROMISE_S = 1.0
SLACK_S = 1.0  # of a machine on which other things are done at the same time


def drafts_of(data_dir: Path) -> dict[str, str]:
    paths = resolve_data_dir(data_dir)
    store = Store.open(paths.database, obtain_key(paths).key, writer=this_writer())
    try:
        return {place: draft.text for place, draft in store.drafts.all().items()}
    finally:
        store.close()


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_killed_window_leaves_a_draft_no_older_than_a_second(tmp_path: Path) -> None:
    random_ = random.Random(7)
    command = [sys.executable, "-m", "tests.app.draft_process", str(tmp_path / "data")]
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first
        time.sleep(1.5 + random_.random())  # killed in the middle of typing
        process.send_signal(signal.SIGKILL)
        killed = time.time()
        lines = [first, *process.stdout.readlines()]
    typed = {int(number): float(at) for number, at in (line.split() for line in lines if line.endswith("\n"))}
    kept = int(drafts_of(tmp_path / "data")[""].split()[1])
    late = [number for number, at in typed.items() if number > kept and killed - at > PROMISE_S + SLACK_S]
    assert late == []
    assert kept > 20
