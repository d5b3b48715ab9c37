"""``servers``, ``tools`` and ``call`` with an engine that plays a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

import pytest

from fastchat_tui.headless.call import call, read_arguments
from fastchat_tui.headless.exits import Exit, UsageError
from fastchat_tui.headless.servers import list_offers, list_servers
from fastchat_tui.wire.commands import CallTool, Command
from fastchat_tui.wire.content import Content, Image, Outcome, Text
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import (
    CallFinished,
    CallProgressed,
    CallProposed,
    CallStarted,
    CatalogueChanged,
    Event,
    ServerChanged,
)
from fastchat_tui.wire.servers import Tool

from .conftest import STARTED, Console, ScriptedEngine, ready

BROKEN = ServerChanged(server="broken", state="failed", detail="exit code 1: no such file")
OFF = ServerChanged(server="memory", state="off")


async def test_servers_are_listed_when_all_have_settled(console: Console) -> None:
    engine = ScriptedEngine(opening=(STARTED, *ready("time", "now", "zones"), OFF))
    assert await list_servers(engine, console.answers(), console.voice) is Exit.OK
    assert console.stdout.splitlines() == [
        "SERVER  STATE  TOOLS  TOKENS  DETAIL",
        "time    ready  2      20      stdio run time",
        "memory  off    0      0",
    ]


async def test_columns_are_as_wide_as_they_look(console: Console) -> None:
    engine = ScriptedEngine(opening=(STARTED, *ready("\u5929\u6c17", "a"), *ready("cafe\u0301", "b")))
    await list_offers(engine, "tools", console.answers(), console.voice)
    assert console.stdout.splitlines() == [
        "TOOL    OFFERED  DESCRIPTION",
        "\u5929\u6c17.a  on       a it",
        "cafe\u0301.b  on       b it",
    ]


async def test_a_server_that_is_tried_again_and_again_keeps_nobody_waiting_and_is_told_of_once(
    console: Console,
) -> None:
    again = (BROKEN, ServerChanged(server="broken", state="connecting", detail="trying again"))
    engine = ScriptedEngine(opening=(STARTED, ServerChanged(server="time", state="connecting"), *again, *again))
    listing = asyncio.create_task(list_servers(engine, console.answers(), console.voice))
    await engine.events.all_read.wait()
    assert not listing.done()
    engine.publish(*ready("time", "now"))
    assert await listing is Exit.SERVER
    assert "broken  failed  0      0       exit code 1: no such file" in console.stdout
    assert console.stderr.count("broken: failed") == 1


async def test_a_server_that_failed_is_told_and_is_the_status(console: Console) -> None:
    engine = ScriptedEngine(opening=(STARTED, *ready("time", "now"), BROKEN))
    assert await list_servers(engine, console.answers(), console.voice) is Exit.SERVER
    assert "broken  failed  0      0       exit code 1: no such file" in console.stdout


async def test_servers_as_json_hold_every_fact(console: Console) -> None:
    engine = ScriptedEngine(opening=(STARTED, *ready("time", "now"), BROKEN))
    await list_servers(engine, console.answers(), console.voice, as_json=True)
    time, broken = json.loads(console.stdout)
    assert (time["name"], time["state"], time["tools"], time["tokens"]) == ("time", "ready", ["now"], 10)
    assert broken["detail"] == BROKEN.detail


async def test_no_server_at_all_says_what_to_do(console: Console) -> None:
    assert await list_servers(ScriptedEngine(), console.answers(), console.voice) is Exit.OK
    assert console.stdout == ""
    assert "fastchat.config.json" in console.stderr


async def test_tools_are_listed_by_server(console: Console) -> None:
    engine = ScriptedEngine(opening=(STARTED, *ready("time", "now"), *ready("files", "read")))
    assert await list_offers(engine, "tools", console.answers(), console.voice) is Exit.OK
    assert console.stdout.splitlines() == [
        "TOOL        OFFERED  DESCRIPTION",
        "time.now    on       now it",
        "files.read  on       read it",
    ]


async def test_tools_of_one_server_as_json_have_their_schemas(console: Console) -> None:
    tool = Tool("time", "now", "time__now", input_schema={"type": "object"}, problem="bad schema")
    catalogue = CatalogueChanged(server="time", tools=(tool,))
    engine = ScriptedEngine(opening=(STARTED, *ready("files", "read"), *ready("time"), catalogue))
    assert await list_offers(engine, "tools", console.answers(), console.voice, server="time", as_json=True) is Exit.OK
    (shown,) = json.loads(console.stdout)
    assert shown["input_schema"] == {"type": "object"}
    assert shown["problem"] == "bad schema"


async def test_tools_of_a_server_that_is_unknown(console: Console) -> None:
    engine = ScriptedEngine(opening=(STARTED, *ready("time", "now")))
    assert await list_offers(engine, "tools", console.answers(), console.voice, server="tine") is Exit.SERVER
    assert "Known: time" in console.stderr


def calling(
    outcome: Outcome = "ok", content: tuple[Content, ...] = (Text("09:14"),), structured: str = ""
) -> ScriptedEngine:
    def script(command: Command) -> Iterable[Event]:
        if isinstance(command, CallTool):
            yield CallProposed(call="other", turn="t0", step=1, server="x", tool="y", arguments={})
            yield CallProposed(call="m1", turn="", step=0, server="time", tool="now", arguments=command.arguments)
            yield CallStarted(call="m1")
            yield CallFinished(call="other", outcome="error")
            yield CallProgressed(call="m1", done=1, total=2, text="half")
            yield CallFinished(call="m1", outcome=outcome, content=content, structured=structured)

    return ScriptedEngine(script, (STARTED, ServerChanged(server="slow", state="connecting"), *ready("time", "now")))


async def test_a_call_prints_its_result_and_waits_for_its_own_server_only(console: Console) -> None:
    engine = calling()
    status = await call(engine, "time", "now", {"zone": "UTC"}, console.answers(), console.voice)
    assert status is Exit.OK
    assert console.stdout == "09:14\n"
    assert console.stderr == "1 of 2  half\n"
    assert engine.heard == [CallTool("time", "now", {"zone": "UTC"})]


async def test_a_tool_that_says_error_is_status_1(console: Console) -> None:
    engine = calling("error", (Text("no such zone"),))
    assert await call(engine, "time", "now", {}, console.answers(), console.voice) is Exit.FAILED
    assert console.stdout == "no such zone\n"


async def test_a_call_as_json_keeps_the_structured_result(console: Console) -> None:
    engine = calling(content=(Image("AAAA", "image/png"),), structured='{"time": "09:14"}')
    await call(engine, "time", "now", {}, console.answers(), console.voice, as_json=True)
    shown = json.loads(console.stdout)
    assert shown["structured"] == {"time": "09:14"}
    assert shown["text"] == "[image image/png, 3 B]"


@pytest.mark.parametrize(
    ("server", "tool", "words"),
    [
        ("tine", "now", "Known: slow, time, many."),
        ("time", "nwo", "Did you mean now?"),
        ("time", "weather", "It offers: now."),
        ("many", "weather", "It offers: t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 … and 6 more."),
        ("many", "t1x", "Did you mean t1 or t15 or t14?"),
    ],
)
async def test_a_name_that_is_unknown_is_told_with_those_that_are(
    console: Console, server: str, tool: str, words: str
) -> None:
    engine = calling()
    engine.opening = (*engine.opening, *ready("many", *(f"t{n}" for n in range(16))))
    with pytest.raises(ServerError) as error:
        await call(engine, server, tool, {}, console.answers(), console.voice)
    assert error.value.remedy == words


async def test_a_server_that_is_not_ready_is_told_with_its_reason(console: Console) -> None:
    engine = ScriptedEngine(opening=(STARTED, BROKEN))
    with pytest.raises(ServerError, match="broken is failed: exit code 1"):
        await call(engine, "broken", "x", {}, console.answers(), console.voice)


async def test_ctrl_c_during_a_call_ends_it(console: Console) -> None:
    engine = ScriptedEngine(opening=(STARTED, *ready("time", "now")))
    task = asyncio.create_task(call(engine, "time", "now", {}, console.answers(), console.voice))
    await asyncio.wait_for(engine.events.all_read.wait(), 5)
    assert engine.heard
    task.cancel()
    assert await task is Exit.INTERRUPTED


@pytest.mark.parametrize("text", ["[1]", "{", "nul", '"a"', "[" * 100_000])
def test_arguments_that_are_no_object_are_told(text: str) -> None:
    with pytest.raises(UsageError):
        read_arguments(text)


def test_arguments_may_be_left_out() -> None:
    assert read_arguments("") == {}
