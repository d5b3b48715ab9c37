"""One publisher, many readers. A slow one gets merged text, never a gap; only wire frames may be dropped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from fastchat_tui.wire.errors import StoreError
from fastchat_tui.wire.events import FrameSeen, Stamped, TextDelta, ThoughtDelta

Replay = Callable[[], Awaitable[Sequence[Stamped]]]
MAX_FRAMES = 500
"""Events that may wait before frames are dropped."""


class Mergeable:
    """A queue of events in which adjacent deltas of one step become one.

    The fragments of the last delta are kept apart until it is taken out: joining at each arrival would cost the
    square of the text.
    """

    def __init__(self) -> None:
        self._items: deque[Stamped] = deque()
        self._fragments: list[str] = []

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Stamped) -> None:
        event = item.event
        if isinstance(event, TextDelta | ThoughtDelta):
            if self._fragments and _same_stream(self._items[-1].event, event):
                self._fragments.append(event.text)
                self._items[-1] = item
                return
            self._seal()
            self._fragments = [event.text]
        else:
            self._seal()
        self._items.append(item)

    def take(self) -> Stamped:
        if len(self._items) == 1:
            self._seal()
        return self._items.popleft()

    def take_all(self) -> list[Stamped]:
        self._seal()
        items = list(self._items)
        self._items.clear()
        return items

    def _seal(self) -> None:
        if len(self._fragments) > 1:
            last = self._items[-1]
            if isinstance(last.event, TextDelta | ThoughtDelta):
                self._items[-1] = replace(last, event=replace(last.event, text="".join(self._fragments)))
        self._fragments = []


def _same_stream(last: object, event: TextDelta | ThoughtDelta) -> bool:
    if isinstance(last, TextDelta | ThoughtDelta) and type(last) is type(event):
        return (last.turn, last.step) == (event.turn, event.step)
    return False


class Subscription:
    """One reader's place. Iterate it; ``close`` ends the iteration after what is already waiting."""

    def __init__(self, bus: Bus, frames: bool, replay: Replay | None) -> None:
        self._bus = bus
        self._frames = frames
        self._replay = replay
        self._waiting = Mergeable()
        self._wake = asyncio.Event()
        self._past: deque[Stamped] = deque()
        self._reading = asyncio.Lock()
        self._closed = False

    def put(self, item: Stamped) -> None:
        if isinstance(item.event, FrameSeen) and (not self._frames or len(self._waiting) > MAX_FRAMES):
            return
        self._waiting.put(item)
        self._wake.set()

    def close(self) -> None:
        self._closed = True
        self._bus.leave(self)
        self._wake.set()

    async def read_past(self) -> None:
        """What comes before all that waits, once."""
        async with self._reading:
            if self._replay:
                replay, self._replay = self._replay, None
                self._past.extend(await replay())

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Stamped:
        await self.read_past()
        if self._past:
            return self._past.popleft()
        while not len(self._waiting):
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.take()


class Bus:
    def __init__(self) -> None:
        self._readers: set[Subscription] = set()
        self.is_closed = False

    def publish(self, item: Stamped) -> None:
        for reader in self._readers:
            reader.put(item)

    def subscribe(self, replay: Replay | None = None, *, frames: bool = False) -> Subscription:
        """A new reader; it sees what ``replay`` returns first. A closed bus has nothing to tell."""
        reader = Subscription(self, frames, None if self.is_closed else replay)
        self._readers.add(reader)
        if self.is_closed:
            reader.close()
        return reader

    def leave(self, reader: Subscription) -> None:
        self._readers.discard(reader)

    async def close(self) -> None:
        """Readers that have not begun get their past now: the log is closed next."""
        self.is_closed = True
        for reader in tuple(self._readers):
            with suppress(StoreError):
                await reader.read_past()
            reader.close()
