"""``ask`` with an engine that plays a script."""

from __future__ import annotations

import asyncio
import io
import json
import shlex
from collections.abc import Iterable

import pytest

from fastchat_tui.engine.policy import Rules
from fastchat_tui.headless.ask import ask
from fastchat_tui.headless.exits import ConsentError, Exit, UsageError
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.chat import SessionInfo, StopReason, TextPart, Usage
from fastchat_tui.wire.codec import decode
from fastchat_tui.wire.commands import Answer, CancelTurn, Command, SendMessage
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.errors import CommandError, ConfigError
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProposed,
    CallStarted,
    Event,
    Noticed,
    ReplyFinished,
    RetryScheduled,
    ServerChanged,
    StepStarted,
    TextDelta,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.ports import Rule
from fastchat_tui.wire.questions import Approval, GoOn, KeyUse, Trust

from .conftest import STARTED, Console, ScriptedEngine, ready


def reply(step: int, *fragments: str, whole: str | None = None) -> tuple[Event, ...]:
    text = "".join(fragments) if whole is None else whole
    return (
        StepStarted(turn="t1", step=step, model="m"),
        *(TextDelta(turn="t1", step=step, text=fragment) for fragment in fragments),
        ReplyFinished(turn="t1", step=step, parts=(TextPart(text),)),
    )


def finished(reason: StopReason = "done", detail: str = "", remedy: str = "") -> TurnFinished:
    return TurnFinished(turn="t1", reason=reason, detail=detail, remedy=remedy, usage=Usage(input=12, output=3))


CALL = (
    CallProposed(call="c1", turn="t1", step=1, server="time", tool="now", arguments={"zone": "Asia/Tokyo"}),
    CallStarted(call="c1"),
    CallFinished(call="c1", outcome="ok", content=(Text("09:14"),), structured='{"time": "09:14"}'),
)


def playing(*events: Event) -> ScriptedEngine:
    """An engine that answers a message with one turn of these events."""

    def script(command: Command) -> Iterable[Event]:
        return (TurnStarted(turn="t1", text=command.text), *events) if isinstance(command, SendMessage) else ()

    return ScriptedEngine(script)


async def test_text_is_only_what_the_model_says_and_ends_with_a_newline(console: Console) -> None:
    engine = playing(*reply(1, "It is ", "09:14."), finished())
    assert await ask(engine, "time?", console.answers(), console.voice) is Exit.OK
    assert console.stdout == "It is 09:14.\n"
    assert console.stderr == ""
    assert engine.heard == [SendMessage("time?")]
    assert engine.events.closed


async def test_steps_are_apart_by_a_blank_line_and_calls_are_told_on_stderr(console: Console) -> None:
    engine = playing(*reply(1, "Let me look."), *CALL, *reply(2, "It is 09:14.\n"), finished())
    await ask(engine, "time?", console.answers(), console.voice)
    assert console.stdout == "Let me look.\n\nIt is 09:14.\n"
    assert console.stderr == '⚙ time › now  {"zone": "Asia/Tokyo"}\n⚙ time › now  ok  10 ms\n'


async def test_quiet_tells_nothing(console: Console) -> None:
    engine = playing(*CALL, *reply(2, "It is 09:14."), finished())
    await ask(engine, "time?", console.answers(), Voice(console.out, console.err, quiet=True))
    assert console.stderr == ""


async def test_a_reply_without_fragments_is_written_whole(console: Console) -> None:
    await ask(playing(*reply(1, whole="All at once."), finished()), "?", console.answers(), console.voice)
    assert console.stdout == "All at once.\n"


async def test_a_reply_whose_fragments_were_missed_is_completed(console: Console) -> None:
    await ask(playing(*reply(1, "All ", whole="All at once."), finished()), "?", console.answers(), console.voice)
    assert console.stdout == "All at once.\n"


async def test_nothing_that_a_terminal_obeys_is_written(console: Console) -> None:
    hostile = "\x1b]52;c;AAAA\x07 \x9b31m \u202e"
    engine = playing(*reply(1, hostile), finished("failed", hostile, hostile))
    await ask(engine, "?", console.answers(), console.voice)
    for written in (console.stdout, console.stderr):
        assert not set(written) & set("\x1b\x07\x9b\u202e")


