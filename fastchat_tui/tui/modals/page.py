"""A page of text to read: help, what a prompt was made into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ScreenResultType

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.footer import keymap_of, keys_for
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modal import Modal
from fastchat_tui.wire.text import clean


class TextPage(Modal[ScreenResultType]):
    """None when it was closed. ``keys`` says what can be done with it besides moving and closing."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal")]

    def __init__(self, title: str, passages: Sequence[Passage], keys: str = "") -> None:
        super().__init__()
        self._title = title
        self._passages = passages
        self._keys = keys

    def compose(self) -> ComposeResult:
        usual = keys_for(keymap_of(self.app), "detail.down", "detail.up", "modal.close")
        with Vertical(id="page") as box:
            box.border_title = Content(clean(self._title))
            box.border_subtitle = Content(self._keys or usual)
            yield TextView(self._passages, id="page-text")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(TextView))

    def action_close(self) -> None:
        self.dismiss(None)


class PageScreen(TextPage[None]):
    """Only to be read."""


class HelpScreen(PageScreen):
    """The page of keys."""
