"""The command palette: every command, every action that has a key, every server, tool, prompt, theme and session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import BindingType
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from fastchat_tui.tui.bindings import TABLE, bindings
from fastchat_tui.tui.commands import COMMANDS
from fastchat_tui.tui.fitting import fitted
from fastchat_tui.tui.footer import first_key
from fastchat_tui.tui.modal import ClosesItself
from fastchat_tui.wire.commands import ConnectServer, DisconnectServer, EnableTool, Login, Logout, OpenSession
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from fastchat_tui.tui.chat_screen import ChatScreen
    from fastchat_tui.wire.servers import ServerView

COLUMN, ASIDE = 56, 14
"""Cells of a row for its text, and for its command and key."""
WIDEST, FRAME = 90, 6
"""The width of the palette at most, and what of it is no text: see ``modals.tcss``."""
MOVES = {"down", "up", "first", "last", "page_down", "page_up", "next", "previous", "newline", "send", "filter"}
"""Actions that mean something under the cursor only."""


class Row(NamedTuple):
    text: str
    aside: str
    act: Callable[[], object]

    @property
    def searched(self) -> str:
        return f"{self.text}  {self.aside}"


class Palette(CommandPalette, ClosesItself[None]):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("palette")]

    def __init__(self) -> None:
        super().__init__(id="--command-palette")  # by which Textual knows that it is open

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).size:  # else there is no page yet to go down or up by
            super()._action_command_list(action)


class Everything(Provider):
    _chosen = False

    async def discover(self) -> Hits:
        if (chat := _chat(self)) is not None:
            for row in (*_commands(chat), *_actions(chat)):
                yield DiscoveryHit(self._line(Content(row.text), row.aside), self._once(row), row.searched)

    async def search(self, query: str) -> Hits:
        if (chat := _chat(self)) is None:
            return
        matcher = self.matcher(query)
        for row in (*_commands(chat), *_actions(chat), *_servers(chat), *_themes(chat), *await _sessions(chat)):
            if (score := matcher.match(row.searched)) > 0:
                yield Hit(score, self._line(matcher.highlight(row.text), row.aside), self._once(row), row.searched)

    def _once(self, row: Row) -> Callable[[], object]:
        """What was chosen is done once: a second Enter may come before the first has closed the palette."""

        def act() -> object:
            if self._chosen:
                return None
            self._chosen = True
            return row.act()

        return act

    def _line(self, text: Content, aside: str) -> Content:
        """In two columns; where they have no room, what is beside the text is left out."""
        room = min(WIDEST, self.app.size.width * 9 // 10) - FRAME
        gap = max(2, min(COLUMN, room - ASIDE) - cell_len(text.plain))
        whole = cell_len(text.plain) + gap + cell_len(aside) <= room
        return Content.assemble(text, " " * gap, (aside, "$text-muted")) if aside and whole else text


def _chat(provider: Provider) -> ChatScreen | None:
    from fastchat_tui.tui.app import FastchatApp

    app = provider.app
    return app.chat if isinstance(app, FastchatApp) and app.chat.attached.is_set() else None


def _commands(chat: ChatScreen) -> Iterator[Row]:
    for name, command in COMMANDS.items():
        key = first_key(command.key, chat.program.keymap) if command.key else ""
        yield Row(command.text, f"/{name}  {key}".rstrip(), partial(chat.run_command, name))


def _actions(chat: ChatScreen) -> Iterator[Row]:
    """What a key does and no command has the name of."""
    places: dict[str, DOMNode] = {
        "chat": chat, "composer": chat.composer, "transcript": chat.panes.transcript, "calls": chat.panes.inspector,
    }  # fmt: skip
    named = {command.key for command in COMMANDS.values()}
    for key in TABLE:
        if key.region in places and key.id not in named and key.id.partition(".")[2] not in MOVES:
            act = partial(chat.app.run_action, key.action, places[key.region])
            yield Row(key.help, first_key(key.id, chat.program.keymap), act)


def _servers(chat: ChatScreen) -> Iterator[Row]:
    for view in chat.engine.snapshot().servers.values():
        name = one_line(view.name, 40)
        if view.state == "off":
            yield Row(f"{name}: switch on", "server", partial(chat.tell, ConnectServer(view.name)))
        else:
            yield Row(f"{name}: switch off", "server", partial(chat.tell, DisconnectServer(view.name)))
            yield Row(f"{name}: connect again", "server", partial(chat.tell, ConnectServer(view.name)))
        if view.transport != "stdio":
            yield Row(f"{name}: log in", "server", partial(chat.tell, Login(view.name)))
            yield Row(f"{name}: log out", "server", partial(chat.tell, Logout(view.name)))
        for command in ("page", "doctor", "edit", "remove"):
            yield Row(f"{name}: {command}", "server", partial(chat.run_command, command, view.name))
        yield from _offers(chat, view, name)


def _offers(chat: ChatScreen, view: ServerView, name: str) -> Iterator[Row]:
    for tool in view.tools:
        label = f"{name} › {one_line(tool.name, 60)}"
        switch = EnableTool(view.name, tool.name, not tool.enabled)
        yield Row(f"{label}: switch {'off' if tool.enabled else 'on'}", "tool", partial(chat.tell, switch))
        yield Row(f"{label}: call by hand", "tool", partial(chat.run_command, "call", f"{view.name}:{tool.name}"))
    for prompt in view.prompts:
        label = f"{name} › {one_line(prompt.name, 60)}"
        yield Row(label, "prompt", partial(chat.run_command, f"{view.name}:{prompt.name}"))


def _themes(chat: ChatScreen) -> Iterator[Row]:
    for name, theme in chat.program.own_themes.items():
        yield Row(f"Theme {name}, {theme.about}", "theme", partial(chat.run_command, "theme", name))


async def _sessions(chat: ChatScreen) -> list[Row]:
    try:
        known = await chat.engine.sessions()
    except FastchatError:
        return []  # the list of sessions itself says why
    return [
        Row(fitted(one_line(info.title, 80), COLUMN - 2), "session", partial(chat.tell, OpenSession(info.id)))
        for info in known
        if info.title
    ]