async def test_json_is_one_object_with_text_calls_usage_and_session(console: Console) -> None:
    engine = playing(*reply(1, "Let me look."), *CALL, *reply(2, "09:14"), finished())
    assert await ask(engine, "time?", console.answers(), console.voice, output="json") is Exit.OK
    assert json.loads(console.stdout) == {
        "text": "Let me look.\n\n09:14",
        "reason": "done",
        "detail": "",
        "remedy": "",
        "calls": [
            {
                "call": "c1",
                "server": "time",
                "tool": "now",
                "arguments": {"zone": "Asia/Tokyo"},
                "outcome": "ok",
                "text": "09:14",
                "structured": {"time": "09:14"},
                "verdict": None,
                "seconds": pytest.approx(0.01),
            }
        ],
        "usage": {"input": 12, "output": 3, "cached": 0, "reasoning": 0, "cost": 0.0},
        "model": "scripted-1",
        "session": "s-1",
    }


async def test_json_lines_are_every_event_and_can_be_read_back(console: Console) -> None:
    engine = playing(*CALL, *reply(2, "09:14"), finished())
    await ask(engine, "time?", console.answers(), console.voice, output="jsonl")
    events = [decode(line).event for line in console.stdout.splitlines()]
    assert events == [STARTED, TurnStarted(turn="t1", text="time?"), *CALL, *reply(2, "09:14"), finished()]


async def test_json_is_exact_where_it_would_be_harmful_as_it_is(console: Console) -> None:
    hostile = CallProposed(call="c1", turn="t1", step=1, server="s", tool="t", arguments={"a": "\x9b\u202e"})
    end = CallFinished(call="c1", outcome="ok")
    await ask(playing(hostile, end, finished()), "?", console.answers(), console.voice, output="jsonl")
    assert not set(console.stdout) & set("\x9b\u202e")
    assert hostile in [decode(line).event for line in console.stdout.splitlines()]


async def test_the_message_waits_until_no_server_is_connecting(console: Console) -> None:
    engine = playing(*reply(1, "hi"), finished())
    engine.opening = (STARTED, ServerChanged(server="slow", state="connecting"))
    task = asyncio.create_task(ask(engine, "?", console.answers(), console.voice))
    await asyncio.wait_for(engine.events.all_read.wait(), 5)
    assert engine.heard == []
    engine.publish(ServerChanged(server="slow", state="failed", detail="Exit code 1\x1b[2J"))
    assert await task is Exit.OK
    assert console.stderr == "slow: failed. Exit code 1␛[2J\n"


@pytest.mark.parametrize(
    ("reason", "exit_status"), [("failed", Exit.MODEL), ("step_limit", Exit.FAILED), ("cancelled", Exit.INTERRUPTED)]
)
async def test_a_turn_that_ends_otherwise_has_its_own_status(
    console: Console, reason: StopReason, exit_status: Exit
) -> None:
    engine = playing(*reply(1, "Half"), finished(reason, "The key is wrong.", "Set OPENAI_API_KEY."))
    assert await ask(engine, "?", console.answers(), console.voice) is exit_status
    assert console.stdout == "Half\n"
    if reason != "cancelled":
        assert console.stderr == "fastchat-tui: The key is wrong.\n  Set OPENAI_API_KEY.\n"


async def test_a_configuration_that_cannot_be_used_ends_the_command_before_anything_is_sent(console: Console) -> None:
    engine = playing(*reply(1, "hi"), finished())
    engine.opening = (Noticed(level="error", text="line 3: expected a comma", remedy="Add it."), STARTED)
    with pytest.raises(ConfigError) as error:
        await ask(engine, "?", console.answers(), console.voice)
    assert (error.value.remedy, engine.heard) == ("Add it.", [])


