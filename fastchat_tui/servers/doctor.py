"""A server examined from the outside in, by a connection of its own: where it stops, why, and what to do.

The last steps are those of a real connection, as its events tell them, so that what the doctor finds is what a chat
would meet. Nothing stays behind: the connection is closed when the examination ends, however it ends.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from time import monotonic

from fastchat_tui.servers.process import find_command
from fastchat_tui.servers.reach import LIMIT, reach, timed
from fastchat_tui.servers.vaulted import Complete, as_it_is
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.doctor import Examine, Step
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import CatalogueChanged, Event, FrameSeen, ServerChanged
from fastchat_tui.wire.ports import MakeServer
from fastchat_tui.wire.questions import Elicitation, SignIn
from fastchat_tui.wire.servers import ServerSpec

STDIO = ("command", "process", "first bytes", "protocol", "lists")
HTTP = ("DNS", "TCP", "TLS", "HTTP", "metadata", "token", "protocol", "lists")


def doctor(make: MakeServer, mask: Callable[[str], str], complete: Complete = as_it_is) -> Examine:
    """Examines with connections of ``make``; ``mask`` hides secrets in what is told."""

    async def examine(spec: ServerSpec) -> AsyncGenerator[Step, None]:
        told: set[str] = set()
        failed = False
        async with aclosing(_examine(spec, make, complete)) as steps:
            async for step in steps:
                told.add(step.name)
                failed = failed or step.verdict == "failed"
                yield replace(step, detail=mask(step.detail), remedy=mask(step.remedy))
        if failed:
            for name in _names(spec):
                if name not in told:
                    yield Step(name, "skipped")

    return examine


def _names(spec: ServerSpec) -> Iterator[str]:
    names = STDIO if spec.transport == "stdio" else HTTP
    return (name for name in names if name != "TLS" or spec.url.startswith("https:"))


async def _examine(spec: ServerSpec, make: MakeServer, complete: Complete) -> AsyncGenerator[Step, None]:
    if spec.problem:
        yield Step("entry", "failed", spec.problem, f"Mend it in {spec.origin or 'the configuration'}.")
        return
    try:
        spec = await complete(spec)
    except ServerError as error:
        yield Step("entry", "failed", error.text, error.remedy)
        return
    if spec.transport == "stdio":
        yield (found := _command(spec))
        if found.verdict == "failed":
            return
        phases = list(STDIO[1:])
    else:
        async for step in _over_http(spec):
            yield step
            if step.verdict == "failed":
                return
        phases = list(HTTP[5:])
    async with aclosing(_connected(spec, make, phases)) as steps:
        async for step in steps:
            yield step


def _command(spec: ServerSpec) -> Step:
    began = monotonic()
    try:
        path = find_command(spec, spec.env.get("PATH", os.environ.get("PATH")))
    except ServerError as error:
        return Step("command", "failed", error.text, error.remedy, monotonic() - began)
    return Step("command", "ok", path, seconds=monotonic() - began)


async def _over_http(spec: ServerSpec) -> AsyncIterator[Step]:
    async for step in reach(spec.url):
        yield step
        if step.verdict == "failed":
            return
    from fastchat_tui.servers.knock import knock, metadata

    yield Step("HTTP")
    answers: list[str] = []
    yield (await timed(lambda: knock(spec, answers), "HTTP"))
    if answers:
        yield Step("metadata")
        yield (await timed(lambda: metadata(spec, answers[0]), "metadata"))
    else:
        yield Step("metadata", "skipped", "it asks for no sign-in")


async def _connected(spec: ServerSpec, make: MakeServer, phases: list[str]) -> AsyncGenerator[Step, None]:
    """What a real connection tells, put down to the phase that it was in."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    server = make(spec, events.put_nowait, Declines())
    todo = phases
    times: dict[str, float] = {}
    began = monotonic()

    def passed(detail: str = "") -> Step:
        nonlocal began
        name, now = todo.pop(0), monotonic()
        times[name], began = now - began, now
        return Step(name, "ok", detail, seconds=times[name])

    def until(name: str) -> Iterator[Step]:
        """Every phase before ``name`` is over, and ``name`` begins."""
        while todo and todo[0] != name and name in todo:
            yield passed(_token(spec) if todo[0] == "token" else "")
            yield Step(todo[0])

    lists = Step("lists", "ok", "it offers none")
    yield Step(todo[0])
    server.start()
    try:
        while todo:
            for step in _steps(await _next(events, spec), until, todo):
                if step.name == "lists" and step.verdict != "running":
                    lists = step
                elif step.verdict == "failed":
                    yield replace(step, seconds=monotonic() - began)
                    return
                elif step.name == "ready":
                    for earlier in until("lists"):
                        yield earlier
                    yield Step("protocol", "ok", step.detail, seconds=times["protocol"])
                    yield replace(lists, seconds=passed().seconds)
                else:
                    yield step
    finally:
        await server.stop()


