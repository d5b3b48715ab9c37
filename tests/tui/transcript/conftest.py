"""An app with nothing but a transcript, an engine's log to feed it, and plain inks for the pure part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from textual.app import ComposeResult

import fastchat_tui.tui
from fastchat_tui.tui.transcript.ink import ROLES, Ink
from fastchat_tui.tui.transcript.line import Line
from fastchat_tui.tui.transcript.stream import StreamDocument
from fastchat_tui.tui.transcript.widget import TranscriptView
from fastchat_tui.wire.events import Event, Stamped
from fastchat_tui.wire.ledger import CallLedger
from fastchat_tui.wire.transcript import Transcript
from tests.fakes.styled import StyledApp

ZERO = 1_700_000_000.0
STYLES = Path(fastchat_tui.tui.__file__).parent / "styles"

Rendered = Callable[..., list[Line]]


class TranscriptApp(StyledApp):
    """Folds events as the chat screen does, and keeps what the transcript posts."""

    CSS_PATH = [STYLES / "transcript.tcss"]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.ledger = CallLedger()
        self.fold = Transcript()
        self.now = ZERO
        self.posted: list[Any] = []

    def compose(self) -> ComposeResult:
        yield TranscriptView(self.ledger, now=lambda: self.now)

    def on_mount(self) -> None:
        self.view.focus()

    @property
    def view(self) -> TranscriptView:
        return self.query_one(TranscriptView)

    async def say(self, *events: Event) -> None:
        """Applies events and waits until they are painted."""
        for event in events:
            stamped = Stamped(0, self.now, event)
            record = self.ledger.apply(stamped)
            for change in self.fold.apply(stamped):
                self.view.show(change)
            if record is not None:
                self.view.record_changed(record)
        await self.view.drawn()

    @property
    def rows(self) -> list[str]:
        """What the screen shows."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in row).rstrip() for row in strips]

    @property
    def lines(self) -> list[str]:
        """The same without the scroll bar."""
        return [row[: self.view.scrollable_content_region.width].rstrip() for row in self.rows]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    def posts(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.posted if isinstance(message, kind)]

    def on_transcript_view_find_wanted(self, event: TranscriptView.FindWanted) -> None:
        self.posted.append(event)

    def on_transcript_view_next_wanted(self, event: TranscriptView.NextWanted) -> None:
        self.posted.append(event)

    def on_transcript_view_call_selected(self, event: TranscriptView.CallSelected) -> None:
        self.posted.append(event)

    def on_transcript_view_older_wanted(self, event: TranscriptView.OlderWanted) -> None:
        self.posted.append(event)

    def on_transcript_view_link_clicked(self, event: TranscriptView.LinkClicked) -> None:
        self.posted.append(event)

    def on_transcript_view_copy_wanted(self, event: TranscriptView.CopyWanted) -> None:
        self.posted.append(event)


@pytest.fixture
def app() -> TranscriptApp:
    return TranscriptApp()


@pytest.fixture
def ink() -> Ink:
    """Inks that can be told apart: each role is a style with its own name as meta."""
    return Ink(Style(), {role: Style(meta={"role": role}) for role in ROLES})


@pytest.fixture
def rendered(ink: Ink) -> Rendered:
    def render(text: str, width: int = 40, **options: Any) -> list[Line]:
        document = StreamDocument(width, ink, **options)
        document.feed(text)
        document.finish()
        document.work()
        return [document.line(y) for y in range(document.height)]

    return render


def texts(lines: Sequence[Line]) -> list[str]:
    return [line.text for line in lines]


def role_of(lines: Sequence[Line], text: str) -> str:
    """The role of the segment that holds ``text``."""
    for line in lines:
        for segment in line.segments:
            if text in segment.text and segment.style is not None:
                return str(segment.style.meta.get("role", ""))
    raise AssertionError(f"{text!r} is not drawn")
