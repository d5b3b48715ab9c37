"""The agent loop: whatever the model asks for is answered, and a loop without an end is asked about."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from fastchat_tui.engine.local import LocalEngine
from fastchat_tui.wire.chat import CallPart, Prompt, SetAside, TextPart, ToolMessage, Usage, UserMessage
from fastchat_tui.wire.commands import Answer, CallTool, CancelTurn, EnableTool, OpenSession, RetryTurn, SendMessage
from fastchat_tui.wire.content import Object, Text, ToolResult
from fastchat_tui.wire.errors import CommandError
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProgressed,
    CallProposed,
    CallStarted,
    Noticed,
    QueueChanged,
    ReplyFinished,
    StepStarted,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.ports import OnProgress, Rule
from fastchat_tui.wire.questions import Approval, GoOn
from tests.fakes.world import Line, World, echo, say, want


async def ended(world: World, count: int = 1) -> TurnFinished:
    found = await world.until(TurnFinished, count)
    assert isinstance(found, TurnFinished)
    return found


async def asked(world: World, count: int = 1) -> Asked:
    found = await world.until(Asked, count)
    assert isinstance(found, Asked)
    return found


def answer_of(prompt: Prompt, call: str) -> str:
    """What the model reads as the answer to a call."""
    [text] = [m.text for m in prompt.messages if isinstance(m, ToolMessage) and m.call == call]
    return text


async def test_the_whole_of_a_turn_with_one_call_is_these_events_and_no_others() -> None:
    world = World(say("let me see", calls=[want("c", "slow")]), say("so"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await ended(world)
    saved = ("turn", "step", "text", "reply", "call")
    assert [e.kind for e in world.events if e.kind.startswith(saved)] == [
        "turn_started",
        "step_started",
        "text_delta",
        "reply_finished",
        "call_proposed",
        "call_started",
        "call_progressed",
        "call_finished",
        "step_started",
        "text_delta",
        "reply_finished",
        "turn_finished",
    ]
    proposed, started, progressed, finished = (
        world.of(kind)[0] for kind in (CallProposed, CallStarted, CallProgressed, CallFinished)
    )
    assert isinstance(proposed, CallProposed)
    assert (proposed.server, proposed.tool, proposed.arguments, proposed.step) == ("demo", "slow", {}, 1)
    assert started == CallStarted(call="c")
    assert progressed == CallProgressed(call="c", done=1, total=2, text="half")
    assert finished == CallFinished(call="c", outcome="ok", content=(Text("slow={}"),))


def nested(levels: int) -> str:
    return '{"x": ' + "[" * levels + "]" * levels + "}"


@pytest.mark.parametrize(
    ("call", "outcome", "words"),
    [
        (
            CallPart("c", "demo__gone", "{}"),
            "error",
            "There is no tool “demo__gone”. Available: demo__boom, demo",
        ),
        (CallPart("c", "", "{}"), "error", "There is no tool “”. Available: demo__boom"),
        (want("c", "echo", '{"x": '), "error", 'The arguments are not a JSON object: {"x":'),
        (want("c", "echo", '["x"]'), "error", 'The arguments are not a JSON object: ["x"]'),
        (want("c", "echo", "[" * 100_000), "error", "The arguments are not a JSON object: [[["),
        (want("c", "echo", nested(300)), "error", 'The arguments are not a JSON object: {"x":'),
        (want("c", "echo", nested(900)), "error", 'The arguments are not a JSON object: {"x":'),
        (want("c", "echo", '{"x": NaN}'), "error", 'The arguments are not a JSON object: {"x": NaN}'),
        (want("c", "echo", '{"x": [1e999]}'), "error", 'The arguments are not a JSON object: {"x": [1e999]}'),
        (want("c", "wrong"), "error", "no such file"),
        (want("c", "boom"), "error", "demo went away during the call. Reconnect it."),
        (want("c", "echo", ""), "ok", "echo={}"),
    ],
    ids=[
        *("unknown", "nameless", "no JSON", "no object", "too deep to read", "too deep to keep", "too deep to mask"),
        *("NaN", "infinite", "isError", "died", "no arguments"),
    ],
)
async def test_a_call_that_cannot_succeed_is_an_answer_to_the_model(call: CallPart, outcome: str, words: str) -> None:
    world = World(say("x", calls=[call]), say("I see"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        assert (await ended(world)).reason == "done"
    [finished] = world.of(CallFinished)
    assert isinstance(finished, CallFinished)
    assert finished.outcome == outcome
    assert answer_of(world.model.prompts[1], "c").startswith(words)


async def test_a_fault_of_ours_inside_a_call_is_an_answer_without_its_secrets() -> None:
    async def crash(tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        raise ZeroDivisionError("near sk-secret")

    world = World(say("x", calls=[want("c")]), say("I see"), allow=True, handler=crash)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        assert (await ended(world)).reason == "done"
    assert answer_of(world.model.prompts[1], "c") == "The call failed inside fastchat-tui: ZeroDivisionError."


async def test_a_denied_call_is_told_with_the_reason_and_reaches_no_server() -> None:
    world = World(say("x", calls=[want("c")]), say("as you wish"))
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        question = await asked(world)
        assert question.about == Approval("c", "demo", "echo", {}, "run demo")
        await engine.send(Answer(question.question, "deny", text="not on a Sunday"))
        await engine.send(Answer(question.question, "once"))  # the first answer counts
        await ended(world)
    assert answer_of(world.model.prompts[1], "c") == "The user denied this call. The reason: not on a Sunday"
    assert world.servers[0].calls == []
    assert world.of(Answered) == [
        Answered(question=question.question, decision="deny", by="user", text="not on a Sunday")
    ]


async def test_edited_arguments_are_what_is_called_and_what_the_model_is_told() -> None:
    world = World(say("x", calls=[want("c", "echo", '{"n": 1}')]), say("ok"))
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        question = await asked(world)
        await engine.send(Answer(question.question, "once", arguments={"n": 2}))
        await ended(world)
    assert world.servers[0].calls == [("echo", {"n": 2})]
    assert world.of(CallStarted) == [CallStarted(call="c", arguments={"n": 2})]
    assert 'The user changed the arguments to {"n": 2}' in answer_of(world.model.prompts[1], "c")


async def test_an_edit_cannot_smuggle_a_secret_out() -> None:
    world = World(say("x", calls=[want("c")]), say("ok"))
    world.masker.learn(["hunter2hunter2"])
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await engine.send(Answer((await asked(world)).question, "once", arguments={"k": "hunter2hunter2"}))
        await ended(world)
    assert world.servers[0].calls == []
    assert "blocked" in answer_of(world.model.prompts[1], "c")


@pytest.mark.parametrize(("decision", "kept"), [("session", 0), ("always", 1)])
async def test_a_lasting_yes_answers_the_questions_that_wait_and_those_to_come(decision: Any, kept: int) -> None:
    calls = [want("a"), want("b", "echo", '{"n": 2}'), want("c", "slow")]
    world = World(say("x", calls=calls), say("y", calls=[want("d")]), say("z"))
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await asked(world, 3)
        first, _, third = [e for e in world.of(Asked) if isinstance(e, Asked)]
        await engine.send(Answer(first.question, decision))
        await engine.send(Answer(third.question, "deny"))
        await ended(world)
    assert [tool for tool, _ in world.servers[0].calls] == ["echo"] * 3
    assert sorted(e.by for e in world.of(Answered) if isinstance(e, Answered)) == ["rule", "user", "user"]
    assert [rule.tool for rule in world.settings.saved_rules] == ["demo.echo"] * kept


async def test_a_rule_that_denies_wins_and_says_why() -> None:
    world = World(say("x", calls=[want("a"), want("b", "slow")]), say("y"), allow=True)
    world.settings.saved_rules = [Rule("demo.*", "always"), Rule("demo.slow", "deny", "it takes too long")]
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await ended(world)
    assert world.servers[0].calls == [("echo", {})]
    assert answer_of(world.model.prompts[1], "b") == "The call was denied: it takes too long."


async def test_a_tool_that_is_switched_off_is_offered_no_more_and_a_call_of_it_is_answered() -> None:
    async def switch(tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        await engine.send(EnableTool("demo", "echo", False))
        return await echo(tool, arguments, progress)

    world = World(say("x", calls=[want("c")]), say("y", calls=[want("d")]), say("z"), allow=True, handler=switch)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await ended(world)
    assert ["echo" in [tool.name for tool in prompt.tools] for prompt in world.model.prompts] == [True, False, False]
    assert "switched it off" in answer_of(world.model.prompts[-1], "d")
    assert len(world.servers[0].calls) == 1


async def test_a_tool_that_the_endpoint_refuses_is_set_aside_with_a_badge_until_it_is_switched_on_again() -> None:
    world = World([SetAside("demo__echo", "its schema is bad"), *say("x")], say("y"), say("z"), allow=True)
    async with world.open() as engine:
        for count, message in enumerate(("hi", "more"), 1):
            await engine.send(SendMessage(message))
            await ended(world, count)
        [tool] = [tool for tool in engine.snapshot().servers["demo"].tools if tool.name == "echo"]
        assert tool.problem == "its schema is bad"
        await engine.send(EnableTool("demo", "echo", True))
        await engine.send(SendMessage("again"))
        await ended(world, 3)
    assert ["demo__echo" in [t.model_name for t in p.tools] for p in world.model.prompts] == [True, False, True]
    notices = [e.text for e in world.of(Noticed) if isinstance(e, Noticed)]
    assert "demo › echo is set aside: its schema is bad" in notices


async def go_on(world: World, engine: LocalEngine, decision: Any, count: int = 1) -> GoOn:
    question = await asked(world, count)
    assert isinstance(question.about, GoOn)
    await engine.send(Answer(question.question, decision))
    return question.about


def walk(*numbers: int) -> list[list[Line]]:
    return [say(calls=[want("c", "echo", json.dumps({"n": n}))]) for n in numbers]


async def test_at_the_limit_of_steps_it_asks_and_a_yes_gives_as_many_again() -> None:
    world = World(*walk(1, 2, 3, 4), say("never"), allow=True)
    world.settings.config = replace(world.settings.config, max_steps=2)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        assert (await go_on(world, engine, "once")).steps == 2
        about = await go_on(world, engine, "deny", 2)
        end = await ended(world)
    assert (about.steps, about.why) == (4, "The model has taken 4 steps without an end.")
    assert (end.reason, end.detail) == ("step_limit", about.why)
    assert "F5" in end.remedy
    assert len(world.of(StepStarted)) == 4


async def test_the_default_limit_is_25_steps() -> None:
    world = World(*walk(*range(30)), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        assert (await go_on(world, engine, "deny")).steps == 25
        await ended(world)


async def test_the_same_call_for_the_third_time_is_asked_about_also_among_others() -> None:
    same = want("c", "echo", '{"n": 1}')
    script = [say(calls=[same, want("d", "slow", f'{{"n": {n}}}')]) for n in range(5)]
    world = World(*script, say("end"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        about = await go_on(world, engine, "once")
        assert (about.steps, about.why) == (3, "The model has called demo__echo 3 times with the same arguments.")
        assert (await ended(world)).reason == "done"
    assert len(world.of(Asked)) == 1


async def test_after_the_limit_a_retry_goes_on_with_what_was_done() -> None:
    world = World(*walk(1, 2), say("the end"), allow=True)
    world.settings.config = replace(world.settings.config, max_steps=2)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await go_on(world, engine, "deny")
        first = await ended(world)
        await engine.send(RetryTurn())
        assert (await ended(world, 2)).reason == "done"
    again = world.of(TurnStarted)[1]
    assert isinstance(again, TurnStarted)
    assert (again.text, again.retries) == ("", first.turn)
    kinds = [type(message) for message in world.model.prompts[-1].messages]
    assert kinds.count(UserMessage) == 1
    assert kinds.count(ToolMessage) == 2


async def test_ids_that_the_model_uses_twice_are_told_apart_in_the_whole_session() -> None:
    one, two = [want("c"), want("c", "slow")], [want("c", "wrong"), want("")]
    world = World(say(calls=one), say(calls=two), say("end"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await ended(world)
    assert [e.call for e in world.of(CallProposed) if isinstance(e, CallProposed)] == ["c", "c-2", "c-3", "call-2"]


async def test_parallel_calls_run_side_by_side_and_are_answered_in_the_order_of_their_ends() -> None:
    both = asyncio.Barrier(2)

    async def meet(tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        await both.wait()
        return await echo(tool, arguments, progress)

    world = World(say(calls=[want("a"), want("b", "slow")]), say("end"), allow=True, handler=meet)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        assert (await ended(world)).reason == "done"


async def test_what_is_said_meanwhile_waits_and_what_waits_comes_back_at_a_cancel() -> None:
    world = World(say(calls=[want("c", "hang")]), say("b"), say("c"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("first"))
        await world.until(CallStarted)
        for text in ("second", "third"):
            await engine.send(SendMessage(text))
        assert engine.snapshot().queue == ("second", "third")
        await engine.send(CancelTurn())
        assert (await ended(world)).reason == "cancelled"
        await engine.send(SendMessage("fourth"))
        await ended(world, 2)
    changes = [(e.messages, e.returned) for e in world.of(QueueChanged) if isinstance(e, QueueChanged)]
    assert changes == [(("second",), ""), (("second", "third"), ""), ((), "second\nthird")]
    assert world.servers[0].cancelled == ["c"]


async def test_what_waited_is_said_when_the_turn_has_ended_however_it_did() -> None:
    world = World([RuntimeError("a fault of ours")], say("b"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("first"))
        await engine.send(SendMessage("second"))
        await ended(world, 2)
    ends = [e for e in world.of(TurnFinished) if isinstance(e, TurnFinished)]
    assert [(e.reason, e.detail) for e in ends] == [
        ("failed", "Something in fastchat-tui failed: RuntimeError: a fault of ours"),
        ("done", ""),
    ]
    assert [e.text for e in world.of(TurnStarted) if isinstance(e, TurnStarted)] == ["first", "second"]


async def test_what_was_said_is_on_the_disk_before_it_is_sent() -> None:
    world = World(say("fine"), allow=True)
    seen: list[list[str]] = []
    stream = world.model.stream

    def watched(prompt: Prompt) -> Any:
        seen.extend([[s.event.kind for s, _ in lines] for lines in world.store.lines.values()])
        return stream(prompt)

    world.model.stream = watched  # type: ignore[method-assign]
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await ended(world)
    assert "turn_started" in seen[0]


async def test_usage_and_cost_of_all_steps_are_added_up() -> None:
    def costing(line: Any) -> Any:
        return replace(line, usage=Usage(10, 2, 1, 1, 0.5)) if hasattr(line, "usage") else line

    script = [[costing(line) for line in reply] for reply in (say(calls=[want("c")]), say("end"))]
    world = World(*script, allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        assert (await ended(world)).usage == Usage(20, 4, 2, 2, 1.0)


async def test_a_cut_reply_fails_the_turn_with_its_reason_and_runs_none_of_its_calls() -> None:
    world = World(say("half", calls=[want("c")], cut="The answer was cut off."), say("whole"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        end = await ended(world)
        assert (end.reason, end.detail) == ("failed", "The answer was cut off.")
        assert "F5" in end.remedy
        await engine.send(SendMessage("go on"))
        await ended(world, 2)
    assert world.servers[0].calls == []
    said = [m.parts for m in world.model.prompts[1].messages if not isinstance(m, UserMessage | ToolMessage)]
    assert said == [(TextPart("half"),)]


async def test_there_is_nothing_to_try_again_after_a_good_end_nor_while_one_runs() -> None:
    world = World(say("fine"), say(calls=[want("c", "hang")]), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await ended(world)
        with pytest.raises(CommandError, match="nothing to try again"):
            await engine.send(RetryTurn())
        await engine.send(SendMessage("wait"))
        await world.until(CallStarted)
        with pytest.raises(CommandError, match="turn is running"):
            await engine.send(RetryTurn())
        with pytest.raises(CommandError, match="empty"):
            await engine.send(SendMessage(" \n"))


async def test_a_session_is_not_left_while_a_turn_or_a_call_by_hand_runs() -> None:
    world = World(say("fine"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await ended(world)
        await engine.send(CallTool("demo", "hang", {}))
        await world.until(CallStarted)
        with pytest.raises(CommandError, match="a call is running"):
            await engine.send(OpenSession())
        await engine.send(CancelTurn())
        finished = await world.until(CallFinished)
        assert isinstance(finished, CallFinished)
        assert finished.outcome == "cancelled"
        await engine.send(OpenSession())
    assert len(world.of(ReplyFinished)) == 1
