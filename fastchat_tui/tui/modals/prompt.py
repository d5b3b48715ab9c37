"""A server's prompt, filled in: to be read whole before it is sent, or edited first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.wire.text import one_line


class PromptScreen(ModalScreen[Literal["send", "edit"] | None]):
    """None when it was closed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal"), *bindings("prompt")]

    def __init__(self, title: str, passages: Sequence[Passage], keys: str) -> None:
        super().__init__()
        self._title = title
        self._passages = passages
        self._keys = keys

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as box:
            box.border_title = Content(one_line(self._title, 90))
            box.border_subtitle = Content(self._keys)
            yield TextView(self._passages, id="page-text")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(TextView))

    def action_send(self) -> None:
        self.dismiss("send")

    def action_edit(self) -> None:
        self.dismiss("edit")

    def action_close(self) -> None:
        self.dismiss(None)
