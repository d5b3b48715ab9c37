"""What servers offer beside tools, through the engine."""

from __future__ import annotations

import pytest

from fastchat_tui.wire.commands import ConnectServer, DisconnectServer, SendMessage, SetServerOptions, WatchResource
from fastchat_tui.wire.content import Completion, PromptMessage, Text
from fastchat_tui.wire.errors import CommandError, ServerError
from fastchat_tui.wire.events import EngineStarted, ResourceUpdated, TurnFinished
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
