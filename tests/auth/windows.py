"""Running programs with one server that wants a sign-in, and a browser that follows where it is sent."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from fastchat_tui.auth.sign_in import sign_ins
from fastchat_tui.engine.local import LocalEngine
from fastchat_tui.servers.factory import connections
from fastchat_tui.wire.commands import CallTool, Login
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.events import Asked, CallFinished, ServerChanged, SignInFinished
from fastchat_tui.wire.ports import Vault
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.servers import OAuth, ServerSpec
from tests.fakes.world import World

NAME = "guarded"


@dataclass
class Window:
    """One running program with one server."""

    world: World
    engine: LocalEngine

    async def state(self, *states: str, since: int = 0) -> ServerChanged:
        """The first of ``states`` that the server has from the ``since``-th event on."""
        async with asyncio.timeout(30):
            while True:
                for event in self.world.events[since:]:
                    if isinstance(event, ServerChanged) and event.state in states:
                        return event
                await self.world.changed()

    async def asked(self, since: int = 0) -> tuple[str, SignIn]:
        async with asyncio.timeout(30):
            while True:
                for event in self.world.events[since:]:
                    if isinstance(event, Asked) and isinstance(event.about, SignIn):
                        return event.question, event.about
                await self.world.changed()

    async def ended(self, since: int = 0) -> SignInFinished:
        async with asyncio.timeout(30):
            while True:
                for event in self.world.events[since:]:
                    if isinstance(event, SignInFinished):
                        return event
                await self.world.changed()

    async def invited(self) -> tuple[str, SignIn, int]:
        """Somebody wants to sign in: the question, what it is about, and how many events there were before."""
        await self.state("needs_login")
        since = len(self.world.heard)
        await self.engine.send(Login(NAME))
        return *await self.asked(since), since

    async def login(self) -> ServerChanged:
        """As a user does whose browser is on this machine."""
        _, about, since = await self.invited()
        assert b"return to your terminal" in await asyncio.to_thread(browse, about.url)
        return await self.state("ready", "failed", "needs_login", since=since)

    async def call(self, tool: str = "wait", **arguments: float) -> str:
        """How it ended."""
        count = len(self.world.of(CallFinished))
        await self.engine.send(CallTool(NAME, tool, dict(arguments)))
        found = await self.world.until(CallFinished, count + 1)
        assert isinstance(found, CallFinished)
        return found.outcome

    async def calls(self, count: int, tool: str, **arguments: float) -> list[str]:
        """What each of ``count`` calls at once said."""
        before = len(self.world.of(CallFinished))
        for _ in range(count):
            await self.engine.send(CallTool(NAME, tool, dict(arguments)))
        await self.world.until(CallFinished, before + count)
        ended = [event for event in self.world.of(CallFinished) if isinstance(event, CallFinished)][before:]
        return [block.text for event in ended for block in event.content if isinstance(block, Text)]


@asynccontextmanager
async def window(url: str, vault: Vault, locks: Path, oauth: OAuth | None = None) -> AsyncIterator[Window]:
    world = World(allow=True)
    spec = ServerSpec(NAME, "http", url=url, oauth=oauth or OAuth())
    world.settings.config = replace(world.settings.config, servers=(spec,))
    sign_in = sign_ins(vault, locks, world.masker.learn)
    world.make_server = connections(log_dir=None, mask=world.masker.mask_shapes, sign_in=sign_in)
    async with world.open() as engine:
        yield Window(world, engine)


def browse(url: str) -> bytes:
    with urlopen(url, timeout=10) as page:
        return bytes(page.read())


def ended_at(url: str) -> str:
    """Where a browser on another machine would end: nobody answers it there."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    found = connection.getresponse().getheader("location")
    connection.close()
    assert found is not None
    return found
