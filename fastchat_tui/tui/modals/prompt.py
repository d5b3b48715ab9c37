"""A server's prompt, filled in: to be read whole before it is sent, or edited first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual.binding import BindingType

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.page import TextPage
from fastchat_tui.wire.text import one_line


class PromptScreen(TextPage[Literal["send", "edit"] | None]):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("prompt")]

    def __init__(self, title: str, passages: Sequence[Passage], keys: str) -> None:
        super().__init__(one_line(title, 90), passages, keys)

    def action_send(self) -> None:
        self.dismiss("send")

    def action_edit(self) -> None:
        self.dismiss("edit")
