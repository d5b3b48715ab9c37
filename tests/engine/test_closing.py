"""A closed engine refuses at once what it cannot do any more; nobody waits for what will not come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from fastchat_tui.engine.local import LocalEngine
from fastchat_tui.wire.commands import SendMessage, SetModel
from fastchat_tui.wire.errors import CommandError
from fastchat_tui.wire.events import EngineStarted, TurnFinished
from tests.fakes.world import World, say


async def closed() -> tuple[World, LocalEngine]:
    """An engine that answered one message and was left."""
    world = World(say("fine"))
    async with world.open() as engine:
        await world.until(EngineStarted)
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
    seal(world)
    return world, engine


def seal(world: World) -> None:
    """Nobody answers for a log that is closed."""

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    world.store.sessions = world.store.read = world.store.close = never  # type: ignore


async def begin(engine: LocalEngine) -> None:
    engine.begin()


@pytest.mark.parametrize(
    "ask",
    [
        begin,
        LocalEngine.page,
        LocalEngine.sessions,
        lambda engine: engine.send(SendMessage("more")),
        lambda engine: engine.send(SetModel("another")),
    ],
)
async def test_a_closed_engine_refuses_at_once(ask: Callable[[LocalEngine], Awaitable[object]]) -> None:
    world, engine = await closed()
    config, running = world.settings.config, asyncio.all_tasks()
    async with asyncio.timeout(5):
        with pytest.raises(CommandError, match=r"^The engine is closed\.$"):
            await ask(engine)
    assert world.settings.config == config
    assert asyncio.all_tasks() == running


@pytest.mark.parametrize("since", [None, 0])
async def test_readers_of_a_closed_engine_end_at_once(since: int | None) -> None:
    _, engine = await closed()
    async with asyncio.timeout(5):
        assert [stamped async for stamped in engine.subscribe(since)] == []


async def test_a_reader_that_begins_after_the_end_reads_all_without_the_log() -> None:
    world = World(say("fine"))
    async with world.open() as engine:
        reader = engine.subscribe(since=0)
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
        late = engine.subscribe(since=0)
    seal(world)
    async with asyncio.timeout(5):
        for each in (reader, late):
            assert TurnFinished in [type(stamped.event) async for stamped in each]


async def test_to_close_twice_is_harmless() -> None:
    _, engine = await closed()
    async with asyncio.timeout(5):
        await engine.__aexit__(None, None, None)


async def test_a_choice_that_waits_for_the_start_is_refused_when_the_engine_closes() -> None:
    world = World()
    async with world.open(begin=False) as engine:
        choosing = asyncio.create_task(engine.send(SetModel("another")))
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        with pytest.raises(CommandError, match="closed"):
            await choosing
    assert world.settings.config.model == "fake"
