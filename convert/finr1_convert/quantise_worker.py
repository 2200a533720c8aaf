"""The process that calls ``llama_model_quantize``.

Owns the one import of llama-cpp-python. Writes a JSON object a line to its standard output: ``{"tensor":
name}`` when a tensor is begun, ``{"error": text}`` for what llama.cpp logs as an error. Ends at once when its
standard input closes, which is how it learns that its parent died. Run by ``quantising.py`` only.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import sys
import threading

_TENSOR = re.compile(r"\[\s*\d+/\s*\d+\]\s+(\S+)")
_LEVEL_ERROR = 4
# llama.cpp works on whole tensors up to 8 GiB otherwise; in slabs of rows the result is the same.
BUFFER_BYTES = 512 * 1024 * 1024


def main(arguments: list[str]) -> int:
    """``source target ftype threads`` → 0, or 1 where llama.cpp failed."""
    source, target, number, threads = arguments
    # The terminal sends Ctrl-C to the whole group; the parent decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import llama_cpp

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def on_log(level: int, text: bytes, _: ctypes.c_void_p) -> None:
        line = text.decode("utf-8", errors="replace")
        begun = _TENSOR.match(line)
        if begun:
            output.write(json.dumps({"tensor": begun.group(1)}) + "\n")
        elif level == _LEVEL_ERROR and line.strip(" =\n"):
            output.write(json.dumps({"error": line.strip().rpartition("failed to quantize: ")[2]}) + "\n")

    llama_cpp.llama_log_set(on_log, ctypes.c_void_p(0))
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = int(number)
    parameters.nthread = int(threads)
    parameters.max_buf_size = BUFFER_BYTES
    return (
        1 if llama_cpp.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(parameters)) else 0
    )


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(3)


if __name__ == "__main__":
    # Past the interpreter's shutdown, which would destroy the callback while llama.cpp still holds it.
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