async def _next(events: asyncio.Queue[Event], spec: ServerSpec) -> Event:
    """The connection has its own deadlines; this one is for a connection that forgets them."""
    try:
        async with asyncio.timeout(3 * spec.connect_timeout + LIMIT):
            return await events.get()
    except TimeoutError:
        return ServerChanged(server=spec.name, state="failed", detail="nothing more was heard of it")


def _steps(event: Event, until: Callable[[str], Iterator[Step]], todo: list[str]) -> Iterator[Step]:
    match event:
        case FrameSeen(direction="sent", frame=frame):
            yield from until("lists" if '/list"' in frame[:200] else "first bytes")
        case FrameSeen(direction="received", frame=frame) if todo[0] != "token" or '"result"' in frame:
            yield from until("protocol")
        case CatalogueChanged():
            yield from until("lists")
            yield _offers(event)
        case ServerChanged(state="ready"):
            yield Step("ready", "ok", f"{event.era}, {event.identity or 'it does not say its name'}")
        case ServerChanged(state="needs_login"):
            yield Step("token", "failed", event.detail, _SIGN_IN.format(event.server))
        case ServerChanged(state="failed" | "closed"):
            cause = todo[0] if event.exit_code is None else "process"
            yield Step(todo[0], "failed", event.detail, _REMEDIES[cause])
        case _:
            pass


_SIGN_IN = "Sign in (fastchat-tui login {}), or put a valid token into its “headers” as ${{VARIABLE}}."
_REMEDIES = {
    "process": "Run the command in a terminal: what it prints there is the cause. Mend its arguments or variables.",
    "first bytes": "It runs but does not speak MCP on its standard output. Is it a stdio server? A first start that "
    "downloads may need a longer “connect_timeout”.",
    "token": "Is this URL the MCP endpoint itself? Its path is often /mcp, and /sse for the older transport.",
    "protocol": "Bring it up to date, or set “era” to “legacy” in its entry.",
    "lists": "It connects, but does not say what it offers: look at its log, and bring it up to date.",
}


def _token(spec: ServerSpec) -> str:
    sent = any(name.lower() == "authorization" for name in spec.headers)
    return "the configured Authorization is accepted" if sent else "none is configured; it let us in"


def _offers(catalogue: CatalogueChanged) -> Step:
    counts = {
        "tools": len(catalogue.tools),
        "resources": len(catalogue.resources) + len(catalogue.templates),
        "prompts": len(catalogue.prompts),
    }
    text = ", ".join(f"{count} {name if count != 1 else name[:-1]}" for name, count in counts.items() if count)
    if not catalogue.left_out:
        return Step("lists", "ok", text or "it offers nothing")
    why = "; ".join(catalogue.left_out[:3])
    if not text:
        return Step("lists", "failed", why, _REMEDIES["lists"])
    return Step("lists", "warning", f"{text}; left out: {why}", "The rest works. Tell the server's author.")


class Declines:
    """The host of an examination: nobody is asked anything."""

    async def elicit(self, about: Elicitation | SignIn) -> Answer:
        return Answer("", "decline" if isinstance(about, Elicitation) else "deny")

    def tell(self, text: str, remedy: str) -> None:
        """Nobody listens."""

    async def is_deaf(self, server: str) -> None:
        """Not worth remembering: the next connection finds it out."""

    async def sample(self, server: str, call: str, request: Object) -> Object:
        raise ServerError("Nothing is sampled while a server is examined.")
