"""What an authorization server says of itself is small, or refused."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest

from fastchat_tui.auth.desk import SignInError
from fastchat_tui.auth.errands import MAX_DOCUMENT, Errands


@asynccontextmanager
async def answering(answer: Callable[[str], bytes]) -> AsyncIterator[str]:
    """A server that says to each request what ``answer`` makes of its path."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(head.split(b" ")[1].decode()))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def page(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    fields = "".join(f"{header}\r\n" for header in (*headers, f"Content-Length: {len(body)}", "Connection: close"))
    return f"HTTP/1.1 {status}\r\n{fields}\r\n".encode() + body


async def run(origin: str, path: str = "/") -> httpx2.Response:
    return await Errands(f"{origin}/mcp").run(httpx2.Request("GET", f"{origin}{path}"))


async def test_a_document_comes_whole() -> None:
    async with answering(lambda path: page(b"{}", "Content-Type: application/json")) as origin:
        assert (await run(origin)).json() == {}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page(b"x" * (MAX_DOCUMENT + 1)), "more than 1.0 MB"),
        (page(gzip.compress(b"x" * (MAX_DOCUMENT * 8)), "Content-Encoding: gzip"), "compressed"),
    ],
    ids=["endless", "compressed"],
)
async def test_a_bomb_is_refused(answer: bytes, words: str) -> None:
    async with answering(lambda path: answer) as origin:
        with pytest.raises(SignInError, match=words):
            await run(origin)


async def test_a_redirect_is_followed_at_home_and_nowhere_else() -> None:
    places = {"/near": "/here", "/far": "http://localhost:9/here"}

    def answer(path: str) -> bytes:
        where = places.get(path)
        return page(b"", f"Location: {where}", status="307 Moved") if where else page(b"here")

    async with answering(answer) as origin:
        assert (await run(origin, "/near")).text == "here"
        assert (await run(origin, "/far")).status_code == 307


async def test_a_proxy_that_the_user_has_set_is_used_as_for_every_other_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[0])
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(httpx2.TransportError):
            await Errands("https://mcp.example/mcp").run(httpx2.Request("GET", "https://login.example/"))
    assert asked == ["CONNECT login.example:443 HTTP/1.1"]


async def test_nothing_on_this_machine_is_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with answering(lambda path: page(b"{}")) as origin:
        assert (await run(origin)).status_code == 200
