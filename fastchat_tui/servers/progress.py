"""Progress of a call, told at most ten times a second; the last value always arrives."""

from __future__ import annotations

import asyncio
import math

from fastchat_tui.wire.ports import OnProgress

PERIOD = 0.1
MAX_TEXT = 1000


class Progress:
    """Between a server that may flood and a reader that draws."""

    def __init__(self, tell: OnProgress) -> None:
        self._tell = tell
        self._latest: tuple[float, float | None, str] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def add(self, done: float, total: float | None, text: str) -> None:
        if self._over or not math.isfinite(done):
            return
        total = total if total is not None and math.isfinite(total) else None
        self._latest = (done, total, text[:MAX_TEXT])
        if self._timer is None:
            self._deliver()

    def close(self) -> None:
        """Tells the last value; what comes later is dropped."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._latest is not None:
            self._tell(*self._latest)
            self._latest = None

    def _deliver(self) -> None:
        self._timer = None
        if self._latest is not None:
            latest, self._latest = self._latest, None
            self._tell(*latest)
            self._timer = asyncio.get_running_loop().call_later(PERIOD, self._deliver)
