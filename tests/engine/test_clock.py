"""The time of events, when somebody sets the clock of the machine."""

from __future__ import annotations

import time

import pytest

from fastchat_tui.engine.clock import Clock


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_clock_that_is_set_changes_no_duration(monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    clock, real = Clock(), time.time
    before = clock.now()
    assert abs(before - real()) < 60
    monkeypatch.setattr(time, "time", lambda: real() + jump)
    assert 0 <= clock.now() - before < 60
