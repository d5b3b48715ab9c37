"""The pages of servers and resources that lie over the chat, kept as their servers stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastchat_tui.tui.server_page.resource import ResourceScreen
from fastchat_tui.tui.server_page.rows import Tab
from fastchat_tui.tui.server_page.screen import ServerScreen
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen


class Pages:
    def __init__(self, chat: ChatScreen) -> None:
        self._chat = chat
        self._told: set[tuple[str, str]] = set()
        """Resources whose change was told, and that were not read since."""

    def open(self, server: str, tab: Tab = "about") -> None:
        self._chat.app.push_screen(ServerScreen(self._chat, server, tab))

    def draw(self) -> None:
        for page in self._chat.app.screen_stack:
            if isinstance(page, ServerScreen | ResourceScreen) and page.is_mounted:
                page.show()

    def close(self) -> None:
        """Back to the chat."""
        while isinstance(self._chat.app.screen, ServerScreen | ResourceScreen):
            self._chat.app.pop_screen()

    def changed(self, server: str, uri: str) -> None:
        """Says that a resource has changed; once, until it is read again."""
        self.draw()
        if (server, uri) not in self._told:
            self._told.add((server, uri))
            self._chat.toast(f"{server}: {one_line(uri, 120)} has changed.")

    def read(self, server: str, uri: str) -> None:
        self._told.discard((server, uri))
        self.draw()
