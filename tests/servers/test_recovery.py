"""Servers over HTTP that go away and come back, and streams that break off: what is lost, and what is taken up."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fastchat_tui.servers import connection
from fastchat_tui.servers.recovery import MAX_RESTARTS, WINDOW, Recovery
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import CatalogueChanged
from fastchat_tui.wire.servers import Era, ServerSpec
from tests.servers.conftest import Bench, act, texts
from tests.servers.test_http import ready, web, when
from tests.servers.web import Cut, Reply, Request, Web, mcp, plain

__all__ = ["web"]
SSE = {"content-type": "text/event-stream"}


def event(message: Any = None, **fields: Any) -> bytes:
    """One server-sent event."""
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\n".join([*lines, f"data: {json.dumps(message) if message else ''}", "", ""]).encode()


def result(key: Any, text: str = "done") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": key, "result": {"content": [{"type": "text", "text": text}]}}


# ── a server that is away ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_server_that_went_away_is_tried_again_and_the_state_says_when(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.1)
    web = Web()
    async with web.serving():
        server, heard = await ready(bench, web)
    since = len(heard.events)
    with pytest.raises(ServerError, match="no connection"):
        await act(server)
    away = await heard.state("failed", since=since)
    assert "It went away: no connection" in away.detail
    assert away.again == pytest.approx(0.1)
    async with web.serving():
        await heard.state("ready", since=since)
        assert texts(await act(server, "c2")) == ["done"]


async def test_a_server_that_stays_away_is_tried_until_it_is_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.02)
    web = Web()
    async with web.serving():
        server, heard = await ready(bench, web)
    since = len(heard.events)
    with pytest.raises(ServerError, match="no connection"):
        await act(server)

    def tries() -> int:
        return sum(getattr(event, "again", None) is not None for event in heard.events[since:])

    await heard.until(lambda _: tries() >= 4, since)
    assert heard.catalogue.tools
    async with web.serving():
        assert texts(await act(server, "c2")) == ["done"]


async def test_a_call_does_not_wait_for_the_pause(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 600.0)
    web = Web()
    async with web.serving():
        server, heard = await ready(bench, web)
    since = len(heard.events)
    with pytest.raises(ServerError, match="no connection"):
        await act(server)
    await heard.state("failed", since=since)
    with pytest.raises(ServerError, match="could not be reached"):
        await act(server, "c2")
    async with web.serving():
        assert texts(await act(server, "c3")) == ["done"]


@pytest.mark.parametrize("code", [-32600, -32001])
async def test_a_forgotten_session_is_opened_again_once_and_the_call_is_made(bench: Bench, web: Web, code: int) -> None:
    server, _ = await ready(bench, web)
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": "Session not found"}}
    forgotten = [json.dumps(error).encode()]

    def reply(request: Request) -> Reply | None:
        return plain(404, {"content-type": "application/json"}, forgotten.pop()) if forgotten else mcp(request)

    web.behave = when("tools/call", reply)
    assert texts(await act(server)) == ["done"]
    assert [r.body.get("method") for r in web.seen].count("tools/call") == 2
    forgotten += [json.dumps(error).encode()] * 2
    with pytest.raises(ServerError, match="forgot this session"):
        await act(server, "c2")
    assert texts(await act(server, "c3")) == ["done"]


async def test_a_server_that_was_never_there_is_tried_until_it_comes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.02)
    web = Web()
    async with web.serving():
        url = web.url
    server, heard = bench.start(ServerSpec("box", "http", url=url))
    away = await heard.settled()
    assert away.state == "failed"
    assert away.again == pytest.approx(0.02)
    async with web.serving():
        await heard.state("ready")
        assert texts(await act(server)) == ["done"]


@pytest.mark.parametrize(
    ("reply", "again"), [(plain(502), True), (plain(500), True), (plain(404), False), (plain(400), False)]
)
async def test_only_trouble_that_may_pass_is_tried_again(
    bench: Bench, web: Web, reply: Reply, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 600.0)
    web.behave = lambda request: reply
    _, heard = bench.start(ServerSpec("box", "http", url=web.url))
    assert ((await heard.settled()).again is not None) is again


# ── a stream of the server's own messages ────────────────────────────────────────────────────────────────────────


class Streaming:
    """A server of the earlier era that tells of its changes on a stream, as long as nobody cuts it."""

    def __init__(self) -> None:
        self.opened = asyncio.Semaphore(0)
        self.cut = asyncio.Event()
        self.refuses = 0
        self.sessions = 0

    def behave(self, request: Request) -> Reply:
        match request.method, request.body.get("method"):
            case "GET", _ if self.refuses:
                return plain(self.refuses)
            case "GET", _:
                self.opened.release()
                return 200, SSE, self._stream()
            case _, "initialize":
                self.sessions += 1
                return mcp(request)
            case _:
                return mcp(request)

    async def _stream(self) -> AsyncIterator[bytes]:
        yield event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}, retry=10)
        await self.cut.wait()
        self.cut.clear()
        raise Cut


async def test_a_stream_that_is_cut_again_and_again_is_opened_again(bench: Bench, web: Web) -> None:
    streaming = Streaming()
    web.behave = streaming.behave
    await ready(bench, web)
    async with asyncio.timeout(20):
        for _ in range(5):
            await streaming.opened.acquire()
            streaming.cut.set()
        await streaming.opened.acquire()
    assert streaming.sessions == 1


@pytest.mark.parametrize("status", [404, 502])
async def test_a_stream_that_is_refused_where_there_was_one_opens_another_session(
    bench: Bench, web: Web, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.02)
    streaming = Streaming()
    web.behave = streaming.behave
    _, heard = await ready(bench, web)
    async with asyncio.timeout(20):
        await streaming.opened.acquire()
        since = len(heard.events)
        streaming.refuses = status
        streaming.cut.set()
        assert f"it answered {status}" in (await heard.state("failed", since=since)).detail
        streaming.refuses = 0
        await streaming.opened.acquire()
    assert streaming.sessions == 2


async def test_where_there_is_no_stream_nobody_asks_again(bench: Bench, web: Web) -> None:
    server, _ = await ready(bench, web)
    assert texts(await act(server)) == ["done"]
    assert len([request for request in web.seen if request.method == "GET"]) == 1


# ── the answer to a call, on a stream that breaks off ────────────────────────────────────────────────────────────


async def test_a_call_is_taken_up_where_its_stream_broke_off_and_not_before_its_time(bench: Bench, web: Web) -> None:
    server, _ = await ready(bench, web)
    call: list[Any] = []
    asked: list[float] = []
    resumed: list[str] = []

    def behave(request: Request) -> Reply:
        if request.body.get("method") == "tools/call":
            call.append(request.body["id"])
            asked.append(time.monotonic())
            return 200, SSE, event(id="e1", retry=1500)
        if last := request.headers.get("last-event-id"):
            asked.append(time.monotonic())
            resumed.append(last)
            more = event(id="e2", retry=1) if len(resumed) == 1 else event(result(call[0], "at last"), id="e3")
            return 200, SSE, more
        return mcp(request)

    web.behave = behave
    assert texts(await act(server)) == ["at last"]
    assert resumed == ["e1", "e2"]
    assert asked[1] - asked[0] > 1.4
    assert len(call) == 1


async def test_a_call_whose_stream_does_not_come_back_fails_and_is_not_made_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.02)
    web = Web()
    asked = asyncio.Event()

    def reply(request: Request) -> Reply:
        asked.set()
        return 200, SSE, event(id="e1", retry=200)

    async with web.serving():
        server, heard = await ready(bench, web)
        web.behave = when("tools/call", reply)
        asking = asyncio.create_task(act(server))
        await asked.wait()
    since = len(heard.events)
    with pytest.raises(ServerError) as caught:
        await asking
    assert "box" in caught.value.text
    assert "not repeated" in caught.value.remedy
    async with web.serving():
        await heard.state("ready", since=since)
        assert len(web.called("tools/call")) == 1


async def test_a_call_whose_stream_ends_early_fails_at_once_and_the_session_goes_on(bench: Bench, web: Web) -> None:
    server, _ = await ready(bench, web)
    web.behave = when("tools/call", lambda request: (200, SSE, b": nothing\n\n"))
    with pytest.raises(ServerError, match="did not answer"):
        await act(server)
    web.behave = mcp
    assert texts(await act(server, "c2")) == ["done"]
    assert len(web.called("initialize")) == 1


# ── the older transport ──────────────────────────────────────────────────────────────────────────────────────────


class OldWeb:
    """HTTP+SSE: what is posted to one place is answered on the stream of another."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out: asyncio.Queue[bytes] = asyncio.Queue()

    def behave(self, request: Request) -> Reply:
        if request.method == "GET":
            return 200, SSE, self._stream()
        if (key := request.body.get("id")) is not None:
            match request.body["method"]:
                case "tools/call":
                    self.out.put_nowait(event(result(key, self.text)))
                case "server/discover":
                    error = {"code": -32601, "message": "no"}
                    self.out.put_nowait(event({"jsonrpc": "2.0", "id": key, "error": error}))
                case _:
                    body = mcp(request)[2]
                    assert isinstance(body, bytes)
                    self.out.put_nowait(event(json.loads(body)))
        return plain(202)

    async def _stream(self) -> AsyncIterator[bytes]:
        yield b"event: endpoint\ndata: /messages\n\n"
        while part := await self.out.get():
            yield part


