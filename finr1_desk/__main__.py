"""Lets `python -m finr1_desk` do what the command `finr1-desk` does."""

from __future__ import annotations

import sys

from finr1_desk.cli import main

if __name__ == "__main__":
    sys.exit(main())
