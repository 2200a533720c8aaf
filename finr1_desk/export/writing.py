"""Conversations into files of any format.

Owns the choice between Markdown, which is written here, and what a process of its own makes, and that process from its
start to its end. A file is written whole or not at all, and no other is replaced.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Final

from finr1_desk.core.conversation import Conversation, Message, PartKind
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.version import VERSION
from finr1_desk.export.blocks import Document, document
from finr1_desk.export.files import write_file
from finr1_desk.export.jobs import Job, receive, send
from finr1_desk.export.markdown import to_markdown
from finr1_desk.export.options import ENGLISH, ExportOptions, Format, Labels

_LONGEST_S: Final = 600.0  # for one document; a conversation of thousands of formulas takes a minute
_END_S: Final = 10.0


@dataclass(slots=True)
class Exporter:
    """Writes conversations one after the other; a `with` block ends its process.

    Args:
        labels: the words between the texts.
    """

    options: ExportOptions
    labels: Labels = ENGLISH
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> Exporter:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def write(self, folder: Path, conversation: Conversation, messages: Sequence[Message], now: float) -> Path:
        """Writes one conversation into the folder and returns the file's path.

        Args:
            messages: the conversation's tree, oldest first.
            now: seconds since the epoch.

        Raises:
            UserError: `FILE_UNWRITABLE`; `EXPORT_FAILED`.
        """
        options = self.options
        if options.format is Format.MARKDOWN:
            return write_file(folder, conversation, self._markdown(conversation, messages, now))
        words = document(
            conversation, messages, options, application_version=VERSION, exported_at=now, labels=self.labels
        )
        return write_file(folder, conversation, self._made(words, now), options.format.suffix)

    def _markdown(self, conversation: Conversation, messages: Sequence[Message], now: float) -> str:
        kept = messages if self.options.thinking else [_without_thinking(message) for message in messages]
        return to_markdown(
            conversation,
            kept,
            application_version=VERSION,
            exported_at=now,
            all_branches=self.options.all_branches,
            labels=self.labels,
        )

    def _made(self, words: Document, now: float) -> bytes:
        """What the process makes of the document; one that takes too long is ended."""
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(_LONGEST_S, process.kill)
        watch.start()
        try:
            send(process.stdin, Job(words, self.options.format, now))
            made = receive(process.stdout)
        except (OSError, EOFError):
            self._process = None
            process.kill()
            status = process.wait()
            process.stdout.close()
            with contextlib.suppress(OSError):
                process.stdin.close()
            raise UserError(ErrorCode.EXPORT_FAILED, format=self.options.format.value, exit_code=status) from None
        finally:
            watch.cancel()
        assert isinstance(made, bytes)
        return made

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "finr1_desk.export.process"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _without_thinking(message: Message) -> Message:
    hidden = (PartKind.THINK, PartKind.TAG)
    return replace(message, parts=tuple(part for part in message.parts if part.kind not in hidden))
