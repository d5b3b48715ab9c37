"""What a server asks for, as questions that any front end answers."""

from __future__ import annotations

import asyncio

import pytest

from fastchat_tui.engine.forms import faults
from fastchat_tui.wire import codec
from fastchat_tui.wire.chat import AssistantMessage, CallPart, Reply, TextPart, ToolMessage, Usage, UserMessage
from fastchat_tui.wire.commands import Answer, SendMessage, SetServerOptions
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import CommandError, ServerError
from fastchat_tui.wire.events import Answered, Asked, CallFinished, EngineStarted, ServerChanged, Stamped
from fastchat_tui.wire.questions import Decision, Elicitation, Sampling, SamplingReview
from fastchat_tui.wire.servers import ServerOptions
from tests.fakes.world import World, say, want

FORM: Object = {
    "type": "object",
    "properties": {
        "email": {"type": "string", "format": "email"},
        "age": {"type": "integer", "default": 30, "minimum": 1},
    },
    "required": ["email", "age"],
}
REQUEST: Object = {
    "messages": [{"role": "user", "content": {"type": "text", "text": "A rhyme"}}],
    "systemPrompt": "Be brief.",
    "maxTokens": 50,
}


async def started(world: World) -> None:
    await world.until(EngineStarted)


def asked(event: object) -> Asked:
    assert isinstance(event, Asked)
    return event


async def test_a_form_is_accepted_only_when_it_is_valid_and_with_its_defaults() -> None:
    world = World()
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.elicit(Elicitation("demo", "Who?", schema=FORM)))
        question = asked(await world.until(Asked)).question
        with pytest.raises(CommandError, match="not filled in") as caught:
            await engine.send(Answer(question, "accept", content={"email": "nobody"}))
        assert "email" in caught.value.remedy
        assert [open.question for open in engine.snapshot().questions] == [question]
        await engine.send(Answer(question, "accept", content={"email": "a@b.example"}))
        answer = await waiting
        await world.until(Answered)
    assert (answer.decision, answer.content) == ("accept", {"email": "a@b.example", "age": 30})
    assert "a@b.example" not in repr(world.events)


@pytest.mark.parametrize(("said", "means"), [("decline", "decline"), ("deny", "decline"), ("cancel", "cancel")])
async def test_a_no_to_a_form_is_a_decline_and_a_cancel_is_a_cancel(said: str, means: str) -> None:
    world = World()
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.elicit(Elicitation("demo", "Who?", schema=FORM)))
        question = asked(await world.until(Asked)).question
        await engine.send(codec.decode_command(f'{{"kind":"answer","question":"{question}","decision":"{said}"}}'))
        assert (await waiting).decision == means
        await world.until(Answered)


async def test_a_question_that_is_given_up_is_answered_with_a_cancel() -> None:
    world = World()
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.elicit(Elicitation("demo", "Who?", url="https://x.example/")))
        await world.until(Asked)
        waiting.cancel()
        answered = await world.until(Answered)
        assert engine.snapshot().questions == ()
    assert isinstance(answered, Answered)
    assert answered.by == "cancel"


async def test_the_request_and_the_answer_of_a_sampling_are_both_shown_first() -> None:
    world = World(say("a ", "hat"))
    world.settings.server_options["demo"] = ServerOptions(sampling=True)
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.sample("demo", "c1", REQUEST))
        first = asked(await world.until(Asked))
        assert first.about == Sampling("demo", REQUEST, 0, 50_000, "fake", "c1")
        edited = {**REQUEST, "systemPrompt": "Be long."}
        await engine.send(Answer(first.question, "once", arguments=edited))
        second = asked(await world.until(Asked, 2))
        assert isinstance(second.about, SamplingReview)
        assert second.about.result["content"] == {"type": "text", "text": "a hat"}
        changed = {**second.about.result, "content": {"type": "text", "text": "a cat"}}
        await engine.send(Answer(second.question, "once", content=changed))
        result = await waiting
    assert result["content"]["text"] == "a cat"
    (prompt,) = world.model.prompts
    assert (prompt.system, prompt.messages) == ("Be long.", (UserMessage("A rhyme"),))


async def test_no_to_a_sampling_reaches_no_model() -> None:
    world = World()
    world.settings.server_options["demo"] = ServerOptions(sampling=True)
    async with world.open() as engine:
        await started(world)
        with pytest.raises(ServerError, match="not switched sampling on"):
            await world.host.sample("other", "", REQUEST)
        waiting = asyncio.create_task(world.host.sample("demo", "", REQUEST))
        await engine.send(Answer(asked(await world.until(Asked)).question, "deny"))
        with pytest.raises(ServerError, match="rejected"):
            await waiting
    assert world.model.prompts == []


async def test_no_to_the_answer_of_a_sampling_keeps_it_back() -> None:
    world = World(say("a hat"))
    world.settings.server_options["demo"] = ServerOptions(sampling=True)
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.sample("demo", "", REQUEST))
        await engine.send(Answer(asked(await world.until(Asked)).question, "once"))
        await engine.send(Answer(asked(await world.until(Asked, 2)).question, "deny"))
        with pytest.raises(ServerError, match="kept the model's answer back"):
            await waiting


@pytest.mark.parametrize(
    ("hinted", "model"),
    [([], "fake"), (["FAKE"], "fake"), (["absent", "large"], "fake-large"), (["absent"], "fake"), (["oth"], "other")],
)
async def test_a_hint_is_honoured_where_the_endpoint_has_such_a_model(hinted: list[str], model: str) -> None:
    world = World(say("hat"))
    world.settings.server_options["demo"] = ServerOptions(sampling=True)
    request = {**REQUEST, "modelPreferences": {"hints": [{"name": name} for name in hinted]}}
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.sample("demo", "", request))
        question = asked(await world.until(Asked))
        assert isinstance(question.about, Sampling)
        assert question.about.model == model
        await engine.send(Answer(question.question, "once"))
        await engine.send(Answer(asked(await world.until(Asked, 2)).question, "once"))
        assert (await waiting)["model"] == model
    assert [prompt.model for prompt in world.model.prompts] == [model]


