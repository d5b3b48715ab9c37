"""The open session as the screen holds it: pages that join without a seam."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fastchat_tui.tui.conversation import PAGE, Conversation
from fastchat_tui.wire.chat import TextPart, Usage
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.events import (
    CallFinished,
    CallProposed,
    CallStarted,
    Event,
    ReplyFinished,
    Stamped,
    StepStarted,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.transcript import Transcript


class Log:
    """The one method of the engine that a conversation uses."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = [Stamped(seq, float(seq), event) for seq, event in enumerate(events, 1)]

    async def page(self, before: int | None = None, limit: int = 200) -> Sequence[Stamped]:
        return [stamped for stamped in self.events if before is None or stamped.seq < before][-limit:]


def turn(number: int, *inside: Event) -> list[Event]:
    name = f"t{number}"
    return [
        TurnStarted(turn=name, text=f"message {number}"),
        StepStarted(turn=name, step=1, model="m"),
        ReplyFinished(turn=name, step=1, parts=(TextPart(f"answer {number}"),), usage=Usage(10, 1)),
        *inside,
        TurnFinished(turn=name, reason="done"),
    ]


def call(name: str) -> list[Event]:
    return [
        CallProposed(call=name, turn="", step=0, server="s", tool="t", arguments={}),
        CallStarted(call=name),
    ]


def ended(name: str) -> Event:
    return CallFinished(call=name, outcome="ok", content=(Text("42"),))


async def whole(events: Sequence[Event]) -> tuple[Conversation, list[str]]:
    """A conversation that has read its log to the beginning, and its texts in order."""
    log = Log(events)
    conversation = Conversation(log)  # type: ignore[arg-type]
    await conversation.open()
    entries = list(conversation.transcript.entries)
    while not conversation.whole:
        entries[:0] = await conversation.older()
    return conversation, [entry.key for entry in entries]


@pytest.mark.parametrize("turns", [1, 39, 40, 41, 100, 201])
async def test_pages_join_to_the_transcript_of_the_whole_log(turns: int) -> None:
    events = [event for number in range(turns) for event in turn(number)]
    expected = Transcript()
    for stamped in Log(events).events:
        expected.apply(stamped)
    conversation, keys = await whole(events)
    assert keys == [entry.key for entry in expected.entries]
    assert conversation.total == Usage(10 * turns, turns)


async def test_a_call_that_ends_pages_after_it_began_is_whole_in_the_end() -> None:
    between = [event for number in range(PAGE) for event in turn(number)]
    conversation, _ = await whole([*turn(1000), *call("c1"), *between, ended("c1"), *turn(1001)])
    record = conversation.ledger["c1"]
    assert (record.state, record.outcome, record.content) == ("ok", "ok", (Text("42"),))
    assert conversation.running == []


async def test_calls_of_older_pages_stand_before_those_of_later_ones() -> None:
    early = [*call("early"), ended("early")]
    late = [*call("late"), ended("late")]
    between = [event for number in range(PAGE) for event in turn(number)]
    conversation, _ = await whole([*turn(1000), *early, *between, *turn(1001), *late])
    assert [record.call for record in conversation.ledger] == ["early", "late"]


async def test_a_turn_longer_than_a_page_is_never_shown_without_its_beginning() -> None:
    steps = [
        event
        for step in range(2, 3 * PAGE)
        for event in (
            StepStarted(turn="t0", step=step, model="m"),
            ReplyFinished(turn="t0", step=step, parts=(TextPart("x"),)),
        )
    ]
    log = Log([*turn(7), *turn(0, *steps)])
    conversation = Conversation(log)  # type: ignore[arg-type]
    await conversation.open()
    assert "t0/user" in [entry.key for entry in conversation.transcript.entries]
    assert conversation.seen == log.events[-1].seq
