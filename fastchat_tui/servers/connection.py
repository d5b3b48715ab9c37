"""A server as the engine sees it. One owner task connects, keeps and leaves the session; callers only await answers.

The owner is never cancelled to make it leave: it is told (``_leave``), because a second cancellation would defeat the
closing of a stubborn process. Nothing of the SDK is imported until a server starts, and then in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from fastchat_tui.servers.calls import Calls
from fastchat_tui.servers.destination import destination
from fastchat_tui.servers.ended import Ended
from fastchat_tui.servers.journal import Journal
from fastchat_tui.servers.shared import Shared
from fastchat_tui.wire.content import Object, ToolResult
from fastchat_tui.wire.errors import NeedsLogin, ServerError
from fastchat_tui.wire.events import ServerChanged
from fastchat_tui.wire.ports import Emit, Host, OnProgress
from fastchat_tui.wire.servers import Era, ServerOptions, ServerSpec, ServerState
from fastchat_tui.wire.text import human_time

if TYPE_CHECKING:
    from fastchat_tui.servers.attempt import Attempt
    from fastchat_tui.servers.session import Session

REFRESH = 1.0
"""Seconds between two readings of the lists."""
STEADY = 30.0
"""A connection that lived so long starts its next attempts from the shortest pause again."""
STOP = 5.0
"""Seconds that a stop waits for the owner; what a process needs at most is less."""


def backoff(tries: int) -> float:
    """1, 2, 4 … 60 seconds, each a fifth more or less, so that many clients do not come back at once."""
    return float(min(60, 2**tries)) * random.uniform(0.8, 1.2)


class Connection:
    """Satisfies ``wire.ports.Server``."""

    def __init__(
        self,
        spec: ServerSpec,
        emit: Emit,
        shared: Shared,
        journal: Journal,
        mask: Callable[[str], str],
        host: Host,
        pause: Callable[[int], float] = backoff,
    ) -> None:
        self._spec = spec
        self._emit = emit
        self._shared = shared
        self._journal = journal
        self._mask = mask
        self._pause = pause
        self._owner: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._stopping = False
        self._patience: asyncio.Timeout | None = None
        self._attempt: Attempt | None = None
        self._session: Session | None = None
        self._sse = spec.transport == "sse"
        self._mode: Era = self._wanted_mode()
        self._was_ready = False
        self._last = Ended("off")
        self._host = host
        self._calls = Calls(spec.name, spec.call_timeout)

    @property
    def spec(self) -> ServerSpec:
        return self._spec

    def _current(self) -> ServerSpec:
        return self._spec

    def start(self) -> None:
        if self._owner is None and not self._stopping:
            self._owner = asyncio.create_task(self._run(), name=f"server {self._spec.name}")

    def reconnect(self) -> None:
        self.start()
        self._tell_to_leave()

    async def stop(self) -> None:
        self._stopping = True
        self._tell_to_leave()
        if self._owner is not None:
            await asyncio.wait({self._owner}, timeout=STOP)
            if not self._owner.done() and self._attempt is not None:
                self._attempt.kill()
                await asyncio.wait({self._owner}, timeout=1.0)
        await self._journal.close()

    async def call(self, call: str, tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        attempt, session = self._attempt, self._session
        if attempt is None or session is None:
            raise self._absent()
        return await self._calls.run(
            call, lambda told: attempt.call(session, call, tool, arguments, told), self._leave.is_set, progress
        )

    async def configure(self, options: ServerOptions) -> None:
        old, self._spec = self._spec, replace(self._spec, options=options)
        session = self._session
        if (old.options.sampling, old.options.era) != (options.sampling, options.era) or session is None:
            self._mode = self._wanted_mode()
            if self._owner is not None:
                self.reconnect()
        elif session.modern and old.options.log_level != options.log_level:
            self.reconnect()
        else:
            self._say("ready", era=session.era, identity=session.identity, instructions=session.instructions)
            if old.options.log_level != options.log_level:
                await session.ask_for_logs(options.log_level)
            if old.options.roots != options.roots:
                await session.tell_roots()

    # ── the owner ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        tries = 0
        loop = asyncio.get_running_loop()
        while not self._stopping:
            self._leave.clear()
            begun = loop.time()
            self._say("connecting", f"trying again (attempt {tries + 1})" if tries else "")
            self._last = ended = await self._connect()
            if self._stopping:
                return
            if self._leave.is_set():
                tries = 0
            elif ended.away and self._was_ready:
                tries = 0 if loop.time() - begun > STEADY else tries
                seconds = self._pause(tries)
                tries += 1
                self._say("failed", f"{ended.detail}. Trying again in {human_time(seconds)}.")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._leave.wait(), seconds)
            else:
                tries = 0
                self._say(ended.state, ended.detail)
                await self._leave.wait()

    async def _connect(self) -> Ended:
        """As configured; then what the failure hints at."""
        ended = first = await self._try()
        if ended.hint == "legacy" and not self._leave.is_set():
            self._mode = "legacy"
            ended = first = await self._try()
            if not self._was_ready:
                self._mode = self._wanted_mode()
        if first.hint == "sse" and not self._leave.is_set():
            self._sse = True
            ended = await self._try()
            if not self._was_ready and ended.state == "failed":
                self._sse, ended = False, first
        return ended

    async def _try(self) -> Ended:
        lost = asyncio.Event()
        changed = asyncio.Event()
        attempt: Attempt | None = None
        ready = False
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(None) as self._patience:
                    make, callbacks = await self._shared.sdk()
                    async with self._shared.slot():
                        if not self._leave.is_set():
                            until = asyncio.get_running_loop().time() + self._spec.connect_timeout
                            self._patience.reschedule(until)
                        self._attempt = attempt = make(
                            self._spec,
                            self._mode,
                            self._journal,
                            callbacks(self._current, self._host, self._calls.held, lambda: self._calls.only),
                            self._emit,
                            self._mask,
                            sse=self._sse,
                            on_lost=lost.set,
                            on_change=changed.set,
                        )
                        session = await stack.enter_async_context(attempt.open())
                ready = True
                attempt.arm()
                await self._serve(attempt, session, lost, changed)
                ended = Ended("off") if self._leave.is_set() else await attempt.why(None, ready=True)
                self._last = ended
            return ended
        except (Exception, BaseExceptionGroup) as error:  # the border of a server: whatever breaks it, breaks only it
            if attempt is None:
                return Ended("failed", f"The MCP SDK could not be loaded: {error}")
            return await attempt.why(error, ready=ready)
        finally:
            self._patience = None
            self._attempt = None

    async def _serve(self, attempt: Attempt, session: Session, lost: asyncio.Event, changed: asyncio.Event) -> None:
        """Returns when the connection is lost or is to be left."""
        self._session = session
        leaving = [asyncio.create_task(event.wait()) for event in (self._leave, lost)]
        listing = asyncio.create_task(self._keep_listed(attempt, session, lost, changed))
        tasks = [*leaving, listing, asyncio.create_task(session.listen(changed.set))]
        try:
            await asyncio.wait([*leaving, listing], return_when=asyncio.FIRST_COMPLETED)
            if listing.done() and not lost.is_set():
                listing.result()
        finally:
            self._session = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_listed(
        self, attempt: Attempt, session: Session, lost: asyncio.Event, changed: asyncio.Event
    ) -> None:
        """Reads the lists at first and whenever they change, at most once a second; says ready after the first."""
        said = False
        while True:
            changed.clear()
            catalogue = await attempt.catalogue(session)
            if lost.is_set():
                return
            self._emit(catalogue)
            if not said:
                said = self._was_ready = True
                self._say("ready", era=session.era, identity=session.identity, instructions=session.instructions)
                await session.ask_for_logs(self._spec.options.log_level)
            await asyncio.sleep(REFRESH)
            await changed.wait()

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _tell_to_leave(self) -> None:
        self._leave.set()
        if self._patience is not None:
            with contextlib.suppress(RuntimeError):  # it has run out by itself
                self._patience.reschedule(asyncio.get_running_loop().time())

    def _wanted_mode(self) -> Era:
        return self._spec.options.era or self._spec.protocol

    def _absent(self) -> ServerError:
        name, last = self._spec.name, self._last
        if last.state == "needs_login":
            return NeedsLogin(f"{name} wants a sign-in first. {last.detail}", "Sign in, then try again.")
        if last.detail:
            return ServerError(f"{name} is not connected. {last.detail}", "Reconnect it (r), then try again.")
        return ServerError(f"{name} is not connected yet.", "Wait until it is ready, then try again.")

    def _say(
        self, state: ServerState, detail: str = "", *, era: str = "", identity: str = "", instructions: str = ""
    ) -> None:
        spec = self._spec
        self._emit(
            ServerChanged(
                server=spec.name,
                state=state,
                detail=self._mask(detail),
                transport="sse" if self._sse else spec.transport,
                destination=destination(spec, self._mask),
                description=spec.description,
                origin=spec.origin,
                era=era,
                identity=identity,
                instructions=instructions,
                options=spec.options,
            )
        )
