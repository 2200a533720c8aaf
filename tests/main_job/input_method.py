"""An input method for Chinese as people use it: ibus with its pinyin engine, beside a virtual screen.

Owns the processes and where they may write; the keys are the tests'.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.main_job.desktop import PATIENCE_S, wait_for

ENGINE = "libpinyin"
# A bus that starts no services: a desktop's portals are no part of this.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir={place}</listen><auth>EXTERNAL</auth>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>
</busconfig>
"""


def is_available() -> bool:
    programs = ("ibus-daemon", "ibus", "dbus-daemon")
    return all(map(shutil.which, programs)) and Path(f"/usr/share/ibus/component/{ENGINE}.xml").is_file()


class InputMethod:
    """`environment` is for the programs that are typed into."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)

    def switch_on(self) -> None:
        """Waits until keys are taken for syllables, in the program with the focus."""

        def is_on() -> bool:
            subprocess.run(["ibus", "engine", ENGINE], env=self.environment, capture_output=True, timeout=PATIENCE_S)
            said = subprocess.run(["ibus", "engine"], env=self.environment, capture_output=True, text=True)
            return said.stdout.strip() == ENGINE

        wait_for(is_on, "the input method")

    def candidates(self) -> tuple[int, int, int, int] | None:
        """Where the window of candidates stands: x, y, width, height. None while it is not shown."""
        search = ["xdotool", "search", "--onlyvisible", "--class", "ibus-ui-gtk3"]
        found = subprocess.run(search, env=self.environment, capture_output=True, text=True).stdout.split()
        for window in found:
            command = ["xdotool", "getwindowgeometry", "--shell", window]
            told = subprocess.run(command, env=self.environment, capture_output=True, text=True).stdout
            at = dict(line.split("=") for line in told.split())
            if at and int(at["WIDTH"]) > 1:
                return int(at["X"]), int(at["Y"]), int(at["WIDTH"]), int(at["HEIGHT"])
        return None


@contextmanager
def running(place: Path, environment: Mapping[str, str]) -> Iterator[InputMethod]:
    """The input method, writing below `place` only, until the end of the context."""
    place.mkdir()
    settings = place / "bus.conf"
    settings.write_text(BUS.format(place=place), "utf-8")
    bus = subprocess.Popen(
        ["dbus-daemon", "--nofork", "--print-address", f"--config-file={settings}"],
        env=dict(environment), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert bus.stdout is not None
    daemon = None
    try:
        own = {
            **environment,
            "DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip(),
            "QT_IM_MODULE": "ibus",
            "GSETTINGS_BACKEND": "memory",
            "NO_AT_BRIDGE": "1",
            **{f"XDG_{name}_HOME": str(place / name.lower()) for name in ("CONFIG", "CACHE", "DATA", "STATE")},
            "HOME": str(place),
        }
        command = ["ibus-daemon", "--emoji-extension=disable"]
        daemon = subprocess.Popen(command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield InputMethod(own)
    finally:
        for process in filter(None, (daemon, bus)):
            process.terminate()
            process.wait(PATIENCE_S)
        bus.stdout.close()
