"""The requests that a sign-in makes for itself: metadata, registration, tokens. They carry nothing of the server's own
requests, go where they may (``guard.py``), and what comes back is small or refused."""

from __future__ import annotations

import asyncio
from functools import cache
from ssl import SSLContext
from urllib.request import getproxies, proxy_bypass

import httpx2
from mcp.shared._httpx_utils import next_request_within_origin

from fastchat_tui.auth.desk import SignInError
from fastchat_tui.auth.guard import Guarded
from fastchat_tui.wire.addresses import is_loopback
from fastchat_tui.wire.text import human_size, one_line

MAX_DOCUMENT = 1 << 20
PATIENCE = 30.0
MAX_REDIRECTS = 5


class Errands:
    """``homes`` are the URLs that the user configured, that of the server first."""

    def __init__(self, *homes: str) -> None:
        self._homes = homes

    async def run(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, read whole. Raises SignInError, or what a transport raises."""
        proxy = proxy_of(request.url)
        inner = httpx2.AsyncHTTPTransport(verify=await asyncio.to_thread(_certificates), proxy=proxy or None)
        async with httpx2.AsyncClient(
            transport=Guarded(self._homes, inner, by_proxy=bool(proxy)), timeout=PATIENCE, follow_redirects=False
        ) as client:
            response = await _read(client, request)
            for _ in range(MAX_REDIRECTS):
                if (further := next_request_within_origin(response)) is None:
                    break
                response = await _read(client, further)
            return response


@cache
def _certificates() -> SSLContext:
    """Read once, in a thread: that takes the time of three frames."""
    return httpx2.create_ssl_context()


def proxy_of(url: httpx2.URL) -> str:
    """The proxy that the environment names for it, as for any other request; empty when there is none."""
    if is_loopback(url.host) or proxy_bypass(url.host):
        return ""
    proxies = getproxies()
    return proxies.get(url.scheme) or proxies.get("all") or ""


async def _read(client: httpx2.AsyncClient, request: httpx2.Request) -> httpx2.Response:
    host = one_line(request.url.host, 80)
    request.headers["Accept-Encoding"] = "identity"
    response = await client.send(request, stream=True)
    body = bytearray()
    try:
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise SignInError(f"{host} compressed its answer, which it was asked not to do")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_DOCUMENT:
                raise SignInError(f"{host} answered with more than {human_size(MAX_DOCUMENT)}")
    finally:
        await response.aclose()
    whole = httpx2.Response(response.status_code, headers=response.headers, content=bytes(body), request=request)
    whole.next_request = response.next_request
    return whole
