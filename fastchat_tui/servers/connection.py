"""One MCP server, owned by one task: that task alone enters and leaves the session, everyone else awaits answers."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from fastchat_tui.servers import offers, sdk
from fastchat_tui.servers.frames import CALL, Tap
from fastchat_tui.servers.http import HttpTransport
from fastchat_tui.servers.logfile import ServerLog
from fastchat_tui.servers.session import Session
from fastchat_tui.servers.stdio import StdioTransport
from fastchat_tui.wire.errors import FastchatError, NeedsLogin, ServerError
from fastchat_tui.wire.events import ServerChanged, ServerLogged
from fastchat_tui.wire.ports import Emit, OnProgress
from fastchat_tui.wire.text import human_time, one_line
from fastchat_tui.wire.values import Level, Object, ServerSpec, ServerState, ToolResult

HARD_LIMIT = 30 * 60.0
PROGRESS_EVERY = 0.1
STOP_WITHIN = 8.0


class Connection:
    """Satisfies ``wire.ports.Server``."""

    def __init__(
        self,
        spec: ServerSpec,
        emit: Emit,
        *,
        log_dir: Path | None,
        mask: Callable[[str], str],
        slots: asyncio.Semaphore,
    ) -> None:
        self.spec = spec
        self._emit = emit
        self._mask = mask
        self._slots = slots
        self._log = ServerLog(log_dir, spec.name) if log_dir else None
        self._session: Session | None = None
        self._state: ServerState = "off"
        self._why = ""
        self._stopping = asyncio.Event()
        self._again = asyncio.Event()
        self._lost = asyncio.Event()
        self._owner: asyncio.Task[None] | None = None
        self._odd = 0

    def start(self) -> None:
        if self._owner is None:
            self._say("connecting")
            self._owner = asyncio.create_task(self._own(), name=f"server {self.spec.name}")

    def reconnect(self) -> None:
        self._again.set()

    async def stop(self) -> None:
        self._stopping.set()
        if self._owner and not self._owner.done():
            await asyncio.wait([self._owner], timeout=STOP_WITHIN)
            if not self._owner.done():
                self._owner.cancel()
                await asyncio.wait([self._owner], timeout=STOP_WITHIN)
        if self._log:
            self._log.close()

    async def call(self, call: str, tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        session = self._session
        if session is None:
            raise ServerError(
                f"{self.spec.name} is not connected ({self._why or self._state}).",
                "Reconnect it in the servers pane (r).",
            )
        loop = asyncio.get_running_loop()
        started = heard = loop.time()
        slow = Throttle(progress)

        async def hear(done: float, total: float | None, text: str | None) -> None:
            nonlocal heard
            heard = loop.time()
            slow.put(done, total, text or "")

        token = CALL.set(call)
        request = asyncio.create_task(session.call_tool(tool, arguments, hear), name=f"call {call}")
        CALL.reset(token)
        lost = asyncio.create_task(self._lost.wait())
        try:
            while not request.done():
                left = min(heard + self.spec.call_timeout, started + HARD_LIMIT) - loop.time()
                if left <= 0:
                    silent = human_time(loop.time() - heard)
                    raise ServerError(
                        f"{self.spec.name} did not answer {one_line(tool, 60)} for {silent}; the call was cancelled.",
                        "Raise call_timeout in its entry if it needs longer.",
                    )
                await asyncio.wait({request, lost}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if lost.done() and not request.done():
                    await asyncio.wait({request}, timeout=0.5)
                    break
            if request.done():
                return offers.result(request.result())
            raise ServerError(*self._death())
        except sdk.errors() as error:
            if self._lost.is_set():
                raise ServerError(*self._death()) from error
            raise ServerError(f"{self.spec.name} refused the call: {one_line(str(error), 500)}") from error
        finally:
            slow.flush()
            lost.cancel()
            if not request.done():
                request.cancel()
                await asyncio.wait({request}, timeout=0.5)

    # ── the owner ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _own(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            self._again.clear()
            self._lost = asyncio.Event()
            try:
                await self._once()
                attempt = 0
                state: ServerState = "closed"
            except NeedsLogin as error:
                state, self._why = "needs_login", error.text
            except FastchatError as error:
                state, self._why = "failed", f"{error.text} {error.remedy}".strip()
            except Exception as error:  # the border of a server: its faults end only itself
                state, self._why = "failed", self._words(error)
            self._session = None
            if self._stopping.is_set():
                return
            if self._again.is_set():
                self._say("connecting")
                continue
            attempt += 1
            pause = self._pause(state, attempt)
            self._say(state, self._why + (f" Trying again in {pause:.0f} s." if pause else ""))
            waits = [asyncio.create_task(event.wait()) for event in (self._stopping, self._again)]
            await asyncio.wait(waits, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if not self._stopping.is_set():
                self._say("connecting")

    def _pause(self, state: ServerState, attempt: int) -> float | None:
        """Seconds until an HTTP server that went away is tried again; None: only when the user says so."""
        if self.spec.transport == "stdio" or state == "needs_login":
            return None
        return min(60.0, 2.0 ** (attempt - 1)) * random.uniform(0.8, 1.2)

    async def _once(self) -> None:
        """One connection from start to end. Raises when it never became ready."""
        kinds: list[str] = [self.spec.transport]
        if self.spec.transport == "http" and self.spec.sse_fallback:
            kinds.append("sse")
        modes: list[str] = ["legacy"] if self.spec.protocol == "legacy" else [self.spec.protocol]
        if self.spec.protocol == "auto":
            modes.append("legacy")
        failure: Exception | None = None
        for kind in kinds:
            for mode in modes:
                try:
                    await self._session_in(kind, mode)
                    return
                except NeverReady as error:
                    failure = error.cause
                    if not error.may_be_era:
                        break
            if not isinstance(failure, Refused):
                break
        assert failure is not None
        raise failure

    async def _session_in(self, kind: str, mode: str) -> None:
        await sdk.load()
        transport: StdioTransport | HttpTransport
        transport = (
            StdioTransport(self.spec, self._hear, self._hear_odd) if kind == "stdio" else HttpTransport(self.spec, kind)
        )
        lost = self._lost
        tap = Tap(self.spec.name, self._emit, self._mask, lost.set)
        session = Session(self.spec.name, self._emit, lambda level, text: self._note("server", level, text))
        ready = False
        permit = contextlib.AsyncExitStack()
        await permit.enter_async_context(self._slots)
        try:
            async with (
                permit,
                asyncio.timeout(self.spec.connect_timeout) as limit,
                session.connect(tap.around(transport.open()), mode),
            ):
                if isinstance(transport, HttpTransport):
                    transport.armed = True
                await session.list_all(lost)
                if not lost.is_set():
                    limit.reschedule(None)
                    await permit.aclose()
                    ready, self._session = True, session
                    self._say("ready", era=session.era, identity=session.identity, instructions=session.instructions)
                    async with session.watching():
                        await self._until_over(lost)
                    self._session = None
        except TimeoutError:
            text = f"It was not ready after {human_time(self.spec.connect_timeout)}."
            raise NeverReady(ServerError(text, self._advice(transport)), False) from None
        except Exception as error:
            if ready:
                lost.set()
            else:
                raise NeverReady(*self._blame(transport, sdk.leaf(error))) from error
        finally:
            self._session = None
            self._remember_end(transport)
        if not ready:
            raise NeverReady(
                ServerError("It closed the connection before it was ready.", self._advice(transport)), True
            )

    async def _until_over(self, lost: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self._stopping, self._again, lost)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _blame(self, transport: StdioTransport | HttpTransport, error: BaseException) -> tuple[Exception, bool]:
        """What the user is told, and whether another protocol era may help."""
        if isinstance(error, FastchatError):
            return error, False
        if isinstance(transport, StdioTransport):
            if transport.returncode is not None:
                text = f"It ended with {_exit(transport.returncode)} before it was ready."
                return ServerError(text, self._advice(transport)), True
            return ServerError(f"It could not be started: {self._words(error)}", self._advice(transport)), True
        if transport.status in (401, 403):
            return NeedsLogin(f"It wants a sign-in (HTTP {transport.status}).", "Add an Authorization header."), False
        if 400 <= transport.status < 500:
            return Refused(f"It answered HTTP {transport.status}.", "Check the URL: it is often …/mcp or …/sse."), True
        if transport.status:
            return ServerError(f"It answered HTTP {transport.status}."), False
        return ServerError(
            transport.trouble or self._words(error), "Check that it runs and that the URL is right."
        ), False

    def _advice(self, transport: StdioTransport | HttpTransport) -> str:
        if isinstance(transport, StdioTransport) and transport.last_words:
            words = [line for line in transport.last_words if line.strip()][-3:]
            return "Last words: " + one_line(" / ".join(words), 400)
        return ""

    def _remember_end(self, transport: StdioTransport | HttpTransport) -> None:
        code = transport.returncode if isinstance(transport, StdioTransport) else None
        how = f"It ended with {_exit(code)}." if code is not None else "It closed the connection."
        self._why = f"{how} {self._advice(transport)}".strip()

    def _death(self) -> tuple[str, str]:
        return (
            f"{self.spec.name} went away during the call. {self._why}".strip(),
            "Reconnect it in the servers pane (r).",
        )

    def _words(self, error: BaseException) -> str:
        return one_line(self._mask(str(sdk.leaf(error)) or type(sdk.leaf(error)).__name__), 300)

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────

    def _say(
        self, state: ServerState, detail: str = "", *, era: str = "", identity: str = "", instructions: str = ""
    ) -> None:
        self._state = state
        spec = self.spec
        self._emit(
            ServerChanged(
                server=spec.name,
                state=state,
                detail=self._mask(detail),
                transport=spec.transport,
                destination=self._mask(spec.url or " ".join((spec.command, *spec.args))),
                description=spec.description,
                origin=spec.origin,
                era=era,
                identity=identity,
                instructions=instructions,
            )
        )

    def _hear(self, lines: list[str]) -> None:
        if lines:
            self._note("stderr", "info", "\n".join(lines))

    def _hear_odd(self, line: str) -> None:
        self._odd += 1
        if self._odd == 1:
            text = f"It writes to stdout what is no message; such lines are left out. The first: {one_line(line)}"
            self._note("client", "warning", text)

    def _note(self, source: Literal["stderr", "server", "client"], level: Level, text: str) -> None:
        self._emit(ServerLogged(server=self.spec.name, source=source, level=level, text=text))
        if self._log:
            self._log.write(self._mask(text))


class Refused(ServerError):
    """An HTTP server that exists but does not speak this transport."""


class NeverReady(Exception):
    """Carries why a connection attempt failed out of the SDK's task groups."""

    def __init__(self, cause: Exception, may_be_era: bool) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.may_be_era = may_be_era


class Throttle:
    """At most ten progress reports a second; the last one is never lost."""

    def __init__(self, progress: OnProgress) -> None:
        self._progress = progress
        self._waiting: tuple[float, float | None, str] | None = None
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, done: float, total: float | None, text: str) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = done, total, text
        if loop.time() >= self._next:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_at(self._next, self.flush)

    def flush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._next = asyncio.get_running_loop().time() + PROGRESS_EVERY
            waiting, self._waiting = self._waiting, None
            self._progress(*waiting)


def _exit(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
