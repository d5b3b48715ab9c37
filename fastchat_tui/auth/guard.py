"""Where requests of a sign-in may go: not into a network that only this machine can see.

A server names the addresses of its authorization server, and that names more. What the user configured is reached as
ever; anything else must be https (http only on loopback) and public, is resolved once, and the address that was looked
at is the one that is connected to. A server on this machine or in this network may name its neighbours. Behind a proxy
that the user has set, the proxy looks names up: there only what is plain to see is refused.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
EMBEDDING = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96")))
"""Networks whose addresses end in one of IPv4."""
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guarded(httpx2.AsyncBaseTransport):
    """``homes`` are the URLs that the user configured, that of the server first."""

    def __init__(
        self,
        homes: Sequence[str],
        inner: httpx2.AsyncBaseTransport,
        resolver: Resolve = resolve,
        *,
        by_proxy: bool = False,
    ) -> None:
        self._homes = [httpx2.URL(home) for home in homes]
        self._inner = inner
        self._resolve = resolver
        self._by_proxy = by_proxy

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises ConnectError for a place that a sign-in must not go to."""
        if _origin(request.url) in map(_origin, self._homes):
            return await self._inner.handle_async_request(request)
        if self._by_proxy:
            _check(request.url, _literal(request.url.host))
            return await self._inner.handle_async_request(request)
        unreached: Exception | None = None
        for address in await self._checked(request.url):
            try:
                return await self._inner.handle_async_request(_to(address, request))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                unreached = error
        raise unreached or httpx2.ConnectError(f"{request.url.host} was not found")

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _checked(self, url: httpx2.URL) -> list[Address]:
        found = await self._addresses(url)
        home = [] if all(address.is_global for address in found) else await self._addresses(self._homes[0])
        near = any(address.is_loopback for address in home)
        inside = any(not address.is_global for address in home) and not any(address.is_link_local for address in found)
        _check(url, found, private=near or inside)  # at link-local addresses clouds keep the credentials of a machine
        return found

    async def _addresses(self, url: httpx2.URL) -> list[Address]:
        try:
            texts = await self._resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        except (OSError, ValueError) as error:
            raise httpx2.ConnectError(f"{url.host} was not found") from error
        return [_inner(address) for address in found]


def _check(url: httpx2.URL, found: Sequence[Address], *, private: bool = False) -> None:
    if url.scheme != "https" and not (found and all(address.is_loopback for address in found)):
        raise httpx2.ConnectError(f"{url.host} was not asked: it is not encrypted (http)")
    if not private and not all(address.is_global for address in found):
        raise httpx2.ConnectError(f"{url.host} was not asked: it is at a private address ({found[0]})")


def _inner(address: Address) -> Address:
    """The IPv4 address that one of IPv6 leads to."""
    if isinstance(address, ipaddress.IPv6Address):
        if int(address) > 1 and any(address in network for network in EMBEDDING):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
    return address


def _to(address: Address, request: httpx2.Request) -> httpx2.Request:
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,  # “Host” among them
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


def _literal(host: str) -> list[Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        return []


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
