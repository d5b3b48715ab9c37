"""Where the browser comes back to: one port of the loopback address, open only while a sign-in runs.

It answers one path, to GET, from a browser that was sent to this very address and brings the state of this sign-in; the
page it gives says nothing of what it was sent. RFC 8252 §7.3, RFC 9700.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from fastchat_tui.wire.sign_in import Redirect, redirect

USUAL = "http://127.0.0.1/callback"
MAX_HEAD = 16 << 10
SLOW = 5.0
"""Seconds that a request may take to arrive."""
PAGE = (
    '<!doctype html><meta charset="utf-8"><title>fastchat-tui</title>'
    "<style>body{font:1.2rem system-ui;margin:20vh auto;width:max-content}</style><p>%s"
)
DONE = "You can close this page and return to your terminal."
HEADERS = (
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n"
)


class Callback:
    """Bind it with ``open``; ``arrival`` waits for the one redirect that answers the page that was ``expect``ed.

    ``address`` is a loopback URL whose port does not matter: that is ``port``, where 0 is any.
    """

    def __init__(self, address: str = USUAL, port: int = 0) -> None:
        parts = urlsplit(address)
        self._host = parts.hostname or ""
        self._netloc = parts.netloc.removesuffix(f":{parts.port}")
        self._path = parts.path or "/"
        self._servers: list[asyncio.Server] = []
        self._asked = ""
        self._arrived: asyncio.Future[Redirect] = asyncio.get_running_loop().create_future()
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{self._netloc}:{self.port}{self._path}"

    async def open(self) -> None:
        """Raises OSError when the port cannot be had."""
        for host in ("127.0.0.1", "::1") if self._host == "localhost" else (self._host,):
            try:
                server = await asyncio.start_server(self._serve, host, self.port, limit=MAX_HEAD)
            except OSError:
                if not self._servers:  # a machine without IPv6 has half of its localhost
                    raise
                continue
            self._servers.append(server)
            self.port = server.sockets[0].getsockname()[1]

    def expect(self, asked: str) -> None:
        self._asked = asked

    async def arrival(self) -> Redirect:
        return await asyncio.shield(self._arrived)

    def close(self) -> None:
        for server in self._servers:
            server.close()
        self._arrived.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        status, words = 400, "This is not what was waited for."
        with suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(SLOW):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if (found := self._read(head)) is not None:
                self._arrived.set_result(found)
                status, words = 200, DONE
        with suppress(OSError):
            body = (PAGE % words).encode()
            writer.write(f"HTTP/1.1 {status} \r\n{HEADERS}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
            writer.close()

    def _read(self, head: str) -> Redirect | None:
        """None for whatever is not the redirect of this sign-in, or comes a second time."""
        line, *fields = head.split("\r\n")
        method, target, _ = line.split(" ", 2)
        hosts = [field.partition(":")[2].strip() for field in fields if field.lower().startswith("host:")]
        if self._arrived.done() or method != "GET" or hosts != [f"{self._netloc}:{self.port}"]:
            return None
        return redirect(target, self._asked) if urlsplit(target).path == self._path else None
