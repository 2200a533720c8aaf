"""Where messages and their controls stand in a pane, and putting them there again.

Owns what other parts of the window ask of a pane's geometry; the geometry itself is the flow's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from finr1_desk.ui.pane.versions import Versions

if TYPE_CHECKING:
    from finr1_desk.ui.pane.pane import ChatPane


def control_rect(pane: ChatPane) -> QRectF | None:
    """The control that has the focus, else the one that is pointed at, in the viewport; None where there is none."""
    named = pane.controls.focused or pane.controls.hovered
    if named is None:
        return None
    for placed in pane.flow.placed():
        for control in placed.row.controls:
            if (placed.view.message.id, control.action) == (named.message_id, named.action):
                return control.rect.translated(pane.page.x, placed.top)
    return None


def top_of(pane: ChatPane, message_id: str) -> float | None:
    """The upper edge of a message from the upper edge of the pane; None where it is not shown."""
    index = pane.index_of(message_id)
    return pane.flow.top_in_pane(index, 0) if index is not None else None


def put_at(pane: ChatPane, message_id: str, top: float) -> None:
    """Scrolls so that the upper edge of a message stands there."""
    index = pane.index_of(message_id)
    if index is not None:
        pane.flow.scroll_to_row(index, 0, top)
        pane.scroll_by(0)


def mark_versions(pane: ChatPane, versions: Mapping[str, Versions]) -> None:
    """Shows beside the messages of a pane where each stands among its versions."""
    if pane.flow.mark_versions(versions):
        pane.scroll_by(0)
