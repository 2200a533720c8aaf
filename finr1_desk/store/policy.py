"""What whoever looks after this computer allows: a file that users cannot write.

Owns the file's places and its reading. A policy that is there and cannot be understood forbids what it might forbid.
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.remote import host_of, is_loopback

_NAME: Final = "policy.toml"


@dataclass(frozen=True, slots=True)
class Policy:
    """`servers` False: none but this machine's own; `hosts` None: any server, else only these (`name` or `name:port`).

    `path` is the file that says so; None where there is none.
    """

    servers: bool = True
    hosts: tuple[str, ...] | None = None
    path: Path | None = None

    def check(self, url: str) -> None:
        """
        Raises:
            UserError: `SERVER_FORBIDDEN`: text may not go to this server.
        """
        if self.allows(url):
            return
        raise UserError(ErrorCode.SERVER_FORBIDDEN, host=host_of(url), policy=str(self.path))

    def allows(self, url: str) -> bool:
        if is_loopback(url):
            return True
        host = host_of(url).lower()
        name = host.rpartition(":")[0] or host
        return self.servers and (self.hosts is None or host in self.hosts or name in self.hosts)


def policy_path() -> Path:
    """Where the policy lies on this system."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "finr1-desk" / _NAME
    if sys.platform == "darwin":
        return Path("/Library/Application Support/finr1-desk") / _NAME
    return Path("/etc/finr1-desk") / _NAME


def load_policy(path: Path | None = None) -> Policy:
    """The policy of this computer, or of a file."""
    path = path or policy_path()
    try:
        values = tomllib.loads(path.read_bytes().decode("utf-8"))
        servers = values.get("servers", {})
        allowed, hosts = servers.get("allow", True), servers.get("hosts")
        if not isinstance(allowed, bool) or not (hosts is None or _all_text(hosts)):
            raise ValueError("of another type")
    except FileNotFoundError:
        return Policy()
    except (OSError, ValueError, AttributeError):
        return Policy(servers=False, path=path)
    return Policy(allowed, None if hosts is None else tuple(host.lower() for host in hosts), path)


def _all_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
