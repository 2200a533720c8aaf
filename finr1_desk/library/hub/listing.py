"""What a repository holds, as the hub records it: names, sizes and hashes at one commit.

Owns the questions to Hugging Face (through `huggingface_hub`, which knows its API and its mirrors') and to ModelScope.
A record is what a download is checked against, so a file without size and hash is asked about once more or refused.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.catalogue import quantisation_of
from finr1_desk.library.hub.address import Hub, HubKind, is_safe_path
from finr1_desk.library.hub.record import RemoteFile, Repository
from finr1_desk.library.hub.session import (
    ConnectionLostError,
    RetryLaterError,
    Session,
    check_status,
    refuse_offline,
    translated,
)

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LIST_BYTES: Final = 16 << 20
_PART: Final = re.compile(r"-\d{5}-of-(\d{5})\.gguf$", re.IGNORECASE)
# Of a checkpoint, what converting needs, and the licence and the card that belong to it. No pickles.
_CHECKPOINT: Final = re.compile(
    r"[^/]*\.(?:safetensors|json|txt|model|jinja)|(?:README|readme)[^/]*|LICEN[CS]E[^/]*|NOTICE[^/]*"
)


def list_repository(session: Session, hub: Hub, name: str, revision: str = "") -> Repository:
    """What the repository holds.

    Raises:
        UserError: `DOWNLOAD_NOT_FOUND`, `DOWNLOAD_REFUSED`, `DOWNLOAD_CERTIFICATE`, `DOWNLOAD_UNREACHABLE` (offline).
        RetryLaterError, ConnectionLostError: as they say.
    """
    refuse_offline(hub.host)
    if hub.kind is HubKind.MODEL_SCOPE:
        return _list_model_scope(session, hub, name, revision or "master")
    return _list_hugging_face(session, hub, name, revision or "main")


def conversion_files(repository: Repository, file: str = "", quantisation: str = "") -> tuple[RemoteFile, ...]:
    """The GGUF that is meant, in all its parts: by its name, else the only one of that quantisation.

    Raises:
        UserError: `DOWNLOAD_NOT_FOUND`.
    """
    models = [item for item in repository.files if item.path.lower().endswith(".gguf")]
    found = [item for item in models if item.path == file] if file else []
    if not found and quantisation:
        found = [item for item in models if quantisation_of(item.path) == quantisation.upper()]
    if not found and not file and not quantisation and len(models) == 1:
        found = models
    if found and not file and len(found) > 1 and not _PART.search(found[0].path):
        found = sorted(found, key=lambda item: len(item.path))[:1]  # the plain name; others are variants of it
    if not found:
        what = "/".join(filter(None, (repository.name, file or quantisation or "*.gguf")))
        raise UserError(ErrorCode.DOWNLOAD_NOT_FOUND, what=what, host=repository.hub.host)
    return _with_parts(found, models)


def _with_parts(found: list[RemoteFile], models: list[RemoteFile]) -> tuple[RemoteFile, ...]:
    part = _PART.search(found[0].path)
    if not part:
        return tuple(found)
    stem = found[0].path[: part.start()]
    return tuple(item for item in models if item.path.startswith(stem) and _PART.search(item.path))


def checkpoint_files(repository: Repository) -> tuple[RemoteFile, ...]:
    """What a converter needs of a published checkpoint.

    Raises:
        UserError: `DOWNLOAD_NOT_FOUND`: the repository holds none.
    """
    found = tuple(item for item in repository.files if _CHECKPOINT.fullmatch(item.path))
    if not any(item.path.endswith(".safetensors") for item in found):
        what = f"{repository.name}/*.safetensors"
        raise UserError(ErrorCode.DOWNLOAD_NOT_FOUND, what=what, host=repository.hub.host)
    return found


# -- Hugging Face


def _list_hugging_face(session: Session, hub: Hub, name: str, revision: str) -> Repository:
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import HfApi

    with _through(session), _hub_errors(hub, name):
        # `token=False`: one that `hf login` left on this machine is not ours to send.
        api = HfApi(endpoint=hub.endpoint, token=False, library_name="finr1-desk")
        info = api.model_info(name, revision=revision, files_metadata=True)
    files = []
    for item in info.siblings or ():
        if is_safe_path(item.rfilename) and isinstance(item.size, int) and item.size >= 0:
            sha256 = item.lfs.sha256 if item.lfs is not None else ""
            files.append(RemoteFile(item.rfilename, item.size, sha256, "" if sha256 else item.blob_id or ""))
    return Repository(hub, name, info.sha or revision, tuple(files))


def file_record(session: Session, repository: Repository, file: RemoteFile) -> RemoteFile:
    """The hub's own record of one file, for a listing that lacked its hash.

    Raises:
        UserError: as `list_repository`, and `DOWNLOAD_NOT_FOUND`.
    """
    if file.sha256 or file.sha1 or repository.hub.kind is HubKind.MODEL_SCOPE:
        return file
    from huggingface_hub import get_hf_file_metadata

    with _through(session), _hub_errors(repository.hub, f"{repository.name}/{file.path}"):
        found = get_hf_file_metadata(repository.address(file), token=False, endpoint=repository.hub.endpoint)
    etag = found.etag or ""
    sha256 = etag if _SHA256.fullmatch(etag) else ""
    return RemoteFile(file.path, found.size if found.size is not None else file.bytes, sha256, "" if sha256 else etag)


@contextmanager
def _through(session: Session) -> Iterator[None]:
    """Lets `huggingface_hub` use our client, with its certificates, proxies and rule for the token."""
    from huggingface_hub import set_client_factory

    with Session(session.token) as own:
        own.client.follow_redirects = True
        set_client_factory(lambda: own.client)
        try:
            yield
        finally:
            set_client_factory(lambda: Session().client)


@contextmanager
def _hub_errors(hub: Hub, what: str) -> Iterator[None]:
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    with translated(hub.endpoint):
        try:
            yield
        except OfflineModeIsEnabled:
            raise UserError(ErrorCode.DOWNLOAD_UNREACHABLE, host=hub.host, reason="HF_HUB_OFFLINE") from None
        except GatedRepoError as error:
            status = str(error.response.status_code)
            raise UserError(ErrorCode.DOWNLOAD_REFUSED, host=hub.host, status=status, what=what) from error
        except RepositoryNotFoundError as error:  # the hub answers 401 for what does not exist, too
            raise UserError(ErrorCode.DOWNLOAD_NOT_FOUND, what=what, host=hub.host) from error
        except HfHubHTTPError as error:
            response = error.response
            check_status(response.status_code, f"{hub.endpoint}/{what}", response.headers.get("Retry-After"))
            raise ConnectionLostError(hub.host, str(error)) from error


# -- ModelScope


def _list_model_scope(session: Session, hub: Hub, name: str, revision: str) -> Repository:
    query = urlencode({"Revision": revision, "Recursive": "true"})
    address = f"{hub.endpoint}/api/v1/models/{name}/repo/files?{query}"
    with session.open(address) as response:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _LIST_BYTES:
                raise ConnectionLostError(hub.host, "an endless list of files")
    try:
        data: Any = json.loads(content)["Data"]
        files = tuple(_model_scope_files(data["Files"] or ()))
    except (ValueError, LookupError, TypeError, AttributeError):
        raise RetryLaterError(hub.host, 502) from None
    return Repository(hub, name, revision, files)


def _model_scope_files(entries: Sequence[Any]) -> Iterator[RemoteFile]:
    for entry in entries:
        path, sha256 = str(entry["Path"]), str(entry.get("Sha256") or "").lower()
        if entry.get("Type") != "tree" and is_safe_path(path) and _SHA256.fullmatch(sha256):
            yield RemoteFile(path, int(entry["Size"]), sha256)
