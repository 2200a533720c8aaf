"""`finr1-desk models download`: a conversion of Fin-R1, or its published checkpoint, converted here.

Owns the asking in words of the command line and the line that tells how far it is. Fetching is the library's; the
converter runs in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.wording import size_text
from finr1_desk.library.advice import Offer, advise
from finr1_desk.library.catalogue import Catalogue, load_catalogue
from finr1_desk.library.download.job import Downloader, Wish
from finr1_desk.library.download.journal import Kind
from finr1_desk.library.download.origins import Origin, Origins
from finr1_desk.library.download.progress import Progress
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.hub.address import HUGGING_FACE, Hub, HubKind, host_of, hub_for
from finr1_desk.library.hub.session import Token
from finr1_desk.library.machine import machine_facts
from finr1_desk.store.file_lock import locked
from finr1_desk.store.secrets import Secrets
from finr1_desk.terminal.conversations import print_json
from finr1_desk.terminal.output import StatusLine
from finr1_desk.terminal.voice import CommandError, Voice
from finr1_desk.terminal.workspace import Workspace
from finr1_desk.ui.words.library import progress_words

_LOCK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """As given on the command line; empty where not."""

    repository: str
    file: str
    quantisation: str
    checkpoint: bool
    source: str
    as_json: bool


def download(workspace: Workspace, options: DownloadOptions) -> int:
    """Fetches what was asked for, or what suits this machine; prints where it is."""
    catalogue = load_catalogue()
    wish = _wish(workspace, options, catalogue)
    voice = workspace.voice
    line = StatusLine(sys.stderr)
    downloader = Downloader(
        workspace.paths.models,
        HashCache(workspace.paths.hashes),
        catalogue,
        lambda path: locked(path, _LOCK_S),
        token=token_for(workspace, wish.hub.host),
        on_progress=lambda progress: line.show(progress_line(voice, progress)),
    )
    try:
        paths = downloader.fetch(wish)
    except KeyboardInterrupt:
        line.clear()
        voice.note(voice.translate("Models", "What has been fetched is kept: the same command goes on with it."))
        raise
    finally:
        line.clear()
    if wish.kind is Kind.CHECKPOINT:
        paths = [converted(workspace, paths[0], wish.quantisation)]
    if options.as_json:
        print_json({"paths": [str(path) for path in paths]})
    else:
        for path in paths:
            print(path)
    return 0


def _wish(workspace: Workspace, options: DownloadOptions, catalogue: Catalogue) -> Wish:
    kind = HubKind(options.source) if options.source else HubKind.HUGGING_FACE
    hub = hub_for(workspace.settings.hub, kind)
    if options.checkpoint:
        known = catalogue.checkpoint
        named = options.repository
        if kind is HubKind.MODEL_SCOPE and named in ("", known.huggingface):
            named = known.modelscope
        quantisation = options.quantisation or "Q4_K_M"
        return Wish(hub, named or known.huggingface, Kind.CHECKPOINT, quantisation=quantisation)
    if options.repository and (options.file or options.quantisation):
        return Wish(hub, options.repository, file=options.file, quantisation=options.quantisation)
    if options.repository:
        repository = options.repository
        usual = catalogue.find(repository, "Q4_K_M")
        return Wish(hub, repository, quantisation="Q4_K_M" if usual else "")
    return _suitable(workspace.voice, hub, options.quantisation, catalogue)


def _suitable(voice: Voice, hub: Hub, quantisation: str, catalogue: Catalogue) -> Wish:
    """The conversion of this quantisation, else the one that suits the machine."""
    offers = catalogue.offers()
    if not quantisation:
        advice = advise([Offer(entry.quantisation, entry.bytes) for entry in offers], machine_facts())
        if advice.recommended is None:
            raise CommandError(
                voice.translate("Models", "This machine has too little memory for Fin-R1."),
                voice.translate("Models", "Name a conversion to fetch it all the same."),
            )
        quantisation = advice.recommended.quantisation
    entry = next((item for item in offers if item.quantisation == quantisation.upper()), None)
    if entry is None:
        raise UserError(ErrorCode.BAD_VALUE, name="--quantisation", value=quantisation)
    voice.note(
        voice.translate(
            "Models", "%1, %2, from %3", entry.quantisation, size_text(entry.bytes), f"{hub.host}/{entry.repository}"
        )
    )
    return Wish(hub, entry.repository, file=entry.file, quantisation=entry.quantisation)


def token_for(workspace: Workspace, host: str) -> Token | None:
    """The token for this host: kept for it, or, for Hugging Face itself, in the environment."""
    secret = Secrets(workspace.paths).get("hub", host)
    if not secret and host == host_of(HUGGING_FACE):
        secret = os.environ.get("HF_TOKEN", "").strip()
    return Token(host, secret) if secret else None


def converted(workspace: Workspace, checkpoint: Path, quantisation: str) -> Path:
    """Converts a checkpoint into the models folder; the converter shows its own progress.

    Raises:
        UserError: `CONVERSION_FAILED`.
    """
    target = workspace.paths.models / f"{checkpoint.name}-{quantisation}.gguf"
    command = [sys.executable, "-P", "-m", "finr1_convert", str(checkpoint), str(target), "--type", quantisation]
    done = subprocess.run([*command, "--force"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise UserError(ErrorCode.CONVERSION_FAILED, reason=f"finr1-convert: {done.returncode}")
    Origins(workspace.paths.models).put(target.name, Origin("converted", checkpoint.name, "", "", ""))
    return target


def progress_line(voice: Voice, progress: Progress) -> str:
    """The file and how far it is, on one line."""
    told = progress
    words = voice.words(
        lambda: progress_words(
            told.phase, told.done, told.total, told.bytes_per_s, told.left_s, told.wait_s, told.reason
        )
    )
    return " · ".join(part for part in (progress.file, words) if part)
