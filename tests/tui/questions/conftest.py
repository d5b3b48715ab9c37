"""An app that asks one question and keeps the answer; its clock stands still until a test moves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

import fastchat_tui.tui
from fastchat_tui.tui.modals.questions import question_modal
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.events import Asked
from fastchat_tui.wire.servers import ServerView, Tool
from tests.fakes.styled import StyledApp
from tests.tui.patience import until

STYLES = Path(fastchat_tui.tui.__file__).parent / "styles"


class QuestionApp(StyledApp):
    CSS_PATH = [STYLES / "inspector.tcss", STYLES / "questions.tcss"]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.clock = 100.0
        self.answers: list[Answer | None] = []

    def compose(self):
        yield Input()

    def ask(self, about: Any, *, tool: Tool | None = None, waiting: int = 0, quiet: bool = True) -> None:
        """Opens the question; with ``quiet`` its first moment, in which no key counts, is over."""
        modal = question_modal(
            Asked(question="q1", about=about),
            tool=tool,
            server=ServerView("files", destination="node server.js"),
            waiting=waiting,
            clock=lambda: self.clock,
        )
        self.push_screen(modal, self.answers.append)
        if quiet:
            self.call_after_refresh(self.pass_time, 1.0)

    def pass_time(self, seconds: float) -> None:
        self.clock += seconds

    @property
    def text(self) -> str:
        rows = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in row) for row in rows)

    async def shows(self, pilot: Pilot[Any], words: str) -> None:
        await until(pilot, lambda: words in self.text, lambda: self.text)


@pytest.fixture
def app() -> QuestionApp:
    return QuestionApp()
