"""``python -m finr1_convert``: the same as the command ``finr1-convert``."""

from __future__ import annotations

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
