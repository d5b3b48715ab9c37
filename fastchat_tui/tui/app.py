"""The program on the screen: theme, keys, palette, clipboard, and what happens when something breaks."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import ClassVar, Literal

from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.screen import Screen
from textual.types import CSSPathType

from fastchat_tui import crash
from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.chat_screen import ChatScreen
from fastchat_tui.tui.draw import draw
from fastchat_tui.tui.guard import ControlGuard
from fastchat_tui.tui.modals.choose import ChooseScreen, Row
from fastchat_tui.tui.palette import Everything
from fastchat_tui.tui.themes import DEFAULT, load_themes
from fastchat_tui.wire.commands import CancelTurn
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.text import clean

TWICE = 2.0
"""Seconds within which a second Ctrl+C quits."""
Severity = Literal["information", "warning", "error"]


class FastchatApp(App[int]):
    CSS_PATH: ClassVar[CSSPathType | None] = [
        "styles/app.tcss",
        "styles/composer.tcss",
        "styles/inspector.tcss",
        "styles/questions.tcss",
        "styles/transcript.tcss",
    ]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]
    COMMANDS: ClassVar = {Everything}
    TITLE = "fastchat-tui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self,
        engine: Engine,
        *,
        theme: str = "",
        keymap: Mapping[str, str] | None = None,
        theme_folders: Sequence[Path] = (),
        history: Path | None = None,
        on_theme: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self.engine = engine
        self._history = history
        self._on_theme = on_theme
        self._interrupted = 0.0
        self.own_themes, self._theme_problems = load_themes(theme_folders)
        for made in self.own_themes.values():
            self.register_theme(made)
        self.theme = theme if theme in self.own_themes else DEFAULT if DEFAULT in self.own_themes else "textual-dark"
        if theme and theme not in self.own_themes:
            self._theme_problems.append(f"There is no theme “{clean(theme)}”.")
        self.set_keymap(dict(keymap or {}))

    def get_default_screen(self) -> Screen[None]:
        return ChatScreen(self.engine, self._history)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), ControlGuard()]

    def on_mount(self) -> None:
        for problem in self._theme_problems:
            self.say(problem, "warning")
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first frame: only now anything heavy is imported, read or started."""
        self.run_worker(self._read(), name="engine events", exit_on_error=True)
        self.engine.begin()

    async def _read(self) -> None:
        screen = next(screen for screen in self.screen_stack if isinstance(screen, ChatScreen))
        events = self.engine.subscribe()
        try:
            await screen.catch_up()
            async for stamped in events:
                await draw(screen, stamped)
        finally:
            events.close()

    # ── words, clipboard, links ──────────────────────────────────────────────────────────────────────────────────

    def say(self, text: str, severity: str = "information") -> None:
        """A toast; never interpreted as markup."""
        level: Severity = "warning" if severity == "warning" else "error" if severity == "error" else "information"
        self.notify(clean(text), severity=level, timeout=12 if level == "error" else 6, markup=False)

    def copy(self, text: str) -> None:
        """Copies by the terminal (OSC 52, also over SSH) and by the system's own tool where there is one."""
        from fastchat_tui.tui.clipboard import copy

        safe = clean(text)
        self.copy_to_clipboard(safe)
        if not os.environ.get("SSH_CONNECTION"):
            self.run_worker(asyncio.to_thread(copy, safe), exit_on_error=False)
        self.say(f"Copied {len(safe):,} characters.")

    def ask_link(self, url: str) -> None:
        """A link is opened only after the whole of it was shown and agreed to."""
        if not url.startswith(("http://", "https://")):
            self.say(f"Only web links can be opened: {url[:200]}", "warning")
            return
        rows = [Row("no", "Do not open it", ""), Row("copy", "Copy it", ""), Row("open", "Open it in the browser", "")]

        def go(chosen: tuple[str, bool] | None) -> None:
            match chosen:
                case ("copy", _):
                    self.copy(url)
                case ("open", _):
                    self.open_url(url)
                case _:
                    pass

        self.push_screen(ChooseScreen("Open this link?", rows, note=clean(url)), go)

    # ── themes ───────────────────────────────────────────────────────────────────────────────────────────────────

    def preview_theme(self, name: str) -> None:
        if name in self.own_themes:
            self.theme = name

    def keep_theme(self, name: str) -> None:
        self.preview_theme(name)
        if self._on_theme:
            self.run_worker(asyncio.to_thread(self._on_theme, name), exit_on_error=False)

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_help(self) -> None:
        if isinstance(self.screen, ChatScreen):
            self.screen.show_help()

    async def action_quit(self) -> None:
        self.exit()

    def action_interrupt(self) -> None:
        """Copy what is selected, else stop what runs, else clear what is written; twice: quit."""
        chat = next((screen for screen in self.screen_stack if isinstance(screen, ChatScreen)), None)
        if selected := self.screen.get_selected_text():
            self.copy(selected)
            self.screen.clear_selection()
            return
        if chat is not None and self.engine.snapshot().turn:
            chat.tell(CancelTurn())
            return
        if chat is not None and chat.composer.draft:
            chat.composer.draft = ""
            return
        if monotonic() - self._interrupted < TWICE:
            self.exit()
            return
        self._interrupted = monotonic()
        self.say("Press Ctrl+C once more to quit.")

    # ── when something breaks ────────────────────────────────────────────────────────────────────────────────────

    def _handle_exception(self, error: Exception) -> None:
        """Ends with one line and a report without data, instead of a traceback with every local variable."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        if self.is_headless:
            super()._handle_exception(error)
            return
        self._broken = crash.told(error)
        self._close_messages_no_wait()

    _broken = ""

    def _print_error_renderables(self) -> None:
        if self._broken:
            print(self._broken, file=sys.__stderr__)
        super()._print_error_renderables()
