"""Streamable HTTP and HTTP+SSE, made to survive: the SDK's transports over a client of ours.

One failed request fails one call, not the session; a body is bounded while it streams; status and challenge of an
answer, which the SDK hides, are kept; nothing follows a redirect to another origin.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from ssl import SSLContext
from types import TracebackType
from typing import Any

import httpx2
from mcp.client import sse, streamable_http
from mcp.client._transport import TransportStreams
from mcp.client.auth import OAuthFlowError
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import sse_within_origin
from mcp_types import CONNECTION_CLOSED

from fastchat_tui.wire.addresses import host_of, is_loopback
from fastchat_tui.wire.servers import ServerSpec
from fastchat_tui.wire.text import human_size, one_line

MAX_BODY = 16 << 20
MAX_REFUSAL = 64 << 10
vars(sse)["sse_within_origin"] = partial(sse_within_origin, max_event_size=MAX_BODY)
streamable_http.MAX_RECONNECTION_ATTEMPTS = 1 << 20
"""Of a stream that broke off. At the SDK's second one the server's own messages would be lost without a word; when to
give up is decided here (``MISSES``)."""
MISSES = 2
"""Requests for a stream that may fail in a row before the server counts as gone."""
CONNECT = 10.0
GOODBYE = 1.0
"""Seconds for the request that ends a session: leaving must not wait for a server that is gone."""


@dataclass
class Exchange:
    """What HTTP said last: to one call (by context), or to the connection."""

    status: int = 0
    challenge: str = ""
    """``WWW-Authenticate``."""
    error: Exception | None = None
    sent: bool = False
    """A request reached the server, which may have acted on it."""

    @property
    def wants_login(self) -> bool:
        return self.status in (401, 403) or isinstance(self.error, OAuthFlowError)

    @property
    def refused(self) -> bool:
        """The kind of transport is the wrong one for this URL."""
        return 400 <= self.status < 500 and not self.wants_login

    @property
    def passing(self) -> bool:
        """Trouble of the network, or of the server: another try may find it gone."""
        network = isinstance(self.error, httpx2.NetworkError | httpx2.TimeoutException | httpx2.RemoteProtocolError)
        return network or self.status >= 500

    def words(self) -> str:
        if self.error is not None:
            return network_words(self.error)
        if self.status >= 300:
            phrase = HTTPStatus(self.status).phrase if self.status in list(HTTPStatus) else ""
            return f"it answered {self.status} {phrase}".rstrip()
        return ""


EXCHANGE: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The exchange of the present call. The SDK sends each message in the context of its caller."""


class Http:
    """A connection to one URL. Used once."""

    def __init__(self, spec: ServerSpec, on_away: Callable[[], None], *, auth: Any, sse: bool) -> None:
        self._spec = spec
        self._auth = auth
        self._sse = sse
        self._stack = AsyncExitStack()
        self._on_away = on_away
        self._misses = 0
        self._streamed = False
        self.last = Exchange()
        self.armed = False
        """After the handshake; before it a failure must end the attempt instead of looking like an answer."""

    async def __aenter__(self) -> TransportStreams:
        streams: TransportStreams
        await asyncio.to_thread(_certificates)
        async with AsyncExitStack() as stack:
            if self._sse:
                streams = await stack.enter_async_context(
                    sse_client(self._spec.url, sse_read_timeout=float("inf"), httpx_client_factory=self._make_client)
                )
            else:
                client = await stack.enter_async_context(self._make_client())
                streams = await stack.enter_async_context(
                    streamable_http_client(self._spec.url, http_client=client, max_sse_event_size=MAX_BODY)
                )
            self._stack = stack.pop_all()
        return streams

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._stack.__aexit__(kind, error, trace)

    def failed(self, request: httpx2.Request, error: Exception) -> bool:
        """Takes note of a failure; returns whether it is to become an answer."""
        self._note(Exchange(error=error, sent=not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)))
        posted = request.method == "POST"
        if self._sse or not posted:
            self._missed(MISSES if self._sse else 1)
        elif isinstance(error, httpx2.ConnectError):
            self._missed(MISSES)
        return self.armed and posted

    def answered(self, response: httpx2.Response) -> bool:
        """Takes note of an answer; returns whether it may be given on.

        Before the handshake a 401 must end the attempt, or its next question would seem refused for another reason.
        """
        challenge = one_line(response.headers.get("www-authenticate", ""), 300)
        self._note(Exchange(response.status_code, challenge, sent=response.status_code < 300))
        if response.status_code == 401:
            self._missed(MISSES)
        elif response.request.method == "GET":
            self._stream(response.status_code)
        return self.armed or response.status_code != 401

    def _stream(self, status: int) -> None:
        """A stream was asked for. Many servers have none; where there was one, a refusal means that it is lost, and a
        404 that the session is."""
        if status < 400:
            self._streamed, self._misses = True, 0
        elif self._streamed:
            self._missed(MISSES if status == 404 else 1)

    def _missed(self, times: int) -> None:
        self._misses += times if self.armed else 0
        if self._misses >= MISSES:
            self._on_away()

    def _note(self, exchange: Exchange) -> None:
        self.last = exchange
        if (mine := EXCHANGE.get()) is not None:
            mine.status, mine.challenge, mine.error = exchange.status, exchange.challenge, exchange.error
            mine.sent = mine.sent or exchange.sent

    def _make_client(self, headers: Any = None, timeout: Any = None, auth: Any = None) -> httpx2.AsyncClient:
        return ResilientClient(
            self,
            headers={"Accept-Encoding": "identity", **self._spec.headers},
            auth=self._auth,
            timeout=httpx2.Timeout(CONNECT, read=None),
            verify=_certificates(),
            trust_env=not is_loopback(host_of(self._spec.url)),
            follow_redirects=False,
        )


