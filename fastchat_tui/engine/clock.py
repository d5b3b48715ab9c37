"""Time as events carry it."""

from __future__ import annotations

import time


class Clock:
    """Unix seconds carried forward by the monotonic clock: differences are durations, whatever the wall clock does."""

    def __init__(self) -> None:
        self._start = time.time() - time.monotonic()

    def now(self) -> float:
        return self._start + time.monotonic()
