"""When a server that was lost is tried again: soon, then later and later, and a process not for ever."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from fastchat_tui.wire.text import human_time

MAX_RESTARTS = 5
WINDOW = 300.0
"""A process that ended so often within so many seconds is left alone."""
LEFT_ALONE = f"It ended {MAX_RESTARTS} times in {human_time(WINDOW)}: it is left alone (r restarts it)."
STEADY = 30.0
"""A connection that lived so long starts its next attempts from the shortest pause again."""


def backoff(tries: int) -> float:
    """1, 2, 4 … 60 seconds, each a fifth more or less, so that many clients do not come back at once."""
    return float(min(60, 2**tries)) * random.uniform(0.8, 1.2)


class Recovery:
    def __init__(self, pause: Callable[[int], float], *, process: bool) -> None:
        self._pause = pause
        self._process = process
        self._restarts: deque[float] = deque(maxlen=MAX_RESTARTS)
        self.tries = 0

    def after(self, lived: float, now: float) -> float | None:
        """Seconds until the next try; None when it is left to the user."""
        if lived > STEADY:
            self.tries = 0
        if self._process:
            if len(self._restarts) == MAX_RESTARTS and now - self._restarts[0] < WINDOW:
                return None
            self._restarts.append(now)
        seconds = self._pause(self.tries)
        self.tries += 1
        return seconds

    def forget(self) -> None:
        """The user takes it in hand."""
        self.tries = 0
        self._restarts.clear()
