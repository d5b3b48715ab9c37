"""Calls that become tasks, in both eras."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.ports import Server
from fastchat_tui.wire.servers import ServerSpec
from tests.servers.conftest import LIMIT, Bench, Heard, Progressed, texts
from tests.servers.test_real_servers import program

TASKS = Path(__file__).parents[1] / "fakes" / "task_server.py"
ERAS = pytest.mark.parametrize("era", ["earlier", "later"])


async def started(bench: Bench, era: str) -> tuple[Server, Heard]:
    spec = ServerSpec("dig", "stdio", sys.executable, ("-P", str(TASKS), era), call_timeout=LIMIT)
    server, heard = bench.start(spec)
    ready = await heard.settled()
    assert (ready.state, ready.era) == ("ready", "2026-07-28" if era == "later" else "2025-11-25"), ready.detail
    return server, heard


@ERAS
async def test_a_task_tells_how_it_goes_asks_on_the_way_and_has_its_result(bench: Bench, era: str) -> None:
    server, heard = await started(bench, era)
    assert [tool.problem for tool in heard.catalogue.tools] == [""] * 4
    bench.host.answers.append(Answer("q", "accept", content={"word": "moss"}))
    progress = Progressed()
    assert texts(await server.call("c1", "work", {}, progress)) == ["the word is moss"]
    assert (0, None, "begun") in progress
    (asked,) = bench.host.asked
    assert (asked.message, asked.call) == ("Which word?", "c1")
    assert {frame.call for frame in heard.frames("c1")} == {"c1"}
    assert any("tasks/get" in frame.frame for frame in heard.frames("c1")) or era == "earlier"


@ERAS
async def test_a_task_that_fails_says_why(bench: Bench, era: str) -> None:
    server, _ = await started(bench, era)
    with pytest.raises(ServerError, match="The task of dig failed: No oil" if era == "later" else "The drill broke"):
        await server.call("c1", "fail", {}, Progressed())


@ERAS
async def test_a_call_that_is_cancelled_cancels_its_task(bench: Bench, era: str) -> None:
    server, heard = await started(bench, era)
    digging = asyncio.Event()

    def told(done: float, total: float | None, text: str) -> None:
        if "look" in text:
            digging.set()

    call = asyncio.create_task(server.call("c1", "forever", {}, told))
    await asyncio.wait_for(digging.wait(), LIMIT)
    call.cancel()
    await heard.until(lambda e: e.kind == "frame_seen" and '"tasks/cancel"' in e.frame)
    assert "tasks/cancel" in texts(await server.call("c2", "seen", {}, Progressed()))[0]


async def test_server_everything_runs_a_research_that_asks_what_is_meant(bench: Bench) -> None:
    server, heard = bench.start(ServerSpec("all", "stdio", program("mcp-server-everything"), ("stdio",)))
    assert (await heard.settled()).state == "ready"
    bench.host.answers.append(Answer("q", "accept", content={"interpretation": "snake"}))
    progress = Progressed()
    result = await server.call("c1", "simulate-research-query", {"topic": "python", "ambiguous": True}, progress)
    assert "Research Report: python (snake)" in texts(result)[0]
    assert any("Gathering sources" in text for _, _, text in progress)
