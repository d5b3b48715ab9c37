"""Whose key goes where: a key is bound to its origin, and the keyring is opened when a request needs it, not before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from fastchat_tui.engine.endpoint import Address
from fastchat_tui.wire.chat import ModelView, Piece, Prompt, Reply, TextPart, TextPiece
from fastchat_tui.wire.commands import Answer, SendMessage, SetKey, SetModel
from fastchat_tui.wire.errors import CommandError, ModelError, VaultError
from fastchat_tui.wire.events import Asked, ModelChanged, Noticed, TextDelta, TurnFinished
from fastchat_tui.wire.ports import Config
from fastchat_tui.wire.questions import Decision, KeyUse
from tests.fakes.world import FakeModel, World, say

KEY = "sk-from-the-environment-1"
OPENAI = "https://api.openai.com:443"
GROQ = "https://api.groq.com/openai/v1"
LOCAL = "http://127.0.0.1:11434/v1"


class At(FakeModel):
    """The model that an address leads to; a local one needs no key."""

    def __init__(self, address: Address, model: FakeModel) -> None:
        super().__init__()
        self.replies, self.prompts = model.replies, model.prompts
        self._address = address

    def view(self) -> ModelView:
        local = "127.0.0.1" in self._address.base_url
        source: Any = self._address.key_source if self._address.key else "not needed" if local else ""
        return ModelView(self._address.model, self._address.base_url, key=source)


def world(**config: Any) -> World:
    made = World(say("fine"), say("fine again"), say("and again"))
    made.make_model = lambda address: At(address, made.model)
    made.settings.config = Config(model="m", **config)
    return made


def environment(base_url: str = "", source: str = "") -> World:
    """A key in the environment, a base URL of some other source."""
    return world(key=KEY, key_source="environment", base_url=base_url, base_url_source=source)


def used(world: World) -> tuple[str, str]:
    """The key that the last request was made with, and its source."""
    assert world.model.prompts, [e for e in world.events if isinstance(e, TurnFinished)]
    address = world.addresses[-1]
    return address.key, address.key_source


async def end(world: World, count: int = 1) -> TurnFinished:
    found = await world.until(TurnFinished, count)
    assert isinstance(found, TurnFinished)
    return found


@pytest.mark.parametrize(
    ("base_url", "source"),
    [("", ""), (GROQ, "environment"), (GROQ, "command line"), (GROQ, "settings.toml"), (LOCAL, "environment")],
)
async def test_a_key_goes_unasked_where_whoever_gave_it_sends_it(base_url: str, source: str) -> None:
    here = environment(base_url, source)
    async with here.open() as engine:
        await engine.send(SendMessage("hi"))
        await end(here)
    assert used(here) == (KEY, "environment")
    assert here.of(Asked) == []


@pytest.mark.parametrize(
    ("decision", "reason", "kept"),
    [("once", "done", []), ("always", "done", ["https://api.groq.com:443"]), ("deny", "failed", [])],
)
@pytest.mark.parametrize("source", [".env", "/model"])
async def test_a_new_origin_that_another_source_names_is_asked_about_once(
    source: str, decision: Decision, reason: str, kept: list[str]
) -> None:
    here = environment(GROQ, source)
    async with here.open() as engine:
        await engine.send(SendMessage("hi"))
        asked = await here.until(Asked)
        assert isinstance(asked, Asked)
        assert asked.about == KeyUse("https://api.groq.com:443", source)
        assert here.model.prompts == []
        await engine.send(Answer(asked.question, decision))
        found = await end(here)
        if decision != "deny":
            await engine.send(SendMessage("more"))
            await end(here, 2)
    assert found.reason == reason
    assert len(here.of(Asked)) == 1
    assert here.settings.origins == kept
    if decision == "deny":
        assert (found.detail, here.model.prompts) == ("You did not let the key go to https://api.groq.com.", [])


async def test_an_origin_that_was_allowed_for_good_is_not_asked_about() -> None:
    here = environment(GROQ, ".env")
    here.settings.origins.append("https://api.groq.com:443")
    async with here.open() as engine:
        await engine.send(SendMessage("hi"))
        await end(here)
    assert (used(here), here.of(Asked)) == ((KEY, "environment"), [])


async def test_an_endpoint_that_needs_no_key_is_not_given_one_that_was_meant_for_another() -> None:
    here = environment()
    async with here.open() as engine:
        await engine.send(SetModel("qwen3", LOCAL))
        await engine.send(SendMessage("hi"))
        await end(here)
    assert used(here) == ("", "")
    assert here.of(Asked) == []


async def test_a_pasted_key_stays_at_its_origin_and_the_one_that_was_given_comes_back() -> None:
    here = environment()
    async with here.open() as engine:
        await engine.send(SetModel("m", GROQ))
        await engine.send(SetKey("gsk-pasted-for-groq", remember=False))
        await engine.send(SendMessage("hi"))
        await end(here)
        assert used(here) == ("gsk-pasted-for-groq", "this run")
        await engine.send(SetModel("m", "https://api.openai.com/v1"))
        await engine.send(SendMessage("more"))
        await end(here, 2)
    assert used(here) == (KEY, "environment")
    assert here.of(Asked) == []
    assert "gsk-pasted-for-groq" not in repr(here.events)


async def test_the_keyring_is_opened_for_the_first_request_and_only_where_a_key_was_put() -> None:
    here = world()
    here.settings.origins.append(OPENAI)
    here.vault.secrets[f"key:{OPENAI}"] = "sk-kept-in-the-keyring"
    async with here.open() as engine:
        await here.until(ModelChanged)
        assert here.vault.touched == 0
        assert engine.snapshot().model.key == "keyring"
        await engine.send(SendMessage("hi"))
        await end(here)
        assert here.vault.touched == 1
        assert used(here) == ("sk-kept-in-the-keyring", "keyring")
        await engine.send(SetModel("m", GROQ))
        await engine.send(SendMessage("more"))
        found = await end(here, 2)
    assert (found.reason, found.detail) == ("failed", "There is no key for https://api.groq.com.")
    assert "OPENAI_API_KEY" in found.remedy
    assert here.vault.touched == 1


@pytest.mark.parametrize("kept", [{"key:http://127.0.0.1:11434": "sk-of-the-proxy"}, {}])
async def test_a_key_that_was_kept_for_an_endpoint_that_needs_none_is_used_there(kept: dict[str, str]) -> None:
    here = world(base_url=LOCAL, base_url_source="environment")
    here.settings.origins.append("http://127.0.0.1:11434")
    here.vault.secrets |= kept
    async with here.open() as engine:
        await engine.send(SendMessage("hi"))
        await end(here)
    assert used(here) == (("sk-of-the-proxy", "keyring") if kept else ("", ""))


async def test_a_key_that_is_pasted_is_kept_under_its_origin() -> None:
    here = world()
    async with here.open() as engine:
        await here.until(ModelChanged)
        await engine.send(SetKey("  sk-pasted-123456\n"))
        await engine.send(SendMessage("hi"))
        await end(here)
    assert here.vault.secrets == {f"key:{OPENAI}": "sk-pasted-123456"}
    assert here.settings.origins == [OPENAI]
    assert used(here) == ("sk-pasted-123456", "keyring")


async def test_without_a_keyring_a_pasted_key_lasts_for_the_run_and_that_is_said() -> None:
    here = world()
    here.vault.broken = VaultError("The keyring does not answer.", "Unlock it.")
    async with here.open() as engine:
        await here.until(ModelChanged)
        await engine.send(SetKey("sk-pasted-123456"))
        await engine.send(SendMessage("hi"))
        await end(here)
    assert used(here) == ("sk-pasted-123456", "this run")
    [notice] = [e for e in here.of(Noticed) if isinstance(e, Noticed)]
    assert notice.text == "The keyring does not answer. The key lasts until you quit."


async def test_a_keyring_that_cannot_be_read_is_told_with_its_own_remedy() -> None:
    here = world()
    here.settings.origins.append(OPENAI)
    here.vault.broken = VaultError("The keyring is locked.", "Unlock it, then F5.")
    async with here.open() as engine:
        await engine.send(SendMessage("hi"))
        found = await end(here)
    assert (found.detail, found.remedy) == (
        "The key could not be read. The keyring is locked.",
        "Unlock it, then F5.",
    )


async def test_a_reload_keeps_the_key_that_was_pasted_for_this_run() -> None:
    here = world()
    async with here.open() as engine:
        await here.until(ModelChanged)
        await engine.send(SetKey("sk-pasted-123456", remember=False))
        here.settings.config = replace(here.settings.config, model="another", base_url="")
        here.settings.stamped += 1
        await here.until(ModelChanged, 3)
        await engine.send(SendMessage("hi"))
        await end(here)
    assert used(here) == ("sk-pasted-123456", "this run")
    assert here.addresses[-1].model == "another"


@pytest.mark.parametrize("base_url", ["groq", "ftp://x/v1", "http://", "http://x:99999/v1"])
async def test_what_is_no_endpoint_is_refused(base_url: str) -> None:
    here = world()
    async with here.open() as engine:
        await here.until(ModelChanged)
        with pytest.raises(CommandError):
            await engine.send(SetModel("m", base_url))
        with pytest.raises(CommandError):
            await engine.send(SetModel("", ""))
        with pytest.raises(CommandError):
            await engine.send(SetKey("  "))
    assert len(here.addresses) == 1


async def test_a_pasted_key_is_used_before_the_keyring_has_taken_it() -> None:
    here = world()
    taken = asyncio.Event()

    async def slowly(name: str, secret: str) -> None:
        await taken.wait()

    here.vault.set = slowly  # type: ignore[method-assign]
    async with here.open() as engine:
        keeping = asyncio.create_task(engine.send(SetKey("sk-pasted-123456")))
        await here.until(ModelChanged, 2)
        await engine.send(SendMessage("hi"))
        await end(here)
        assert used(here) == ("sk-pasted-123456", "this run")
        taken.set()
        await keeping
        assert here.addresses[-1].key_source == "keyring"


async def test_another_model_is_for_the_next_request_and_the_running_one_goes_on() -> None:
    here = world()
    made: list[Held] = []

    def make(address: Address) -> FakeModel:
        made.append(Held())
        return made[-1]

    here.make_model = make
    async with here.open() as engine:
        await engine.send(SendMessage("hi"))
        await here.until(TextDelta)
        await engine.send(SetModel("another", GROQ))
        assert not made[0].closed
        made[0].go_on.set()
        assert (await end(here)).reason == "done"
        assert made[0].closed
        made[1].go_on.set()
        await engine.send(SendMessage("more"))
        assert (await end(here, 2)).reason == "done"
        assert not made[1].closed
    assert made[1].closed


class Held(FakeModel):
    """Says half, and the rest when it is let; fails when it is closed meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        yield TextPiece("half ")
        await self.go_on.wait()
        if self.closed:
            raise ModelError("cut", "It was closed.", "")
        yield Reply((TextPart("half whole"),), finish="stop", issuer="fake")


async def test_a_yes_for_one_origin_is_none_for_another_that_was_chosen_meanwhile() -> None:
    here = environment(GROQ, ".env")
    async with here.open() as engine:
        await engine.send(SendMessage("hi"))
        first = await here.until(Asked)
        assert isinstance(first, Asked)
        await engine.send(SetModel("m", "https://evil.example/v1"))
        await engine.send(Answer(first.question, "always"))
        second = await here.until(Asked, 2)
        assert isinstance(second, Asked)
        assert second.about == KeyUse("https://evil.example:443", "/model")
        assert here.model.prompts == []
        await engine.send(Answer(second.question, "deny"))
        assert (await end(here)).reason == "failed"
    assert here.model.prompts == []


@pytest.mark.parametrize("key", ["", " ", "sk bad", "sk\tbad", "sk-\u200bbad", "sk-bäd"])
async def test_a_key_that_no_request_could_carry_is_not_taken(key: str) -> None:
    world = World()
    async with world.open() as engine:
        with pytest.raises(CommandError):
            await engine.send(SetKey(key))
    assert all(address.key == "" for address in world.addresses)
