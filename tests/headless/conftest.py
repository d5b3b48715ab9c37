"""An engine that plays a script, and a voice that can be read."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from fastchat_tui.headless.answers import Answers, Ask
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.chat import ModelView, SessionInfo
from fastchat_tui.wire.commands import Command
from fastchat_tui.wire.events import (
    CatalogueChanged,
    EngineStarted,
    Event,
    FrameSeen,
    ServerChanged,
    ServerLogged,
    Stamped,
)
from fastchat_tui.wire.ports import Snapshot
from fastchat_tui.wire.roster import Roster
from fastchat_tui.wire.servers import Tool

STARTED = EngineStarted(version="1")
Script = Callable[[Command], Iterable[Event | None]]
"""None ends the events."""


class Events:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[Stamped | None] = asyncio.Queue()
        self.all_read = asyncio.Event()
        self.closed = False

    def __aiter__(self) -> AsyncIterator[Stamped]:
        return self

    async def __anext__(self) -> Stamped:
        if self.queue.empty():
            self.all_read.set()
        if (stamped := await self.queue.get()) is None:
            raise StopAsyncIteration
        return stamped

    def close(self) -> None:
        self.closed = True


class ScriptedEngine:
    """``begin`` publishes ``opening``; each command publishes what ``script`` returns for it."""

    def __init__(self, script: Script = lambda command: (), opening: Iterable[Event] = (STARTED,)) -> None:
        self.script = script
        self.opening = opening
        self.heard: list[Command] = []
        self.events = Events()
        self.roster = Roster()
        self.seq = 0
        self.saved: list[SessionInfo] = []

    def publish(self, *events: Event | None) -> None:
        for event in events:
            if event is None:
                self.events.queue.put_nowait(None)
                continue
            self.seq += 1
            stamped = Stamped(self.seq, 1_700_000_000.0 + self.seq / 100, event)
            self.roster.apply(stamped)
            self.events.queue.put_nowait(stamped)

    def begin(self) -> None:
        self.publish(*self.opening)

    def subscribe(self, since: int | None = None, *, frames: bool = False) -> Events:
        return self.events

    async def send(self, command: Command) -> None:
        self.heard.append(command)
        self.publish(*self.script(command))

    def snapshot(self) -> Snapshot:
        return Snapshot(ModelView("scripted-1"), SessionInfo("s-1"), dict(self.roster))

    async def page(self, before: int | None = None, limit: int = 200) -> Sequence[Stamped]:
        return ()

    async def sessions(self) -> Sequence[SessionInfo]:
        return self.saved

    def frames(self, server: str = "", call: str = "") -> Sequence[FrameSeen]:
        return ()

    def logs(self, server: str) -> Sequence[tuple[float, ServerLogged]]:
        return ()


@dataclass
class Console:
    """What a command wrote, and who is asked."""

    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)

    @property
    def voice(self) -> Voice:
        return Voice(self.out, self.err)

    def answers(self, ask: Ask | None = None, *, yes: bool = False) -> Answers:
        return Answers(self.voice, ask, yes=yes)

    @property
    def stdout(self) -> str:
        return self.out.getvalue()

    @property
    def stderr(self) -> str:
        return self.err.getvalue()


@pytest.fixture
def console() -> Console:
    return Console()


def ready(name: str, *tools: str) -> tuple[Event, ...]:
    """A server that comes up and offers ``tools``."""
    return (
        ServerChanged(server=name, state="connecting"),
        CatalogueChanged(
            server=name, tools=tuple(Tool(name, tool, description=f"{tool} it", tokens=10) for tool in tools)
        ),
        ServerChanged(server=name, state="ready", destination=f"run {name}"),
    )
