"""The main states of the screen as pictures, at two sizes.

``FASTCHAT_TEST_ACCEPT=1 pytest tests/tui/snapshots`` takes what is drawn now for right: look at what has changed.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from fastchat_tui.tui.app import FastchatApp
from fastchat_tui.wire.events import Event
from tests.tui.snapshots.stage import (
    APPROVAL,
    CHAT,
    FAILURE,
    GO_ON,
    KEY_USE,
    SERVERS,
    SIGN_IN,
    TRUST,
    Stage,
    asking,
)

ACCEPT = "FASTCHAT_TEST_ACCEPT" in os.environ
PICTURES = Path(__file__).parent / "pictures"


@dataclass(frozen=True)
class State:
    name: str
    events: tuple[Event, ...] = ()
    keys: tuple[str, ...] = ()
    theme: str = "night"
    key: bool = True


STATES = (
    State("empty", SERVERS[:2]),
    State("welcome", key=False),
    State("chat", (*SERVERS, *CHAT)),
    State("chat-start", (*SERVERS, *CHAT), ("ctrl+t", "f6", "g")),
    State("chat-full", (*SERVERS, *CHAT), ("ctrl+o", "f6", "g", "n", "n", "n", "n")),
    State("chat-compact", (*SERVERS, *CHAT), ("ctrl+o", "ctrl+o", "f6", "g")),
    State("chat-light", (*SERVERS, *CHAT), theme="daylight"),
    State("chat-contrast", (*SERVERS, *CHAT), theme="contrast"),
    State("chat-plain", (*SERVERS, *CHAT), ("f3",), theme="plain"),
    State("failure", (*SERVERS, *CHAT, *FAILURE)),
    State("approval", (*SERVERS, *CHAT, *asking(APPROVAL))),
    State("approval-edit", (*SERVERS, *asking(APPROVAL)), ("~", "e")),
    State("questions-in-line", (*SERVERS, *asking(APPROVAL, APPROVAL, GO_ON))),
    State("trust", asking(TRUST)),
    State("key-use", asking(KEY_USE)),
    State("sign-in", (*SERVERS, *asking(SIGN_IN))),
    State("sign-in-wrong", (*SERVERS, *asking(SIGN_IN)), ("~", "p", *"https://x?code=1", "enter")),
    State("servers", SERVERS, ("f2", "j", "right")),
    State("server-page", SERVERS, ("f2", "j", "enter")),
    State("call-result", (*SERVERS, *CHAT), ("f3", "k", "l")),
    State("call-frames", (*SERVERS, *CHAT), ("f3", "k", "l", "l", "tab", "enter")),
    State("call-timing", (*SERVERS, *CHAT), ("f3", "k", "l", "l", "l")),
    State("by-hand", SERVERS, (*"#files:list_directory", "space", "enter")),
    State("help", SERVERS, ("f1",)),
    State("help-question", (*SERVERS, *asking(APPROVAL)), ("f1",)),
    State("palette-search", SERVERS, ("ctrl+p", *"files")),
    State("palette", SERVERS, ("ctrl+p",)),
    State("sessions", (*SERVERS, *CHAT), ("ctrl+s",)),
    State("themes", (*SERVERS, *CHAT), ("f9",)),
    State("completion", SERVERS, ("/", "s")),
)


@pytest.fixture(autouse=True)
def standing_clocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No picture depends on when and where it was taken."""
    monkeypatch.setattr("fastchat_tui.tui.status.monotonic", lambda: 100.0)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
async def test_the_screen_looks_as_it_was_looked_at(state: State, size: tuple[int, int]) -> None:
    drawn = await picture(state, size)
    kept = PICTURES / f"{state.name}-{size[0]}x{size[1]}.svg"
    if ACCEPT:
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(drawn, encoding="utf-8")
    before = kept.read_text(encoding="utf-8") if kept.exists() else ""
    if drawn != before:
        now = kept.with_suffix(".now.svg")
        now.write_text(drawn, encoding="utf-8")
        pytest.fail(f"{kept.name} has changed: compare {kept} with {now}", pytrace=False)


async def picture(state: State, size: tuple[int, int]) -> str:
    engine = Stage(*state.events, key=state.key)
    app = FastchatApp(engine, theme=state.theme)
    async with app.run_test(size=size) as pilot:
        await app.chat.attached.wait()
        await engine.events.all_read.wait()
        await settled(pilot)
        for key in state.keys:
            if key == "~":
                app.screen._quiet_since = 0.0  # type: ignore[attr-defined]  # the question has stood for a while
            else:
                if len(key) > 1:  # it acts on what the letters before it have opened
                    await settled(pilot)
                await pilot.press(key)
        await settled(pilot)
        return normal(app.export_screenshot(title="fastchat-tui"))


async def settled(pilot: Pilot[int]) -> None:
    """Waits until the screen is the same three times."""
    drawn: object = None
    same = 0
    while same < 3:
        for screen in pilot.app.screen_stack:
            for field in screen.query("Input, TextArea"):
                field.cursor_blink = False  # type: ignore[attr-defined]
        await pilot.pause(0.02)
        before, drawn = drawn, [strip.text for strip in pilot.app.screen._compositor.render_strips()]
        same = same + 1 if drawn == before else 0


def normal(svg: str) -> str:
    """Without the number that Textual makes up for each picture, and without fonts from elsewhere."""
    return re.sub(r"@font-face {.*?}\s*", "", re.sub(r"terminal-\d+", "terminal", svg), flags=re.DOTALL)
