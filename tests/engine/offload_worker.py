"""The engine's worker over a llama.cpp that knows RPC, with a server's devices where it can be reached.

Run: `python -m tests.engine.offload_worker ENDPOINT --runtime DIR` with `LLAMA_CPP_LIB_PATH` set.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import sys

from finr1_desk.engine import worker
from tests.engine.offload_child import add_server


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it is to be aborted
    endpoint = sys.argv.pop(1)
    host, _, port = endpoint.partition(":")
    with contextlib.suppress(OSError):
        socket.create_connection((host, int(port)), timeout=1).close()
        add_server(endpoint)
    return worker.main()


if __name__ == "__main__":
    sys.exit(main())
