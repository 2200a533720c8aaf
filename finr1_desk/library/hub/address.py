"""Which hub is meant, and how a file of it is addressed.

Owns the names of hubs, mirrors and their addresses, and what a user may write for a repository. It contacts nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlsplit

from finr1_desk.core.errors import ErrorCode, UserError

HUGGING_FACE: Final = "https://huggingface.co"
MIRROR: Final = "https://hf-mirror.com"
MODEL_SCOPE: Final = "https://www.modelscope.cn"
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
_MAX_PATH: Final = 255
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\\:*?"<>|]')


class HubKind(StrEnum):
    HUGGING_FACE = "huggingface"
    MODEL_SCOPE = "modelscope"


@dataclass(frozen=True, slots=True)
class Hub:
    """`endpoint` is its address without a slash at the end."""

    kind: HubKind
    endpoint: str

    @property
    def host(self) -> str:
        return host_of(self.endpoint)


def hub_for(choice: str, kind: HubKind = HubKind.HUGGING_FACE, environment: Mapping[str, str] = os.environ) -> Hub:
    """The hub that the setting `hub` means: `auto`, `huggingface` or `mirror`.

    Raises:
        UserError: `BAD_VALUE` for an address in the environment that is none.
    """
    if kind is HubKind.MODEL_SCOPE:
        return Hub(kind, _checked("MODELSCOPE_ENDPOINT", environment.get("MODELSCOPE_ENDPOINT") or MODEL_SCOPE))
    if choice == "mirror":
        return Hub(kind, MIRROR)
    if choice == "huggingface":
        return Hub(kind, HUGGING_FACE)
    return Hub(kind, _checked("HF_ENDPOINT", environment.get("HF_ENDPOINT") or HUGGING_FACE))


def _checked(name: str, address: str) -> str:
    parts = urlsplit(address if "://" in address else f"https://{address}")
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.scheme == "http" and not is_local(parts)):
        raise UserError(ErrorCode.BAD_VALUE, name=name, value=address)
    return parts.geturl().rstrip("/")


def is_local(parts: object) -> bool:
    """Whether an address (split) is on this machine, where text in the clear harms nobody."""
    return getattr(parts, "hostname", None) in LOCAL


def host_of(address: str) -> str:
    """Host and port, as they stand in the address."""
    return urlsplit(address).netloc.rpartition("@")[2].lower()


def checked_repository(text: str) -> str:
    """A repository as `owner/name`; an address of it is understood too.

    Raises:
        UserError: `BAD_VALUE`.
    """
    name = text.strip()
    if "://" in name:
        parts = [part for part in urlsplit(name).path.split("/") if part]
        name = "/".join(parts[1:3] if parts[:1] == ["models"] else parts[:2])
    if not _REPOSITORY.fullmatch(name) or ".." in name:
        raise UserError(ErrorCode.BAD_VALUE, name="repository", value=text)
    return name


def is_safe_path(path: str) -> bool:
    """Whether a file's path in a repository may become a path below a folder, on any system."""
    parts = path.split("/")
    return (
        0 < len(path) <= _MAX_PATH
        and not _FORBIDDEN.search(path)
        and all(part not in ("", ".", "..") and not part.endswith((" ", ".")) for part in parts)
    )


def file_address(hub: Hub, repository: str, path: str, revision: str) -> str:
    """Where a file's contents are fetched."""
    if hub.kind is HubKind.MODEL_SCOPE:
        return f"{hub.endpoint}/models/{repository}/resolve/{quote(revision, safe='')}/{quote(path)}"
    from huggingface_hub import hf_hub_url

    return hf_hub_url(repository, path, revision=revision, endpoint=hub.endpoint)
