"""What our connections cost beside the bare SDK.

The servers are the tests' own stand-in, so that the client is what is measured, and the bundled demo server, which is a
real one.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from mcp import Client, StdioServerParameters, stdio_client

from fastchat_tui.servers.factory import connections
from fastchat_tui.wire.events import Event, ServerChanged
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.ports import Server
from fastchat_tui.wire.servers import ServerSpec
from tests.bench.table import Row
from tests.servers.conftest import FakeHost

FAULTY = str(Path(__file__).parents[1] / "fakes" / "faulty_server.py")
CALLS = 500
SERVERS = 20
GOOD = 5
ROUNDS = 3


async def ours(
    args: tuple[str, ...], count: int, folder: Path, beside: Sequence[ServerSpec] = ()
) -> tuple[float, list[Server]]:
    """Seconds until all are ready, their lists read. Those of ``beside`` start first, and nobody waits for them."""
    make = connections(log_dir=folder, mask=Masker(["s3cr3t-v4lue"]).mask_shapes)
    waiting = count
    done = asyncio.Event()

    def emit(event: Event) -> None:
        nonlocal waiting
        if isinstance(event, ServerChanged) and event.state != "connecting":
            assert event.state == "ready", event.detail
            waiting -= 1
            if not waiting:
                done.set()

    start = time.perf_counter()
    servers = [make(spec, lambda event: None, FakeHost()) for spec in beside]
    servers += [make(ServerSpec(f"s{n}", "stdio", sys.executable, args), emit, FakeHost()) for n in range(count)]
    for server in servers:
        server.start()
    await done.wait()
    return time.perf_counter() - start, servers


async def bare(args: tuple[str, ...], count: int) -> float:
    """Seconds until the SDK alone has the same servers open and their tools listed."""
    opened = 0
    done, leave = asyncio.Event(), asyncio.Event()

    async def own() -> None:
        nonlocal opened
        parameters = StdioServerParameters(command=sys.executable, args=list(args))
        with open(os.devnull, "w") as quiet:
            async with Client(stdio_client(parameters, errlog=quiet)) as client:
                await client.list_tools()
                opened += 1
                if opened == count:
                    done.set()
                await leave.wait()

    start = time.perf_counter()
    tasks = [asyncio.create_task(own()) for _ in range(count)]
    await done.wait()
    seconds = time.perf_counter() - start
    leave.set()
    await asyncio.gather(*tasks)
    return seconds


async def start_up(name: str, args: tuple[str, ...], folder: Path) -> Row:
    mine, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(await bare(args, SERVERS))
        seconds, servers = await ours(args, SERVERS, folder)
        mine.append(seconds)
        await asyncio.gather(*(server.stop() for server in servers))
    took, bare_took = statistics.median(mine), statistics.median(theirs)
    detail = f"{took:.2f} s and {bare_took:.2f} s"
    return Row(f"{SERVERS} × {name} are ready, times the bare SDK", took / bare_took, "×", 1.2, detail)


async def beside_bad_ones(args: tuple[str, ...], folder: Path) -> Row:
    """Five good ones alone, and behind twenty that are missing, deaf, refused, or silent on their port."""
    alone, beside = [], []
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system accepts, and nobody answers
        port = silent.getsockname()[1]
        bad = [
            *(ServerSpec(f"missing{n}", "stdio", "no-such-command") for n in range(5)),
            *(ServerSpec(f"deaf{n}", "stdio", "sleep", ("3600",)) for n in range(5)),
            *(ServerSpec(f"refused{n}", "http", url="http://127.0.0.1:9/mcp") for n in range(5)),
            *(ServerSpec(f"silent{n}", "http", url=f"http://127.0.0.1:{port}/mcp") for n in range(5)),
        ]
        for _ in range(ROUNDS):
            for took, others in ((alone, []), (beside, bad)):
                seconds, servers = await ours(args, GOOD, folder, others)
                took.append(seconds)
                await asyncio.gather(*(server.stop() for server in servers))
    with_them, without = statistics.median(beside), statistics.median(alone)
    detail = f"{with_them:.2f} s and {without:.2f} s"
    return Row(f"{GOOD} good servers, times without 20 bad ones", with_them / without, "×", 1.2, detail)


async def calls(folder: Path) -> Row:
    """Turn about, so that what else the machine does meets both."""
    arguments = {"text": "hello " * 20}
    _, (server,) = await ours((FAULTY,), 1, folder)
    parameters = StdioServerParameters(command=sys.executable, args=[FAULTY])
    mine, theirs = [], []
    with open(os.devnull, "w") as quiet:
        async with Client(stdio_client(parameters, errlog=quiet)) as client:
            await client.list_tools()
            for number in range(CALLS):
                began = time.perf_counter()
                await server.call(f"c{number}", "echo", arguments, lambda done, total, text: None)
                between = time.perf_counter()
                await client.call_tool("echo", arguments)
                mine.append(between - began)
                theirs.append(time.perf_counter() - between)
    await server.stop()
    own, bare_own = statistics.median(mine) * 1000, statistics.median(theirs) * 1000
    return Row(
        "a tool call, more than through the bare SDK", own - bare_own, "ms", 5, f"{own:.2f} and {bare_own:.2f} ms"
    )


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        log = Path(name, "log")
        yield asyncio.run(calls(log))
        yield asyncio.run(start_up("stand-in", (FAULTY,), log))
        demo = ("-P", "-m", "fastchat_tui.demo.server", name)
        yield asyncio.run(start_up("demo server", demo, log))
        yield asyncio.run(beside_bad_ones(demo, log))
