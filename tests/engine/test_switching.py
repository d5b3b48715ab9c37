"""Servers are switched while they take their time: what counts at once, and what waits for what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from fastchat_tui.engine.local import LocalEngine
from fastchat_tui.wire.commands import ConnectServer, DisconnectServer, SendMessage
from fastchat_tui.wire.errors import CommandError, ServerError
from fastchat_tui.wire.events import CatalogueChanged, EngineStarted, Noticed, ServerChanged, TurnFinished
from fastchat_tui.wire.servers import ServerSpec, Tool
from tests.fakes.world import DEADLINE, World, say


def standing(engine: LocalEngine) -> tuple[str, str]:
    view = engine.snapshot().servers["demo"]
    return view.state, view.detail


async def until(world: World, true: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not true():
            await world.changed()


async def test_a_server_that_is_switched_off_counts_no_more_though_it_is_still_closing() -> None:
    world = World(say("fine"))
    async with world.open() as engine:
        await world.until(EngineStarted)
        world.servers[0].gone.clear()
        switching = asyncio.create_task(engine.send(DisconnectServer("demo")))
        await until(world, lambda: standing(engine) == ("off", "closing"))
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
        assert world.model.prompts[0].tools == ()
        with pytest.raises(ServerError, match="switched off"):
            await engine.read("demo", "note://x")
        assert not switching.done()
        world.servers[0].gone.set()
        await switching
        await until(world, lambda: standing(engine) == ("off", ""))


async def test_switched_on_again_it_starts_when_the_one_before_is_gone() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        world.servers[0].gone.clear()
        off = asyncio.create_task(engine.send(DisconnectServer("demo")))
        await until(world, lambda: standing(engine) == ("off", "closing"))
        on = asyncio.create_task(engine.send(ConnectServer("demo")))
        await until(world, lambda: standing(engine) == ("connecting", "closing"))
        assert len(world.servers) == 1
        world.servers[0].gone.set()
        await asyncio.gather(off, on)
        await until(world, lambda: standing(engine)[0] == "ready")
        assert len(world.servers) == 2
        assert world.settings.enabled("demo") is True


async def test_the_last_of_several_switches_wins() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        world.servers[0].gone.clear()
        switches = [
            asyncio.create_task(engine.send(command))
            for command in (DisconnectServer("demo"), ConnectServer("demo"), DisconnectServer("demo"))
        ]
        await until(world, lambda: sum(e.state == "off" for e in world.of(ServerChanged)) >= 1)
        world.servers[0].gone.set()
        await asyncio.gather(*switches)
        await until(world, lambda: standing(engine) == ("off", ""))
        assert len(world.servers) == 1
        assert world.settings.enabled("demo") is False


async def test_a_server_that_is_switched_off_is_off_whatever_is_wrong_with_its_entry() -> None:
    world = World()
    world.settings.config = replace(
        world.settings.config,
        servers=(ServerSpec("demo", "stdio", enabled=False, problem="The variable X is not set."),),
    )
    async with world.open() as engine:
        await world.until(EngineStarted)
        assert standing(engine) == ("off", "")
        with pytest.raises(CommandError, match="The variable X is not set"):
            await engine.send(ConnectServer("demo"))
        assert world.servers == []


async def test_more_tools_than_many_models_take_are_warned_of_once() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        many = tuple(Tool("demo", f"t{n}", input_schema={"type": "object"}) for n in range(200))
        for _ in range(2):
            world.servers[0].offer(CatalogueChanged(server="demo", tools=many))
            world.servers[0].offer(ServerChanged(server="demo", state="ready"))
        notice = await world.until(Noticed)
        assert isinstance(notice, Noticed)
        assert notice.text == "200 tools are switched on; many models take 128 at most."
        await engine.send(DisconnectServer("demo"))
    assert len(world.of(Noticed)) == 1


async def test_leaving_waits_for_a_server_that_is_closing() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        closing = world.servers[0]
        closing.gone.clear()
        off = asyncio.create_task(engine.send(DisconnectServer("demo")))
        await until(world, lambda: standing(engine) == ("off", "closing"))
        asyncio.get_running_loop().call_later(0.05, closing.gone.set)
    await off
    assert closing.stopped == 1


async def test_a_reload_that_takes_a_server_away_waits_for_its_end() -> None:
    world = World()
    async with world.open() as engine:
        await world.until(EngineStarted)
        specs = [ServerSpec("demo", "stdio", "other")]
        old = world.servers[0]
        old.gone.clear()
        applying = asyncio.create_task(engine._fleet.apply(specs))
        await old.told_to_stop.wait()
        assert len(world.servers) == 1
        old.gone.set()
        await applying
        assert world.servers[1].spec.command == "other"
