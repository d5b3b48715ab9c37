"""The one screen: three panes, what is written below, one line above and two below. Widget messages become commands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.chrome import HeaderBar, KeyHints, StatusLine
from fastchat_tui.tui.composer.composer import Composer
from fastchat_tui.tui.composer.editor import Editor
from fastchat_tui.tui.composer.history import History
from fastchat_tui.tui.inspector.inspector import Inspector
from fastchat_tui.tui.modals.choose import ChooseScreen, Row
from fastchat_tui.tui.modals.form import Field, FormScreen
from fastchat_tui.tui.modals.page import PageScreen
from fastchat_tui.tui.modals.questions import question_modal
from fastchat_tui.tui.modals.texts import help_text, server_text, welcome_text
from fastchat_tui.tui.palette import COMMANDS
from fastchat_tui.tui.sidebar.sidebar import Sidebar
from fastchat_tui.tui.transcript.card import Density
from fastchat_tui.tui.transcript.widget import TranscriptView
from fastchat_tui.wire.chat import NO_USAGE, Usage
from fastchat_tui.wire.commands import (
    AddServer,
    Answer,
    CallTool,
    CancelTurn,
    Command,
    ConnectServer,
    DeleteSession,
    DisconnectServer,
    EnableTool,
    OpenSession,
    ReloadConfig,
    RetryTurn,
    SendMessage,
    SetKey,
    SetModel,
)
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.events import Asked, Stamped
from fastchat_tui.wire.ledger import CallLedger
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.questions import Approval
from fastchat_tui.wire.servers import Level, ServerView, Tool
from fastchat_tui.wire.text import clean, one_line
from fastchat_tui.wire.transcript import Transcript

if TYPE_CHECKING:
    from fastchat_tui.tui.app import FastchatApp

NARROW = 100
PAGE = 200
PLACEHOLDER = """\
Ask anything.

