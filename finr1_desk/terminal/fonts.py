"""Which fonts with Chinese characters there are.

Owns the asking. Run as a program it asks Qt and prints one family a line: Qt needs an application object for that,
which the terminal's own process has no other use for.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Final

_TIMEOUT_S: Final = 30


def chinese_fonts() -> list[str] | None:
    """The families, sorted; None where nobody could be asked."""
    fc_list = shutil.which("fc-list") if sys.platform.startswith("linux") else None
    ask_qt = [sys.executable, "-P", "-m", "finr1_desk.terminal.fonts"]
    command = [fc_list, ":lang=zh-cn", "family"] if fc_list is not None else ask_qt
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    # fontconfig gives a family's names in several languages, with commas between them.
    return sorted({line.split(",")[0].strip() for line in lines if line.strip()})


def main() -> int:
    from PySide6.QtGui import QFontDatabase, QGuiApplication

    # On Linux without a display; on Windows and macOS the offscreen platform would know no fonts.
    platform = ["-platform", "offscreen"] if sys.platform.startswith("linux") else []
    application = QGuiApplication([sys.argv[0], *platform])
    families = QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese)
    sys.stdout.buffer.write("\n".join(families).encode())
    application.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
