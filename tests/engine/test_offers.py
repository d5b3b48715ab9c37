"""What servers offer beside tools, through the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastchat_tui.engine.saving import write_new
from fastchat_tui.wire.commands import ConnectServer, DisconnectServer, SendMessage, SetServerOptions, WatchResource
from fastchat_tui.wire.content import Completion, EmbeddedResource, PromptMessage, Text
from fastchat_tui.wire.errors import CommandError, ServerError
from fastchat_tui.wire.events import EngineStarted, ResourceRead, ResourceUpdated, TurnFinished
from fastchat_tui.wire.servers import ServerOptions
from tests.fakes.world import World, say


async def test_reads_are_answers_and_hold_nothing_that_a_terminal_obeys() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        (held,) = await engine.read("demo", "note://x")
        assert held.uri == "note://x"
        assert "\x1b" not in held.text
        assert await engine.prompt("demo", "p", {"a": "b"}) == (PromptMessage("user", Text("p {'a': 'b'}")),)
        assert await engine.complete("demo", "prompt", "p", "a", "x", {}) == Completion(("x!",))
        assert await engine.complete("gone", "prompt", "p", "a", "x", {}) == Completion()
        with pytest.raises(ServerError, match="switched off"):
            await engine.read("gone", "note://x")


async def test_a_watched_resource_is_told_of() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        await engine.send(WatchResource("demo", "note://x", True))
        assert await world.until(ResourceUpdated) == ResourceUpdated(server="demo", uri="note://x")
        with pytest.raises(CommandError, match="switched off"):
            await engine.send(WatchResource("gone", "note://x", True))


async def test_instructions_go_to_the_model_unless_the_user_says_no() -> None:
    world = World(say("a"), say("b"))
    async with world.open() as engine:
        await world.until(EngineStarted)
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
        await engine.send(SetServerOptions("demo", ServerOptions(instructions=False)))
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished, 2)
    first, second = world.model.prompts
    assert first.system.endswith("The server “demo” says of itself:\nBe gentle with me.")
    assert "gentle" not in second.system


async def test_a_server_that_ignores_the_probe_is_remembered() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        await world.host.is_deaf("demo")
        await world.host.is_deaf("gone")
        await engine.send(DisconnectServer("demo"))
        await engine.send(ConnectServer("demo"))
    assert world.settings.deaf == ["demo"]
    assert world.servers[-1].spec.deaf


async def test_what_changes_is_marked_until_it_is_read() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        await engine.send(WatchResource("demo", "note://x", True))
        view = engine.snapshot().servers["demo"]
        assert (view.watched, view.changed) == (("note://x",), ("note://x",))
        await engine.read("demo", "note://x")
        await engine.send(WatchResource("demo", "note://x", False))
        view = engine.snapshot().servers["demo"]
        assert (view.watched, view.changed) == ((), ())
        await engine.read("demo", "note://x")
    assert len(world.of(ResourceRead)) == 1


async def test_a_resource_is_saved_byte_for_byte_and_over_nothing(tmp_path: Path) -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        path = tmp_path / "note.txt"
        assert await engine.save("demo", "note://x", str(path)) == path.stat().st_size
        assert path.read_bytes() == b"\x1b[31mnote://x"
        with pytest.raises(CommandError, match="there already"):
            await engine.save("demo", "note://y", str(path))
        with pytest.raises(CommandError, match="cannot be written"):
            await engine.save("demo", "note://y", str(tmp_path / "none" / "note.txt"))
    assert path.read_bytes() == b"\x1b[31mnote://x"


def test_a_blob_is_saved_as_what_it_stands_for(tmp_path: Path) -> None:
    path = tmp_path / "dot.png"
    write_new(str(path), [EmbeddedResource("a://b", blob="iVBO"), EmbeddedResource("a://c", text="\ud800ü")])
    assert path.read_bytes() == b"\x89PN\xed\xa0\x80\xc3\xbc"
    with pytest.raises(CommandError, match="no valid base64"):
        write_new(str(tmp_path / "other"), [EmbeddedResource("a://b", blob="?")])
    assert not (tmp_path / "other").exists()
