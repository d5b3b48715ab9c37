"""The wire tap: sees every JSON-RPC message between the session and its transport, in both directions.

It never blocks and never alters; it says ``FrameSeen`` (masked, shortened), knows which call a message belongs to, and
notices the end of the stream, which the SDK tells nobody.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

import anyio
from mcp.client._transport import ReadStream, TransportStreams, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, RequestId

from fastchat_tui.wire.events import FrameSeen
from fastchat_tui.wire.ports import Emit

CALL: ContextVar[str] = ContextVar("call", default="")
"""The call that the present task serves. The SDK writes a request, and its cancellation, in its caller's context."""

MAX_FRAME = 64 << 10
_MARGIN = 4096
_MAX_KNOWN = 1000


@dataclass
class TextMessage(SessionMessage):
    """A message that still has the text it was parsed from."""

    text: str = ""


class Tap:
    def __init__(self, server: str, emit: Emit, mask: Callable[[str], str], on_end: Callable[[], None]) -> None:
        self._server = server
        self._emit = emit
        self._mask = mask
        self._calls: OrderedDict[RequestId, str] = OrderedDict()
        self._asked: dict[RequestId, str] = {}
        """The calls for which the server asks its client for something."""
        self.on_end = on_end
        self._probe: RequestId | None = None

    @property
    def probe_ignored(self) -> bool:
        """The later era's first question was put, and never answered."""
        return self._probe is not None

    def around(self, streams: TransportStreams) -> TransportStreams:
        return _Read(streams[0], self), _Write(streams[1], self)

    def sent(self, item: SessionMessage) -> None:
        message = item.message
        call = CALL.get()
        match message:
            case JSONRPCRequest(id=key, method="server/discover"):
                self._probe = key
            case JSONRPCRequest(id=key) if call:
                self._calls[key] = call
                if len(self._calls) > _MAX_KNOWN:
                    self._calls.popitem(last=False)
            case JSONRPCNotification(params={"requestId": int() | str() as key}):  # a cancellation: no answer comes
                self._calls.pop(key, None)
            case JSONRPCResponse(id=key) | JSONRPCError(id=int() | str() as key):
                call = self._asked.pop(key, "")
            case _:
                pass
        self._say("sent", item, call)

    def received(self, item: SessionMessage | Exception) -> None:
        if isinstance(item, SessionMessage):
            if isinstance(item.message, JSONRPCResponse | JSONRPCError) and item.message.id == self._probe:
                self._probe = None
            self._say("received", item, self._call_of(item))

    def _call_of(self, item: SessionMessage) -> str:
        match item.message:
            case JSONRPCResponse(id=key) | JSONRPCError(id=int() | str() as key):
                return self._calls.pop(key, "")
            case JSONRPCNotification(params={"progressToken": int() | str() as key}):
                return self._calls.get(key, "")
            case JSONRPCRequest(id=key):
                self._asked[key] = call = self._only
                return call
            case _:
                return self._only

    @property
    def _only(self) -> str:
        """The call that waits for an answer, when it is but one: what the server says or asks now belongs to it."""
        waiting = set(self._calls.values())
        return waiting.pop() if len(waiting) == 1 else ""

    def _say(self, direction: Literal["sent", "received"], item: SessionMessage, call: str) -> None:
        text = item.text if isinstance(item, TextMessage) else as_text(item)
        self._emit(
            FrameSeen(
                server=self._server,
                direction=direction,
                frame=shorten(text, self._mask),
                size=len(text),
                call=call,
                at=time.time(),
            )
        )


def as_text(item: SessionMessage) -> str:
    return item.message.model_dump_json(by_alias=True, exclude_unset=True)


def shorten(text: str, mask: Callable[[str], str]) -> str:
    """``text`` masked; only its head when it is long. A secret that the cut would halve is left out whole."""
    if len(text) <= MAX_FRAME:
        return mask(text)
    return mask(text[: MAX_FRAME + _MARGIN])[:-_MARGIN] + "…"


class _Read:
    def __init__(self, inner: ReadStream[SessionMessage | Exception], tap: Tap) -> None:
        self._inner = inner
        self._tap = tap

    @property
    def last_context(self) -> object:
        return getattr(self._inner, "last_context", None)  # the dispatcher asks for it by this name

    async def receive(self) -> SessionMessage | Exception:
        try:
            item = await self._inner.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._tap.on_end()
            raise
        self._tap.received(item)
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)


class _Write:
    def __init__(self, inner: WriteStream[SessionMessage], tap: Tap) -> None:
        self._inner = inner
        self._tap = tap

    async def send(self, item: SessionMessage, /) -> None:
        self._tap.sent(item)
        await self._inner.send(item)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)
