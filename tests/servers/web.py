"""An MCP server over HTTP on loopback that does exactly what a test tells it. Standard library only."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

Reply = tuple[int, dict[str, str], bytes | AsyncIterator[bytes]]
"""Status, headers, body, which may come in parts."""


class Cut(Exception):
    """Raised by a body: the connection breaks off."""


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def rpc(request: Request, result: Any, headers: dict[str, str] | None = None) -> Reply:
    body = json.dumps({"jsonrpc": "2.0", "id": request.body.get("id"), "result": result}).encode()
    return 200, {"content-type": "application/json", **(headers or {})}, body


def plain(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
    return status, headers or {}, body


def mcp(request: Request) -> Reply:
    """A well-behaved server of the handshake era with one tool."""
    match request.body.get("method"):
        case "initialize":
            info = {"name": "web", "version": "1"}
            result = {"protocolVersion": "2025-11-25", "serverInfo": info, "capabilities": {"tools": {}}}
            return rpc(request, result, {"mcp-session-id": "s1"})
        case "tools/list":
            return rpc(request, {"tools": [{"name": "act", "inputSchema": {"type": "object"}}]})
        case "tools/call":
            return rpc(request, {"content": [{"type": "text", "text": "done"}]})
        case "server/discover":
            return plain(400)
        case _ if request.method == "POST":
            return plain(202)
        case _:
            return plain(405)


@dataclass
class Web:
    """``behave`` may be replaced at any moment; None closes the connection without an answer."""

    behave: Callable[[Request], Reply | Awaitable[Reply | None] | None] = mcp
    seen: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def called(self, method: str) -> list[Request]:
        return [request for request in self.seen if request.body.get("method") == method]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Web]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._writers: set[asyncio.StreamWriter] = set()
        try:
            yield self
        finally:
            server.close()
            for writer in list(self._writers):
                writer.close()
            await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                self.seen.append(request)
                reply = self.behave(request)
                if isinstance(reply, Awaitable):
                    reply = await reply
                if reply is None:
                    return
                status, headers, body = reply
                head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                if not isinstance(body, bytes):
                    writer.write(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
                    async for part in body:
                        writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                        await writer.drain()
                    writer.write(b"0\r\n\r\n")
                    continue
                writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, Cut):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@contextmanager
def serving_web(behave: Callable[[Request], Reply | Awaitable[Reply | None] | None]) -> Iterator[Web]:
    """The same in a thread of its own, for a test that has no loop."""
    web, ready, stop = Web(behave), threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        async with web.serving():
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert ready.wait(10)
        yield web
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    first = await reader.readline()
    if not first.strip():
        return None
    method, path, _ = first.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, json.loads(body) if body else {})