async def test_notices_and_retries_are_told(console: Console) -> None:
    retry = RetryScheduled(turn="t1", step=1, why="Too many requests.", seconds=3.0, attempt=1)
    engine = playing(retry, Noticed(level="warning", text="Not saved.", remedy="Free some space."), finished())
    await ask(engine, "?", console.answers(), console.voice)
    assert console.stderr.splitlines() == [
        "Too many requests. Trying again in 3.0 s.",
        "fastchat-tui: Not saved.",
        "  Free some space.",
    ]


APPROVAL = Approval(call="c1", server="time", tool="now", arguments={"zone": "Asia/Tokyo"}, destination="uvx time")


def asking(about: Approval | GoOn) -> ScriptedEngine:
    def script(command: Command) -> Iterable[Event]:
        match command:
            case SendMessage(text=text):
                yield TurnStarted(turn="t1", text=text)
                yield CALL[0]
                yield Asked(question="q1", about=about)
            case Answer(decision=decision):
                yield Answered(question="q1", decision=decision, by="user")
                if decision == "deny":
                    yield CallFinished(call="c1", outcome="denied", content=(Text("denied"),))
                else:
                    yield from CALL[1:]
                yield from reply(2, "done")
                yield finished()

    return ScriptedEngine(script)


async def test_a_call_is_denied_with_a_remedy_where_nobody_can_be_asked(console: Console) -> None:
    engine = asking(APPROVAL)
    assert await ask(engine, "?", console.answers(), console.voice) is Exit.CONSENT
    assert console.stdout == "done\n"
    assert "time › now was denied" in console.stderr
    assert "Allow it with --allow time.now, or" in console.stderr


@pytest.mark.parametrize(("server", "tool"), [("s", "x'; touch PWN; '"), ("s", "*"), ("a.b", "t"), ("s", "$(id) `id`")])
async def test_the_line_that_allows_a_call_is_one_word_and_means_that_tool_alone(
    console: Console, server: str, tool: str
) -> None:
    await console.answers().decide(Asked(question="q", about=Approval("c", server, tool, {})))
    line = console.stderr.partition("Allow it with --allow ")[2].rpartition(", or every call")[0]
    (pattern,) = shlex.split(line)
    assert shlex.quote(pattern) == line
    rules = Rules("ask", [Rule(pattern, "session")])
    assert rules.decide(server, tool).policy == "allow"
    assert rules.decide(server, f"{tool}2").policy == "ask"


async def test_yes_approves_a_call_once(console: Console) -> None:
    engine = asking(APPROVAL)
    assert await ask(engine, "?", console.answers(yes=True), console.voice) is Exit.OK
    assert engine.heard[-1] == Answer("q1", "once")


@pytest.mark.parametrize(
    ("typed", "decision"), [("y", "once"), ("S", "session"), ("always", "always"), ("", "deny"), ("sure", "deny")]
)
async def test_the_terminal_decides_and_only_a_clear_yes_is_one(console: Console, typed: str, decision: str) -> None:
    asked: list[str] = []

    async def type_it(text: str) -> str:
        asked.append(text)
        return typed

    engine = asking(APPROVAL)
    assert await ask(engine, "?", console.answers(type_it), console.voice) is Exit.OK
    assert engine.heard[-1] == Answer("q1", decision)
    assert "time › now (uvx time)" in asked[0]
    assert '"zone": "Asia/Tokyo"' in asked[0]


async def test_a_terminal_that_is_gone_is_nobody(console: Console) -> None:
    async def gone(text: str) -> str:
        raise OSError("no tty")

    assert await ask(asking(APPROVAL), "?", console.answers(gone), console.voice) is Exit.CONSENT


async def test_yes_does_not_prolong_a_turn_that_repeats_itself(console: Console) -> None:
    engine = asking(GoOn("t1", 25, "The model has taken 25 steps without an end."))
    await ask(engine, "?", console.answers(yes=True), console.voice)
    assert engine.heard[-1] == Answer("q1", "deny")
    assert "25 steps" in console.stderr


