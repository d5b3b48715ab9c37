"""The events of a command, with what every command does about them: questions answered, trouble told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.exits import no_such_server
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.errors import CommandError, ConfigError, ServerError
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    EngineStarted,
    Event,
    Noticed,
    RetryScheduled,
    ServerChanged,
    Stamped,
)
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.roster import Roster
from fastchat_tui.wire.servers import ServerView
from fastchat_tui.wire.text import human_time, one_line

Servers = Mapping[str, ServerView]
Heard = Callable[[Stamped], None]


class Reader:
    """An async iterator of the engine's events."""

    def __init__(self, engine: Engine, answers: Answers, voice: Voice) -> None:
        self._engine = engine
        self._answers = answers
        self._voice = voice
        self._events = engine.subscribe()
        self._started = False
        self._told: dict[str, str] = {}
        self._signing_in: asyncio.Task[None] | None = None

    def __aiter__(self) -> Reader:
        return self

    async def __anext__(self) -> Stamped:
        stamped = await self._events.__anext__()
        self._tell(stamped.event)
        match stamped.event:
            case Asked(about=SignIn() as about, question=question):
                self._signing_in = asyncio.create_task(self._sign_in(question, about))
            case Asked() as asked:
                await self._answer(asked)
            case Answered():
                self._sign_in_ends()
            case _:
                pass
        return stamped

    @asynccontextmanager
    async def meanwhile(self, hear: Heard = lambda _: None) -> AsyncIterator[None]:
        """Events are heard and questions answered while the block waits for something else."""

        async def go_on() -> None:
            async for stamped in self:
                hear(stamped)

        going_on = asyncio.create_task(go_on())
        try:
            yield
        finally:
            going_on.cancel()
            await asyncio.wait([going_on])

    def close(self) -> None:
        self._sign_in_ends()
        self._events.close()

    def _sign_in_ends(self) -> None:
        if self._signing_in is not None:
            self._signing_in.cancel()
            self._signing_in = None

    async def _sign_in(self, question: str, about: SignIn) -> None:
        """Meanwhile the events go on: the browser may come back by itself."""
        text = await self._answers.sign_in(about)
        if text is None:
            await self._engine.send(Answer(question, "deny"))
        elif text:
            await self._engine.send(Answer(question, "accept", text=text))

    async def _answer(self, asked: Asked) -> None:
        try:
            await self._engine.send(await self._answers.decide(asked))
        except CommandError as error:  # a form that its defaults do not fill
            self._voice.complain(error.text, error.remedy)
            await self._engine.send(Answer(asked.question, "deny"))

    async def settle(self, server: str = "", hear: Heard = lambda _: None) -> Servers:
        """Starts the engine; returns when every server (or the one named) has connected or failed to, with how they
        stood then: one that is away may be connecting again by now.

        Raises ConfigError when the configuration cannot be used: a script must not go on without its servers.
        """
        self._engine.begin()
        heard = Roster()
        settled: dict[str, ServerView] = {}
        async for stamped in self:
            hear(stamped)
            heard.apply(stamped)
            settled |= {name: view for name, view in heard.items() if view.state != "connecting"}
            servers = self._engine.snapshot().servers
            waited_for = servers.keys() if not server else servers.keys() & {server}
            if self._started and waited_for <= settled.keys():
                away = {name: settled[name] for name in waited_for if servers[name].state == "connecting"}
                return {**servers, **away}
        raise CommandError("The engine ended before it was ready.")

    def _tell(self, event: Event) -> None:
        match event:
            case EngineStarted():
                self._started = True
            case Noticed(level="error", text=text, remedy=remedy) if not self._started:
                raise ConfigError(text, remedy)
            case Noticed(level="error" | "warning", text=text, remedy=remedy):
                self._voice.complain(text, remedy)
            case ServerChanged(server=server, state="failed" | "closed" | "needs_login" as state, detail=detail):
                words = f"{state.replace('_', ' ')}{f'. {one_line(detail)}' if detail else ''}"
                if self._told.get(server) != words:  # one that is tried again and again is told of once
                    self._voice.narrate(f"{server}: {words}")
                self._told[server] = words
            case RetryScheduled(why=why, seconds=seconds):
                self._voice.narrate(f"{why} Trying again in {human_time(seconds)}.")
            case _:
                pass


@asynccontextmanager
async def ready(engine: Engine, answers: Answers, voice: Voice, server: str) -> AsyncIterator[ServerView]:
    """One server that can be used; its questions are answered meanwhile. Raises ServerError when it is not ready."""
    reader = Reader(engine, answers, voice)
    try:
        view = usable(await reader.settle(server), server)
        async with reader.meanwhile():
            yield view
    finally:
        reader.close()


def usable(servers: Servers, server: str) -> ServerView:
    """Raises ServerError where it is not ready, with why."""
    if (view := servers.get(server)) is None:
        raise no_such_server(server, servers)
    if view.state != "ready":
        detail = f": {one_line(view.detail).rstrip('.')}" if view.detail else ""
        remedies = {"off": "Switch it on in the servers pane.", "needs_login": f"Run: fastchat-tui login {server}"}
        raise ServerError(f"{server} is {view.state.replace('_', ' ')}{detail}.", remedies.get(view.state, ""))
    return view


def heard_cancel() -> None:
    """Ctrl+C cancelled this task, and that was acted upon: what comes now may wait again."""
    if (task := asyncio.current_task()) is not None:
        task.uncancel()
