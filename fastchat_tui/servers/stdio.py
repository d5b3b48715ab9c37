"""MCP over a child's standard streams, behind the SDK's ``Transport`` protocol.

Ours instead of the SDK's because that one waits for its timeout on six kinds of bad answer, joins long lines in
quadratic time, loses the exit code and leaves grandchildren. Here a line is bounded, bytes that are no UTF-8 are
replaced, an answer that is not JSON-RPC fails the request that waits for it at once, and the whole process tree ends.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastchat_tui.servers.process import end, spawn
from fastchat_tui.wire.values import ServerSpec

MAX_LINE = 16 << 20
CHUNK = 1 << 18
LAST_WORDS = 200
_ID = re.compile(rb'"id"\s*:\s*(-?\d+|"[^"\\]{0,200}")')


class StdioTransport:
    """One process. ``said`` hears its standard error, ``odd`` what it wrote to stdout that is no message."""

    def __init__(self, spec: ServerSpec, said: Callable[[list[str]], None], odd: Callable[[str], None]) -> None:
        self._spec = spec
        self._said = said
        self._odd = odd
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self.returncode: int | None = None
        self.pid = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[Any, Any]]:
        import anyio

        process = await spawn(self._spec.command, self._spec.args, self._spec.env, self._spec.cwd)
        self.pid = process.pid
        inbox, incoming = anyio.create_memory_object_stream[Any](64)
        outgoing, outbox = anyio.create_memory_object_stream[Any](0)
        tasks = [
            asyncio.create_task(self._read(process, inbox), name="stdio read"),
            asyncio.create_task(self._write(process, outbox), name="stdio write"),
            asyncio.create_task(self._listen(process), name="stdio errors"),
        ]
        try:
            yield incoming, outgoing
        finally:
            outgoing.close()
            incoming.close()
            stop = asyncio.create_task(end(process), name="stdio end")
            while not stop.done():  # a native cancel must not skip the kill
                try:
                    await asyncio.shield(stop)
                except asyncio.CancelledError:
                    continue
            self.returncode = process.returncode
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            inbox.close()
            outbox.close()

    async def _read(self, process: asyncio.subprocess.Process, inbox: Any) -> None:
        import anyio

        assert process.stdout is not None
        held: list[bytes] = []
        size = 0
        try:
            async with inbox:
                while chunk := await process.stdout.read(CHUNK):
                    *lines, rest = chunk.split(b"\n")
                    for line in lines:
                        size += len(line)
                        held.append(line)
                        whole = b"".join(held) if size <= MAX_LINE else held[0][:4096]
                        if item := self._message(whole, size):
                            await inbox.send(item)
                        held, size = [], 0
                    if rest:
                        size += len(rest)
                        if size <= MAX_LINE or not held:
                            held.append(rest)
                self.returncode = await process.wait()
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass
        while await process.stdout.read(CHUNK):  # a server that nobody reads would block, and could not end
            pass

    def _message(self, line: bytes, size: int) -> Any:
        """The message of a line, an error in its place, or None when nobody waits for it."""
        import mcp_types
        from mcp.shared.message import SessionMessage

        if size <= MAX_LINE:
            if not line.strip():
                return None
            try:
                text = line.decode("utf-8", "replace")
                return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(text, by_name=False))
            except ValueError:
                why = "The server sent an answer that is no valid JSON-RPC."
        else:
            why = f"The server sent an answer of {size >> 20} MiB; more than {MAX_LINE >> 20} MiB is not taken."
        head = line[:4096]
        if (match := _ID.search(head)) and b'"method"' not in head:
            raw = match[1].decode()
            waiting: int | str = raw[1:-1] if raw.startswith('"') else int(raw)
            data = mcp_types.ErrorData(code=-32700, message=why)
            return SessionMessage(mcp_types.JSONRPCError(jsonrpc="2.0", id=waiting, error=data))
        self._odd(head.decode("utf-8", "replace"))
        return None

    async def _write(self, process: asyncio.subprocess.Process, outbox: Any) -> None:
        assert process.stdin is not None
        async with outbox:
            async for item in outbox:
                line = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                try:
                    process.stdin.write(line.encode() + b"\n")
                    await process.stdin.drain()
                except (OSError, RuntimeError):
                    return

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        rest = b""
        while chunk := await process.stderr.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[-8192:]
            self._hear([line[:2000].decode("utf-8", "replace").rstrip("\r") for line in lines[-LAST_WORDS:]])
            await asyncio.sleep(0.05)  # a flood must not take the loop
        if rest:
            self._hear([rest[:2000].decode("utf-8", "replace")])

    def _hear(self, lines: list[str]) -> None:
        self.last_words.extend(lines)
        self._said(lines)
