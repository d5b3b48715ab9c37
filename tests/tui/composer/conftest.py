"""An app with nothing but a composer, that keeps what it says."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.widgets import Static

import fastchat_tui.tui
from fastchat_tui.tui.composer.completion import Vocabulary
from fastchat_tui.tui.composer.composer import Composer
from fastchat_tui.tui.composer.editor import Editor
from fastchat_tui.tui.composer.history import History
from fastchat_tui.tui.composer.menu import Menu
from tests.fakes.styled import StyledApp

STYLES = Path(fastchat_tui.tui.__file__).parent / "styles"
COMMANDS = {"help": "Keys", "model": "Choose the model", "new": "Start a new session", "files:summary": "A prompt"}
TOOLS = {"time:get_current_time": "The time in a zone", "files:read_file": "Read it", "files:write_file": "Write it"}


class ComposerApp(StyledApp):
    CSS_PATH: ClassVar = [STYLES / "composer.tcss"]
    CSS = "#chat { height: 1fr; }"

    def __init__(self, history: History | None = None) -> None:
        super().__init__()
        self.said: list[str] = []
        self.commands: list[tuple[str, str]] = []
        self.history = history

    def compose(self) -> ComposeResult:
        yield Static("", id="chat")
        yield Composer(self.history)

    def on_mount(self) -> None:
        self.composer.set_vocabulary(Vocabulary(COMMANDS, TOOLS))
        self.composer.focus()

    def on_composer_submitted(self, event: Composer.Submitted) -> None:
        self.said.append(event.text)

    def on_composer_command_wanted(self, event: Composer.CommandWanted) -> None:
        self.commands.append((event.name, event.argument))

    @property
    def composer(self) -> Composer:
        return self.query_one(Composer)

    @property
    def editor(self) -> Editor:
        return self.query_one(Editor)

    @property
    def menu(self) -> list[str]:
        return [candidate.text for menu in self.query(Menu) for candidate in menu.candidates]

    @property
    def screen_text(self) -> str:
        rows = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in row) for row in rows)


@pytest.fixture
def app() -> ComposerApp:
    return ComposerApp()
