"""What llama.cpp on this machine can do, as one JSON object on standard output.

Owns a process that lives for a moment: `finr1-desk doctor` asks it, so that nothing but the engine loads llama.cpp.
It loads no model.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import Any


def facts() -> dict[str, Any]:
    """Versions, the backends compiled in, and the devices with their memory in bytes.

    Raises:
        ImportError: llama-cpp-python is missing, of another version, or cannot load its libraries.
    """
    from finr1_desk.engine import llama, llama_devices

    return {
        "llama_cpp_python": llama.REQUIRED_VERSION,
        "ggml": llama_devices.ggml_version(),
        "build": llama_devices.build_info(),
        "backends": llama_devices.backends(),
        "gpu_offload": llama_devices.supports_gpu_offload(),
        "devices": [asdict(device) for device in llama_devices.devices()],
    }


def main() -> int:
    # Libraries of GPU vendors write to standard output while they are loaded.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        found = facts()
    except (ImportError, OSError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with output:
        json.dump(found, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
