"""The one screen: three panes between a line above and, below, what is written and its keys.

Its first frame holds the composer and three empty frames; ``attach`` puts the panes into them. Commands that are given
before that wait for it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from fastchat_tui.tui.bindings import Region, bindings
from fastchat_tui.tui.clock import Clock
from fastchat_tui.tui.composer.composer import Composer
from fastchat_tui.tui.composer.editor import Editor
from fastchat_tui.tui.composer.history import History
from fastchat_tui.tui.compositor import TightCompositor
from fastchat_tui.tui.footer import KeyHints
from fastchat_tui.tui.frames import TITLES, Frames
from fastchat_tui.tui.header import HeaderBar
from fastchat_tui.tui.status import Status
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.app import FastchatApp, Severity
    from fastchat_tui.tui.asking import Asking
    from fastchat_tui.tui.conversation import Conversation
    from fastchat_tui.tui.pages import Pages
    from fastchat_tui.tui.panes import Panes
    from fastchat_tui.wire.commands import Command
    from fastchat_tui.wire.ports import Engine
    from fastchat_tui.wire.servers import Level

NARROW, ROOMY = 100, 150


class ChatScreen(Screen[None]):
    BLANK = True  # what stands on it covers it
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("chat")]
    AUTO_FOCUS = "Composer Editor"

    engine: Engine
    conversation: Conversation
    panes: Panes
    pages: Pages
    asking: Asking
    clock: Clock

    def __init__(self, history: Path | None = None) -> None:
        super().__init__(classes="-chat")
        self._compositor = TightCompositor()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide"), (ROOMY, "-roomy")]
        self.header, self.hints = HeaderBar(), KeyHints()
        self.composer = Composer(History(history), id="composer")
        self.status = Status(self.composer)
        self.attached = asyncio.Event()
        """Set once the panes are there."""
        self._wanted = ""
        """The pane that a key asked for before it was there."""

    @property
    def program(self) -> FastchatApp:
        from fastchat_tui.tui.app import FastchatApp

        assert isinstance(self.app, FastchatApp)
        return self.app

    def compose(self) -> ComposeResult:
        yield self.header
        yield Frames()
        yield self.composer
        yield self.hints

    def on_mount(self) -> None:
        self.hints.keymap = self.program.keymap
        self.clock = Clock(self, self.status.tick)

    async def attach(self, engine: Engine) -> None:
        """Puts the panes into their frames."""
        from fastchat_tui.tui.asking import Asking
        from fastchat_tui.tui.conversation import Conversation
        from fastchat_tui.tui.pages import Pages
        from fastchat_tui.tui.panes import Panes

        self.engine = engine
        self.pages = Pages(self)
        self.conversation = Conversation(engine)
        self.panes = Panes(self)
        self.asking = Asking(engine, self.send, self.panes.inspector.select)
        with self.app.batch_update():
            await self.query_one("#panes").remove()
            await self.mount(self.panes, after=self.header)
        self.show_servers()
        self.show_header()
        self.clock.hands += [self.panes.tick, self._look_for_a_file]
        self.attached.set()
        if self._wanted:
            self.action_go(self._wanted)

    # ── what draw() calls ────────────────────────────────────────────────────────────────────────────────────────

    async def catch_up(self) -> None:
        """Shows an engine that was running before this screen came."""
        now = self.engine.snapshot()
        if now.servers or now.turn or now.session.title:
            await self.open_session()
            self.show_servers()
            for asked in now.questions:
                self.asking.ask(self.app, asked)

    async def open_session(self) -> None:
        """Shows the session that was opened, from its end."""
        try:
            await self.conversation.open()
        except FastchatError as error:
            self.toast(error.text, error.remedy, "error")
        self.panes.load(self.conversation)
        self.status.working("")
        self.status.remark("")
        self.show_header()

    def show_header(self) -> None:
        kept = self.conversation
        self.header.show(self.engine.snapshot(), kept.total, kept.last, whole=kept.whole)
        self.panes.greet()

    def show_servers(self) -> None:
        from fastchat_tui.tui import offers

        now = self.engine.snapshot()
        self.panes.sidebar.show(now.servers)
        self.panes.sidebar.name_file(now.config)
        self.panes.greet()
        self.composer.set_vocabulary(offers.vocabulary(now.servers, partial(offers.candidates, self)))
        self.pages.draw()

    def notice(self, text: str, remedy: str, level: Level) -> None:
        """A toast; an error also stays where the servers would be until a configuration file is in use."""
        self.toast(text, remedy, level)
        now = self.engine.snapshot()
        if level == "error" and not now.servers and not now.config:
            self.panes.sidebar.trouble(text, remedy)

    def _look_for_a_file(self) -> None:
        """No event tells that a file without a server is in use."""
        if self.panes.sidebar.troubled and self.engine.snapshot().config:
            self.show_servers()

    def toast(self, text: str, remedy: str = "", level: Level = "info") -> None:
        severity: Severity = level if level == "warning" or level == "error" else "information"
        self.program.say(f"{text} {remedy}".strip(), severity)

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="commands")
    async def tell(self, command: Command) -> None:
        """Sends a command and does not wait for it; what cannot be carried out is said."""
        await self.attached.wait()
        await self.send(command)

    async def send(self, command: Command) -> bool:
        """Whether the engine took it; why it did not is said. The border of everything that a key can start."""
        from fastchat_tui.wire.commands import SendMessage

        try:
            await self.engine.send(command)
        except FastchatError as error:
            self.toast(error.text, error.remedy, "warning")
        except Exception as error:
            self.program.fault(error)
        else:
            return True
        if isinstance(command, SendMessage):
            self.composer.restore(command.text)
        return False

    @work(group="dialogs")
    async def run_command(self, name: str, argument: str = "") -> None:
        """A ``/command`` or its row in the palette."""
        from fastchat_tui.tui import offers
        from fastchat_tui.tui.commands import COMMANDS

        await self.attached.wait()
        if (command := COMMANDS.get(name)) is not None:
            await command.run(self, argument)
        elif not await offers.use_prompt(self, name, argument):
            self.toast(f"There is no command /{name}.", "/ lists them.", "warning")

    def on_composer_submitted(self, event: Composer.Submitted) -> None:
        self.status.remark("")
        if self.attached.is_set():
            self.panes.transcript.action_bottom()
        self._attach_and_send(event.text)

    @work(group="commands")
    async def _attach_and_send(self, text: str) -> None:
        await self.attached.wait()
        from fastchat_tui.wire.attachments import attach
        from fastchat_tui.wire.commands import SendMessage

        try:
            whole = await attach(self.engine, text)
        except FastchatError as error:
            self.toast(error.text, error.remedy, "error")
            self.composer.restore(text)
        else:
            await self.send(SendMessage(whole))

    def on_composer_command_wanted(self, event: Composer.CommandWanted) -> None:
        self.run_command(event.name, event.argument)

    def on_editor_scroll_wanted(self, event: Editor.ScrollWanted) -> None:
        if self.attached.is_set():
            transcript = self.panes.transcript
            (transcript.action_page_up if event.step < 0 else transcript.action_page_down)()

    def show_working(self) -> None:
        """What runs now, in words."""
        running = self.conversation.running
        if running:
            names = one_line(running[0].name, 60) if len(running) == 1 else f"{len(running)} calls"
            first = min(record.started_at or record.proposed_at for record in running)
            self.status.working(f"{names} run{'s' if len(running) == 1 else ''}", first)
        elif self.engine.snapshot().turn:
            if self.asking:
                self.status.awaiting("your answer")
            else:
                self.status.working("thinking")
        else:
            self.status.working("")

    def welcome(self) -> None:
        """The first run: no key, no server; says what can be done."""
        now = self.engine.snapshot()
        if not now.demo and not now.model.key and not now.servers and not now.questions:
            self.run_command("start")

    def stop(self) -> bool:
        """Stops the turn and the calls by hand; returns whether anything ran."""
        if not self.attached.is_set() or not (self.engine.snapshot().turn or self.conversation.running):
            return False
        from fastchat_tui.wire.commands import CancelTurn

        self.tell(CancelTurn())
        return True

    # ── panes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def show_pane(self, name: str) -> None:
        """In a narrow terminal one pane shows at a time: this one."""
        for pane in TITLES:
            self.set_class(pane == name, f"-{pane}")
        if name != "chat":
            self.remove_class("-alone")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane with the focus is the one that shows; the footer names its keys."""
        pane = next((node.id for node in event.widget.ancestors_with_self if node.id in TITLES), None)
        regions: dict[str | None, Region] = {"servers": "servers", "chat": "transcript", "calls": "calls"}
        self.hints.place = getattr(event.widget, "REGION", regions.get(pane, "composer"))
        self.show_pane(pane or "chat")

    def action_go(self, name: str) -> None:
        """To a pane, or from it back to the composer."""
        if not self.attached.is_set():
            self._wanted = name
            return
        pane = self.panes.query_one(f"#{name}")
        if self.focused is not None and pane in self.focused.ancestors_with_self:
            self.composer.focus()
        else:
            self.show_pane(name)
            pane.focus()

    def action_focus_composer(self) -> None:
        self.show_pane("chat")
        self.composer.focus()

    def action_toggle_sides(self) -> None:
        if self.toggle_class("-alone").has_class("-alone"):
            self.action_focus_composer()

    def action_stop(self) -> None:
        if self.attached.is_set() and self.panes.transcript.finding:
            self.panes.transcript.find("")
        elif not self.stop():
            self.app.clear_notifications()
            self.action_focus_composer()

    def action_run(self, name: str) -> None:
        self.run_command(name)
