"""The HTTP client under the SDK: no redirects, no foreign proxy for loopback, no answer without bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastchat_tui import __version__
from fastchat_tui.providers.profiles import Profile

MAX_EVENT = 16 << 20
"""Bytes between two line ends of a stream."""
MAX_ERROR = 1 << 20


SENT = frozenset({"accept", "connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent"})
"""The headers that go out; the SDK adds others from the environment, and a portrait of this machine."""


def bounded_client(profile: Profile, key: str, connect: float, transport: Any = None) -> Any:
    """An ``httpx2.AsyncClient``; the idle timer is the caller's, so reads have no time limit here."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, inner: Any, limit: int) -> None:
            self._inner = inner
            self._limit = limit

        async def __aiter__(self) -> AsyncIterator[bytes]:
            since_line = 0
            async for chunk in self._inner:
                end = chunk.rfind(b"\n")
                since_line = since_line + len(chunk) if end < 0 else len(chunk) - end - 1
                if since_line > self._limit:
                    raise httpx2.ReadError(f"an event of more than {self._limit >> 20} MiB")
                yield chunk

        async def aclose(self) -> None:
            await self._inner.aclose()

    async def strip(request: Any) -> None:
        for name in [name for name in request.headers if name not in SENT]:
            del request.headers[name]
        request.headers["user-agent"] = f"fastchat-tui/{__version__}"
        request.headers["accept-encoding"] = "identity"
        if key:
            request.headers["authorization"] = f"Bearer {key}"

    async def bound(response: Any) -> None:
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("", "identity"):
            await response.aclose()
            raise httpx2.ReadError("a compressed answer, which is not taken")
        response.stream = Bounded(response.stream, MAX_EVENT if response.status_code < 400 else MAX_ERROR)

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(None, connect=connect),
        follow_redirects=False,
        trust_env=not profile.loopback,
        transport=transport,
        event_hooks={"request": [strip], "response": [bound]},
    )
