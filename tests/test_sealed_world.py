"""What no test may reach."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest


def test_the_home_is_a_fresh_one(home: Path) -> None:
    assert Path.home() == home
    assert not list((home / ".config").iterdir())


def test_no_key_and_no_proxy_is_in_the_environment() -> None:
    assert not [name for name in os.environ if name.startswith("OPENAI") or name.lower().endswith("_proxy")]


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0)])
def test_no_socket_leaves_this_machine(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(OSError, match="only loopback"):
        sock.connect(address)


def test_no_name_is_looked_up() -> None:
    with pytest.raises(OSError, match="only loopback"):
        socket.getaddrinfo("example.org", 443)


async def test_loopback_is_open() -> None:
    import asyncio

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()
