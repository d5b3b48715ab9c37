"""The requests that run on a connection for somebody. Each has its patience: so many seconds without a sign of life,
which progress renews, and which stands still while a person is being asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fastchat_tui.servers.progress import Progress
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.ports import OnProgress
from fastchat_tui.wire.text import human_time

MAX_CALL = 30 * 60.0
"""Seconds that a call may take, whatever progress it reports."""
GONE = "The call is not repeated by itself."

Result = TypeVar("Result")


class Patience:
    """``longest`` holds whatever happens; time with a person counts for neither."""

    def __init__(self, seconds: float, longest: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._limit = self._loop.time() + longest
        self._held = 0
        self._held_at = 0.0
        self.timeout = asyncio.timeout(seconds)
        self.over = asyncio.Event()
        """The call has ended, however it did."""

    @property
    def at_its_limit(self) -> bool:
        return self._loop.time() >= self._limit

    def renew(self) -> None:
        if not self._held and not self.timeout.expired():
            self.timeout.reschedule(min(self._loop.time() + self._seconds, self._limit))

    def hold(self) -> None:
        self._held += 1
        if self._held == 1 and not self.timeout.expired():
            self._held_at = self._loop.time()
            self.timeout.reschedule(None)

    def resume(self) -> None:
        self._held -= 1
        if self._held == 0:
            self._limit += self._loop.time() - self._held_at
            self.renew()


class Calls:
    def __init__(self, server: str, seconds: float) -> None:
        self._server = server
        self._seconds = seconds
        self._running: dict[str, Patience] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def only(self) -> str:
        """The one call that runs now; empty when there is none, or several."""
        calls = [call for call in self._running if not call.startswith("#")]
        return calls[0] if len(calls) == 1 else ""

    @contextmanager
    def held(self) -> Iterator[None]:
        """While a person is asked, the calls that wait for the answer lose no time."""
        patiences = list(self._running.values())
        for patience in patiences:
            patience.hold()
        try:
            yield
        finally:
            for patience in patiences:
                patience.resume()

    async def during(self, call: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """``work`` that serves a call, and is given up with it: then this raises ServerError."""
        if (patience := self._running.get(call)) is None:
            return await work()
        serving, over = asyncio.create_task(work()), asyncio.create_task(patience.over.wait())
        try:
            await asyncio.wait({serving, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            serving.cancel()
        if not serving.done():
            raise ServerError("The call that this was for has ended.")
        return serving.result()

    async def run(
        self,
        call: str,
        work: Callable[[OnProgress], Coroutine[Any, Any, Result]],
        leaving: Callable[[], bool],
        progress: OnProgress | None = None,
    ) -> Result:
        """Runs ``work`` in a task of its own: cancelling this tells the server, and nobody waits for that.

        Raises ServerError when it takes too long, or the connection is left meanwhile."""
        patience = Patience(self._seconds, MAX_CALL)
        told = Progress(_ignore if progress is None else progress)

        def progressed(done: float, total: float | None, text: str) -> None:
            patience.renew()
            told.add(done, total, text)

        key = call or f"#{id(patience)}"
        self._running[key] = patience
        try:
            async with patience.timeout:
                asking = asyncio.create_task(work(progressed))
                self._tasks.add(asking)
                asking.add_done_callback(self._done)
                try:
                    await asyncio.wait({asking})
                finally:
                    asking.cancel()
        except TimeoutError:
            raise self._too_long(patience) from None
        finally:
            patience.over.set()
            del self._running[key]
            told.close()
        if asking.cancelled() or (leaving() and asking.exception() is not None):
            raise ServerError(f"{self._server} was disconnected during the call.", GONE)
        return asking.result()

    def _too_long(self, patience: Patience) -> ServerError:
        if patience.at_its_limit:
            return ServerError(
                f"{self._server} worked for {human_time(MAX_CALL)} without an end; the call was cancelled."
            )
        return ServerError(
            f"{self._server} did not answer within {human_time(self._seconds)}; the call was cancelled.",
            "If it needs longer, raise its call timeout in the configuration.",
        )

    def _done(self, asking: asyncio.Task[Any]) -> None:
        self._tasks.discard(asking)
        if not asking.cancelled():
            asking.exception()  # seen; an abandoned call has nobody else to look


def _ignore(done: float, total: float | None, text: str) -> None:
    pass
