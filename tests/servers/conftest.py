"""Servers that misbehave on demand, and an ear for what a connection says."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from fastchat_tui.servers.factory import connections
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object, ToolResult
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import CatalogueChanged, Event, FrameSeen, ServerChanged, ServerLogged
from fastchat_tui.wire.ports import Host, MakeServer, Server
from fastchat_tui.wire.questions import Elicitation
from fastchat_tui.wire.servers import ServerSpec

FAULTY = Path(__file__).parents[1] / "fakes" / "faulty_server.py"
LIMIT = 60.0
Kind = TypeVar("Kind")


class Heard:
    """Every event of one connection, and a way to wait for the next that fits."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, fits: Callable[[Event], bool], since: int = 0) -> Any:
        async with asyncio.timeout(LIMIT):
            while True:
                self._news.clear()
                for event in self.events[since:]:
                    if fits(event):
                        return event
                await self._news.wait()

    async def state(self, *states: str, since: int = 0) -> ServerChanged:
        changed = await self.until(lambda e: isinstance(e, ServerChanged) and e.state in states, since)
        assert isinstance(changed, ServerChanged)
        return changed

    async def settled(self, since: int = 0) -> ServerChanged:
        return await self.state("ready", "failed", "closed", "needs_login", since=since)

    @property
    def catalogue(self) -> CatalogueChanged:
        return self.of(CatalogueChanged)[-1]

    @property
    def log(self) -> str:
        return "\n".join(line.text for line in self.of(ServerLogged))

    def frames(self, call: str = "") -> list[FrameSeen]:
        return [frame for frame in self.of(FrameSeen) if frame.call == call]


class FakeHost:
    """Answers what servers ask for with what the test put there, and keeps what they asked."""

    def __init__(self) -> None:
        self.asked: list[Elicitation] = []
        self.requests: list[Object] = []
        self.deaf: list[str] = []
        self.told: list[str] = []
        self.told_deaf = asyncio.Event()
        self.answers: list[Answer] = []
        self.result: Object | ServerError = ServerError("The user rejected the sampling request.")
        self.hold: asyncio.Event | None = None
        self.news = asyncio.Event()
        self.withdrawn = asyncio.Event()

    async def elicit(self, about: Elicitation) -> Answer:
        self.asked.append(about)
        self.news.set()
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.withdrawn.set()
                raise
        return self.answers.pop(0) if self.answers else Answer("q", "decline")

    def tell(self, text: str, remedy: str) -> None:
        self.told.append(text)

    async def is_deaf(self, server: str) -> None:
        self.deaf.append(server)
        self.told_deaf.set()

    async def sample(self, server: str, call: str, request: Object) -> Object:
        self.requests.append(request)
        if isinstance(self.result, ServerError):
            raise self.result
        return self.result


class Bench:
    """Starts connections and takes them down."""

    def __init__(self, make: MakeServer, folder: Path) -> None:
        self._make = make
        self._servers: list[Server] = []
        self.host = FakeHost()
        self.pids = folder / "pids"

    def start(self, spec: ServerSpec, host: Host | None = None) -> tuple[Server, Heard]:
        heard = Heard()
        server = self._make(spec, heard, host or self.host)
        self._servers.append(server)
        server.start()
        return server, heard

    def faulty(self, fault: str = "", **options: Any) -> tuple[Server, Heard]:
        return self.start(self.spec(fault, **options))

    def spec(self, fault: str = "", **options: Any) -> ServerSpec:
        args = (str(FAULTY), "--fault", fault, "--pids", str(self.pids))
        return ServerSpec("box", "stdio", sys.executable, args, **options)

    async def ready(self, fault: str = "", **options: Any) -> tuple[Server, Heard]:
        server, heard = self.faulty(fault, **options)
        changed = await heard.settled()
        assert changed.state == "ready", changed.detail
        return server, heard

    def started(self) -> list[int]:
        return [int(line) for line in self.pids.read_text().split()]

    async def close(self) -> None:
        await asyncio.gather(*(server.stop() for server in self._servers))


@pytest.fixture
def mask() -> Callable[[str], str]:
    return lambda text: text.replace("s3cr3t-v4lue", "•••")


@pytest.fixture
async def bench(tmp_path: Path, mask: Callable[[str], str]) -> AsyncIterator[Bench]:
    bench = Bench(connections(log_dir=tmp_path / "log", mask=mask), tmp_path)
    yield bench
    await bench.close()


class Progressed(list[tuple[float, float | None, str]]):
    def __call__(self, done: float, total: float | None, text: str) -> None:
        self.append((done, total, text))


def act(server: Server, call: str = "c1", progress: Progressed | None = None) -> Any:
    return server.call(call, "act", {}, progress if progress is not None else Progressed())


def texts(result: ToolResult) -> list[str]:
    return [getattr(block, "text", "") for block in result.content]


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
    except OSError:
        os.kill(pid, 0)
        return True


class Clock:
    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self) -> float:
        return time.monotonic() - self._start
