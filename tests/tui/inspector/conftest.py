"""An app with nothing but an inspector, and records to show in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.app import ComposeResult

import fastchat_tui.tui
from fastchat_tui.tui.inspector.inspector import Inspector
from fastchat_tui.wire.events import FrameSeen, ServerLogged
from fastchat_tui.wire.ledger import CallRecord
from tests.fakes.styled import StyledApp

ZERO = 1_700_000_000.0
STYLES = Path(fastchat_tui.tui.__file__).parent / "styles"

Make = Callable[..., CallRecord]


class InspectorApp(StyledApp):
    CSS_PATH = [STYLES / "inspector.tcss"]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[FrameSeen] = []
        self.logs: list[tuple[float, ServerLogged]] = []
        self.now = ZERO + 5
        self.selected: list[str] = []
        self.copied: list[str] = []

    def compose(self) -> ComposeResult:
        yield Inspector(self.kept_frames, lambda server: self.logs, now=lambda: self.now)

    def kept_frames(self, server: str = "", call: str = "") -> Sequence[FrameSeen]:
        return [frame for frame in self.frames if frame.call == call]

    @property
    def inspector(self) -> Inspector:
        return self.query_one(Inspector)

    @property
    def text(self) -> str:
        """What the screen shows."""
        rows = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in row) for row in rows)

    def on_inspector_call_selected(self, event: Inspector.CallSelected) -> None:
        self.selected.append(event.call)

    def on_inspector_copy_wanted(self, event: Inspector.CopyWanted) -> None:
        self.copied.append(event.text)


@pytest.fixture
def app() -> InspectorApp:
    return InspectorApp()


@pytest.fixture
def make() -> Make:
    def record(number: int = 1, **changes: Any) -> CallRecord:
        fields: dict[str, Any] = {
            "call": f"c{number}",
            "turn": "t1",
            "step": 1,
            "server": "files",
            "tool": f"tool_{number}",
            "arguments": {"path": "/data"},
            "proposed_at": ZERO,
        }
        return CallRecord(**{**fields, **changes})

    return record
