"""How far one gets towards a URL: its name, a connection, a certificate. Standard library only; nothing is sent."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from time import monotonic
from urllib.parse import urlsplit

from fastchat_tui.wire.doctor import Step
from fastchat_tui.wire.text import human_time, one_line

LIMIT = 10.0
"""Seconds for each step."""


async def reach(url: str) -> AsyncIterator[Step]:
    """DNS, TCP and, for https, TLS. The first failed step is the last one told."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    steps: list[tuple[str, Callable[[], Awaitable[Step]]]] = [
        ("DNS", lambda: _name(host, port)),
        ("TCP", lambda: _connect(host, port)),
    ]
    if parts.scheme == "https":
        steps.append(("TLS", lambda: _encrypt(host, port)))
    for name, work in steps:
        yield Step(name)
        told = await timed(work, name)
        yield told
        if told.verdict == "failed":
            return


async def timed(work: Callable[[], Awaitable[Step]], name: str, limit: float = LIMIT) -> Step:
    """The step that ``work`` makes, with its time; without an answer in time, a failure."""
    began = monotonic()
    try:
        async with asyncio.timeout(limit):
            told = await work()
    except TimeoutError:
        text = f"no answer within {human_time(limit)}"
        told = Step(name, "failed", text, "Look at the network, a VPN or a firewall between here and there.")
    return replace(told, name=name, seconds=monotonic() - began)


async def _name(host: str, port: int) -> Step:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        cause = f"“{one_line(host, 100)}” is not known: {_words(error)}"
        return Step("DNS", "failed", cause, "Look at the spelling of the host, and at the network.")
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return Step("DNS", "ok", ", ".join(addresses[:4]))


async def _connect(host: str, port: int) -> Step:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        cause = f"no connection to port {port}: {_words(error)}"
        return Step("TCP", "failed", cause, "Is the server running, and is this its port?")
    await _leave(writer)
    return Step("TCP", "ok", f"port {port} is open")


async def _encrypt(host: str, port: int) -> Step:
    context = await asyncio.to_thread(ssl.create_default_context)
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        remedy = "Mend the server's certificate, or let this system trust the one who signed it (SSL_CERT_FILE)."
        return Step("TLS", "failed", f"the certificate is refused: {one_line(error.verify_message, 160)}", remedy)
    except OSError as error:
        return Step("TLS", "failed", f"no encryption: {_words(error)}", "Does the server speak https on this port?")
    shaken = writer.get_extra_info("ssl_object")
    version = shaken.version() if shaken is not None else ""
    await _leave(writer)
    return Step("TLS", "ok", f"{version}, the certificate is good")


async def _leave(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _words(error: Exception) -> str:
    reason = getattr(error, "reason", "") if isinstance(error, ssl.SSLError) else getattr(error, "strerror", "")
    return one_line(str(reason or error), 160)
