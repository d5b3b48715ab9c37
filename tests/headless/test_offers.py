"""``resources``, ``prompts``, ``read``, ``prompt``, and what a message names, with an engine that plays a script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from fastchat_tui.headless.ask import ask
from fastchat_tui.headless.exits import Exit, UsageError
from fastchat_tui.headless.offers import prompt, read
from fastchat_tui.headless.servers import list_offers
from fastchat_tui.wire.commands import Command, SendMessage
from fastchat_tui.wire.content import EmbeddedResource, PromptMessage, Text
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import CatalogueChanged, Event, ServerChanged, TurnFinished, TurnStarted
from fastchat_tui.wire.servers import PromptArgument, PromptTemplate, Resource, ResourceTemplate

from .conftest import STARTED, Console, ScriptedEngine

NOTES = (
    ServerChanged(server="notes", state="connecting"),
    CatalogueChanged(
        server="notes",
        resources=(Resource("notes", "note://a", "a", "The first note", "text/plain"),),
        templates=(ResourceTemplate("notes", "note://{name}", "any", "", "text/plain"),),
        prompts=(
            PromptTemplate("notes", "tour", "A tour", (PromptArgument("topic", required=True), PromptArgument("tone"))),
            PromptTemplate("notes", "bare", "No arguments"),
        ),
    ),
    ServerChanged(server="notes", state="ready"),
)


def answer(command: Command) -> Sequence[Event]:
    if isinstance(command, SendMessage):
        return TurnStarted(turn="t", text=command.text), TurnFinished(turn="t", reason="done")
    return ()


class Offering(ScriptedEngine):
    def __init__(self) -> None:
        super().__init__(answer, (STARTED, *NOTES))
        self.saved: list[tuple[str, str, str]] = []

    async def read(self, server: str, uri: str, *, fresh: bool = False) -> Sequence[EmbeddedResource]:
        if uri == "note://gone":
            raise ServerError(f"{server} has no {uri}.", "Look at the list.")
        if uri == "note://picture":
            return [EmbeddedResource(uri, "image/png", blob="AAAA")]
        return [EmbeddedResource(uri, "text/plain", f"what {uri} holds")]

    async def save(self, server: str, uri: str, path: str) -> int:
        self.saved.append((server, uri, path))
        return 3

    async def prompt(self, server: str, name: str, arguments: Mapping[str, str]) -> Sequence[PromptMessage]:
        return [PromptMessage("user", Text(f"{name} with {dict(arguments)}"))]

    @property
    def sent(self) -> list[str]:
        return [command.text for command in self.heard if isinstance(command, SendMessage)]


async def test_resources_and_prompts_are_listed(console: Console) -> None:
    assert await list_offers(Offering(), "resources", console.answers(), console.voice) is Exit.OK
    assert await list_offers(Offering(), "prompts", console.answers(), console.voice, server="notes") is Exit.OK
    assert console.stdout.splitlines() == [
        "RESOURCE             TYPE        DESCRIPTION",
        "notes:note://a       text/plain  The first note",
        "notes:note://{name}  text/plain  any",
        "PROMPT      ARGUMENTS     DESCRIPTION",
        "notes:tour  topic [tone]  A tour",
        "notes:bare                No arguments",
    ]


async def test_a_resource_is_read_or_saved(console: Console) -> None:
    engine = Offering()
    assert await read(engine, "notes", "note://a", console.answers(), console.voice) is Exit.OK
    assert await read(Offering(), "notes", "note://picture", console.answers(), console.voice) is Exit.OK
    assert console.stdout == "what note://a holds\n[note://picture: image/png, 3 B]\n"
    saving = Offering()
    assert await read(saving, "notes", "note://a", console.answers(), console.voice, save="x") is Exit.OK
    assert saving.saved == [("notes", "note://a", "x")]
    assert "3 B are saved as x." in console.stderr


async def test_what_is_no_text_is_whole_in_json(console: Console) -> None:
    await read(Offering(), "notes", "note://picture", console.answers(), console.voice, as_json=True)
    [part] = json.loads(console.stdout)
    assert (part["mime_type"], part["blob"]) == ("image/png", "AAAA")


async def test_a_server_that_is_not_there_cannot_be_read(console: Console) -> None:
    with pytest.raises(ServerError, match="no server “nobody”"):
        await read(Offering(), "nobody", "note://a", console.answers(), console.voice)


async def test_a_prompt_is_filled_in(console: Console) -> None:
    words = ["topic=the sea", "tone=dry"]
    assert await prompt(Offering(), "notes", "tour", words, console.answers(), console.voice) is Exit.OK
    assert console.stdout == "tour with {'topic': 'the sea', 'tone': 'dry'}\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [([], "tour needs “topic”"), (["topic"], "no argument “topic”"), (["topic=1", "size=2"], "no argument “size=2”")],
)
async def test_a_prompt_that_cannot_be_filled_in_says_what_it_takes(
    words: list[str], complaint: str, console: Console
) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        await prompt(Offering(), "notes", "tour", words, console.answers(), console.voice)
    assert caught.value.remedy == "It takes: topic=… [tone=…]."


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("/notes:tour the old sea", "tour with {'topic': 'the old sea'}"),
        ("/notes:tour topic='the sea' tone=dry", "tour with {'topic': 'the sea', 'tone': 'dry'}"),
        ("/notes:tour it's open", "tour with {'topic': \"it's open\"}"),
        ("/notes:bare", "bare with {}"),
        ("/nobody:bare", "/nobody:bare"),
        ("/etc/hosts: what is it", "/etc/hosts: what is it"),
        ("say @notes:note://a again", "say @notes:note://a again\n\n--- note://a\nwhat note://a holds\n---"),
        ("mail a@notes:b and @nobody:x", "mail a@notes:b and @nobody:x"),
    ],
)
async def test_what_a_message_names_is_sent_with_it(text: str, sent: str, console: Console) -> None:
    engine = Offering()
    assert await ask(engine, text, console.answers(), console.voice) is Exit.OK
    assert engine.sent == [sent]


@pytest.mark.parametrize("text", ["say @notes:note://gone", "/notes:nothing"])
async def test_what_cannot_be_had_is_said_and_nothing_is_sent(text: str, console: Console) -> None:
    engine = Offering()
    with pytest.raises(ServerError):
        await ask(engine, text, console.answers(), console.voice)
    assert engine.sent == []
