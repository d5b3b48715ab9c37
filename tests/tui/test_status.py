"""The line that says what happens now."""

from __future__ import annotations

import pytest
from textual.widget import Widget

from fastchat_tui.tui import status
from fastchat_tui.tui.status import Status


def test_the_clock_of_a_call_is_its_own_and_that_of_the_turn_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(status, "monotonic", lambda: now)
    monkeypatch.setattr(status, "time", lambda: 1_700_000_000.0 + now)
    edge = Widget()
    line = Status(edge)
    line.working("thinking")
    now = 110.0
    line.working("files › read runs", 1_700_000_107.0)
    assert "3.0 s ·" in str(edge.border_title)
    now = 112.0
    line.tick()
    assert "5.0 s ·" in str(edge.border_title)
    line.working("writing")
    assert "12.0 s ·" in str(edge.border_title)
    line.working("")
    assert not edge.border_title


def test_while_a_person_is_waited_for_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(status, "monotonic", lambda: now)
    edge = Widget()
    line = Status(edge)
    line.working("thinking")
    line.awaiting("your answer")
    assert edge._border_title is not None
    before = edge._border_title.plain
    now = 110.3
    line.tick()
    assert edge._border_title.plain == before == " waiting for your answer · Esc stops "
    line.working("thinking")
    assert "10.3 s ·" in str(edge.border_title)