/  commands      #  call a tool by hand      ^P  everything else
F2  servers      F3  calls                   F1  help
"""


class ChatScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("chat")]
    AUTO_FOCUS = ""

    def __init__(self, engine: Engine, history: Path | None = None) -> None:
        super().__init__()
        self.engine = engine
        self.ledger = CallLedger()
        self.entries = Transcript()
        self.paged = 0
        self._oldest: int | None = None
        self._usage: Usage = NO_USAGE
        self._last: Usage = NO_USAGE
        self._questions: dict[str, Asked] = {}
        self._asking = ""
        self.header, self.status, self.hints = HeaderBar(), StatusLine(), KeyHints()
        self.sidebar = Sidebar(id="servers")
        self.transcript = TranscriptView(self.ledger, id="chat")
        self.inspector = Inspector(engine.frames, engine.logs, id="calls")
        self.composer = Composer(History(history), id="composer")

    @property
    def program(self) -> FastchatApp:
        from fastchat_tui.tui.app import FastchatApp

        assert isinstance(self.app, FastchatApp)
        return self.app

    def compose(self) -> ComposeResult:
        yield self.header
        with Horizontal(id="panes"):
            yield self.sidebar
            yield self.transcript
            yield self.inspector
        yield self.status
        yield self.composer
        yield self.hints

    def on_mount(self) -> None:
        self.sidebar.border_title, self.transcript.border_title, self.inspector.border_title = (
            "Servers",
            "Chat",
            "Calls",
        )
        self.transcript.placeholder = PLACEHOLDER
        self.composer.set_vocabulary(commands={name: text for name, (text, _) in COMMANDS.items()}, tools={})
        self.sidebar.show({})
        self._fold_panes(self.size.width)
        self.set_focus(self.query_one(Editor), scroll_visible=False)  # before the first frame: no key may be lost

    # ── what draw() calls ────────────────────────────────────────────────────────────────────────────────────────

    def fold(self, stamped: Stamped) -> None:
        """Folds a saved event in and shows what it changed."""
        record = self.ledger.apply(stamped)
        for change in self.entries.apply(stamped):
            self.transcript.show(change)
        if record is not None:
            self.inspector.show(record)
            self.transcript.record_changed(record)

    async def catch_up(self) -> None:
        """Shows an engine that was running before this screen came."""
        now = self.engine.snapshot()
        if now.servers or now.turn or now.session.title:
            await self.open_session()
            self.show_servers()
            for asked in now.questions:
                self.ask(asked)

    async def open_session(self) -> None:
        """Shows the session that was opened, from its end."""
        self.ledger.clear()
        self.entries = Transcript()
        self._usage = self._last = NO_USAGE
        page = await self.engine.page(limit=PAGE)
        for stamped in page:
            self.ledger.apply(stamped)
            self.entries.apply(stamped)
        self.paged = page[-1].seq if page else 0
        self._oldest = page[0].seq if len(page) == PAGE else None
        self.transcript.load(self.entries.entries)
        self.inspector.load(self.ledger)
        self.status.working("")
        self.status.remark("")
        self.show_header()

    def show_header(self) -> None:
        self.header.show(self.engine.snapshot(), self._usage, self._last)

    def show_servers(self) -> None:
        servers = self.engine.snapshot().servers
        self.sidebar.show(servers)
        tools = {f"{view.name}:{tool.name}": one_line(tool.description, 80) for view, tool in _tools(servers.values())}
        self.composer.set_vocabulary({name: text for name, (text, _) in COMMANDS.items()}, tools)

    def show_running(self) -> None:
        """Which calls run now, in the status line."""
        running = [record for record in self.ledger if record.state == "running"]
        if running:
            names = one_line(running[0].name, 60) if len(running) == 1 else f"{len(running)} calls"
            self.status.working(f"{names} run{'s' if len(running) == 1 else ''}")
        elif self.engine.snapshot().turn:
            self.status.working("waiting for your answer" if self._questions else "thinking")

    def count(self, usage: Usage) -> None:
        if usage != NO_USAGE:
            self._usage += usage
            self._last = usage
            self.show_header()

    def toast(self, text: str, remedy: str, level: Level) -> None:
        severity = {"warning": "warning", "error": "error"}.get(level, "information")
        self.program.say(f"{text} {remedy}".strip(), severity)

    def welcome(self) -> None:
        """The first run: no key, no server; says what can be done."""
        now = self.engine.snapshot()
        if not now.demo and not now.model.key and not now.servers and not now.questions:
            self.onboard()

    def ask(self, asked: Asked) -> None:
        self._questions[asked.question] = asked
        self._next_question()

    def withdraw(self, question: str) -> None:
        """The question is answered: by us, or by somebody else while we still show it."""
        self._questions.pop(question, None)
        if self._asking == question:
            self._asking = ""
            for screen in self.app.screen_stack:
                if getattr(screen, "question", "") == question:
                    screen.withdraw()  # type: ignore[attr-defined]
        self._next_question()

    def _next_question(self) -> None:
        if self._asking or not self._questions:
            return
        asked = next(iter(self._questions.values()))
        self._asking = asked.question
        server, tool = self._about(asked)
        modal = question_modal(asked, tool=tool, server=server, waiting=len(self._questions) - 1)
        self.app.push_screen(modal, self._answered)

    def _answered(self, answer: Answer | None) -> None:
        if answer is not None:
            self._asking = ""
            self._questions.pop(answer.question, None)
            self.tell(answer)
            self._next_question()

    def _about(self, asked: Asked) -> tuple[ServerView | None, Tool | None]:
        if not isinstance(asked.about, Approval):
            return None, None
        server = self.engine.snapshot().servers.get(asked.about.server)
        tools = server.tools if server else ()
        return server, next((tool for tool in tools if tool.name == asked.about.tool), None)

    # ── messages of the widgets become commands ──────────────────────────────────────────────────────────────────

    @work(exit_on_error=False)
    async def tell(self, command: Command) -> None:
        """Sends a command; what cannot be carried out is said, not raised."""
        try:
            await self.engine.send(command)
        except FastchatError as error:
            self.toast(error.text, error.remedy, "warning")
            if isinstance(command, SendMessage):
                self.composer.restore(command.text)

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        self.status.remark("")
        self.tell(SendMessage(event.text))

    @on(Composer.CommandWanted)
    def _command(self, event: Composer.CommandWanted) -> None:
        if event.name == "call":
            self._call_by_hand(event.argument)
        elif event.name in COMMANDS:
            self.run_command(event.name, event.argument)

    @on(Sidebar.ServerToggled)
    def _server_toggled(self, event: Sidebar.ServerToggled) -> None:
        self.tell(ConnectServer(event.server) if event.on else DisconnectServer(event.server))

    @on(Sidebar.ToolToggled)
    def _tool_toggled(self, event: Sidebar.ToolToggled) -> None:
        self.tell(EnableTool(event.server, event.tool, event.on))
        if self.engine.snapshot().turn:
            self.toast("It applies from the next request on.", "", "info")

    @on(Sidebar.ReconnectWanted)
    def _reconnect(self, event: Sidebar.ReconnectWanted) -> None:
        self.tell(ConnectServer(event.server))

    @on(Sidebar.ServerOpened)
    def _server_opened(self, event: Sidebar.ServerOpened) -> None:
        if view := self.engine.snapshot().servers.get(event.server):
            self.app.push_screen(PageScreen(one_line(view.name, 60), server_text(view, self.engine.logs(view.name))))

    @on(Sidebar.AddWanted)
    def add_server(self) -> None:
        fields = (
            Field("name", "Name"),
            Field("command", "Command line (for a local server)"),
            Field("url", "or URL (http:// or https://)"),
        )

        def add(values: dict[str, str] | None) -> None:
            if values:
                self.tell(AddServer(values["name"], values["command"], values["url"]))

        self.app.push_screen(FormScreen("Add a server", fields), add)

    @on(TranscriptView.CallSelected)
    def _card_opened(self, event: TranscriptView.CallSelected) -> None:
        self.inspector.select(event.call)
        self.action_focus_calls()

    @on(Inspector.CallSelected)
    def _record_opened(self, event: Inspector.CallSelected) -> None:
        self._show_pane("chat")
        self.transcript.select_call(event.call)
        self.transcript.focus()

    @on(TranscriptView.CopyWanted)
    @on(Inspector.CopyWanted)
    def _copy(self, event: TranscriptView.CopyWanted | Inspector.CopyWanted) -> None:
        self.program.copy(event.text)

    @on(TranscriptView.LinkClicked)
    def _link(self, event: TranscriptView.LinkClicked) -> None:
        self.program.ask_link(event.url)

    @on(TranscriptView.OlderWanted)
    @work(exclusive=True, group="older")
    async def _older(self) -> None:
        if self._oldest is None:
            return
        page = await self.engine.page(before=self._oldest, limit=PAGE)
        older = Transcript()
        for stamped in page:
            self.ledger.apply(stamped)
            older.apply(stamped)
        self._oldest = page[0].seq if len(page) == PAGE else None
        known = {entry.key for entry in self.entries.entries}
        self.transcript.load([entry for entry in older.entries if entry.key not in known], older=True)

    def _call_by_hand(self, argument: str) -> None:
        name, _, text = argument.strip().partition(" ")
        server, _, tool = name.partition(":")
        try:
            arguments = json.loads(text or "{}")
            if not isinstance(arguments, dict):
                raise ValueError("the arguments must be a JSON object")
        except ValueError as error:
            self.toast(f"The call was not sent: {error}.", 'Write #server:tool {"name": "value"}.', "warning")
            self.composer.restore(f"#{argument}")
            return
        self.tell(CallTool(server, tool, arguments))
        self.action_focus_calls()

    # ── panes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_resize(self, event: events.Resize) -> None:
        self._fold_panes(event.size.width)

    def _fold_panes(self, width: int) -> None:
        self.set_class(width < NARROW, "-narrow")
        if width < NARROW and not (self.has_class("-servers") or self.has_class("-calls")):
            self._show_pane("chat")

    def _show_pane(self, name: str) -> None:
        """In a narrow terminal one pane shows at a time; in a wide one this only makes sure that it is there."""
        for pane in ("servers", "chat", "calls"):
            self.set_class(pane == name, f"-{pane}")
        if name != "chat":
            self.remove_class("-alone")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        for widget, region in ((self.sidebar, "servers"), (self.transcript, "transcript"), (self.inspector, "calls")):
            if widget in event.widget.ancestors_with_self:
                self.hints.regions = (region,)
                return
        self.hints.regions = ("composer",)

    def action_focus_servers(self) -> None:
        self._show_pane("servers")
        self.sidebar.focus()

    def action_focus_calls(self) -> None:
        self._show_pane("calls")
        self.inspector.focus()

    def action_focus_composer(self) -> None:
        self._show_pane("chat")
        self.composer.focus()

    def action_toggle_sides(self) -> None:
        self.toggle_class("-alone")
        if self.has_class("-alone"):
            self.action_focus_composer()

    def action_stop(self) -> None:
        if self.engine.snapshot().turn:
            self.tell(CancelTurn())
        else:
            self.action_focus_composer()

    def action_toggle_thinking(self) -> None:
        self.transcript.thinking = not self.transcript.thinking

    def action_cycle_density(self) -> None:
        after: dict[Density, Density] = {"compact": "normal", "normal": "full", "full": "compact"}
        self.transcript.density = after[self.transcript.density]
        self.toast(f"Tool cards: {self.transcript.density}", "", "info")

    def action_retry(self) -> None:
        self.tell(RetryTurn())

    def action_new_session(self) -> None:
        self.tell(OpenSession())
        self.action_focus_composer()

    @work
    async def action_sessions(self) -> None:
        known = await self.engine.sessions()
        here = self.engine.snapshot().session.id
        rows = [
            Row(
                info.id, one_line(info.title, 80) or "(untitled)", f"{info.messages} message{'s'[: info.messages != 1]}"
            )
            for info in known
        ]
        chosen = await self.app.push_screen_wait(
            ChooseScreen("Sessions", rows, current=here, remove="d deletes", empty="No session yet. Say something.")
        )
        if chosen is None:
            return
        key, removed = chosen
        self.tell(DeleteSession(key) if removed else OpenSession(key))

    @work
    async def action_themes(self) -> None:
        before = self.app.theme
        rows = [
            Row(name, name, "dark" if theme.dark else "light")
            for name, theme in sorted(self.program.own_themes.items())
        ]
        preview = self.program.preview_theme
        chosen = await self.app.push_screen_wait(ChooseScreen("Themes", rows, current=before, preview=preview))
        if chosen is None:
            self.app.theme = before
        else:
            self.program.keep_theme(chosen[0])

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────

    def run_command(self, name: str, argument: str = "") -> None:
        """A ``/command`` or its row in the palette."""
        match name:
            case "model":
                self.choose_model(argument)
            case "key":
                self.give_key()
            case "servers":
                self.action_focus_servers()
            case "tools":
                self.action_focus_servers()
            case "calls":
                self.action_focus_calls()
            case "add":
                self.add_server()
            case "reload":
                self.tell(ReloadConfig())
            case "start":
                self.onboard()
            case "sessions":
                self.action_sessions()
            case "new" | "clear":
                self.action_new_session()
            case "theme":
                self.action_themes()
            case "retry":
                self.action_retry()
            case "density":
                self.action_cycle_density()
            case "thinking":
                self.action_toggle_thinking()
            case "stop":
                self.tell(CancelTurn())
            case "copy":
                self.program.copy(self.transcript.plain_text())
            case "help":
                self.show_help()
            case "quit":
                self.app.exit()
            case _:
                self.toast(f"There is no command /{clean(name)}.", "/ lists them.", "warning")

    def show_help(self) -> None:
        self.app.push_screen(PageScreen("Help", help_text(self.hints.regions)))

    def choose_model(self, argument: str) -> None:
        if argument.strip():
            name, _, base_url = argument.strip().partition(" ")
            self.tell(SetModel(name, base_url.strip()))
            return
        view = self.engine.snapshot().model
        fields = (
            Field("model", "Model", view.name),
            Field("base_url", "Base URL (https://api.openai.com/v1, http://127.0.0.1:11434/v1 …)", view.base_url),
        )

        def choose(values: dict[str, str] | None) -> None:
            if values and values["model"].strip():
                changed = values["base_url"].strip()
                self.tell(SetModel(values["model"].strip(), changed if changed != view.base_url else ""))

        self.app.push_screen(FormScreen("Model and endpoint", fields), choose)

    def give_key(self) -> None:
        where = self.engine.snapshot().model.base_url

        def give(values: dict[str, str] | None) -> None:
            if values and values["key"].strip():
                self.tell(SetKey(values["key"].strip()))

        note = f"It is kept in the keyring of this system, and sent to {where} only."
        self.app.push_screen(FormScreen("Your key", (Field("key", "Key", secret=True),), note), give)

    def onboard(self) -> None:
        rows = [
            Row("key", "Paste an OpenAI key", "kept in the keyring"),
            Row("model", "Use another or a local endpoint", "Ollama, LM Studio, OpenRouter …"),
            Row("add", "Add an MCP server", "by command or URL"),
            Row("help", "Read the keys", "F1 does so at any time"),
            Row("quit", "Quit, and try the demo", "fastchat-tui --demo"),
        ]

        def go(chosen: tuple[str, bool] | None) -> None:
            if chosen is not None:
                self.run_command(chosen[0])

        self.app.push_screen(ChooseScreen("Welcome", rows, note=welcome_text()), go)


def _tools(servers: Iterable[ServerView]) -> Iterable[tuple[ServerView, Tool]]:
    return ((view, tool) for view in servers if view.state == "ready" for tool in view.tools)
