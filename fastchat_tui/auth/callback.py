"""Where the browser comes back to: one port of the loopback address, open only while a sign-in runs.

It answers one path, to GET, from a browser that was sent to this very address and brings the state of this sign-in; the
page it gives says nothing of what it was sent. RFC 8252 §7.3, RFC 9700.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

PATH = "/callback"
HOST = "127.0.0.1"
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

Redirect = dict[str, str]
"""The parameters of the redirect: code, state, iss; or error."""


class Callback:
    """Bind it with ``open``; ``arrival`` waits for the one redirect that brings ``state``."""

    def __init__(self, port: int = 0) -> None:
        self._wanted = port
        self._server: asyncio.Server | None = None
        self._state = ""
        self._arrived: asyncio.Future[Redirect] = asyncio.get_running_loop().create_future()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}{PATH}"

    async def open(self) -> None:
        """Raises OSError when the port cannot be had."""
        self._server = await asyncio.start_server(self._serve, HOST, self._wanted, limit=MAX_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]

    def expect(self, state: str) -> None:
        self._state = state

    async def arrival(self) -> Redirect:
        return await asyncio.shield(self._arrived)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
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
        if self._arrived.done() or method != "GET" or hosts != [f"{HOST}:{self.port}"]:
            return None
        return redirect(target, self._state, path=PATH)


def redirect(url: str, state: str, *, path: str = "") -> Redirect | None:
    """The parameters in the address that a browser was sent to; None when it is not that of the sign-in ``state``."""
    parts = urlsplit(url.strip())
    found = {key: values[0] for key, values in parse_qs(parts.query).items() if len(values) == 1}
    fits = bool(state) and secrets.compare_digest(found.get("state", "").encode(), state.encode())
    known = "code" in found or "error" in found
    return found if fits and known and (not path or parts.path == path) else None
