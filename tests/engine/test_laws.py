"""The seven laws of ``wire.events``, each on success, cancel and failure."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass

import pytest

from fastchat_tui.wire.chat import AssistantMessage, CallPart, Message, TextPart, TextPiece, ToolMessage, UserMessage
from fastchat_tui.wire.commands import Answer, CancelTurn, RetryTurn, SendMessage
from fastchat_tui.wire.errors import ModelError
from fastchat_tui.wire.events import (
    SAVED,
    Asked,
    CallFinished,
    CallProposed,
    CallStarted,
    Event,
    ReplyFinished,
    Stamped,
    StepStarted,
    TextDelta,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.history import History
from fastchat_tui.wire.ledger import CallLedger
from fastchat_tui.wire.text import clean
from fastchat_tui.wire.transcript import Transcript
from tests.fakes.world import Endless, World, say, thinking, want


def ends_once(events: list[Event]) -> None:
    starts = Counter(e.turn for e in events if isinstance(e, TurnStarted))
    assert starts == Counter(e.turn for e in events if isinstance(e, TurnFinished))
    assert Counter(e.call for e in events if isinstance(e, CallProposed)) == Counter(
        e.call for e in events if isinstance(e, CallFinished)
    )
    assert Counter((e.turn, e.step) for e in events if isinstance(e, StepStarted)) == Counter(
        (e.turn, e.step) for e in events if isinstance(e, ReplyFinished)
    )
    assert not starts or max(starts.values()) == 1


def acceptable(messages: tuple[Message, ...]) -> None:
    waiting: list[str] = []
    for message in messages:
        match message:
            case ToolMessage(call=call):
                assert call in waiting
                waiting.remove(call)
            case UserMessage() | AssistantMessage():
                assert waiting == []
                if isinstance(message, AssistantMessage):
                    waiting = [part.call for part in message.parts if isinstance(part, CallPart)]
    assert waiting == []


async def test_a_turn_with_parallel_calls_ends_everything_once() -> None:
    calls = [want("a"), want("b", "wrong"), want("c", "boom"), want("d", "slow")]
    world = World(say("let me ", "see", calls=calls), say("done"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        end = await world.until(TurnFinished)
    assert isinstance(end, TurnFinished)
    assert end.reason == "done"
    ends_once(world.events)
    outcomes = {e.call: e.outcome for e in world.events if isinstance(e, CallFinished)}
    assert outcomes == {"a": "ok", "b": "error", "c": "error", "d": "ok"}
    acceptable(world.model.prompts[1].messages)


@pytest.mark.parametrize("reply", [["par", "tial"], []])
async def test_a_failing_model_ends_the_turn_with_its_words_and_a_remedy(reply: list[str]) -> None:
    error = ModelError("connect", "The model cannot be reached.", "Check the network.")
    world = World([*map(TextPiece, reply), error])
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        end = await world.until(TurnFinished)
    assert isinstance(end, TurnFinished)
    assert (end.reason, end.detail, end.remedy) == ("failed", error.text, error.remedy)
    ends_once(world.events)
    finished = world.of(ReplyFinished)[0]
    assert isinstance(finished, ReplyFinished)
    assert finished.cut == error.text
    assert [p.text for p in finished.parts if hasattr(p, "text")] == (["partial"] if reply else [])


async def _cancel_at(moment: type[Event], world: World) -> None:
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(moment)
        await engine.send(CancelTurn())
        end = await world.until(TurnFinished)
        assert isinstance(end, TurnFinished)
        assert end.reason == "cancelled"
        await engine.send(SendMessage("again"))
        await world.until(TurnFinished, 2)
    ends_once(world.events)
    acceptable(world.model.prompts[-1].messages)


@pytest.mark.parametrize("moment", [TurnStarted, StepStarted, TextDelta])
async def test_a_cancel_while_the_model_speaks_ends_everything_once(moment: type[Event]) -> None:
    world = World()
    world.model = Endless()
    await _cancel_at(moment, world)


@pytest.mark.parametrize("moment", [CallProposed, CallStarted])
async def test_a_cancel_while_tools_run_ends_everything_once(moment: type[Event]) -> None:
    world = World(say("x", calls=[want("a", "hang"), want("b", "hang")]), say("fine"), allow=True)
    await _cancel_at(moment, world)
    assert {e.outcome for e in world.events if isinstance(e, CallFinished)} == {"cancelled"}


async def test_a_cancel_while_asking_answers_the_question_with_no() -> None:
    world = World(say("x", calls=[want("a"), want("b")]), say("fine"))
    await _cancel_at(Asked, world)
    assert world.servers[0].calls == []


async def test_a_cancel_in_the_same_breath_as_the_message_still_opens_and_closes_the_turn() -> None:
    world = World(say("never"), say("fine"))
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await engine.send(CancelTurn())
        await world.until(TurnFinished)
    ends_once(world.events)
    assert [e.text for e in world.events if isinstance(e, TurnStarted)] == ["hi"]


async def test_a_view_that_saw_no_delta_draws_the_same_transcript() -> None:
    world = World(thinking("hmm"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
    whole, without = Transcript(), Transcript()
    for stamped in world.heard:
        whole.apply(stamped)
        if not stamped.event.kind.endswith("_delta"):
            without.apply(stamped)
    drawn = [(type(e), e.key, getattr(e, "text", "")) for e in whole.entries]
    assert drawn == [(type(e), e.key, getattr(e, "text", "")) for e in without.entries]


async def test_folding_the_saved_log_rebuilds_ledger_history_and_transcript() -> None:
    world = World(say("a ", "b", calls=[want("a"), want("b", "slow")]), say("end"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
        saved = await engine.page(limit=10_000)
    folds = []
    for log in (saved, [s for s in world.heard if isinstance(s.event, SAVED)]):
        ledger, history, transcript = CallLedger(), History(), Transcript()
        for stamped in log:
            ledger.apply(stamped)
            history.apply(stamped)
            transcript.apply(stamped)
        folds.append((ledger, history.messages(), [(e.key, getattr(e, "text", "")) for e in transcript.entries]))
    assert folds[0] == folds[1]


async def test_a_slow_reader_gets_merged_text_and_no_gap() -> None:
    words = [str(n) for n in range(200)]
    world = World(say(*words), allow=True)
    async with world.open() as engine:
        slow = engine.subscribe()
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
    got = [stamped async for stamped in slow]
    deltas = [s.event.text for s in got if isinstance(s.event, TextDelta)]
    assert deltas == ["".join(words)]
    others = [s for s in world.heard if not isinstance(s.event, TextDelta)]
    assert [s for s in got if not isinstance(s.event, TextDelta)] == others


async def test_a_late_reader_gets_the_log_first() -> None:
    world = World(say("one"), say("two"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
        late = engine.subscribe(since=0)
        await engine.send(SendMessage("more"))
        await world.until(TurnFinished, 2)
    got: list[Stamped] = [stamped async for stamped in late]
    assert [s.seq for s in got] == sorted({s.seq for s in got})
    said = [p.text for s in got if isinstance(s.event, ReplyFinished) for p in s.event.parts if hasattr(p, "text")]
    assert said == ["one", "two"]


def plain(value: object) -> bool:
    if value is None or isinstance(value, str | int | float | bool):
        return True
    if isinstance(value, tuple | list):
        return all(map(plain, value))
    if isinstance(value, dict):
        return all(map(plain, value.values()))
    return is_dataclass(value) and all(plain(getattr(value, field.name)) for field in fields(value))


async def test_events_hold_plain_data_only() -> None:
    world = World(say("x", calls=[want("a", "slow")]), say("y"))
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        asked = await world.until(Asked)
        assert isinstance(asked, Asked)
        await engine.send(Answer(asked.question, "once"))
        await world.until(TurnFinished)
    assert all(plain(event) for event in world.events)


async def test_no_secret_enters_an_event_and_no_call_carries_one() -> None:
    secret = "correct-horse-battery"
    world = World(say(f"it is {secret}", calls=[want("a", "echo", f'{{"k": "{secret}"}}')]), say("y"), allow=True)
    world.masker.learn([secret])
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
    assert secret not in repr(world.events)
    assert world.servers[0].calls == []
    assert secret not in repr(world.store.lines)


@pytest.mark.parametrize("size", [1, 2, 7])
async def test_a_secret_that_comes_in_pieces_is_hidden_in_them_too(size: int) -> None:
    secret = "correct-horse-battery"
    text = f"is it correct? {secret}, or cor, or correct-horse"
    world = World(say(*(text[at : at + size] for at in range(0, len(text), size))))
    world.masker.learn([secret])
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
    said = "".join(event.text for event in world.events if isinstance(event, TextDelta))
    assert said == "is it correct? •••, or cor, or correct-horse"


async def test_what_a_model_says_is_harmless_in_every_event() -> None:
    hostile = "a\x1b[31mred\x07 \x9b1m \u202eb"
    world = World(say(*hostile))
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
    said = "".join(event.text for event in world.events if isinstance(event, TextDelta))
    assert said == clean(hostile)
    [finished] = world.of(ReplyFinished)
    assert isinstance(finished, ReplyFinished)
    assert finished.parts == (TextPart(clean(hostile)),)


async def test_a_retry_says_nothing_twice_and_drops_the_cut_reply() -> None:
    error = ModelError("cut", "cut", "")
    world = World([TextPiece("half an ans"), error], say("whole"))
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(TurnFinished)
        await engine.send(RetryTurn())
        await world.until(TurnFinished, 2)
    assert world.model.prompts[1].messages == (UserMessage("hi"),)


async def test_a_session_that_was_killed_is_closed_when_it_is_opened_again() -> None:
    world = World(say("x", calls=[want("a", "hang")]), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        await world.until(CallStarted)
        await engine.page()
        session = engine.snapshot().session.id
        lines = list(world.store.lines[session])  # what a kill -9 would leave
    world.store.lines[session] = lines
    again = World(say("go on"), allow=True)
    again.store = world.store
    async with again.open("continue") as engine:
        await engine.send(SendMessage("and?"))
        await again.until(TurnFinished)
        events = [s.event for s in await engine.page(limit=10_000)]
        assert engine.snapshot().session.id == session
    ends_once(events)
    acceptable(again.model.prompts[0].messages)
    assert again.model.prompts[0].messages[0] == UserMessage("hi")
    seqs = [s.seq for s, _ in again.store.lines[session]]
    assert seqs == sorted(set(seqs))
