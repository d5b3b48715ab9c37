"""What can be done by name: the ``/commands``, and the command palette over them, the servers and their tools."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from fastchat_tui.tui.bindings import TABLE
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastchat_tui.tui.chat_screen import ChatScreen

COMMANDS: dict[str, tuple[str, str]] = {
    "help": ("The keys of this place", "app.help"),
    "model": ("Model and endpoint", ""),
    "key": ("Give a key, kept in the keyring", ""),
    "servers": ("Go to the servers", "chat.servers"),
    "tools": ("Go to the servers and their tools", "chat.servers"),
    "calls": ("Go to the calls", "chat.calls"),
    "add": ("Add a server by command or URL", ""),
    "reload": ("Read the configuration again", ""),
    "new": ("Start a new session", "chat.new"),
    "sessions": ("Open an earlier session", "chat.sessions"),
    "retry": ("Try the last turn again", "chat.retry"),
    "stop": ("Stop the model and its tools", "chat.stop"),
    "density": ("Tool cards: compact, normal, full", "chat.density"),
    "thinking": ("Show or fold what the model thought", "chat.thinking"),
    "theme": ("Choose a theme", "chat.theme"),
    "copy": ("Copy the whole conversation", ""),
    "clear": ("Start afresh (the session is kept)", ""),
    "start": ("First steps: key, endpoint, server", ""),
    "quit": ("Quit; the session can be continued", "app.quit"),
}
"""Name → what it does, and the id of its key."""


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
        from fastchat_tui.tui.chat_screen import ChatScreen

        screen = next((s for s in self.app.screen_stack if isinstance(s, ChatScreen)), None)
        if screen is None:
            return
        keys = {key.id: key.keys.split(",")[0] for key in TABLE}
        for name, (text, key) in COMMANDS.items():
            shown = f"/{name}" + (f"  ({keys[key]})" if key else "")
            yield f"{text}", shown, partial(screen.run_command, name)
        if whole:
            yield from _switches(screen)


def _switches(screen: ChatScreen) -> Iterator[tuple[str, str, Callable[[], object]]]:
    from fastchat_tui.wire.commands import ConnectServer, DisconnectServer, EnableTool

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
