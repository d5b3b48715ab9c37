"""One long text on the whole screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modal import Modal
from fastchat_tui.wire.text import one_line


class Reader(Modal[None]):
    """Closes with Escape; ``y`` copies everything, where the opener says how."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal"), *(b for b in bindings("calls") if b.action == "copy")]

    def __init__(self, title: str, passages: Sequence[Passage], copy: Callable[[str], object] | None = None) -> None:
        super().__init__()
        self._title = title
        self._view = TextView(passages)
        self._copy = copy

    def compose(self) -> ComposeResult:
        yield Static(Content(one_line(self._title)), id="reader-title")
        yield self._view
        yield Static(Content("Esc close · y copy" if self._copy else "Esc close"), id="reader-hint")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        if self._copy is not None:
            self._copy(self._view.plain_text())
