"""One attempt to be connected: transport, tap and session of one kind, and in words why it ended.

Imports the SDK, so ``connection.py`` loads it late. Used once; a reconnect is another attempt.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Literal

from mcp import MCPError

from fastchat_tui.servers.callbacks import Callbacks
from fastchat_tui.servers.catalogue import read_catalogue
from fastchat_tui.servers.content import tool_result
from fastchat_tui.servers.ended import Ended
from fastchat_tui.servers.frames import CALL, Tap
from fastchat_tui.servers.http import EXCHANGE, Exchange, Http
from fastchat_tui.servers.journal import Journal
from fastchat_tui.servers.process import Child, exit_words
from fastchat_tui.servers.session import Session, open_session
from fastchat_tui.servers.stdio import Stdio
from fastchat_tui.servers.trace import traceparent
from fastchat_tui.servers.words import CLOSED, SessionGone, code_of, leaf, refusal, session_gone
from fastchat_tui.wire.content import Object, ToolResult
from fastchat_tui.wire.errors import NeedsLogin, ServerError
from fastchat_tui.wire.events import CatalogueChanged
from fastchat_tui.wire.ports import Emit, OnProgress
from fastchat_tui.wire.servers import Era, Level, ServerSpec, ServerState
from fastchat_tui.wire.text import human_time, one_line

UNKNOWN = "It may have been carried out all the same, so it is not repeated by itself."


class Attempt:
    """``child`` is the process of a stdio server; whoever started it sees to its end. ``on_lost`` is told, without
    waiting, when the connection is of no more use."""

    def __init__(
        self,
        spec: ServerSpec,
        mode: Era,
        journal: Journal,
        callbacks: Callbacks,
        emit: Emit,
        mask: Callable[[str], str],
        *,
        child: Child | None,
        auth: Any,
        sse: bool,
        on_lost: Callable[[], None],
        on_change: Callable[[], None],
        on_update: Callable[[str], None],
    ) -> None:
        self._spec = spec
        self._mode = mode
        self._callbacks = callbacks
        self._journal = journal
        self._on_lost = on_lost
        self._on_change = on_change
        self._on_update = on_update
        self._sse = sse
        self._tap = Tap(spec.name, emit, mask, on_lost)
        self._stdio = Stdio(spec.name, child, journal) if child else None
        self._http = None if self._stdio else Http(spec, on_lost, auth=auth, sse=sse)
        journal.forget_words()

    def open(self) -> AbstractAsyncContextManager[Session]:
        transport = self._stdio or self._http
        assert transport is not None
        return open_session(
            transport,
            self._tap,
            self._mode,
            self._callbacks,
            level=self._spec.options.log_level,
            on_log=self._logged,
            on_change=self._on_change,
            on_update=self._on_update,
        )

    @property
    def probe_ignored(self) -> bool:
        return self._tap.probe_ignored

    def arm(self) -> None:
        """The handshake is over."""
        if self._http is not None:
            self._http.armed = True

    def kill(self) -> None:
        """The last resort of an owner that does not come to an end."""
        if self._stdio is not None:
            self._stdio.child.send_signal(signal.SIGKILL)

    async def catalogue(self, session: Session) -> CatalogueChanged:
        async def request(method: str, params: Object) -> Object:
            limit = self._spec.connect_timeout
            try:
                async with asyncio.timeout(limit):
                    return await session.request(method, params)
            except TimeoutError:
                raise ServerError(f"no answer to {method} within {human_time(limit)}.") from None
            except MCPError as error:
                raise refusal(self._spec.name, error) from error

        found = await read_catalogue(self._spec.name, session.capabilities, request)
        wrong = session.learn(found.tools)
        no_task = "" if session.runs_tasks else "it runs only as a task, and its server offers none"
        return replace(
            found,
            tools=tuple(
                replace(tool, problem=no_task or tool.problem) if tool.as_task else tool
                for tool in found.tools
                if tool.name not in wrong
            ),
            left_out=(*found.left_out, *(f"tool “{one_line(name, 60)}”: {why}" for name, why in wrong.items())),
        )

    async def call(
        self, session: Session, call: str, tool: str, arguments: Object, on_progress: OnProgress
    ) -> ToolResult:
        """One tool call. Runs in a task of its own, whose context marks what is sent for it."""
        CALL.set(call)
        params = {"name": tool, "arguments": arguments, "_meta": {"traceparent": traceparent(call)}}
        return tool_result(self._spec.name, await self.ask(session, "tools/call", params, on_progress))

    async def ask(self, session: Session, method: str, params: Object, on_progress: OnProgress | None = None) -> Object:
        """One request that may ask back, as all for which the task was made. Raises ServerError, as does ``read``."""
        return await self._asked(session, lambda: session.ask(method, params, on_progress))

    async def read(self, session: Session, uri: str, *, fresh: bool) -> Object:
        return await self._asked(session, lambda: session.read(uri, fresh=fresh))

    async def _asked(self, session: Session, ask: Callable[[], Awaitable[Object]]) -> Object:
        exchange = Exchange()
        EXCHANGE.set(exchange)
        try:
            return await self._after_visits(ask)
        except MCPError as error:
            raise await self._refused(error, exchange, session) from error

    async def _after_visits(self, ask: Callable[[], Awaitable[Object]]) -> Object:
        """Once more when the server wants a page visited first: it says so before it has done anything."""
        try:
            return await ask()
        except MCPError as error:
            if not await self._callbacks.visited(error):
                raise
        return await ask()

    async def why(self, error: BaseException | None, *, ready: bool) -> Ended:
        """Why the connection ended, or never came to be; ``ready`` says which."""
        cause = leaf(error) if error is not None else None
        if isinstance(cause, ServerError):
            return Ended("failed", f"{cause.text} {cause.remedy}".strip())
        if isinstance(cause, TimeoutError):
            limit = human_time(self._spec.connect_timeout)
            text = f"It was not ready within {limit}"
            return Ended("failed", f"{text}.", passing=True) if self._http else Ended("failed", self._with_words(text))
        if self._http is not None:
            return self._why_http(self._http.last, cause, ready)
        assert self._stdio is not None
        await self._stdio.settle()
        if cause is not None and code_of(cause) != CLOSED:
            return Ended("failed", self._with_words(f"The handshake failed: {_brief(cause)}"))
        code = self._stdio.exit_code
        how = exit_words(code) if code is not None else "it closed its output"
        words = self._with_words(f"It ended by itself: {how}")
        state: ServerState = "closed" if ready and code == 0 else "failed"
        early = not ready and self._mode == "auto"
        return Ended(state, words, code, away=ready, hint="legacy" if early else "")

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _why_http(self, last: Exchange, cause: BaseException | None, ready: bool) -> Ended:
        if last.wants_login:
            return Ended("needs_login", self._wants_login(last))
        words = last.words() or (_brief(cause) if cause is not None else "the connection was closed")
        if ready:
            return Ended("failed", f"It went away: {words}", away=True)
        if last.refused and not self._sse and self._spec.sse_fallback:
            return Ended("failed", f"It refused Streamable HTTP: {words}.", hint="sse")
        closed = cause is not None and code_of(cause) == CLOSED and self._mode == "auto"
        hint: Literal["", "legacy"] = "legacy" if closed else ""
        return Ended("failed", f"It could not be reached: {words}.", passing=last.passing, hint=hint)

    def _wants_login(self, last: Exchange) -> str:
        if last.error is not None:
            return f"{last.words()}."
        challenge = f" ({last.challenge})" if last.challenge else ""
        if any(name.lower() == "authorization" for name in self._spec.headers):
            return f"It does not take the token that stands in its headers: {last.words()}{challenge}."
        return f"It wants a sign-in: {last.words()}{challenge}."

    async def _refused(self, error: MCPError, exchange: Exchange, session: Session) -> ServerError:
        name = self._spec.name
        if exchange.status == 403:
            return ServerError(f"{name} does not allow that: {exchange.words()}.", "Other tools of it may still work.")
        if exchange.wants_login:
            return NeedsLogin(f"{name} wants a sign-in: {exchange.words()}.", "Sign in, then try again.")
        if self._http is not None:
            if not session.modern and session_gone(error, exchange.status):
                self._on_lost()
                return SessionGone(f"{name} was restarted and forgot this session.", "It reconnects; then try again.")
            if (words := exchange.words()) and (code_of(error) in (CLOSED, -32603) or exchange.error is not None):
                again = "Try again, or reconnect the server (r)."
                return ServerError(f"{name} did not answer: {words}.", UNKNOWN if exchange.sent else again)
        elif code_of(error) == CLOSED and self._stdio is not None:
            ended = await self.why(None, ready=True)
            return ServerError(
                f"{name} is gone. {ended.detail}", "Reconnect it (r). The call is not repeated by itself."
            )
        return refusal(name, error)

    def _with_words(self, text: str) -> str:
        words = self._journal.last_words()
        return f"{text}. Last words: {words}" if words else f"{text}. It said nothing on standard error."

    def _logged(self, level: Level, text: str) -> None:
        self._journal.add("server", level, text)


def _brief(error: BaseException) -> str:
    if type(error).__name__ == "ValidationError":
        return "its answer is not valid MCP"
    return one_line(str(error), 200) or type(error).__name__