@cache
def _certificates() -> SSLContext:
    """Read once, in a thread: that takes the time of three frames."""
    return httpx2.create_ssl_context()


class ResilientClient(httpx2.AsyncClient):
    """Turns the failure of one POST into the answer to it, and watches over what comes back."""

    def __init__(self, owner: Http, **options: Any) -> None:
        super().__init__(event_hooks={"response": [_cut_refusal]}, **options)
        self._owner = owner

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        if request.method == "DELETE":
            request.extensions = {**request.extensions, "timeout": httpx2.Timeout(GOODBYE).as_dict()}
        try:
            response = await super().send(request, **options)
        except (httpx2.TransportError, OAuthFlowError) as error:
            if not self._owner.failed(request, error):
                raise
            return _answer(request, network_words(error))
        if not self._owner.answered(response):
            await response.aclose()
            raise httpx2.RequestError("it wants a sign-in", request=request)
        encoding = response.headers.get("content-encoding", "identity")
        if encoding.lower() not in ("", "identity"):
            await response.aclose()
            return _answer(
                request, f"it compressed its answer ({one_line(encoding, 20)}), which it was asked not to do"
            )
        if not response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            response.stream = BoundedBody(response.stream)
        return response


async def _cut_refusal(response: httpx2.Response) -> None:
    """A sign-in reads the body of a refusal whole before it goes on: so that is small, and never unpacked."""
    if response.status_code in (401, 403):
        response.headers.pop("content-encoding", None)
        response.stream = BoundedBody(response.stream, MAX_REFUSAL, cut=True)


class BodyError(httpx2.StreamError):
    """A body that cannot be used. The SDK answers the waiting request when a body fails with this kind of error."""


class BoundedBody(httpx2.AsyncByteStream):
    """What is longer is an error, or is cut."""

    def __init__(self, inner: Any, limit: int = MAX_BODY, *, cut: bool = False) -> None:
        self._inner = inner
        self._limit = limit
        self._cut = cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._inner:
                size += len(chunk)
                if size > self._limit:
                    if self._cut:
                        return
                    raise BodyError(f"an answer larger than {human_size(self._limit)} was refused")
                yield chunk
        except httpx2.TransportError as error:
            raise BodyError(network_words(error)) from error

    async def aclose(self) -> None:
        with contextlib.suppress(httpx2.TransportError):
            await self._inner.aclose()


def _answer(request: httpx2.Request, words: str) -> httpx2.Response:
    error = {"code": CONNECTION_CLOSED, "message": words}
    return httpx2.Response(503, request=request, json={"jsonrpc": "2.0", "id": None, "error": error})


def network_words(error: Exception) -> str:
    match error:
        case httpx2.ConnectTimeout():
            return f"no connection within {CONNECT:.0f} s"
        case httpx2.TimeoutException():
            return "no answer in time"
        case httpx2.ConnectError():
            return f"no connection: {one_line(str(error), 120) or 'refused'}"
        case httpx2.RemoteProtocolError() | httpx2.ReadError() | httpx2.WriteError():
            return "the connection broke off"
        case httpx2.UnsupportedProtocol() | httpx2.InvalidURL():
            return f"the URL cannot be used: {one_line(str(error), 120)}"
        case _:
            return one_line(str(error), 160) or type(error).__name__
