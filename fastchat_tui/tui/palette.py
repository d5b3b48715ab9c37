"""The command palette: every command, every server and every tool."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from fastchat_tui.tui.bindings import TABLE
from fastchat_tui.tui.commands import COMMANDS
from fastchat_tui.tui.footer import keys_of
from fastchat_tui.wire.commands import ConnectServer, DisconnectServer, EnableTool
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastchat_tui.tui.chat_screen import ChatScreen


class Everything(Provider):
    """Every command, every server to switch or to connect again, every tool to switch."""

    async def discover(self) -> Hits:
        for name, text, act in self._rows():
            yield DiscoveryHit(Content(name), act, name, text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, text, act in self._rows(whole=True):
            if (score := matcher.match(name)) > 0:
                yield Hit(score, Content(name), act, name, text)

    def _rows(self, *, whole: bool = False) -> Iterator[tuple[str, str, Callable[[], object]]]:
        from fastchat_tui.tui.app import FastchatApp

        if not isinstance(self.app, FastchatApp) or not self.app.chat.attached.is_set():
            return
        screen = self.app.chat
        keys = {key.id: keys_of(key, self.app.keymap) for key in TABLE}
        for name, command in COMMANDS.items():
            shown = " ".join([f"/{name}", *(f"({key})" for key in keys.get(command.key, [])[:1])])
            yield command.text, shown, partial(screen.run_command, name)
        if whole:
            yield from _switches(screen)


def _switches(screen: ChatScreen) -> Iterator[tuple[str, str, Callable[[], object]]]:
    for view in screen.engine.snapshot().servers.values():
        name = one_line(view.name, 60)
        if view.state == "off":
            yield f"{name}: switch on", "server", partial(screen.tell, ConnectServer(view.name))
        else:
            yield f"{name}: switch off", "server", partial(screen.tell, DisconnectServer(view.name))
            yield f"{name}: connect again", "server", partial(screen.tell, ConnectServer(view.name))
        for tool in view.tools:
            verb = "off" if tool.enabled else "on"
            label = f"{name} › {one_line(tool.name, 60)}: switch {verb}"
            yield label, "tool", partial(screen.tell, EnableTool(view.name, tool.name, not tool.enabled))
