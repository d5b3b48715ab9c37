"""Streamable HTTP and HTTP+SSE: one client for each connection, with bounds on what it takes in.

A request that fails on the network fails that request alone: the SDK would end the whole session (``armed``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from fastchat_tui.wire.values import ServerSpec

MAX_BODY = 16 << 20
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class HttpTransport:
    """``status`` is the last HTTP status that was no success, 0 when there was none."""

    def __init__(self, spec: ServerSpec, kind: str) -> None:
        self._spec = spec
        self._kind = kind
        self.status = 0
        self.armed = False
        self.trouble = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[Any, Any]]:
        if self._kind == "sse":
            from mcp.client.sse import sse_client

            def factory(headers: Any = None, timeout: Any = None, auth: Any = None) -> Any:
                return self._client(timeout)

            async with sse_client(
                self._spec.url, timeout=self._spec.connect_timeout, httpx_client_factory=factory
            ) as streams:
                yield streams
        else:
            from mcp.client.streamable_http import streamable_http_client

            async with (
                self._client() as client,
                streamable_http_client(self._spec.url, http_client=client, max_sse_event_size=MAX_BODY) as streams,
            ):
                yield streams

    def _client(self, timeout: Any = None) -> Any:
        import httpx2

        transport = self

        class Client(httpx2.AsyncClient):
            async def send(self, request: Any, **options: Any) -> Any:
                request.headers["accept-encoding"] = "identity"
                try:
                    response = await super().send(request, **options)
                except (httpx2.TransportError, TimeoutError) as error:
                    transport.trouble = _words(error)
                    if not transport.armed or request.method != "POST":
                        raise
                    fault = {"code": -32000, "message": transport.trouble}
                    body = {"jsonrpc": "2.0", "id": None, "error": fault}
                    return httpx2.Response(503, request=request, json=body)
                return await transport._checked(response)

        return Client(
            headers=self._spec.headers,
            timeout=timeout or httpx2.Timeout(self._spec.connect_timeout, read=None),
            trust_env=urlsplit(self._spec.url).hostname not in LOOPBACK,
            follow_redirects=False,
        )

    async def _checked(self, response: Any) -> Any:
        """Refuses a body that is packed or too large; remembers the status of a failure."""
        import httpx2

        if response.status_code >= 400:
            self.status = response.status_code
        length = response.headers.get("content-length", "")
        packed = response.headers.get("content-encoding", "identity") not in ("identity", "")
        if packed or (length.isdigit() and int(length) > MAX_BODY):
            await response.aclose()
            why = "a compressed answer" if packed else f"an answer of {int(length) >> 20} MiB"
            self.trouble = f"The server sent {why}, which is not taken."
            fault = {"code": -32000, "message": self.trouble}
            return httpx2.Response(502, request=response.request, json={"jsonrpc": "2.0", "id": None, "error": fault})
        return response


def _words(error: BaseException) -> str:
    name = type(error).__name__
    if "Connect" in name:
        return "The server cannot be reached."
    if "Timeout" in name:
        return "The server did not answer in time."
    return f"The connection broke ({name})."
