"""Where requests of a sign-in may go: not into a network that only this machine can see.

A server names the addresses of its authorization server, and that names more. The server that the user configured is
reached as ever; anything else must be https (http only on loopback) and public, is resolved once, and the address that
was looked at is the one that is connected to. A server on this machine or in this network may name its neighbours.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guarded(httpx2.AsyncBaseTransport):
    """``home`` is the URL of the server that the user configured."""

    def __init__(self, home: str, inner: httpx2.AsyncBaseTransport | None = None, resolver: Resolve = resolve) -> None:
        self._home = httpx2.URL(home)
        self._inner = inner or httpx2.AsyncHTTPTransport(trust_env=False)
        self._resolve = resolver

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url, home = request.url, self._home
        if (url.scheme, url.host, url.port) == (home.scheme, home.host, home.port):
            return await self._inner.handle_async_request(request)
        address = await self._checked(url)
        return await self._inner.handle_async_request(
            httpx2.Request(
                request.method,
                url.copy_with(host=str(address)),
                headers=request.headers,  # “Host” among them
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": url.host},
            )
        )

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _checked(self, url: httpx2.URL) -> Address:
        """Raises ConnectError for a place that a sign-in must not go to."""
        found = await self._addresses(url.host, url.port or (443 if url.scheme == "https" else 80))
        if url.scheme != "https" and not all(address.is_loopback for address in found):
            raise httpx2.ConnectError(f"{url.host} was not asked: it is not encrypted (http)")
        if all(address.is_global for address in found):
            return found[0]
        home = await self._addresses(self._home.host, self._home.port or 443)
        near = any(address.is_loopback for address in home)
        if near or (not all(address.is_global for address in home) and not any(map(_is_metadata, found))):
            return found[0]
        raise httpx2.ConnectError(f"{url.host} was not asked: it is at a private address ({found[0]})")

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in await self._resolve(host, port)]
        except (OSError, ValueError) as error:
            raise httpx2.ConnectError(f"{host} was not found") from error
        if not found:
            raise httpx2.ConnectError(f"{host} was not found")
        return [getattr(address, "ipv4_mapped", None) or address for address in found]


def _is_metadata(address: Address) -> bool:
    """Where clouds keep the credentials of a machine, among others."""
    return address.is_link_local
