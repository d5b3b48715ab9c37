"""The text area of the composer: what its keys do differently from other text areas."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import TextArea

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.composer.pastes import Pastes, tidy


class Editor(TextArea):
    """Enter is left to the bindings; Up and Down go on into the history; long pastes become tokens."""

    class EdgeReached(Message):
        """The cursor wants to leave the text, up (-1) or down (1)."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class MenuKey(Message):
        """A key that belongs to the open menu."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class ScrollWanted(Message):
        """The chat is to be scrolled by a page, up (-1) or down (1)."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class HelpWanted(Message):
        """``?`` on an empty text."""

    BINDINGS: ClassVar[list[BindingType]] = [b for b in bindings("composer") if b.action.startswith("scroll_chat")]

    def __init__(self, pastes: Pastes, *, placeholder: str = "") -> None:
        super().__init__(placeholder=placeholder, highlight_cursor_line=False, compact=True, tab_behavior="focus")
        self.menu_open = False
        self._pastes = pastes
        self.match_cursor_bracket = False

    def replace_all(self, text: str) -> None:
        """Another text, with the cursor at its end; undo brings the old one back."""
        self.replace(text, self.document.start, self.document.end, maintain_selection_offset=False)
        self.move_cursor(self.document.end)

    async def _on_key(self, event: events.Key) -> None:
        if self.menu_open and event.key in ("tab", "escape", "up", "down", "enter"):
            event.stop()
            event.prevent_default()
            self.post_message(self.MenuKey(event.key))
        elif event.key == "enter":
            event.prevent_default()
        elif event.character == "?" and not self.text:
            event.stop()
            event.prevent_default()
            self.post_message(self.HelpWanted())

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert_folded(event.text)

    def insert_folded(self, text: str) -> None:
        if result := self._replace_via_keyboard(self._pastes.fold(tidy(text)), *self.selection):
            self.move_cursor(result.end_location)

    def action_paste(self) -> None:
        if not self.read_only:
            self.insert_folded(self.app.clipboard)

    def action_cursor_up(self, select: bool = False) -> None:
        if not select and self._in_first_row():
            self.post_message(self.EdgeReached(-1))
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if not select and self._in_last_row():
            self.post_message(self.EdgeReached(1))
        else:
            super().action_cursor_down(select)

    def action_scroll_chat(self, step: int) -> None:
        """Pages through the chat, or through the text itself where that is longer than what is seen of it."""
        if self.wrapped_document.height <= self.size.height:
            self.post_message(self.ScrollWanted(step))
        elif step < 0:
            self.action_cursor_page_up()
        else:
            self.action_cursor_page_down()

    def action_delete_left(self) -> None:
        row, column = self.cursor_location
        token = self._pastes.token_before(self.document.get_line(row)[:column]) if self.selection.is_empty else ""
        if token:
            self.delete((row, column - len(token)), (row, column))
        else:
            super().action_delete_left()

    def action_delete_right(self) -> None:
        row, column = self.cursor_location
        token = self._pastes.token_after(self.document.get_line(row)[column:]) if self.selection.is_empty else ""
        if token:
            self.delete((row, column), (row, column + len(token)))
        else:
            super().action_delete_right()

    def _in_first_row(self) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    def _in_last_row(self) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y >= self.wrapped_document.height - 1
