"""A server as the engine sees it. One owner task connects, keeps and leaves the session; callers only await answers.

The owner is never cancelled to make it leave: it is told (``_leave``), because a second cancellation would defeat the
closing of a stubborn process. Nothing of the SDK is imported until a server starts, and then in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from fastchat_tui.servers.ended import Ended, absent, standing, unbegun
from fastchat_tui.servers.entering import Entering
from fastchat_tui.servers.eras import Eras
from fastchat_tui.servers.hearing import Hearing
from fastchat_tui.servers.journal import Journal
from fastchat_tui.servers.process import running
from fastchat_tui.servers.recovery import LEFT_ALONE, Recovery, backoff
from fastchat_tui.servers.shared import Shared
from fastchat_tui.wire.ports import Emit, Host
from fastchat_tui.wire.servers import ServerOptions, ServerSpec, ServerState
from fastchat_tui.wire.sign_in import MakeSignIn

if TYPE_CHECKING:
    from fastchat_tui.servers.attempt import Attempt
    from fastchat_tui.servers.session import Session

STOP = 5.0
"""Seconds that a stop waits for the owner; what a process needs at most is less."""


class Connection(Entering):
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
        sign_in: MakeSignIn | None = None,
    ) -> None:
        super().__init__(spec, emit, host, shared, sign_in)
        self._journal = journal
        self._mask = mask
        self._recovery = Recovery(pause, process=spec.transport == "stdio")
        self._owner: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._needed = asyncio.Event()
        self._moved = asyncio.Event()
        self._begun = self._ended = self._wanted = 0
        """Attempts by number: begun, ended, and the one that somebody waits for."""
        self._coming = False
        """The attempt that was begun may still become a session."""
        self._resting = False
        self._stopping = False
        self._attempt: Attempt | None = None
        self._session: Session | None = None
        self._hearing = Hearing(spec.name, emit, journal, host.tell)
        self._sse = spec.transport == "sse"
        self._eras = Eras(spec)
        self._errand: asyncio.Task[None] | None = None
        self._was_ready = False
        self._last = Ended("off")

    @property
    def spec(self) -> ServerSpec:
        return self._spec

    def start(self) -> None:
        if self._owner is None and not self._stopping:
            self._owner = asyncio.create_task(self._live(), name=f"server {self._spec.name}")

    def reconnect(self) -> None:
        self.start()
        self._tell_to_leave()

    def _again(self) -> None:
        if self._owner is not None:
            self.reconnect()

    async def stop(self) -> None:
        self._stopping = True
        self._tell_to_leave()
        if self._owner is not None:
            await asyncio.wait({self._owner}, timeout=STOP)
            if not self._owner.done() and self._attempt is not None:
                self._attempt.kill()
                await asyncio.wait({self._owner}, timeout=1.0)
        await self._settle()
        await self._journal.close()

    async def watch(self, uri: str, on: bool) -> None:
        attempt, session = await self._open()
        await self._calls.run("", lambda _: self._hearing.watch(attempt, session, uri, on), self._leaving)

    async def configure(self, options: ServerOptions, *, quietly: bool = False) -> None:
        old, self._spec = self._spec, replace(self._spec, options=options)
        session = self._session
        if quietly and session is not None:
            self._say_ready(session)
        elif (old.options.sampling, old.options.era) != (options.sampling, options.era) or session is None:
            self._eras.choose(self._spec)
            self._again()
        elif session.modern and old.options.log_level != options.log_level:
            self.reconnect()
        else:
            self._say_ready(session)
            if old.options.log_level != options.log_level:
                await session.ask_for_logs(options.log_level)
            if old.options.roots != options.roots:
                await session.tell_roots()

    # ── the owner ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            self._leave.clear()
            self._begun += 1
            self._coming, self._resting = True, False
            since, tries = loop.time(), self._recovery.tries
            self._say("connecting", f"trying again (attempt {tries})" if tries else "")
            self._last = ended = await self._connect()
            self._ended, self._coming = self._begun, False
            if self._stopping:
                break
            if not self._leave.is_set():
                self._tell_entered(ended.detail or ended.state)
                again = ended.passing or (self._was_ready and ended.state in ("failed", "closed"))
                seconds = self._recovery.after(loop.time() - since, loop.time()) if again else None
                await self._rest(ended, seconds)
            if self._leave.is_set():
                self._recovery.forget()
        self._resting = True
        self._move()

    async def _rest(self, ended: Ended, seconds: float | None) -> None:
        """Until it is time, or somebody needs the server, or the user says so."""
        self._resting = seconds is None
        self._needed.clear()
        detail = ended.detail
        if seconds is None and self._was_ready and ended.state != "needs_login":
            detail = f"{detail} {LEFT_ALONE}"
        self._say(ended.state, detail, ended.exit_code, seconds)
        self._move()
        if self._wanted <= self._begun or self._resting:
            events = (self._leave,) if self._resting else (self._leave, self._needed)
            waits = [asyncio.create_task(event.wait()) for event in events]
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()

    async def _connect(self) -> Ended:
        """As configured; then what the failure hints at."""
        ended = first = await self._try()
        if not self._leave.is_set() and not ended.away and self._eras.another(ended):
            ended = first = await self._try()
            if not self._was_ready:
                self._eras.failed()
        if first.hint == "sse" and not self._leave.is_set():
            self._sse = True
            ended = await self._try()
            if not self._was_ready and ended.state == "failed":
                self._sse, ended = False, first
        return ended

    async def _try(self) -> Ended:
        lost = asyncio.Event()
        attempt: Attempt | None = None
        ready = False

        def gone() -> None:
            lost.set()
            self._drop_session()

        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(None) as self._patience:
                    spec = await self._shared.complete(self._spec)
                    local = spec.transport == "stdio"  # its process comes up while the SDK is imported
                    child = await stack.enter_async_context(running(spec)) if local else None
                    make, callbacks = await self._shared.sdk()
                    auth = await self._auth()
                    if not self._leave.is_set():
                        until = asyncio.get_running_loop().time() + self._spec.connect_timeout
                        self._patience.reschedule(until)
                    self._attempt = attempt = make(
                        spec,
                        self._eras.now,
                        self._journal,
                        callbacks(lambda: self._spec, self._host, self._calls),
                        self._emit,
                        self._mask,
                        child=child,
                        auth=auth,
                        sse=self._sse,
                        on_lost=gone,
                        on_change=self._hearing.changed,
                        on_update=self._hearing.updated,
                    )
                    session = await stack.enter_async_context(attempt.open())
                ready = True
                attempt.arm()
                await self._serve(attempt, session, lost)
                ended = Ended("off") if self._leave.is_set() else await attempt.why(None, ready=True)
                self._last = ended
            return ended
        except (Exception, BaseExceptionGroup) as error:  # the border of a server: whatever breaks it, breaks only it
            if attempt is None:
                return unbegun(error)
            return await attempt.why(error, ready=ready)
        finally:
            self._patience = None
            self._attempt = None

    async def _serve(self, attempt: Attempt, session: Session, lost: asyncio.Event) -> None:
        """Returns when the connection is lost or is to be left."""

        def ready() -> None:
            self._was_ready = True
            self._session = session
            if self._eras.learned(attempt.probe_ignored):
                self._spec = replace(self._spec, deaf=True)
                self._errand = asyncio.create_task(self._host.is_deaf(self._spec.name))
            self._move()
            self._say_ready(session)
            self._tell_entered()

        leaving = [asyncio.create_task(event.wait()) for event in (self._leave, lost)]
        hearing = asyncio.create_task(self._hearing.keep(attempt, session, lost, ready))
        logs = asyncio.create_task(session.ask_for_logs(self._spec.options.log_level))
        try:
            await asyncio.wait([*leaving, hearing], return_when=asyncio.FIRST_COMPLETED)
            if hearing.done() and not lost.is_set():
                hearing.result()
        finally:
            self._drop_session()
            for task in (*leaving, hearing, logs):
                task.cancel()
            await asyncio.gather(*leaving, hearing, logs, return_exceptions=True)

    # ── what requests need ───────────────────────────────────────────────────────────────────────────────────────

    def _leaving(self) -> bool:
        return self._leave.is_set()

    async def _open(self) -> tuple[Attempt, Session]:
        """Waits for a connection that is on its way, and hurries one that would be tried later."""
        wanted = self._begun if self._coming else self._begun + 1
        if self._session is None:
            self._wanted = wanted
            self._needed.set()
        try:
            async with asyncio.timeout(self._spec.connect_timeout):
                while self._session is None or self._attempt is None:
                    if self._owner is None or self._resting or self._stopping or self._ended >= wanted:
                        raise absent(self._spec.name, self._last)
                    await self._moved.wait()
        except TimeoutError:
            raise absent(self._spec.name, self._last) from None
        return self._attempt, self._session

    async def _forgotten(self, session: Session) -> None:
        while self._session is session:
            await self._moved.wait()

    def _drop_session(self) -> None:
        """At once: a call that came now would still be sent, and never answered."""
        if self._session is not None:
            self._session, self._coming = None, False
            self._move()

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def _tell_to_leave(self) -> None:
        self._leave.set()
        if self._patience is not None:
            with contextlib.suppress(RuntimeError):  # it has run out by itself
                self._patience.reschedule(asyncio.get_running_loop().time())

    def _say_ready(self, session: Session) -> None:
        told = standing(self._spec, "ready", self._mask, sse=self._sse)
        self._emit(replace(told, era=session.era, identity=session.identity, instructions=session.instructions))

    def _say(
        self, state: ServerState, detail: str = "", exit_code: int | None = None, again: float | None = None
    ) -> None:
        told = standing(self._spec, state, self._mask, sse=self._sse)
        self._emit(replace(told, detail=self._mask(detail), exit_code=exit_code, again=again))
