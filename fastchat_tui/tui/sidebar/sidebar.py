"""The servers pane: a list drawn line by line, so that a thousand tools cost what is seen of them."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from time import time
from typing import ClassVar, get_args

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.fitting import fitted_path
from fastchat_tui.tui.sidebar.rows import Role, Row, laid_out, rows, total
from fastchat_tui.wire.servers import ServerView
from fastchat_tui.wire.text import clean, one_line

EMPTY = (
    "No servers yet.\n\nn  add one by command or URL\n/import  take over those of other programs\n\n"
    "or write a fastchat.config.json\n(the README shows its forms)."
)


class ServerList(ScrollView, can_focus=True):
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"servers--{role}" for role in (*get_args(Role), "cursor")}

    @dataclass
    class Stood(Message):
        """The cursor stands on a row of this server now, or what is known of it has changed."""

        server: str

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.cursor = 0

    @property
    def row(self) -> Row | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def show(self, made: list[Row]) -> None:
        """Draws anew; the cursor stays on its tool, or else its server."""
        here = self.row
        lines = {row.key: line for line, row in reversed([*enumerate(made)])}
        self.rows = made
        line = lines.get(here.key, lines.get((here.server, "", ""))) if here else None
        self.cursor = min(self.cursor, max(0, len(made) - 1)) if line is None else line
        self.virtual_size = Size(self.size.width, len(made))
        self.refresh()
        self._stood()

    def move(self, step: int) -> None:
        """To another server or tool; remarks are passed by, and stay in view with the row that they are about."""
        stops = [line for line, row in enumerate(self.rows) if not row.remark]
        if not stops:
            return
        place = max(0, min(len(stops) - 1, bisect_right(stops, self.cursor) - 1 + step))
        self.cursor = stops[place]
        last = (stops[place + 1] if place + 1 < len(stops) else len(self.rows)) - 1
        top, height = self.scroll_offset.y, max(1, self.scrollable_content_region.height)
        if self.cursor < top or last >= top + height:
            self.scroll_to(y=min(self.cursor, max(top, last - height + 1)), animate=False)
        self.refresh()
        self._stood()

    def _stood(self) -> None:
        self.post_message(self.Stood(self.row.server if self.row else ""))

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if line >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        style = partial(self.get_component_rich_style, partial=True)
        on = style("servers--cursor") if line == self.cursor and self.has_focus else Style()
        pieces = laid_out(self.rows[line], width)
        return Strip([Segment(text, self.rich_style + style(f"servers--{role}") + on) for text, role in pieces])

    def on_click(self, event: events.Click) -> None:
        line = event.y + self.scroll_offset.y
        if line < len(self.rows):
            self.cursor = line
            self.move(0)


class Sidebar(Widget):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("servers")]

    @dataclass
    class ServerToggled(Message):
        server: str
        on: bool

    @dataclass
    class ToolToggled(Message):
        server: str
        tool: str
        on: bool

    @dataclass
    class ReconnectWanted(Message):
        server: str

    @dataclass
    class ServerOpened(Message):
        server: str
        log: bool = False

    @dataclass
    class LoginWanted(Message):
        """Signs in at a server, or out (``on`` is False)."""

        server: str
        on: bool = True

    class AddWanted(Message):
        """The user wants to add a server."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._servers: Mapping[str, ServerView] = {}
        self._config = ""
        self._opened: set[str] = set()
        self._list = ServerList()
        self._filter = Input(placeholder="filter", id="servers-filter", compact=True)
        self._empty = Static(Content(EMPTY), id="servers-empty")
        self.troubled = False
        """Whether it says why there is no server."""
        self._total = Static(id="servers-total")

    def compose(self) -> ComposeResult:
        yield self._filter
        yield self._empty
        yield self._list
        yield self._total

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)

    def show(self, servers: Mapping[str, ServerView]) -> None:
        self._servers = servers
        self.set_class(not servers, "-empty")
        self._list.show(rows(servers, self._opened, self._filter.value, time(), self._list.size.width))
        self._total.update(Content(total(servers.values())))

    def name_file(self, path: str) -> None:
        """Which configuration file won: on the lower edge, as much of it as there is room for. Trouble with another one
        is over then."""
        self._config = path
        if path and self.troubled:
            self.troubled = False
            self._empty.update(Content(EMPTY))
        words = fitted_path(one_line(path, 1000), os.path.expanduser("~"), self.size.width - 4) if path else ""
        self.border_subtitle = Content(words) if words else None

    def on_resize(self) -> None:
        self.name_file(self._config)
        self.show(self._servers)

    def trouble(self, text: str, remedy: str) -> None:
        """Why there is no server; until a configuration file is in use."""
        self.troubled = True
        self._empty.update(Content.assemble((f"✗ {clean(text)}", "$text-error"), f"\n\n{clean(remedy)}"))

    def focus(self, scroll_visible: bool = True) -> Sidebar:
        self.screen.set_focus(self._list, scroll_visible)
        return self

    def _tick(self) -> None:
        if any(view.state == "connecting" or view.again_at for view in self._servers.values()):
            self.show(self._servers)

    def action_cursor_down(self) -> None:
        self._list.move(1)

    def action_cursor_up(self) -> None:
        self._list.move(-1)

    def action_first(self) -> None:
        self._list.move(-len(self._list.rows))

    def action_last(self) -> None:
        self._list.move(len(self._list.rows))

    def action_switch(self) -> None:
        match self._list.row:
            case Row(server=server, tool=tool, on=on) if tool:
                self.post_message(self.ToolToggled(server, tool, not on))
            case Row(server=server, on=on) if server:
                self.post_message(self.ServerToggled(server, not on))
            case _:
                pass

    def action_unfold(self) -> None:
        if (row := self._list.row) and row.server:
            self._opened.add(row.server)
            self.show(self._servers)

    def action_fold(self) -> None:
        if (row := self._list.row) and row.server:
            self._opened.discard(row.server)
            self.show(self._servers)
            self._list.move(0)

    def action_open(self) -> None:
        if (row := self._list.row) and row.server:
            self.post_message(self.ServerOpened(row.server))

    def action_log(self) -> None:
        if (row := self._list.row) and row.server:
            self.post_message(self.ServerOpened(row.server, log=True))

    def action_reconnect(self) -> None:
        if (row := self._list.row) and row.server:
            self.post_message(self.ReconnectWanted(row.server))

    def action_login(self) -> None:
        if (row := self._list.row) and row.server:
            self.post_message(self.LoginWanted(row.server))

    def action_logout(self) -> None:
        if (row := self._list.row) and row.server:
            self.post_message(self.LoginWanted(row.server, on=False))

    def action_add(self) -> None:
        self.post_message(self.AddWanted())

    def action_filter(self) -> None:
        self._filter.add_class("-open")
        self.screen.set_focus(self._filter)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.show(self._servers)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.set_focus(self._list)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self._filter.has_class("-open"):
            event.stop()
            self._filter.value = ""
            self._filter.remove_class("-open")
            self.screen.set_focus(self._list)
