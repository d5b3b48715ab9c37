"""A configuration that changes while the engine runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from fastchat_tui.engine import configuration
from fastchat_tui.wire.commands import Answer, ReloadConfig, SendMessage
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.events import Asked, EngineStarted, Noticed, ServerChanged, ServerRemoved, TurnFinished
from fastchat_tui.wire.ports import Config
from fastchat_tui.wire.questions import Trust
from fastchat_tui.wire.servers import ServerSpec
from fastchat_tui.wire.settings import UnusableFile
from tests.fakes.world import DEADLINE, World, say

A, B, C = (ServerSpec(name, "stdio", "run") for name in "abc")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "PERIOD", 0.001)


async def until(world: World, true: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not true():
            world._changed.clear()
            await world._changed.wait()


def change(world: World, *servers: ServerSpec, pending: tuple[Trust, ...] = (), path: str = "x.json") -> None:
    world.settings.config = replace(world.settings.config, servers=servers, pending=pending, path=path)
    world.settings.stamped += 1


async def test_a_changed_file_is_followed_and_the_others_are_not_touched() -> None:
    world = World()
    change(world, A, B)
    async with world.open():
        await world.until(EngineStarted)
        first, second = world.servers
        change(world, A, replace(B, args=("other",)), C)
        await until(world, lambda: len(world.servers) == 4)
        assert (first.stopped, second.stopped) == (0, 1)
        assert [server.spec.name for server in world.servers] == ["a", "b", "b", "c"]
        change(world, C)
        await world.until(ServerRemoved, 2)
        assert first.stopped == 1
        assert [e.server for e in world.of(ServerRemoved) if isinstance(e, ServerRemoved)] == ["a", "b"]


async def test_a_folders_file_that_changes_is_asked_about_before_it_is_used() -> None:
    world = World()
    change(world, A)
    about = Trust("x.json", "/folder", "digest", changed=True, starts=("evil",))
    async with world.open() as engine:
        await world.until(EngineStarted)
        change(world, B, pending=(about,), path="own.json")
        asked = await world.until(Asked)
        assert isinstance(asked, Asked)
        assert asked.about == about
        assert [server.spec.name for server in world.servers] == ["a"]
        assert world.servers[0].stopped == 0
        await engine.send(Answer(asked.question, "deny"))
        change(world, A, C)
        await until(world, lambda: len(world.servers) == 2)
        assert world.settings.trusted == []
        assert [e.server for e in world.of(ServerChanged) if isinstance(e, ServerChanged)].count("b") == 0


def about(digest: str, path: str = "x.json") -> Trust:
    return Trust(path, "/folder", digest, changed=True, starts=("evil",))


async def asked_next(world: World, count: int) -> Asked:
    asked = await world.until(Asked, count)
    assert isinstance(asked, Asked)
    return asked


async def test_a_file_that_changes_while_its_question_stands_is_asked_about_again() -> None:
    world = World()
    change(world, A)
    async with world.open() as engine:
        await world.until(EngineStarted)
        change(world, B, pending=(about("first"),), path="own.json")
        asked = await asked_next(world, 1)
        change(world, B, pending=(about("second"),), path="own.json")
        await engine.send(Answer(asked.question, "once"))
        again = await asked_next(world, 2)
        assert again.about == about("second")
        assert [server.spec.name for server in world.servers] == ["a"]
        assert [config.path for config in world.settings.kept] == ["x.json", "x.json"]
        change(world, A, C)
        await engine.send(Answer(again.question, "always"))
        await until(world, lambda: [server.spec.name for server in world.servers] == ["a", "c"])
        assert world.servers[0].stopped == 0


async def test_a_reload_does_not_take_over_what_nobody_has_agreed_to() -> None:
    world = World()
    change(world, A)
    async with world.open() as engine:
        await world.until(EngineStarted)
        change(world, B, pending=(about("new"),), path="own.json")
        await engine.send(ReloadConfig())
        assert [server.spec.name for server in world.servers] == ["a"]
        asked = await asked_next(world, 1)
        await engine.send(Answer(asked.question, "deny"))
        refused = await world.until(Noticed)
        assert isinstance(refused, Noticed)
        assert (refused.text, refused.remedy) == (
            "x.json has changed and is not used; what runs goes on as it was.",
            "/reload asks again.",
        )
        await engine.send(ReloadConfig())
        await asked_next(world, 2)
        assert world.servers[0].stopped == 0


async def test_variables_that_changed_are_asked_about_before_anything_is_touched() -> None:
    world = World()
    world.settings.config = replace(world.settings.config, dotenv="/folder/.env")
    change(world, A)
    async with world.open():
        await world.until(EngineStarted)
        change(world, replace(A, problem="The variable K is not set."), pending=(about("new", "/folder/.env"),))
        await asked_next(world, 1)
        assert world.servers[0].stopped == 0
        assert len(world.servers) == 1


def failing(world: World, error: Exception) -> None:
    def load() -> Config:
        raise error

    world.settings.load = load  # type: ignore[method-assign]


async def test_a_file_of_servers_that_cannot_be_read_at_the_start_leaves_the_model_that_was_asked_for() -> None:
    world = World(say("hello"))
    without = Config(model="mine", base_url="http://127.0.0.1:9/v1")
    failing(world, UnusableFile(ConfigError("x.json, line 1: expected a name."), without))
    async with world.open() as engine:
        await world.until(EngineStarted)
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
    assert (world.addresses[-1].model, world.addresses[-1].base_url) == ("mine", "http://127.0.0.1:9/v1")
    assert world.servers == []


@pytest.mark.parametrize("error", [ConfigError("settings.toml, line 1: no."), OverflowError("int too large")])
async def test_a_start_that_fails_is_told_and_nothing_goes_to_a_model_that_nobody_chose(error: Exception) -> None:
    world = World(say("hello"))
    failing(world, error)
    async with world.open() as engine:
        told = await world.until(Noticed)
        await engine.send(SendMessage("hi"))
        turn = await world.until(TurnFinished)
    assert isinstance(told, Noticed)
    assert told.level == "error"
    assert type(error).__name__ in told.text or str(error) in told.text
    assert isinstance(turn, TurnFinished)
    assert "No model is configured" in turn.detail
    assert world.model.prompts == []


async def test_a_file_that_breaks_later_leaves_all_as_it_was() -> None:
    world = World()
    change(world, A)
    async with world.open():
        await world.until(EngineStarted)
        failing(world, UnusableFile(ConfigError("x.json, line 1: no."), Config(model="other")))
        world.settings.stamped += 1
        await until(world, lambda: any(isinstance(e, Noticed) and e.level == "error" for e in world.of(Noticed)))
        assert world.servers[0].stopped == 0
        assert [address.model for address in world.addresses] == ["fake"]
