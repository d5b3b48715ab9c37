"""The program on the screen: keys, palette, clipboard, and what happens when something breaks.

The first frame needs no engine: ``attach`` gives it one afterwards, and only then anything heavy is imported.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.binding import BindingType
from textual.filter import LineFilter, NoColor
from textual.screen import Screen
from textual.types import CSSPathType
from textual.widgets import Input, TextArea
from textual.worker import WorkerFailed

from fastchat_tui import crash
from fastchat_tui.tui.bindings import TABLE, bindings, settled
from fastchat_tui.tui.chat_screen import ChatScreen
from fastchat_tui.tui.guard import ControlGuard
from fastchat_tui.tui.themed import ThemedApp
from fastchat_tui.wire.text import clean

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.actions import ActionParseResult
    from textual.command import Provider
    from textual.dom import DOMNode
    from textual.driver import Driver

    from fastchat_tui.wire.ports import Engine, Subscription

STYLES = Path(__file__).with_name("styles")
LATER = ("sidebar", "transcript", "inspector", "questions", "modals")
"""Style sheets that the first frame does without."""
NO_KEY = "none"
"""A name that no key has: Textual takes an empty text for no wish."""
TWICE = 2.0
"""Seconds within which a second Ctrl+C quits."""
CATCH_UP = 0.1
"""Seconds after which a terminal that was behind is looked at again."""
OSC_52 = 200_000
"""Characters that are still given to the terminal's clipboard: many terminals drop more, some choke on it."""
COLOURLESS, GUARD = NoColor(), ControlGuard()
"""One of each for good: strips keep what a filter made of them for as long as it is the same one."""
DEEPEST = 8
"""Dialogs that lie over each other, when the palette opens no further."""
Severity = Literal["information", "warning", "error"]


def _everything() -> type[Provider]:
    from fastchat_tui.tui.palette import Everything

    return Everything


