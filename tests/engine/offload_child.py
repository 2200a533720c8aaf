"""Runs in a process of its own, over a llama.cpp that knows RPC: plans, loads and computes with layers on the server.

Run: `python -m tests.engine.offload_child MODEL ENDPOINT LAYERS… ` with `LLAMA_CPP_LIB_PATH` set; prints JSON.
"""

from __future__ import annotations

import ctypes
import json
import sys
from dataclasses import asdict
from typing import Any

import llama_cpp

from finr1_desk.core.events import ModelRequest
from finr1_desk.engine import llama, llama_devices, loading
from finr1_desk.engine.plan.load_plan import load_plan
from finr1_desk.engine.prompt.template import TemplateProcess

PROMPT = (5, 9, 4, 7, 12, 3, 8, 11, 6, 10) * 4


def add_server(endpoint: str) -> None:
    """Makes the devices of an RPC server devices of this process."""
    library = llama_cpp.llama_cpp._lib
    library.ggml_backend_rpc_add_server.restype = ctypes.c_void_p
    library.ggml_backend_register.argtypes = (ctypes.c_void_p,)
    library.ggml_backend_register(library.ggml_backend_rpc_add_server(endpoint.encode()))


def placed(path: str, layers: int, kv_type: str, length: int) -> dict[str, Any]:
    request = ModelRequest(path, length, gpu_layers=layers, threads=1, kv_type=kv_type)
    log = llama.LlamaLog(lambda line: print(line, file=sys.stderr))
    planned = load_plan(request, log)
    loaded = loading.load(
        request, log, TemplateProcess(), on_progress=lambda _fraction: True, should_abort=lambda: False
    )
    status = loaded.context.prefill(0, PROMPT, want_logits=True)
    logits = loaded.context.logits().tolist() if status == 0 else []
    facts = loaded.facts
    loaded.close()
    return {
        "asked": layers,
        "kv_type": kv_type,
        "context": length,
        "plan": asdict(planned),
        "reported": dict(facts.memory_bytes),
        "status": status,
        "logits": logits[:2000],
    }


def main() -> None:
    path, endpoint, *rest = sys.argv[1:]
    add_server(endpoint)
    results = [
        placed(path, layers, kv_type, length)
        for layers in map(int, rest)
        for kv_type in ("f16", "q8_0")
        for length in (512, 2048)
    ]
    print(json.dumps({"devices": [asdict(device) for device in llama_devices.devices()], "results": results}))


if __name__ == "__main__":
    main()
