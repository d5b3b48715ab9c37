"""What our connections cost beside the bare SDK, measured in one run: ``python -m tests.bench.servers``.

Goals: a tool call costs at most 5 ms more; 20 stdio servers are ready in at most 1.2 × the time. The servers are the
tests' own stand-in, so that the client is what is measured, and the bundled demo server, which is a real one.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from mcp import Client, StdioServerParameters, stdio_client

from fastchat_tui.servers.factory import connections
from fastchat_tui.wire.events import Event, ServerChanged
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.ports import Server
from fastchat_tui.wire.servers import ServerSpec

FAULTY = str(Path(__file__).parents[1] / "fakes" / "faulty_server.py")
CALLS = 500
SERVERS = 20
ROUNDS = 3


async def ours(args: tuple[str, ...], count: int, folder: Path) -> tuple[float, list[Server]]:
    """Seconds until all are ready, their lists read."""
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
    servers = [make(ServerSpec(f"s{n}", "stdio", sys.executable, args), emit) for n in range(count)]
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


async def start_up(name: str, args: tuple[str, ...], folder: Path) -> None:
    mine, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(await bare(args, SERVERS))
        seconds, servers = await ours(args, SERVERS, folder)
        mine.append(seconds)
        await asyncio.gather(*(server.stop() for server in servers))
    ratio = statistics.median(mine) / statistics.median(theirs)
    print(
        f"{SERVERS} × {name} ready: ours {statistics.median(mine):.2f} s, bare SDK {statistics.median(theirs):.2f} s, ",
        end="",
    )
    print(f"ratio {ratio:.2f} (goal ≤ 1.2)")


async def calls(folder: Path) -> None:
    arguments = {"text": "hello " * 20}
    _, (server,) = await ours((FAULTY,), 1, folder)
    mine = []
    for number in range(CALLS):
        start = time.perf_counter()
        await server.call(f"c{number}", "echo", arguments, lambda done, total, text: None)
        mine.append(time.perf_counter() - start)
    await server.stop()
    theirs = []
    with open(os.devnull, "w") as quiet:
        async with Client(
            stdio_client(StdioServerParameters(command=sys.executable, args=[FAULTY]), errlog=quiet)
        ) as client:
            await client.list_tools()
            for _ in range(CALLS):
                start = time.perf_counter()
                await client.call_tool("echo", arguments)
                theirs.append(time.perf_counter() - start)
    more = statistics.median(mine) - statistics.median(theirs)
    print(
        f"one call: ours {statistics.median(mine) * 1000:.2f} ms, bare SDK {statistics.median(theirs) * 1000:.2f} ms, ",
        end="",
    )
    print(f"{more * 1000:+.2f} ms (goal ≤ +5)")


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await calls(folder / "log")
        await start_up("stand-in", (FAULTY,), folder / "log")
        await start_up("demo server", ("-P", "-m", "fastchat_tui.demo.server", name), folder / "log")


if __name__ == "__main__":
    asyncio.run(main())
