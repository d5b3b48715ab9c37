"""An endpoint that was chosen while the program runs: which wire it speaks, and whether the key may go there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastchat_tui.wire.commands import ReloadConfig, SendMessage, SetKey, SetModel
from fastchat_tui.wire.events import Asked, ModelChanged
from fastchat_tui.wire.questions import KeyUse
from tests.engine.test_endpoint import GROQ, KEY, LOCAL, end, environment, used, world
from tests.fakes.world import World


def wires(world: World) -> list[str]:
    return [address.wire for address in world.addresses]


async def test_the_wire_of_the_settings_is_not_for_an_endpoint_that_was_chosen() -> None:
    here = world(base_url=GROQ, base_url_source="settings.toml", wire="responses")
    async with here.open() as engine:
        await here.until(ModelChanged)
        await engine.send(SetModel("another", GROQ))  # in use already: it stays as it is configured
        assert wires(here) == ["responses", "responses"]
        await engine.send(SetModel("m", LOCAL))
        here.settings.config = replace(here.settings.config, base_url=LOCAL, base_url_source="/model")
        await engine.send(ReloadConfig())
        assert set(wires(here)[2:]) == {""}


async def test_nor_for_one_that_was_chosen_in_an_earlier_run() -> None:
    here = world(base_url=LOCAL, base_url_source="/model", wire="responses")
    async with here.open():
        await here.until(ModelChanged)
    assert wires(here) == [""]


@pytest.mark.parametrize("there", [GROQ, LOCAL])
async def test_a_key_that_went_to_an_origin_goes_to_every_path_of_it(there: str) -> None:
    here = environment(there, "environment")
    async with here.open() as engine:
        await engine.send(SendMessage("hi"))
        await end(here)
        await engine.send(SetModel("m", f"{there}/beta"))
        await engine.send(SendMessage("more"))
        await end(here, 2)
        assert used(here) == (KEY, "environment")
        assert here.of(Asked) == []
        await engine.send(SetModel("m", "https://evil.example/v1"))
        await engine.send(SendMessage("elsewhere"))
        asked = await here.until(Asked)
        assert isinstance(asked, Asked)
        assert isinstance(asked.about, KeyUse)


async def test_a_key_that_did_not_go_anywhere_yet_is_asked_about_for_a_path_that_was_chosen() -> None:
    here = environment(GROQ, ".env")
    async with here.open() as engine:
        await here.until(ModelChanged)
        await engine.send(SetModel("m", f"{GROQ}/beta"))
        await engine.send(SendMessage("hi"))
        await here.until(Asked)
    assert here.model.prompts == []


async def test_a_key_that_was_pasted_does_not_follow_the_configuration_to_another_origin() -> None:
    here = world(base_url=GROQ, base_url_source="settings.toml")
    async with here.open() as engine:
        await here.until(ModelChanged)
        await engine.send(SetKey("gsk-pasted", remember=False))
        here.settings.config = replace(here.settings.config, model="other")
        await engine.send(ReloadConfig())
        assert here.addresses[-1].key == "gsk-pasted"
        here.settings.config = replace(here.settings.config, base_url="https://else.example/v1")
        await engine.send(ReloadConfig())
        assert here.addresses[-1].key == ""
