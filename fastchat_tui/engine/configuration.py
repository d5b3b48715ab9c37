"""The configuration in use: loaded, watched, and read again when a file of it changes.

What a changed file of a folder would start is asked about first; until somebody agrees, what runs goes on as it was.
The same content is asked about once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from fastchat_tui.engine.questions import Questions
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.events import Noticed
from fastchat_tui.wire.ports import Config, Emit, Settings
from fastchat_tui.wire.questions import Trust
from fastchat_tui.wire.servers import Level
from fastchat_tui.wire.settings import UnusableFile

PERIOD = 0.5
"""Seconds between two looks at the files; a change counts when it has rested for one."""


class Configuration:
    def __init__(
        self, settings: Settings, questions: Questions, emit: Emit, apply: Callable[[Config], Awaitable[None]]
    ) -> None:
        self._settings = settings
        self._questions = questions
        self._emit = emit
        self._apply = apply
        self._lock = asyncio.Lock()
        self._stamp: object = None
        self._pending: tuple[Trust, ...] = ()
        """What was found at the last look and is not used."""
        self._asked: set[tuple[str, str]] = set()
        """File and digest of what somebody has decided on."""
        self.current = Config(model="")

    async def load(self) -> Config:
        """As it is now; as it was where it cannot be read, which is said. At first that is what else was asked for, or
        no model at all: nothing may go to another endpoint than the user's."""
        self._stamp = await asyncio.to_thread(self._settings.stamp)
        try:
            config = await asyncio.to_thread(self._settings.load)
        except ConfigError as error:
            self._emit(Noticed(level="error", text=error.text, remedy=error.remedy))
            if isinstance(error, UnusableFile) and not self.current.model:
                config = error.without
            else:
                config = replace(self.current, notices=(), pending=())
        self._pending = config.pending
        return config

    async def use(self, config: Config) -> None:
        self.current = config
        await self._apply(config)

    async def reload(self, *, anew: bool = False) -> None:
        """Servers whose entry did not change go on undisturbed. ``anew`` asks again about what was refused before."""
        async with self._lock:
            if anew:
                self._asked.clear()
            config = await self.load()
            if any(self._is_used(about.path) for about in config.pending):
                await asyncio.to_thread(self._settings.keep, self.current)
            else:
                await self.use(config)

    async def ask(self) -> None:
        """Whether what was found may be used, one file after the other."""
        while (about := self._unasked()) is not None:
            answer = await self._questions.ask(about)
            self._asked.add((about.path, about.digest))
            if answer.decision != "deny":
                await asyncio.to_thread(self._settings.trust, about, answer.decision == "always")
                await self.reload()
            else:
                used = self._is_used(about.path)
                text = " has changed and is not used; what runs goes on as it was." if used else " is not used."
                level: Level = "warning" if used else "info"
                self._emit(Noticed(level=level, text=f"{about.path}{text}", remedy="/reload asks again."))

    async def watch(self) -> None:
        """Follows the files for ever."""
        while True:
            await asyncio.sleep(PERIOD)
            if await self._has_changed():
                await self.reload()
            await self.ask()

    def _unasked(self) -> Trust | None:
        return next((about for about in self._pending if (about.path, about.digest) not in self._asked), None)

    def _is_used(self, path: str) -> bool:
        return path in (self.current.path, self.current.dotenv)

    async def _has_changed(self) -> bool:
        """Whether the files are others than those that were read, and nobody is still writing."""
        seen = await asyncio.to_thread(self._settings.stamp)
        if seen == self._stamp:
            return False
        await asyncio.sleep(PERIOD)
        return bool(seen == await asyncio.to_thread(self._settings.stamp))
