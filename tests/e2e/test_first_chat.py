"""The first minutes of a new user, in a real terminal: the demo, a chat over the bundled server, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.terminal import F2, F4, Terminal, servers_left

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_new_user_tries_the_demo_and_leaves(
    size: tuple[int, int], opened: Callable[..., Terminal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    terminal = opened("--demo", size=size)
    terminal.shows("Ask anything.")
    terminal.child.send("what time is it in Tokyo")  # the composer takes keys in the first frame
    terminal.shows("time is it in Tokyo")
    terminal.child.send(F2)
    terminal.shows("7 tools")
    terminal.child.send(F4 + "\r")
    terminal.shows("run this call?")
    terminal.shows("Asia/Tokyo")
    terminal.shows("In Tokyo it is", keys="y")
    assert servers_left(str(tmp_path))
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.raw
    assert servers_left(str(tmp_path)) == []


def test_without_a_key_the_demo_can_be_tried_from_where_you_are(opened: Callable[..., Terminal]) -> None:
    terminal = opened()
    terminal.shows("Try the demo")
    terminal.child.send("jj\r")
    terminal.shows(" DEMO ")
    terminal.shows("7 tools")
    assert terminal.end() == 0
    assert b"Traceback" not in terminal.raw


def test_escape_stops_a_slow_tool(
    opened: Callable[..., Terminal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    terminal = opened("--demo")
    terminal.shows("7 tools")
    terminal.child.send("count slowly\r")
    terminal.shows("run this call?")
    terminal.shows("%", keys="y")
    terminal.child.send("\x1b")
    terminal.shows("cancelled")
    assert terminal.end() == 0
