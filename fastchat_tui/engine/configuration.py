"""The configuration in use: loaded, watched, and read again when a file of it changes.

What a changed file of a folder would start is asked about first; until somebody agrees, what runs goes on as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from fastchat_tui.engine.questions import Questions
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.events import Noticed
from fastchat_tui.wire.ports import Config, Emit, Settings

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
        self.current = Config()

    async def load(self) -> Config:
        """As it is now; as it was where it cannot be read, which is said."""
        self._stamp = await asyncio.to_thread(self._settings.stamp)
        try:
            return await asyncio.to_thread(self._settings.load)
        except ConfigError as error:
            self._emit(Noticed(level="error", text=error.text, remedy=error.remedy))
            return replace(self.current, model=self.current.model or "gpt-5-nano", notices=(), pending=())

    async def use(self, config: Config) -> None:
        self.current = config
        await self._apply(config)

    async def reload(self) -> None:
        """Servers whose entry did not change go on undisturbed."""
        async with self._lock:
            await self.use(await self.load())

    async def ask(self, config: Config) -> None:
        """Whether what was found may be used, one file after the other."""
        for about in config.pending:
            answer = await self._questions.ask(about)
            if answer.decision != "deny":
                await asyncio.to_thread(self._settings.trust, about, answer.decision == "always")
                await self.reload()

    async def watch(self) -> None:
        """Follows the files for ever."""
        while True:
            await asyncio.sleep(PERIOD)
            seen = await asyncio.to_thread(self._settings.stamp)
            if seen == self._stamp:
                continue
            await asyncio.sleep(PERIOD)
            if seen != await asyncio.to_thread(self._settings.stamp):
                continue  # somebody is still writing
            async with self._lock:
                config = await self.load()
                changed = any(about.path == self.current.path for about in config.pending)
                if not changed:
                    await self.use(config)
            await self.ask(config)
