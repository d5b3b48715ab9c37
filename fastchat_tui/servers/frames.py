"""A tap on the wire: every JSON-RPC message in both directions, with the call that it belongs to."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Any, Literal

from fastchat_tui.wire.events import FrameSeen
from fastchat_tui.wire.ports import Emit
from fastchat_tui.wire.text import head_and_tail

MAX_FRAME = 64 << 10
CALL: ContextVar[str] = ContextVar("call", default="")
"""The call on whose behalf the current task sends; the SDK writes in the task of the caller."""


class Tap:
    """Turns messages into FrameSeen events of one server. ``lost`` is called when the server's stream ends."""

    def __init__(self, server: str, emit: Emit, mask: Callable[[str], str], lost: Callable[[], None]) -> None:
        self._server = server
        self._emit = emit
        self._mask = mask
        self.lost = lost
        self._calls: dict[str, str] = {}

    @asynccontextmanager
    async def around(self, transport: AbstractAsyncContextManager[Any]) -> AsyncIterator[tuple[Any, Any]]:
        async with transport as (read, write):
            yield _Read(read, self), _Write(write, self)

    def see(self, direction: Literal["sent", "received"], item: Any) -> None:
        message = getattr(item, "message", None)
        if message is None:
            return
        text = message.model_dump_json(by_alias=True, exclude_unset=True)
        frame = self._mask(head_and_tail(text, MAX_FRAME))
        self._emit(
            FrameSeen(
                server=self._server,
                direction=direction,
                frame=frame,
                size=len(text),
                call=self._call_of(direction, message),
                at=time.time(),
            )
        )

    def _call_of(self, direction: str, message: Any) -> str:
        number = getattr(message, "id", None)
        method = getattr(message, "method", None)
        if direction == "sent" and number is not None and method is not None:
            call = CALL.get()
            if call:
                self._calls[str(number)] = call
            return call
        if direction == "received" and number is not None and method is None:
            return self._calls.pop(str(number), "")
        params = getattr(message, "params", None) or {}
        about = params.get("progressToken", params.get("requestId")) if isinstance(params, dict) else None
        return self._calls.get(str(about), "")


class _Read:
    def __init__(self, inner: Any, tap: Tap) -> None:
        self._inner = inner
        self._tap = tap

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> Any:
        import anyio

        try:
            item = await self._inner.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._tap.lost()
            raise
        self._tap.see("received", item)
        return item

    def __aiter__(self) -> _Read:
        return self

    async def __anext__(self) -> Any:
        import anyio

        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> _Read:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> Any:
        return await self._inner.__aexit__(*exc)


class _Write:
    def __init__(self, inner: Any, tap: Tap) -> None:
        self._inner = inner
        self._tap = tap

    async def send(self, item: Any) -> None:
        self._tap.see("sent", item)
        await self._inner.send(item)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> _Write:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> Any:
        return await self._inner.__aexit__(*exc)
