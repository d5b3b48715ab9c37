"""The requests of a sign-in do not enter a network that only this machine sees."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence

import httpx2
import pytest

from fastchat_tui.auth.guard import Guarded

PUBLIC = "93.184.215.14"


class Inner(httpx2.AsyncBaseTransport):
    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200)


class Names:
    """Answers of DNS, one after the other; addresses stand for themselves."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names = {name.replace("_", "."): list(addresses) for name, addresses in names.items()}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        if host not in self.names:
            with contextlib.suppress(OSError):
                return [socket.inet_ntoa(socket.inet_aton(host))]  # as the system reads 127.1 and 0x7f.0.0.1
            return ["::1"] if host == "localhost" else [host]
        answers = self.names[host]
        return [answers.pop(0) if len(answers) > 1 else answers[0]]


async def get(url: str, home: str, names: Names) -> httpx2.Request:
    inner = Inner()
    async with httpx2.AsyncClient(transport=Guarded([home], inner, names)) as client:
        await client.get(url)
    return inner.requests[-1]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[::127.0.0.1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::1]",
        "100.64.0.1",
        "192.168.1.1",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_public_server_cannot_send_us_into_this_network(host: str, scheme: str) -> None:
    with pytest.raises((httpx2.ConnectError, httpx2.InvalidURL)):
        await get(f"{scheme}://{host}:8801/", "https://mcp.example/mcp", Names(mcp_example=[PUBLIC]))


async def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to() -> None:
    names = Names(mcp_example=[PUBLIC], login_example=[PUBLIC, "127.0.0.1"])
    request = await get("https://login.example/token", "https://mcp.example/mcp", names)
    assert (request.url.host, request.headers["host"]) == (PUBLIC, "login.example")
    assert request.extensions["sni_hostname"] == "login.example"
    with pytest.raises(httpx2.ConnectError, match="private address"):
        await get("https://login.example/token", "https://mcp.example/mcp", names)


async def test_the_configured_server_is_reached_as_ever_wherever_it_is() -> None:
    request = await get("http://10.1.2.3:8080/mcp", "http://10.1.2.3:8080/mcp", Names())
    assert request.url.host == "10.1.2.3"


async def test_what_is_not_encrypted_is_not_asked_over_a_network() -> None:
    with pytest.raises(httpx2.ConnectError, match="not encrypted"):
        await get("http://login.example/token", "https://mcp.example/mcp", Names(login_example=[PUBLIC]))


async def test_a_server_on_this_machine_may_name_another_one_here() -> None:
    request = await get("http://127.0.0.1:9001/token", "http://127.0.0.1:9000/mcp", Names())
    assert request.url.port == 9001


async def test_a_server_in_this_network_may_name_a_neighbour_but_not_the_clouds_credentials() -> None:
    request = await get("https://10.0.0.2/token", "https://10.0.0.1/mcp", Names())
    assert request.url.host == "10.0.0.2"
    with pytest.raises(httpx2.ConnectError, match="private address"):
        await get("https://169.254.169.254/latest", "https://10.0.0.1/mcp", Names())


async def test_an_address_that_does_not_answer_leaves_the_next_one_its_turn() -> None:
    class Deaf(Inner):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            await super().handle_async_request(request)
            if request.url.host != PUBLIC:
                raise httpx2.ConnectError("unreachable")
            return httpx2.Response(200)

    inner = Deaf()

    async def both(host: str, port: int) -> Sequence[str]:
        return ["2001:4860:4860::8888", PUBLIC]

    async with httpx2.AsyncClient(transport=Guarded(["https://mcp.example/mcp"], inner, both)) as client:
        assert (await client.get("https://login.example/token")).status_code == 200
    assert [request.url.host for request in inner.requests] == ["2001:4860:4860::8888", PUBLIC]


async def by_proxy(url: str) -> str:
    inner = Inner()

    async def nobody(host: str, port: int) -> Sequence[str]:
        raise AssertionError("the proxy looks names up")

    transport = Guarded(["http://10.1.2.3/mcp"], inner, nobody, by_proxy=True)
    async with httpx2.AsyncClient(transport=transport) as client:
        await client.get(url)
    return inner.requests[-1].url.host


async def test_behind_a_proxy_names_are_left_to_it_and_what_is_plainly_wrong_is_refused() -> None:
    assert await by_proxy("https://login.example/token") == "login.example"
    assert await by_proxy("http://10.1.2.3/.well-known/x") == "10.1.2.3"
    for url in (
        "http://login.example/token",
        "https://10.0.0.1/token",
        "https://169.254.169.254/",
        "https://[fd00::1]/",
    ):
        with pytest.raises(httpx2.ConnectError, match="was not asked"):
            await by_proxy(url)
