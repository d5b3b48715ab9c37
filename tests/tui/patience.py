"""Waiting for what a screen will show: a busy machine draws late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot


async def until(pilot: Pilot[Any], true: Callable[[], bool], told: Callable[[], str]) -> None:
    """Returns when ``true``. Raises AssertionError with what ``told`` says when it does not become so."""
    for _ in range(500):
        if true():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"it never became true; the screen says: {told()}")
