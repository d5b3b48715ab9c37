"""Writes the session as it happens: facts at once, streamed text every second.

When the log cannot be written, the chat goes on in memory and everything is tried again every ten seconds.
"""

from __future__ import annotations

import asyncio

from fastchat_tui.engine.bus import Mergeable
from fastchat_tui.wire.errors import StoreError
from fastchat_tui.wire.events import Noticed, Stamped, TextDelta, ThoughtDelta
from fastchat_tui.wire.ports import Emit, SessionStore

TEXT_EVERY = 1.0
RETRY_EVERY = 10.0


class Recorder:
    """One writer for the open session; the first failure is told, and recovery."""

    def __init__(self, store: SessionStore, emit: Emit) -> None:
        self._store = store
        self._emit = emit
        self._session = ""
        self._created = False
        self._queue = Mergeable()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._timer: asyncio.TimerHandle | None = None
        self._broken = False
        self._held: list[Stamped] = []

    def open(self, session: str, *, exists: bool) -> None:
        """Everything from now on belongs to ``session``; it is created with its first event."""
        self._session, self._created = session, exists

    def put(self, item: Stamped) -> None:
        self._queue.put(item)
        self._idle.clear()
        if isinstance(item.event, TextDelta | ThoughtDelta):
            self._wake_in(TEXT_EVERY)
        else:
            self._wake.set()

    @property
    def is_broken(self) -> bool:
        """The log could not be written at the last try."""
        return self._broken

    async def read(self, before: int | None = None, limit: int | None = None) -> list[Stamped]:
        """The session, as ``SessionStore.read`` gives it, and what could not be written yet."""
        await self.flush()
        saved = await self._store.read(self._session, before, limit)
        held = [stamped for stamped in self._held if before is None or stamped.seq < before]
        return [*saved, *held][-(limit or 0) :]

    async def flush(self) -> None:
        """Returns when all that was put is durable, or is known not to be."""
        if not self._broken:
            self._wake.set()
            await self._idle.wait()

    async def run(self) -> None:
        """The owner task; it ends by being cancelled after a ``flush``."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._timer:
                self._timer.cancel()
                self._timer = None
            items = self._held + self._queue.take_all()
            try:
                if items and not self._created:
                    await self._store.create(self._session, items[0].at)
                    self._created = True
                if items:
                    await self._store.append(self._session, items)
            except StoreError as error:
                self._held = items
                if not self._broken:
                    self._broken = True
                    text = f"The session is not being saved. {error.text}"
                    self._emit(Noticed(level="error", text=text, remedy=error.remedy))
                self._wake_in(RETRY_EVERY)
            else:
                self._held = []
                if self._broken:
                    self._broken = False
                    self._emit(Noticed(level="info", text="The session is being saved again."))
            if self._broken or not len(self._queue):
                self._idle.set()

    def _wake_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
