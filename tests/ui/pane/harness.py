"""Photographs the chat pane with sample messages: a tool for whoever works on its look.

`python -m tests.ui.pane.harness OUT_FOLDER` writes PNG files of the pane in both themes, both languages, narrow and
wide. Real outputs of the model are shown as well where `FINR1_REAL_DATA` is set.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from finr1_desk.core.conversation import Message, MessageState
from finr1_desk.core.reasoning import split
from finr1_desk.library.assets import asset
from finr1_desk.ui.language import Language
from finr1_desk.ui.look.theme import DARK, LIGHT, Theme, palette
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import TextRow
from finr1_desk.ui.pane.selection import Place
from tests.ui.pane.samples import SAMPLES, answer, question


def settle(milliseconds: int = 200) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def photograph(pane: ChatPane, path: Path) -> None:
    settle()
    pane.grab().save(str(path))
    print(path)


def real_conversations() -> dict[str, list[Message]]:
    root = os.environ.get("FINR1_REAL_DATA")
    found = {}
    for path in sorted(Path(root, "fin-r1-outputs").glob("*.txt")) if root else ():
        text = path.read_text(encoding="utf-8")
        found[f"real_{path.stem}"] = [
            question("What does this mean for the company?", id=f"q-{path.stem}"),
            answer(split(text), id=f"a-{path.stem}", state=MessageState.COMPLETE),
        ]
    return found


def select_some(pane: ChatPane) -> None:
    """Selects from the middle of the first row of text in view to the middle of the last."""
    shown = [placed for placed in pane.flow.placed() if isinstance(placed.row, TextRow)]
    first, last = shown[0], shown[-1]
    for placed, take in ((first, pane.selection.start_at), (last, pane.selection.extend_to)):
        row = placed.row
        assert isinstance(row, TextRow)
        take(Place(placed.view_index, row.section, row.index, 5))


def pane_with(theme: Theme, messages: list[Message], width: int, height: int) -> ChatPane:
    QApplication.setPalette(palette(theme))
    pane = ChatPane(theme)
    pane.resize(width, height)
    pane.show()
    live = {message.id: SAMPLES.live[message.id] for message in messages if message.id in SAMPLES.live}
    pane.set_messages(messages, live)
    return pane


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="en", choices=("en", "zh_CN"))
    parser.add_argument("--only", default="", help="only conversations whose name contains this")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    Language(app, asset("translations")).apply(arguments.language)
    conversations = {**SAMPLES.conversations, **real_conversations()}
    for name, messages in conversations.items():
        if arguments.only not in name:
            continue
        for theme_name, theme in (("light", LIGHT), ("dark", DARK)):
            for width in (500, 1100):
                pane = pane_with(theme, messages, width, 860)
                pane.verticalScrollBar().setValue(0)
                photograph(pane, arguments.folder / f"{name}-{arguments.language}-{theme_name}-{width}.png")
                pane.scroll_to_end()
                pane.controls.pointed_at = messages[-1].id
                select_some(pane)
                photograph(pane, arguments.folder / f"{name}-{arguments.language}-{theme_name}-{width}-end.png")
                pane.close()
                pane.deleteLater()
    app.processEvents()


if __name__ == "__main__":
    main()