class FastchatApp(ThemedApp):
    CSS_PATH: ClassVar[CSSPathType | None] = ["styles/app.tcss", "styles/composer.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]
    COMMANDS: ClassVar = {_everything}
    TITLE = "fastchat-tui"

    def __init__(
        self,
        engine: Engine | None = None,
        *,
        theme: str = "",
        keymap: Mapping[str, str] | None = None,
        theme_folders: Sequence[Path] = (),
        history: Path | None = None,
        on_theme: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(theme, theme_folders, on_theme)
        self.chat = ChatScreen(history)
        self.painted = asyncio.Event()
        """Set when the first frame is on the screen."""
        self.demo_wanted = False
        """Whether it ended to be started again as the demo."""
        self.keymap = settled(keymap or {})
        self._engine = engine
        self._interrupted = 0.0
        self._catching_up = False
        self.set_keymap({action: keys or NO_KEY for action, keys in self.keymap.items()})

    def get_default_screen(self) -> Screen[None]:
        return self.chat

    def get_driver_class(self) -> type[Driver]:
        usual = super().get_driver_class()
        if usual.__name__ == "WindowsDriver":
            from fastchat_tui.tui.paste_parser import install_on_windows

            install_on_windows()
        elif usual.__name__ == "LinuxDriver":
            from fastchat_tui.tui.terminal import Terminal

            return Terminal
        return usual

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Not for a terminal that is behind: it gets the whole picture as it is then, once it has taken the last."""
        if not self._outpaced:
            super()._display(screen, renderable)
        elif not self._catching_up:
            self._catching_up = True
            self.set_timer(CATCH_UP, self._catch_up)

    @property
    def _outpaced(self) -> bool:
        return bool(getattr(self._driver, "behind", False))

    def _catch_up(self) -> None:
        if self._outpaced:
            self.set_timer(CATCH_UP, self._catch_up)
        else:
            self._catching_up = False
            self.screen.refresh()

    def get_line_filters(self) -> Sequence[LineFilter]:
        usual = [COLOURLESS] if self.no_color else super().get_line_filters()
        return [*usual, GUARD]

    # ── start ────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_mount(self) -> None:
        self.call_after_refresh(self._after_first_frame)

    def on_resize(self) -> None:
        """Draws all of it anew: on its way through smaller sizes the terminal may have cut what it showed."""
        self.call_after_refresh(self.screen.refresh, layout=True)

    def _after_first_frame(self) -> None:
        self.painted.set()
        if self._engine is not None:
            self.attach(self._engine)

    def attach(self, engine: Engine) -> None:
        """Shows what ``engine`` does and lets it begin. May be called from outside the app."""
        self.call_later(lambda: self.run_worker(self._prepare(engine), name="style sheets"))

    async def _prepare(self, engine: Engine) -> None:
        """Beside the app's queue, in which keys would wait for the whole of it."""
        for name in LATER:
            self.stylesheet.read(STYLES / f"{name}.tcss")
            self.stylesheet.parse()  # for what is still to come: nothing that is there looks otherwise by it
            await asyncio.sleep(0)
        self.load_themes()
        self.call_later(self._show, engine)

    async def _show(self, engine: Engine) -> None:
        """In the queue: no key, such as one that quits, finds panes that are half there."""
        events = engine.subscribe()
        await self.chat.attach(engine)
        self.run_worker(self._read(events), name="engine events")
        engine.begin()
        unknown = sorted(self.keymap.keys() - {key.id for key in TABLE})
        keys_of_nothing = [f"The settings give keys to “{name}”, which is no action." for name in unknown]
        for problem in (*self.theme_problems, *keys_of_nothing):
            self.say(problem, "warning")

    async def _read(self, events: Subscription) -> None:
        from fastchat_tui.tui.draw import draw

        try:
            await self.chat.catch_up()
            async for stamped in events:
                if not self.is_running:
                    return  # what it would be shown on is being taken down
                try:
                    await draw(self.chat, stamped)
                except Exception as error:
                    self.fault(error)
        finally:
            events.close()

    # ── words, clipboard, links ──────────────────────────────────────────────────────────────────────────────────

    def say(self, text: str, severity: Severity = "information") -> None:
        """A toast; never interpreted as markup."""
        self.notify(clean(text), severity=severity, timeout=12 if severity == "error" else 6, markup=False)

    def copy(self, text: str) -> None:
        """Copies by the terminal (OSC 52, also over SSH) and by the system's own tool where there is one."""
        self.run_worker(self._copy(clean(text)), group="clipboard")

    async def _copy(self, text: str) -> None:
        from fastchat_tui.tui.clipboard import copy

        short = len(text) <= OSC_52
        if short:
            self.copy_to_clipboard(text)
        by_system = not os.environ.get("SSH_CONNECTION") and await asyncio.to_thread(copy, text)
        if short or by_system:
            self.say(f"Copied {len(text):,} characters.")
        else:
            self.say(f"{len(text):,} characters are too many for the terminal's clipboard. Copy a part.", "warning")

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """What a key does: a fault in it ends the key, and not the program."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            self.fault(error)
            return True

    def fault(self, error: Exception) -> None:
        """Something failed that must not fail; what runs goes on (but not under test)."""
        if self.is_headless:
            raise error
        self.say(crash.told(error), "error")

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_command_palette(self) -> None:
        """One at a time: Textual looks for it in front only, and fails when help lies over it. Not over everything:
        a dialog is drawn with all that lies behind it."""
        from fastchat_tui.tui.palette import Palette

        over = self.screen_stack
        if len(over) < DEEPEST and not any(isinstance(screen, Palette) for screen in over):
            self.push_screen(Palette())

    def action_help(self) -> None:
        self.chat.run_command("help")

    async def action_quit(self) -> None:
        self.exit()

    def leave_for_demo(self) -> None:
        self.demo_wanted = True
        self.exit()

    def action_interrupt(self) -> None:
        """Copy what is selected, else stop what runs, else clear what is written; twice: quit."""
        if selected := self._selected():
            self.copy(selected)
            self.screen.clear_selection()
        elif self.chat.stop():
            pass
        elif self.chat.composer.draft:
            self.chat.composer.draft = ""
        elif monotonic() - self._interrupted < TWICE:
            self.exit()
        else:
            self._interrupted = monotonic()
            self.say("Press Ctrl+C once more to quit.")

    def _selected(self) -> str:
        match self.focused:
            case Input(password=False, selected_text=text) | TextArea(selected_text=text) if text:
                return text
            case _:
                return self.screen.get_selected_text() or ""

    # ── when something breaks ────────────────────────────────────────────────────────────────────────────────────

    _broken = ""

    def _handle_exception(self, error: Exception) -> None:
        """Ends with one line and a report without data, instead of a traceback with every local variable."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error  # the report is to tell where it happened
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
            self._broken = crash.told(error)
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        if self._broken:
            print(f"fastchat-tui: {self._broken}", file=sys.__stderr__)
        self._exit_renderables.clear()