@pytest.mark.parametrize(
    "about",
    [
        Trust("/x/fastchat.config.json", "/x", "d1", changed=True, starts=("rm -rf /",), names=("TOKEN",)),
        KeyUse("https://evil.example", ".env"),
    ],
)
@pytest.mark.parametrize("yes", [False, True])
async def test_what_must_be_agreed_to_first_ends_the_command(
    console: Console, about: Trust | KeyUse, yes: bool
) -> None:
    engine = ScriptedEngine(opening=(Asked(question="q1", about=about),))
    with pytest.raises(ConsentError) as error:
        await ask(engine, "?", console.answers(yes=yes), console.voice)
    assert error.value.remedy
    assert engine.heard == []


async def test_a_folder_can_be_trusted_at_the_terminal(console: Console) -> None:
    shown: list[str] = []

    async def type_it(text: str) -> str:
        shown.append(text)
        return "a"

    engine = playing(*reply(1, "hi"), finished())
    play = engine.script
    engine.script = lambda command: (*ready("x", "y"), STARTED) if isinstance(command, Answer) else play(command)
    engine.opening = (Asked(question="q1", about=Trust("/x/f.json", "/x", "d", starts=("npx it",), names=("TOKEN",))),)
    assert await ask(engine, "?", console.answers(type_it), console.voice) is Exit.OK
    assert engine.heard[0] == Answer("q1", "always")
    assert "npx it" in shown[0]
    assert "TOKEN" in shown[0]


async def test_ctrl_c_stops_the_turn_and_keeps_what_was_said(console: Console) -> None:
    said = asyncio.Event()

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            said.set()
            return super().write(text)

    console.out = Out()

    def script(command: Command) -> Iterable[Event]:
        match command:
            case SendMessage(text=text):
                return TurnStarted(turn="t1", text=text), *reply(1, "Half an ans")[:-1]
            case CancelTurn():
                return *reply(1, "Half an ans")[-1:], finished("cancelled")
            case _:
                return ()

    engine = ScriptedEngine(script)
    task = asyncio.create_task(ask(engine, "?", console.answers(), console.voice))
    await asyncio.wait_for(said.wait(), 5)
    task.cancel()
    assert await task is Exit.INTERRUPTED
    assert engine.heard[-1] == CancelTurn()
    assert console.stdout == "Half an ans\n"


async def test_ctrl_c_before_the_message_was_sent_just_ends(console: Console) -> None:
    engine = ScriptedEngine(opening=())
    task = asyncio.create_task(ask(engine, "?", console.answers(), console.voice))
    await asyncio.sleep(0)
    task.cancel()
    assert await task is Exit.INTERRUPTED
    assert engine.heard == []


async def test_an_engine_that_ends_is_an_error_and_no_hang(console: Console) -> None:
    engine = playing(*reply(1, "hi"))
    play = engine.script

    def script(command: Command) -> Iterable[Event | None]:
        return *play(command), None

    engine.script = script
    with pytest.raises(CommandError, match="ended before"):
        await ask(engine, "?", console.answers(), console.voice)


async def test_a_reader_that_goes_away_is_no_traceback(console: Console) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    console.out = Gone()
    with pytest.raises(BrokenPipeError):
        await ask(playing(*reply(1, "hi"), finished()), "?", console.answers(), console.voice)


async def test_what_was_meant_for_another_session_is_not_sent(console: Console) -> None:
    engine = playing(*reply(1, "hello"), finished())
    with pytest.raises(UsageError, match="WRONG"):
        await ask(engine, "?", console.answers(), console.voice, session="WRONG")
    assert engine.heard == []


@pytest.mark.parametrize(("saved", "opened"), [((), True), (("s-1", "old"), True), (("busy",), False)])
async def test_to_continue_sends_nothing_when_the_last_session_was_not_opened(
    console: Console, saved: tuple[str, ...], opened: bool
) -> None:
    engine = playing(*reply(1, "Well."), finished())
    engine.saved = [SessionInfo(name, messages=1) for name in saved]
    if opened:
        await ask(engine, "hi", console.answers(), console.voice, session="continue")
    else:
        with pytest.raises(UsageError, match="The last session could not be opened, so nothing was sent"):
            await ask(engine, "hi", console.answers(), console.voice, session="continue")
    assert bool(engine.heard) == opened