async def test_never_refuses_switches_sampling_off_and_leaves_the_connection() -> None:
    world = World()
    world.settings.server_options["demo"] = ServerOptions(sampling=True, roots=("/a",))
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.sample("demo", "", REQUEST))
        await engine.send(Answer(asked(await world.until(Asked)).question, "never"))
        with pytest.raises(ServerError, match="rejected"):
            await waiting
        with pytest.raises(ServerError, match="not switched sampling on"):
            await world.host.sample("demo", "", REQUEST)
    assert world.settings.server_options["demo"] == ServerOptions(sampling=False, roots=("/a",))
    assert world.servers[0].spec.options == ServerOptions(sampling=False, roots=("/a",))


async def test_a_session_consent_asks_no_more_and_the_budget_ends_it() -> None:
    line = [Reply((TextPart("hat"),), usage=Usage(60, 40))]
    world = World(line, line)
    world.settings.server_options["demo"] = ServerOptions(sampling=True, sampling_budget=150)
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.sample("demo", "", REQUEST))
        await engine.send(Answer(asked(await world.until(Asked)).question, "session"))
        await engine.send(Answer(asked(await world.until(Asked, 2)).question, "once"))
        await waiting
        assert (await world.host.sample("demo", "", REQUEST))["stopReason"] == "endTurn"
        with pytest.raises(ServerError, match="used up the tokens"):
            await world.host.sample("demo", "", REQUEST)
    assert len(world.of(Asked)) == 2


async def test_a_sampling_with_tools_says_which_tool_the_model_wants() -> None:
    world = World(say("let me see", calls=[CallPart("u1", "look", '{"at": "sky"}')]))
    world.settings.server_options["demo"] = ServerOptions(sampling=True)
    request = {
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "Weather?"}},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "u0", "name": "look", "input": {}}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "toolUseId": "u0", "content": [{"type": "text", "text": "dark"}]},
                ],
            },
        ],
        "tools": [{"name": "look", "inputSchema": {"type": "object"}}],
        "maxTokens": 50,
    }
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.sample("demo", "", request))
        for number in (1, 2):
            await engine.send(Answer(asked(await world.until(Asked, number)).question, "once"))
        result = await waiting
    assert result["stopReason"] == "toolUse"
    assert result["content"][1] == {"type": "tool_use", "id": "u1", "name": "look", "input": {"at": "sky"}}
    (prompt,) = world.model.prompts
    assert [tool.model_name for tool in prompt.tools] == ["look"]
    assert isinstance(prompt.messages[1], AssistantMessage)
    assert prompt.messages[2] == ToolMessage("u0", "dark")


async def test_arguments_that_no_parser_takes_are_none_in_a_sampling() -> None:
    world = World(say("", calls=[CallPart("u1", "look", "[" * 100_000)]))
    world.settings.server_options["demo"] = ServerOptions(sampling=True)
    async with world.open() as engine:
        await started(world)
        waiting = asyncio.create_task(world.host.sample("demo", "", REQUEST))
        for number in (1, 2):
            await engine.send(Answer(asked(await world.until(Asked, number)).question, "once"))
        result = await waiting
    assert result["content"] == [{"type": "tool_use", "id": "u1", "name": "look", "input": {}}]


async def test_options_are_remembered_and_reach_the_server() -> None:
    world = World()
    async with world.open() as engine:
        await started(world)
        options = ServerOptions(roots=("/data",), log_level="debug")
        await engine.send(SetServerOptions("demo", options))
        with pytest.raises(CommandError, match="no server"):
            await engine.send(SetServerOptions("other", options))
    assert world.servers[0].spec.options == options
    assert world.settings.server_options == {"demo": options}


def test_the_new_vocabulary_survives_the_codec() -> None:
    for about in (Elicitation("s", "m", schema=FORM, call="c"), Sampling("s", REQUEST, 1, 2), SamplingReview("s", {})):
        stamped = Stamped(1, 2.0, Asked(question="q", about=about))
        assert codec.decode(codec.encode(stamped)) == stamped
    changed = Stamped(1, 2.0, ServerChanged(server="s", state="ready", options=ServerOptions(roots=("/a",))))
    assert codec.decode(codec.encode(changed)) == changed
    command = SetServerOptions("s", ServerOptions(sampling=True))
    assert codec.decode_command(codec.encode_command(command)) == command


def test_a_hostile_schema_neither_hangs_nor_fetches() -> None:
    bomb = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    assert faults(bomb, {"a": "a" * 40 + "!"}) == []
    assert faults({"type": "string", "pattern": "^[a-z]+"}, "7") == ["it does not match ^[a-z]+"]
    with pytest.raises(ValueError, match="cannot be used"):
        faults({"$ref": "https://example.test/schema.json"}, {})
    with pytest.raises(ValueError, match="cannot be used"):
        faults({"type": "nonsense"}, {})


@pytest.mark.parametrize("word", ["deny", "never", "decline", "cancel"])
async def test_a_no_to_a_call_is_a_no_in_whatever_word(word: Decision) -> None:
    world = World(say("x", calls=[want("a")]), say("y"))
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await engine.send(Answer(asked(await world.until(Asked)).question, word))
        finished = await world.until(CallFinished)
    assert isinstance(finished, CallFinished)
    assert finished.outcome == "denied"
    assert world.servers[0].calls == []
