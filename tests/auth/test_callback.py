"""The one port that is ever open: who is not the browser of this sign-in gets nothing there, and learns nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from fastchat_tui.auth import callback
from fastchat_tui.auth.callback import DONE, MAX_HEAD, Callback

ASKED = "https://login.example/authorize?state=the-state"
GOOD = "?code=the-code&state=the-state&iss=https://login.example"


@pytest.fixture
async def waiting() -> AsyncIterator[Callback]:
    one = Callback()
    await one.open()
    one.expect(ASKED)
    yield one
    one.close()


async def said_to(one: Callback, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    try:
        writer.write(request)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def request(one: Callback, target: str = "", *, method: str = "GET", host: str = "", more: str = "") -> bytes:
    path = one.url.partition(str(one.port))[2]
    lines = [f"{method} {target or path + GOOD} HTTP/1.1", f"Host: {host or f'127.0.0.1:{one.port}'}", more]
    return "\r\n".join(line for line in lines if line).encode() + b"\r\n\r\n"


async def test_the_browser_of_this_sign_in_is_let_in_once(waiting: Callback) -> None:
    answer = await said_to(waiting, request(waiting))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert DONE.encode() in answer
    assert (await waiting.arrival())["code"] == "the-code"
    assert (await said_to(waiting, request(waiting))).startswith(b"HTTP/1.1 400 ")
    waiting.close()
    with pytest.raises(ConnectionRefusedError):
        await said_to(waiting, request(waiting))


async def test_the_page_is_the_same_for_all_and_loads_nothing(waiting: Callback) -> None:
    query = "?code=<script>&state=the-state&error=<b>reflected"
    answer = await said_to(waiting, request(waiting, waiting.url.partition(str(waiting.port))[2] + query))
    assert b"reflected" not in answer
    assert b"script" not in answer
    assert b"default-src 'none'" in answer
    assert b"no-store" in answer
    assert b"no-referrer" in answer


@pytest.mark.parametrize(
    "wrong",
    [
        lambda one: request(one, host="evil.example"),
        lambda one: request(one, host=f"localhost:{one.port}"),
        lambda one: request(one, host="127.0.0.1"),
        lambda one: request(one, more=f"Host: 127.0.0.1:{one.port}"),
        lambda one: request(one).replace(b"Host", b"Hoot"),
        lambda one: request(one, method="POST"),
        lambda one: request(one, method="HEAD"),
        lambda one: request(one, method="OPTIONS"),
        lambda one: request(one, "/" + GOOD),
        lambda one: request(one, "/other" + GOOD),
        lambda one: request(one).replace(b"the-state", b"another"),
        lambda one: request(one).replace(b"the-state", b""),
        lambda one: request(one).replace(b"&state=the-state", b""),
        lambda one: request(one).replace(b"state=the-state", b"state=the-state&state=the-state"),
        lambda one: request(one).replace(b"code=the-code", b"cod=x"),
        lambda one: request(one).replace(b"?code", b"?" + b"x" * (1 << 20) + b"&code"),
        lambda one: request(one, more="X: " + "x" * 2 * MAX_HEAD),
        lambda one: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        lambda one: b"GET\r\n\r\n",
        lambda one: b"\r\n\r\n",
    ],
    ids=range(20),
)
async def test_whoever_is_not_changes_nothing(waiting: Callback, wrong: object) -> None:
    assert callable(wrong)
    answer = await said_to(waiting, wrong(waiting))
    assert not answer.startswith(b"HTTP/1.1 200 ")
    assert b"the-code" not in answer
    assert not waiting._arrived.done()
    assert (await said_to(waiting, request(waiting))).startswith(b"HTTP/1.1 200 "), "the true one still counts"


async def test_who_says_nothing_is_left_and_holds_nobody_up(waiting: Callback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback, "SLOW", 0.05)
    silent = [asyncio.create_task(said_to(waiting, b"GET /callback")) for _ in range(50)]
    assert (await said_to(waiting, request(waiting))).startswith(b"HTTP/1.1 200 ")
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*silent)
    assert not [answer for answer in answers if answer.startswith(b"HTTP/1.1 200 ")]


async def test_before_a_page_was_shown_nobody_is_let_in() -> None:
    one = Callback()
    await one.open()
    try:
        for query in (GOOD, "?code=x&state=", "?code=x"):
            target = one.url.partition(str(one.port))[2] + query
            assert (await said_to(one, request(one, target))).startswith(b"HTTP/1.1 400 ")
        assert not one._arrived.done()
    finally:
        one.close()
