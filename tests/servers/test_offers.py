"""Resources, templates, prompts and completion; what is watched; and a server that comes back after its end."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

from fastchat_tui.wire.content import Completion, EmbeddedResource, PromptMessage, Text
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import ResourceUpdated
from fastchat_tui.wire.ports import Server
from fastchat_tui.wire.servers import Era, ServerSpec
from tests.servers.conftest import Bench, Heard, Progressed, texts
from tests.servers.test_real_servers import program

OFFERING = Path(__file__).parents[1] / "fakes" / "offering_server.py"
ERAS = pytest.mark.parametrize("era", ["legacy", "auto"])


async def offering(bench: Bench, tmp_path: Path, era: Era) -> tuple[Server, Heard]:
    spec = ServerSpec("offer", "stdio", sys.executable, (str(OFFERING), str(tmp_path / "runs")), protocol=era)
    server, heard = bench.start(spec)
    ready = await heard.settled()
    assert ready.state == "ready", ready.detail
    return server, heard


@ERAS
async def test_what_a_server_offers_can_be_read_filled_in_and_completed(bench: Bench, tmp_path: Path, era: Era) -> None:
    server, _ = await offering(bench, tmp_path, era)
    assert await server.read("note://today") == (EmbeddedResource("note://today", "text/plain", "run 0"),)
    (held,) = await server.read("note://mon/9")
    assert (held.mime_type, held.text) == ("application/json", '{"day": "mon", "hour": "9"}')
    with pytest.raises(ServerError):
        await server.read("note://nothing")
    greeting = await server.prompt("greet", {"name": "Ada", "tone": "keen"})
    assert greeting == (PromptMessage("user", Text("Greet Ada, be keen.")),)
    with pytest.raises(ServerError):
        await server.prompt("greet", {})
    found = await server.complete("prompt", "greet", "tone", "k", {})
    assert found == Completion(("kind", "keen"), 2)
    found = await server.complete("template", "note://{day}/{hour}", "hour", "", {"day": "mon"})
    assert found.values == ("mon-1", "mon-2")


@ERAS
async def test_what_was_read_is_used_again_as_long_as_the_server_lets_it_be(
    bench: Bench, tmp_path: Path, era: Era
) -> None:
    server, heard = await offering(bench, tmp_path, era)

    async def readings(*, fresh: bool = False) -> int:
        (held,) = await server.read("note://counter", fresh=fresh)
        return int(json.loads(held.text)["readings"])

    if era == "legacy":  # where no server can allow it
        assert [await readings(), await readings()] == [1, 2]
        return
    assert [await readings(), await readings(), await readings(fresh=True), await readings()] == [1, 1, 2, 2]
    since = len(heard.events)
    await server.watch("note://counter", True)
    await heard.until(lambda e: e.kind == "frame_seen" and "acknowledged" in e.frame and "note://" in e.frame, since)
    await server.call("c", "touch", {"uri": "note://counter"}, Progressed())
    await heard.until(lambda e: isinstance(e, ResourceUpdated))
    assert await readings() == 3


@ERAS
async def test_a_watched_resource_tells_of_its_changes(bench: Bench, tmp_path: Path, era: Era) -> None:
    server, heard = await offering(bench, tmp_path, era)
    if era == "legacy":
        with pytest.raises(ServerError, match="does not tell of changes"):
            await server.watch("note://today", True)
        return
    since = len(heard.events)
    await server.watch("note://today", True)
    await heard.until(lambda e: e.kind == "frame_seen" and "acknowledged" in e.frame and "note://" in e.frame, since)
    assert texts(await server.call("c", "touch", {}, Progressed())) == ["touched"]
    assert await heard.until(lambda e: isinstance(e, ResourceUpdated)) == ResourceUpdated(
        server="offer", uri="note://today"
    )


async def test_a_watch_of_the_earlier_era_is_subscribed_to(bench: Bench) -> None:
    server, heard = bench.start(ServerSpec("all", "stdio", program("mcp-server-everything"), ("stdio",)))
    assert (await heard.settled()).state == "ready"
    uri = heard.catalogue.resources[0].uri
    await server.watch(uri, True)
    await server.call("c", "toggle-subscriber-updates", {}, Progressed())
    await heard.until(lambda e: e == ResourceUpdated(server="all", uri=uri))
    await server.watch(uri, False)
    assert any("resources/unsubscribe" in frame.frame for frame in heard.frames())
    assert (await server.read(uri))[0].uri == uri
    prompts = {prompt.name for prompt in heard.catalogue.prompts}
    name = "completable-prompt"
    assert name in prompts
    assert (await server.complete("prompt", name, "department", "E", {})).values == ("Engineering",)
    assert await server.prompt("simple-prompt", {})


@ERAS
async def test_a_server_that_ends_is_started_again_and_its_changed_tools_are_told(
    bench: Bench, tmp_path: Path, era: Era, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.05)
    server, heard = await offering(bench, tmp_path, era)
    since = len(heard.events)
    with pytest.raises(ServerError, match="exit code 3"):
        await server.call("c", "die", {}, Progressed())
    away = await heard.state("failed", since=since)
    assert away.detail.startswith("It ended by itself: exit code 3")
    assert away.again == pytest.approx(0.05)
    await heard.state("ready", since=since)
    assert "risen" in {tool.name for tool in heard.catalogue.tools}
    assert (await server.read("note://today"))[0].text == "run 1"
    assert bench.host.told == ["offer is back. Its tools have changed: new risen."]
    await heard.until(lambda e: e.kind == "server_logged" and "Its tools have changed: new risen." in e.text)


async def test_a_call_brings_a_server_back_before_its_time(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 600.0)
    server, heard = await offering(bench, tmp_path, "auto")
    since = len(heard.events)
    with pytest.raises(ServerError):
        await server.call("c", "die", {}, Progressed())
    await heard.state("failed", since=since)
    assert (await server.read("note://today"))[0].text == "run 1"