async def test_over_the_older_transport_large_answers_arrive_and_a_cut_stream_is_opened_again(
    bench: Bench, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.02)
    old = OldWeb("x" * 3_000_000)
    web.behave = old.behave
    server, heard = bench.start(ServerSpec("box", "sse", url=web.url))
    assert (await heard.settled()).state == "ready"
    assert len(texts(await act(server))[0]) == 3_000_000
    since = len(heard.events)
    old.out.put_nowait(b"")
    away = await heard.state("failed", since=since)
    assert away.again is not None
    await heard.state("ready", since=since)
    assert heard.of(CatalogueChanged)[-1].tools
    old.text = "small"
    assert texts(await act(server, "c2")) == ["small"]


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_pauses_double_up_to_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 1.0)
    assert [connection.backoff(tries) for tries in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_process_is_restarted_five_times_in_five_minutes_and_no_more() -> None:
    recovery = Recovery(lambda tries: 2.0**tries, process=True)
    assert [recovery.after(1.0, float(now)) for now in range(MAX_RESTARTS)] == [1, 2, 4, 8, 16]
    assert recovery.after(1.0, 100.0) is None
    assert recovery.after(40.0, WINDOW) == 1.0
    recovery.forget()
    assert recovery.after(1.0, WINDOW + 1) == 1.0
    http = Recovery(lambda tries: 2.0**tries, process=False)
    assert [http.after(1.0, 0.0) for _ in range(8)][-1] == 128


# ── a real server, in both eras ──────────────────────────────────────────────────────────────────────────────────

SDK_SERVER = """
import sys, uvicorn
from mcp.server.mcpserver import MCPServer
server = MCPServer("real")

@server.tool(structured_output=False)
async def act() -> str:
    return f"run {sys.argv[2]}"

if sys.argv[2] != "1":
    server.add_tool(lambda: "x", name="risen")
uvicorn.run(server.streamable_http_app(), port=int(sys.argv[1]), log_level="info", access_log=False)
"""


@asynccontextmanager
async def sdk_server(port: int, run: int) -> AsyncIterator[None]:
    """Killed at the end, as by a crash of its machine."""
    command = (sys.executable, "-c", SDK_SERVER, str(port), str(run))
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            while b"running on" not in (line := await process.stderr.readline()):
                assert line, "it ended"
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize(("era", "spoken"), [("legacy", "2025-11-25"), ("auto", "2026-07-28")])
async def test_a_real_server_that_was_killed_comes_back_in_its_era_and_its_new_tools_are_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, era: Era, spoken: str
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.05)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/mcp"
    async with sdk_server(port, 1):
        server, heard = bench.start(ServerSpec("box", "http", url=url, protocol=era))
        ready = await heard.state("ready")
        assert ready.era == spoken
        assert texts(await act(server)) == ["run 1"]
    since = len(heard.events)
    with pytest.raises(ServerError, match="no connection"):
        await act(server, "c2")
    await heard.state("failed", since=since)
    async with sdk_server(port, 2):
        assert (await heard.state("ready", since=since)).era == spoken
        assert texts(await act(server, "c3")) == ["run 2"]
        await heard.until(lambda e: isinstance(e, CatalogueChanged) and len(e.tools) == 2, since)
        assert bench.host.told == ["box is back. Its tools have changed: new risen."]


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_a_server_that_was_replaced_while_nobody_looked_is_of_use_at_once(bench: Bench, era: Era) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with sdk_server(port, 1):
        server, heard = bench.start(ServerSpec("box", "http", url=f"http://127.0.0.1:{port}/mcp", protocol=era))
        await heard.state("ready")
    async with sdk_server(port, 2):
        assert texts(await act(server)) == ["run 2"]
