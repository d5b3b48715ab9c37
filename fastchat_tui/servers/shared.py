"""What all connections share: one import of the SDK, and the places to start in."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastchat_tui.servers.attempt import Attempt
    from fastchat_tui.servers.callbacks import Callbacks


SILENCED = ("mcp", "client", "httpx2", "httpcore2")
"""Loggers of the SDK (``client`` is its session's). Unheard they would end on the screen, at DEBUG with whole messages,
secrets included, so no file gets them either: what a user needs of them is in the events."""


class Shared:
    HOLD = 2.0
    """Seconds after which a slow start gives its slot to the next: no server delays another for long."""

    def __init__(self, slots: int = 4) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._lock = asyncio.Lock()
        self._sdk: tuple[type[Attempt], type[Callbacks]] | None = None

    async def sdk(self) -> tuple[type[Attempt], type[Callbacks]]:
        async with self._lock:
            if self._sdk is None:
                module = await asyncio.to_thread(importlib.import_module, "fastchat_tui.servers.attempt")
                for name in SILENCED:
                    logger = logging.getLogger(name)
                    logger.addHandler(logging.NullHandler())
                    logger.propagate = False
                self._sdk = (module.Attempt, module.Callbacks)
            return self._sdk

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        await self._slots.acquire()
        held = [self._slots]

        def release() -> None:
            if held:
                held.pop().release()

        timer = asyncio.get_running_loop().call_later(self.HOLD, release)
        try:
            yield
        finally:
            timer.cancel()
            release()
