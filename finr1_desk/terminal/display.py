"""Whether a window could be opened here. It owns that question and asks no window system."""

from __future__ import annotations

import os
import sys


def has_display() -> bool:
    """Whether there is a display to open a window on; on Windows and macOS there always is."""
    if sys.platform in ("win32", "darwin"):
        return True
    # An explicit Qt platform is somebody's decision: an offscreen window, say.
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
