"""The three panes, and what their messages make the engine do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from fastchat_tui.tui.frames import TITLES, Row
from fastchat_tui.tui.greeting import greeting
from fastchat_tui.tui.inspector.inspector import Inspector
from fastchat_tui.tui.sidebar.sidebar import ServerList, Sidebar
from fastchat_tui.tui.transcript.card import Density
from fastchat_tui.tui.transcript.widget import TranscriptView
from fastchat_tui.wire.commands import ConnectServer, DisconnectServer, EnableTool, Login, Logout
from fastchat_tui.wire.errors import FastchatError

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen
    from fastchat_tui.tui.conversation import Conversation, Drawn

AFTER: dict[Density, Density] = {"compact": "normal", "normal": "full", "full": "compact"}


class ChatPane(Container):
    def focus(self, scroll_visible: bool = True) -> Self:
        """The focus belongs to what is read."""
        self.screen.set_focus(self.query_one(TranscriptView), scroll_visible)
        return self


class Panes(Row):
    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat
        self._reading = asyncio.Lock()
        self.sidebar = Sidebar(id="servers")
        self.transcript = TranscriptView(chat.conversation.ledger)
        self.inspector = Inspector(chat.engine.frames, chat.engine.logs, id="calls")

    def compose(self) -> ComposeResult:
        reading = ChatPane(self.transcript, id="chat")
        for pane, title in zip((self.sidebar, reading, self.inspector), TITLES.values(), strict=True):
            pane.border_title = Content(title)
            pane.add_class("pane")
            yield pane

    def on_mount(self) -> None:
        self.sidebar.show({})

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────

    def greet(self) -> None:
        """What an empty chat says."""
        self.transcript.placeholder = greeting(self._chat.engine.snapshot(), self._chat.program.keymap)

    def load(self, conversation: Conversation) -> None:
        """Shows a session that was just opened."""
        self.transcript.load(conversation.transcript.entries)
        self.inspector.load(conversation.ledger)

    def tick(self) -> None:
        self.transcript.tick()
        self.inspector.tick()

    def draw(self, drawn: Drawn) -> None:
        """Shows what one event changed."""
        for change in drawn.changes:
            self.transcript.show(change)
        if drawn.record is not None:
            self.inspector.show(drawn.record)
            self.transcript.record_changed(drawn.record)

    def fold_thoughts(self) -> None:
        self.transcript.thinking = not self.transcript.thinking

    def step_density(self) -> Density:
        self.transcript.density = AFTER[self.transcript.density]
        return self.transcript.density

    @on(TranscriptView.OlderWanted)
    @work(exclusive=True, group="older")
    async def _older(self) -> None:
        await self._load_older()

    async def _load_older(self) -> bool:
        """Returns whether there was anything before what is loaded."""
        conversation, selected = self._chat.conversation, self.inspector.selected
        try:
            async with self._reading:
                older = await conversation.older()
        except FastchatError as error:
            self._chat.toast(error.text, error.remedy, "error")
            return False
        self.transcript.load(older, older=True)
        self.inspector.load(conversation.ledger)
        self.inspector.select(selected)
        self._chat.show_header()
        return bool(older)

    @on(TranscriptView.FindWanted)
    def _find(self) -> None:
        self._chat.run_command("find")

    @on(TranscriptView.NextWanted)
    @work(exclusive=True, group="find")
    async def _next(self, event: TranscriptView.NextWanted) -> None:
        """Upwards through the whole session, page by page."""
        while not self.transcript.find_next(event.step):
            if event.step > 0 or not await self._load_older():
                self._chat.toast("There is no further match." if self.transcript.found else "The text is not found.")
                return

    # ── messages become commands ─────────────────────────────────────────────────────────────────────────────────

    @on(Sidebar.ServerToggled)
    def _server_toggled(self, event: Sidebar.ServerToggled) -> None:
        self._chat.tell(ConnectServer(event.server) if event.on else DisconnectServer(event.server))

    @on(Sidebar.ToolToggled)
    def _tool_toggled(self, event: Sidebar.ToolToggled) -> None:
        self._chat.tell(EnableTool(event.server, event.tool, event.on))
        if self._chat.engine.snapshot().turn:
            self._chat.toast("It applies from the next request on.")

    @on(Sidebar.ReconnectWanted)
    def _reconnect(self, event: Sidebar.ReconnectWanted) -> None:
        self._chat.tell(ConnectServer(event.server))

    @on(Sidebar.LoginWanted)
    def _login(self, event: Sidebar.LoginWanted) -> None:
        self._chat.tell(Login(event.server) if event.on else Logout(event.server))

    @on(Sidebar.ServerOpened)
    def _server_opened(self, event: Sidebar.ServerOpened) -> None:
        self._chat.pages.open(event.server, "log" if event.log else "about")

    @on(ServerList.Stood)
    def _server_stood(self, event: ServerList.Stood) -> None:
        view = self._chat.engine.snapshot().servers.get(event.server)
        self._chat.hints.more = ("servers.login",) if view and view.state == "needs_login" else ()

    @on(Sidebar.AddWanted)
    def _add(self) -> None:
        self._chat.run_command("add")

    @on(TranscriptView.CallSelected)
    def _card_opened(self, event: TranscriptView.CallSelected) -> None:
        self.inspector.select(event.call)
        self._chat.show_pane("calls")
        self.inspector.focus()

    @on(Inspector.CallSelected)
    def _record_opened(self, event: Inspector.CallSelected) -> None:
        self._chat.show_pane("chat")
        self.transcript.select_call(event.call)
        self.screen.set_focus(self.transcript)

    @on(TranscriptView.CopyWanted)
    @on(Inspector.CopyWanted)
    def _copy(self, event: TranscriptView.CopyWanted | Inspector.CopyWanted) -> None:
        self._chat.program.copy(event.text)

    @on(TranscriptView.LinkClicked)
    def _link(self, event: TranscriptView.LinkClicked) -> None:
        self._chat.run_command("open", event.url)
