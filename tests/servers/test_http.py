"""Servers over HTTP: what is sent, what is refused, and how a bad answer stays one call's trouble."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

import httpx2
import pytest

from fastchat_tui.servers.http import MAX_REFUSAL, Http
from fastchat_tui.wire.errors import NeedsLogin, ServerError
from fastchat_tui.wire.events import ServerChanged
from fastchat_tui.wire.servers import ServerSpec
from tests.servers.conftest import Bench, Clock, Heard, act, texts
from tests.servers.web import Reply, Request, Web, mcp, plain


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with Web().serving() as web:
        yield web


async def ready(bench: Bench, web: Web, **options: Any) -> tuple[Any, Heard]:
    server, heard = bench.start(ServerSpec("box", "http", url=web.url, **options))
    changed = await heard.settled()
    assert changed.state == "ready", changed.detail
    return server, heard


def when(method: str, reply: Callable[[Request], Reply | None]) -> Callable[[Request], Reply | None]:
    """The good server, but for one method."""
    return lambda request: reply(request) if request.body.get("method") == method else mcp(request)


async def test_a_server_over_http_answers_a_call(bench: Bench, web: Web) -> None:
    server, heard = await ready(bench, web, headers={"X-Key": "s3cr3t-v4lue"})
    assert texts(await act(server)) == ["done"]
    assert {request.headers.get("x-key") for request in web.seen} == {"s3cr3t-v4lue"}
    assert {request.headers.get("accept-encoding") for request in web.seen} == {"identity"}
    assert [frame.direction for frame in heard.frames("c1")] == ["sent", "received"]
    await server.stop()
    assert web.seen[-1].method == "DELETE"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_401_or_403_at_connect_asks_for_a_sign_in(bench: Bench, web: Web, status: int) -> None:
    web.behave = lambda request: plain(status, {"www-authenticate": 'Bearer realm="x"'})
    server, heard = bench.start(ServerSpec("box", "http", url=web.url, sse_fallback=True))
    needs = await heard.settled()
    assert needs.state == "needs_login"
    assert f"it answered {status}" in needs.detail
    assert 'Bearer realm="x"' in needs.detail
    with pytest.raises(NeedsLogin):
        await act(server)


async def test_a_403_in_a_call_refuses_that_call_and_no_other(bench: Bench, web: Web) -> None:
    server, heard = await ready(bench, web)
    web.behave = when("tools/call", lambda request: plain(403))
    with pytest.raises(ServerError, match="does not allow that: it answered 403 Forbidden"):
        await act(server)
    web.behave = mcp
    assert texts(await act(server, "c2")) == ["done"]
    assert "needs_login" not in {changed.state for changed in heard.of(ServerChanged)}


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "gzip"}])
async def test_a_refusal_is_not_read_to_its_end_before_a_sign_in(
    bench: Bench, web: Web, headers: dict[str, str]
) -> None:
    class Reads(httpx2.Auth):
        requires_response_body = True

        def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
            response = yield request
            sizes.append(len(response.content))

    sizes: list[int] = []
    web.behave = lambda request: plain(401, headers, gzip.compress(bytes(90_000_000)) + bytes(1_000_000))
    http = Http(ServerSpec("box", "http", url=web.url), lambda: None, auth=Reads(), sse=False)
    async with http._make_client() as client:
        with pytest.raises(httpx2.RequestError, match="wants a sign-in"):
            await client.post(web.url, json={})
    assert sizes[0] <= MAX_REFUSAL


async def test_a_401_in_a_call_asks_for_a_sign_in(bench: Bench, web: Web) -> None:
    server, heard = await ready(bench, web)
    web.behave = when("tools/call", lambda request: plain(401))
    with pytest.raises(NeedsLogin):
        await act(server)
    assert (await heard.state("needs_login")).detail == "It wants a sign-in: it answered 401 Unauthorized."


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda r: plain(500), "it answered 500 Internal Server Error"),
        (lambda r: plain(404, {"content-type": "text/html"}, b"<html>"), "forgot this session"),
        (lambda r: plain(307, {"location": "http://127.0.0.2:1/x"}), "Redirect to http://127.0.0.2:1/x not followed"),
        (lambda r: plain(200, {"content-type": "text/html"}, b"<html>hello"), "Unexpected content type: text/html"),
        (lambda r: plain(200, {"content-type": "application/json"}, b"{nonsense"), "cannot be used"),
        (lambda r: plain(200, {"content-type": "application/json"}, b" " * 17_000_000), "larger than 17 MB"),
        (
            lambda r: plain(
                200,
                {"content-type": "application/json", "content-encoding": "gzip"},
                gzip.compress(json.dumps({"jsonrpc": "2.0", "id": r.body["id"], "result": {}}).encode()),
            ),
            "it compressed its answer (gzip)",
        ),
        (lambda r: None, "the connection broke off"),
    ],
    ids=["500", "404", "redirect", "html", "nonsense", "huge", "gzip", "reset"],
)
async def test_a_bad_answer_fails_its_call_in_words(
    bench: Bench, web: Web, reply: Callable[[Request], Reply | None], words: str
) -> None:
    server, _ = await ready(bench, web)
    web.behave = when("tools/call", reply)
    with pytest.raises(ServerError) as caught:
        await act(server)
    assert words in caught.value.text
    web.behave = mcp
    assert texts(await act(server, "c2")) == ["done"]


async def test_a_body_that_breaks_off_fails_only_its_call(bench: Bench) -> None:
    web = Web()
    async with web.serving():
        server, _ = await ready(bench, web)
        web.behave = when("tools/call", lambda r: (200, {"content-type": "application/json", "x": "y"}, b""))
        with pytest.raises(ServerError):
            await act(server)
        web.behave = mcp
        assert texts(await act(server, "c2")) == ["done"]


async def test_a_server_that_is_not_there_is_told_in_words(bench: Bench) -> None:
    _, heard = bench.start(ServerSpec("box", "http", url="http://127.0.0.1:9/mcp"))
    failed = await heard.settled()
    assert failed.state == "failed"
    assert failed.detail.startswith("It could not be reached: no connection")


async def test_a_server_that_never_answers_fails_after_its_time(bench: Bench, web: Web) -> None:
    async def never(request: Request) -> None:
        await asyncio.Event().wait()

    web.behave = never
    _, heard = bench.start(ServerSpec("box", "http", url=web.url, connect_timeout=0.5))
    assert (await heard.settled()).detail.startswith("It was not ready within 500 ms")


async def test_a_stop_does_not_wait_for_a_server_that_hangs(bench: Bench, web: Web) -> None:
    server, _ = await ready(bench, web)

    async def never(request: Request) -> None:
        await asyncio.Event().wait()

    web.behave = never
    clock = Clock()
    await server.stop()
    assert clock() < 3


async def test_a_cancelled_call_tells_the_server(bench: Bench, web: Web) -> None:
    server, _ = await ready(bench, web)
    asked = asyncio.Event()
    told = asyncio.Event()

    def behave(request: Request) -> Any:
        if request.body.get("method") == "notifications/cancelled":
            told.set()
        if request.body.get("method") != "tools/call":
            return mcp(request)
        asked.set()
        return asyncio.Event().wait()

    web.behave = behave
    asking = asyncio.create_task(act(server))
    async with asyncio.timeout(20):
        await asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await told.wait()


async def test_a_url_of_the_older_kind_is_tried_as_sse(bench: Bench, web: Web) -> None:
    web.behave = lambda request: plain(405)
    _, heard = bench.start(ServerSpec("box", "http", url=web.url, sse_fallback=True))
    failed = await heard.settled()
    assert failed.state == "failed"
    assert failed.detail == "It refused Streamable HTTP: it answered 405 Method Not Allowed."
    assert any(request.method == "GET" for request in web.seen)


async def test_without_a_fallback_no_other_transport_is_tried(bench: Bench, web: Web) -> None:
    web.behave = lambda request: plain(405)
    _, heard = bench.start(ServerSpec("box", "http", url=web.url))
    await heard.settled()
    assert not any(request.method == "GET" for request in web.seen)


async def test_proxies_are_not_used_on_loopback(bench: Bench, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    await ready(bench, web)
