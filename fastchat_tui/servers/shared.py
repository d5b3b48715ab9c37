"""What all connections share: one import of the SDK, and the vault. They start side by side: a limit would let a
server that hangs keep a good one waiting, and has brought no gain even for twenty on two cores."""

from __future__ import annotations

import asyncio
import importlib
import logging
from typing import TYPE_CHECKING

from fastchat_tui.servers.vaulted import Complete, as_it_is

if TYPE_CHECKING:
    from fastchat_tui.servers.attempt import Attempt
    from fastchat_tui.servers.callbacks import Callbacks


SILENCED = ("mcp", "client", "httpx2", "httpcore2")
"""Loggers of the SDK (``client`` is its session's). Unheard they would end on the screen, at DEBUG with whole messages,
secrets included, so no file gets them either: what a user needs of them is in the events."""


class Shared:
    def __init__(self, complete: Complete = as_it_is) -> None:
        self.complete = complete
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
