"""Servers that ask their client for something: data, a page to visit, the model, the folders."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object, ToolResult
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import FrameSeen
from fastchat_tui.wire.ports import Server
from fastchat_tui.wire.servers import Era, ServerOptions, ServerSpec
from tests.servers.conftest import LIMIT, Bench, Heard, Progressed, texts
from tests.servers.test_real_servers import everything_over_http, program

ASKING = Path(__file__).parents[1] / "fakes" / "asking_server.py"
SAID: Object = {"role": "assistant", "model": "m", "content": {"type": "text", "text": "hat"}, "stopReason": "endTurn"}


async def asking(bench: Bench, era: Era, options: ServerOptions | None = None) -> tuple[Server, Heard]:
    options = options or ServerOptions()
    spec = ServerSpec("ask", "stdio", sys.executable, (str(ASKING),), protocol=era, options=options, call_timeout=10)
    server, heard = bench.start(spec)
    ready = await heard.settled()
    assert (ready.state, ready.instructions) == ("ready", "Ask nicely."), ready.detail
    assert ready.era == ("2025-11-25" if era == "legacy" else "2026-07-28")
    return server, heard


def declared(heard: Heard) -> bool:
    """Whether the server was told that it may ask a model."""
    return any('"sampling":' in frame.frame for frame in heard.of(FrameSeen) if frame.direction == "sent")


async def run(server: Server, tool: str, arguments: Object | None = None) -> str:
    return texts(await server.call("c1", tool, arguments or {}, Progressed()))[0]


@pytest.mark.parametrize("era", ["legacy", "auto"])
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            Answer("q", "accept", content={"row": 7, "window": False}),
            '"action":"accept","data":{"row":7,"window":false}',
        ),
        (Answer("q", "decline"), '"action":"decline"'),
        (Answer("q", "cancel"), '"action":"cancel"'),
    ],
    ids=["accept", "decline", "cancel"],
)
async def test_the_three_answers_to_a_form_arrive_as_three(bench: Bench, era: Era, answer: Answer, told: str) -> None:
    server, _ = await asking(bench, era)
    bench.host.answers.append(answer)
    assert told in await run(server, "book")
    (about,) = bench.host.asked
    assert (about.server, about.message, about.call, about.url) == ("ask", "Which seat?", "c1", "")
    assert about.schema is not None
    assert about.schema["properties"]["window"]["default"] is True


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_time_with_a_person_does_not_count_against_a_call(bench: Bench, era: Era) -> None:
    spec = ServerSpec("ask", "stdio", sys.executable, (str(ASKING),), protocol=era, call_timeout=1.2)
    server, heard = bench.start(spec)
    assert (await heard.settled()).state == "ready"
    bench.host.hold = asyncio.Event()
    asyncio.get_running_loop().call_later(1.6, bench.host.hold.set)
    assert '"decline"' in await run(server, "book")


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_sampling_is_not_declared_until_it_is_switched_on(bench: Bench, era: Era) -> None:
    server, heard = await asking(bench, era)
    with pytest.raises(ServerError):
        await run(server, "rhyme")
    assert bench.host.requests == []
    assert not declared(heard)
    bench.host.result = SAID
    since = len(heard.events)
    await server.configure(ServerOptions(sampling=True))
    assert (await heard.state("ready", since=since)).options.sampling
    assert '"text":"hat"' in await run(server, "rhyme")
    assert declared(heard)
    (request,) = bench.host.requests
    assert (request["systemPrompt"], request["maxTokens"]) == ("Be brief.", 20)
    assert request["messages"][0]["content"]["text"] == "A rhyme on cat"


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_a_rejected_sampling_is_told_to_the_server(bench: Bench, era: Era) -> None:
    server, _ = await asking(bench, era, ServerOptions(sampling=True))
    with pytest.raises(ServerError):
        await run(server, "rhyme")
    assert len(bench.host.requests) == 1


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_only_the_roots_that_were_granted_are_told(bench: Bench, era: Era, tmp_path: Path) -> None:
    server, _ = await asking(bench, era)
    assert await run(server, "roots") == "none"
    await server.configure(ServerOptions(roots=(str(tmp_path),)))
    assert await run(server, "roots") == tmp_path.as_uri()


@asynccontextmanager
async def everything(bench: Bench, transport: str, options: ServerOptions) -> AsyncIterator[tuple[Server, Heard]]:
    if transport == "stdio":
        spec = ServerSpec("all", "stdio", program("mcp-server-everything"), ("stdio",), options=options)
        yield await _ready(bench, spec)
        return
    async with everything_over_http() as url:
        server, heard = await _ready(bench, ServerSpec("all", "http", url=url, options=options))
        yield server, heard
        await server.stop()


async def _ready(bench: Bench, spec: ServerSpec) -> tuple[Server, Heard]:
    server, heard = bench.start(spec)
    ready = await heard.settled()
    assert ready.state == "ready", ready.detail
    return server, heard


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_server_everything_gets_what_it_asks_for(bench: Bench, transport: str, tmp_path: Path) -> None:
    options = ServerOptions(sampling=True, roots=(str(tmp_path),))
    bench.host.result = SAID
    async with everything(bench, transport, options) as (server, heard):
        names = {tool.name for tool in heard.catalogue.tools}
        assert {"trigger-elicitation-request", "trigger-sampling-request", "get-roots-list"} <= names
        bench.host.answers.append(Answer("q", "accept", content={"name": "Ada", "integer": 7}))
        assert "Ada" in " ".join(texts(await _result(server, "trigger-elicitation-request")))
        asked = [f.direction for f in heard.frames("c1") if "elicitation/create" in f.frame or '"accept"' in f.frame]
        assert asked == ["received", "sent"]
        assert '"hat"' in await run(server, "trigger-sampling-request", {"prompt": "x"})
        assert tmp_path.as_uri() in await run(server, "get-roots-list")


async def _result(server: Server, tool: str) -> ToolResult:
    return await server.call("c1", tool, {}, Progressed())


PAGE = "https://example.test/pay?id=7"


@pytest.mark.parametrize("by_error", [False, True])
async def test_a_page_to_visit_is_asked_for_and_never_opened(bench: Bench, by_error: bool) -> None:
    async with everything(bench, "stdio", ServerOptions()) as (server, _):
        bench.host.answers += [Answer("q", "accept"), Answer("q", "accept")]
        arguments = {"url": PAGE, "message": "Pay first", "elicitationId": "e1", "errorPath": by_error}
        assert "completed" in await run(server, "trigger-url-elicitation", arguments)
        assert (len(bench.host.asked), bench.host.answers) == ((2, []) if by_error else (1, [Answer("q", "accept")]))
        last = bench.host.asked[-1]
        assert (last.message, last.url, last.schema) == ("Pay first", PAGE, None)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a b/",
        "http://x/\x1b]8",
        "https://github.com@evil.example/",
    ],
)
async def test_a_page_that_no_browser_may_be_sent_to_is_refused_unasked(bench: Bench, url: str) -> None:
    from mcp import MCPError

    from fastchat_tui.servers.callbacks import Callbacks
    from fastchat_tui.servers.calls import Calls

    callbacks = Callbacks(lambda: ServerSpec("all", "stdio"), bench.host, Calls("all", 1))
    with pytest.raises(MCPError, match="http or https"):
        await callbacks.answer("elicitation/create", {"mode": "url", "message": "x", "url": url})
    assert bench.host.asked == []


@pytest.mark.parametrize("which", ["legacy", "auto", "everything"])
async def test_a_question_is_withdrawn_with_the_call_that_waits_for_it(bench: Bench, which: str) -> None:
    bench.host.hold = asyncio.Event()
    if which == "everything":
        spec = ServerSpec("all", "stdio", program("mcp-server-everything"), ("stdio",))
        (server, _), tool = await _ready(bench, spec), "trigger-elicitation-request"
    else:
        (server, _), tool = await asking(bench, "legacy" if which == "legacy" else "auto"), "book"
    call = asyncio.create_task(server.call("c1", tool, {}, Progressed()))
    await asyncio.wait_for(bench.host.news.wait(), LIMIT)
    call.cancel()
    await asyncio.wait_for(bench.host.withdrawn.wait(), LIMIT)


async def test_the_level_of_log_messages_is_told_to_the_server(bench: Bench) -> None:
    async with everything(bench, "stdio", ServerOptions(log_level="error")) as (server, heard):
        await heard.until(lambda e: e.kind == "frame_seen" and '"logging/setLevel"' in e.frame and "error" in e.frame)
        await server.configure(ServerOptions(log_level="debug"))
        await heard.until(lambda e: e.kind == "frame_seen" and '"logging/setLevel"' in e.frame and "debug" in e.frame)
        assert await run(server, "echo", {"message": "hi"}) == "Echo: hi"
