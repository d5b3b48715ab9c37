"""Our stdio transport, behind the SDK's ``Transport`` protocol.

Differs from the SDK's in what a bad server can do: a line is bounded and reassembled in linear time, bytes that are no
UTF-8 are replaced, an answer that cannot be used fails its request at once, other noise is counted, standard error
never reaches the terminal, the exit code is known, and closing leaves no process behind.
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Literal

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client._transport import TransportStreams
from mcp.shared.message import SessionMessage
from mcp_types import PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter

from fastchat_tui.servers.frames import TextMessage, as_text
from fastchat_tui.servers.journal import Journal
from fastchat_tui.servers.lines import MAX_LINE, Line, Lines, answered_id
from fastchat_tui.servers.process import Child
from fastchat_tui.wire.text import human_size, one_line

_CHUNK = 1 << 18
_DRAIN = 0.3
"""Seconds for the last answers of a process that is gone, when somebody else holds its pipe open."""
_SETTLE = 0.5
_LOOK_AGAIN = 2.0


class Stdio:
    """One run of a server's process; its streams end when the process does. Used once."""

    def __init__(self, name: str, child: Child, journal: Journal) -> None:
        self._name = name
        self._journal = journal
        self._tasks: list[asyncio.Task[None]] = []
        self.child = child
        self.noise = 0
        self.exit_code: int | None = None
        """How the process ended by itself; None while it runs, and when it had to be ended."""

    async def settle(self) -> None:
        """Waits a moment for the end of a process whose output has ended."""
        if self.exit_code is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.child.exited.wait(), _SETTLE)
            self.exit_code = self.child.exit_code

    async def __aenter__(self) -> TransportStreams:
        self._read_send: MemoryObjectSendStream[SessionMessage | Exception]
        self._read_send, self._read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self._write, write_receive = anyio.create_memory_object_stream[SessionMessage](0)
        name = self._name
        self._tasks = [
            asyncio.create_task(self._read_stdout(self.child), name=f"{name}: stdout"),
            asyncio.create_task(self._read_stderr(self.child), name=f"{name}: stderr"),
            asyncio.create_task(self._write_stdin(self.child, write_receive), name=f"{name}: stdin"),
        ]
        return self._read, self._write

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes and kills. A cancellation that comes meanwhile is obeyed, but only afterwards."""
        self._read.close()
        self._write.close()
        ending = asyncio.ensure_future(self._end())
        cancelled: asyncio.CancelledError | None = None
        while not ending.done():
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError as reason:
                cancelled = reason
        ending.result()
        if cancelled is not None:
            raise cancelled

    async def _end(self) -> None:
        if self._tasks[0].done():
            await self.settle()
        else:
            self.exit_code = self.child.exit_code
        await self.child.end()
        _, late = await asyncio.wait(self._tasks, timeout=_DRAIN)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._read_send.close()

    # ── the three pipes ──────────────────────────────────────────────────────────────────────────────────────────

    async def _read_stdout(self, child: Child) -> None:
        stdout = child.process.stdout
        assert stdout is not None
        lines = Lines()
        looked = 0.0
        clock = asyncio.get_running_loop().time
        exited = asyncio.create_task(child.exited.wait())
        try:
            with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                async with self._read_send:
                    while chunk := await _read_while_alive(stdout, exited):
                        if clock() - looked > _LOOK_AGAIN:
                            child.look()
                            looked = clock()
                        for line in lines.feed(chunk):
                            await self._take(line)
                    if (rest := lines.rest()) is not None:
                        await self._take(rest)
            while await _read_while_alive(stdout, exited):  # nobody listens any more; a full pipe would keep it alive
                pass
        finally:
            exited.cancel()

    async def _take(self, line: Line) -> None:
        if line.cut:
            await self._refuse(line, f"an answer of {human_size(line.size)}; {human_size(MAX_LINE)} is the limit")
        elif line.data and not line.data.isspace():
            text = line.data.decode("utf-8", "replace")
            try:
                message = jsonrpc_message_adapter.validate_json(text, by_name=False)
            except ValueError:
                await self._refuse(line, "an answer that is not valid JSON-RPC")
            else:
                await self._read_send.send(TextMessage(message, text=text))

    async def _refuse(self, line: Line, what: str) -> None:
        """Fails the request that the line answers; a line that answers none is noise, told of once."""
        request = answered_id(line.data)
        if request is not None:
            text = f"the server sent {what}"
            error = JSONRPCError(jsonrpc="2.0", id=request, error=ErrorData(code=PARSE_ERROR, message=text))
            self._journal.add("client", "warning", f"{text}: {_shown(line)}")
            await self._read_send.send(SessionMessage(error))
            return
        self.noise += 1
        if self.noise == 1:
            text = f"It prints text on standard output that is not JSON-RPC; such lines are ignored: {_shown(line)}"
            self._journal.add("client", "warning", text)

    async def _read_stderr(self, child: Child) -> None:
        stderr = child.process.stderr
        assert stderr is not None
        lines = Lines(limit=1 << 16)
        while chunk := await stderr.read(_CHUNK):
            for line in lines.feed(chunk):
                self._journal.add("stderr", "info", line.data.decode("utf-8", "replace"))
            await asyncio.sleep(0)  # a flood must not keep the loop to itself
        if (rest := lines.rest()) is not None:
            self._journal.add("stderr", "info", rest.data.decode("utf-8", "replace"))

    async def _write_stdin(self, child: Child, messages: MemoryObjectReceiveStream[SessionMessage]) -> None:
        stdin = child.process.stdin
        assert stdin is not None
        try:
            async with messages:
                async for item in messages:
                    stdin.write(as_text(item).encode() + b"\n")
                    await stdin.drain()
        except OSError:
            self._read_send.close()  # nothing can be asked any more: the session is over, whatever the process does


async def _read_while_alive(stream: asyncio.StreamReader, exited: asyncio.Task[Literal[True]]) -> bytes:
    """The next bytes; nothing once the stream has ended, or the process has and a moment has passed."""
    reading = asyncio.create_task(stream.read(_CHUNK))
    either: list[asyncio.Task[bytes] | asyncio.Task[Literal[True]]] = [reading, exited]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            await asyncio.wait({reading}, timeout=_DRAIN)
        return reading.result() if reading.done() else b""
    finally:
        reading.cancel()


def _shown(line: Line) -> str:
    return f"“{one_line(line.data[:400].decode('utf-8', 'replace'), 80)}”"
