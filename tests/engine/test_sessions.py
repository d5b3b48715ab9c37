"""Which session is open, what a crash left of it, and what happens when it cannot be written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from fastchat_tui.engine import recorder
from fastchat_tui.wire.chat import TextPart, TextPiece, UserMessage
from fastchat_tui.wire.commands import (
    CallTool,
    Command,
    DeleteSession,
    OpenSession,
    RenameSession,
    RetryTurn,
    SendMessage,
)
from fastchat_tui.wire.errors import CommandError, ModelError, StoreError
from fastchat_tui.wire.events import (
    CallFinished,
    CallStarted,
    Noticed,
    ReplyFinished,
    SessionOpened,
    SessionTitled,
    Stamped,
    TextDelta,
    TurnFinished,
)
from tests.fakes.world import World, say


async def told(world: World, text: str, count: int = 1) -> None:
    await world.until(TurnFinished, count)
    assert text in [p.text for e in world.of(ReplyFinished) for p in getattr(e, "parts", ()) if isinstance(p, TextPart)]


def notices(world: World) -> list[str]:
    return [event.text for event in world.of(Noticed) if isinstance(event, Noticed)]


def opened(world: World) -> list[tuple[str, bool]]:
    return [(event.title, event.resumed) for event in world.of(SessionOpened) if isinstance(event, SessionOpened)]


async def before(*messages: str) -> World:
    """A world in which something was said, and which has ended."""
    world = World(*(say(f"you said {message}") for message in messages), allow=True)
    async with world.open() as engine:
        for count, message in enumerate(messages, 1):
            await engine.send(SendMessage(message))
            await told(world, f"you said {message}", count)
    return world


def after(world: World, *replies: str) -> World:
    again = World(*(say(reply) for reply in replies), allow=True)
    again.store = world.store
    return again


async def test_the_last_session_goes_on_with_all_that_was_said() -> None:
    first = await before("one", "two")
    again = after(first, "three")
    async with again.open("continue") as engine:
        await engine.send(SendMessage("and?"))
        await told(again, "three")
        seqs = [stamped.seq for stamped in await engine.page(limit=10_000)]
    assert opened(again) == [("one", True)]
    [prompt] = again.model.prompts
    assert [m.text for m in prompt.messages if isinstance(m, UserMessage)] == ["one", "two", "and?"]
    assert seqs == sorted(set(seqs))


async def test_a_session_without_a_message_is_not_the_one_to_go_on_with() -> None:
    first = await before("one")
    await first.store.create("a call by hand", 1.0)
    again = after(first, "two")
    async with again.open("continue") as engine:
        await engine.send(SendMessage("and?"))
        await told(again, "two")
    assert opened(again) == [("one", True)]


async def test_a_session_that_is_open_in_another_window_is_left_alone_and_that_is_said() -> None:
    first = await before("one")
    [session] = first.store.lines
    again = after(first, "fine")
    again.store.claimed.add(session)
    async with again.open("continue") as engine:
        await engine.send(SendMessage("new"))
        await told(again, "fine")
        assert engine.snapshot().session.id != session
        with pytest.raises(CommandError, match="open in another window"):
            await engine.send(OpenSession(session))
    assert notices(again) == ["“one” is open in another window."]
    assert len(again.store.lines) == 2


async def test_a_session_that_is_not_there_is_said_and_a_new_one_begins() -> None:
    world = World(say("fine"), allow=True)
    async with world.open("20990101-000000-abc") as engine:
        await engine.send(SendMessage("hi"))
        await told(world, "fine")
    assert notices(world) == ["There is no session “20990101-000000-abc”."]


async def test_to_continue_where_there_is_nothing_yet_begins_a_new_one_in_silence() -> None:
    world = World(say("fine"), allow=True)
    async with world.open("continue") as engine:
        await engine.send(SendMessage("hi"))
        await told(world, "fine")
    assert (notices(world), opened(world)) == ([], [("", False)])


async def test_sessions_are_switched_renamed_and_deleted() -> None:
    world = await before("one")
    [old] = world.store.lines
    again = after(world, "two", "three")
    async with again.open() as engine:
        await engine.send(SendMessage("second"))
        await told(again, "two")
        new = engine.snapshot().session.id
        await engine.send(RenameSession(new, "My own title"))
        assert engine.snapshot().session.title == "My own title"
        await engine.send(OpenSession(old))
        assert [info.title for info in await engine.sessions()] == ["My own title", "one"]
        await engine.send(SendMessage("third"))
        await told(again, "three", 2)
        await engine.send(DeleteSession(old))
        assert engine.snapshot().session.id not in (old, new)
        assert list(again.store.lines) == [new]
    said = [m.text for m in again.model.prompts[-1].messages if isinstance(m, UserMessage)]
    assert said == ["one", "third"]
    assert SessionTitled(session=new, title="My own title") in again.events


@pytest.mark.parametrize("command", [RenameSession("nope", "Named"), DeleteSession("nope")])
async def test_a_session_that_is_not_there_is_neither_renamed_nor_deleted(command: Command) -> None:
    world = await before("one")
    kept = dict(world.store.info)
    async with after(world).open() as engine:
        with pytest.raises(CommandError, match="There is no session “nope”"):
            await engine.send(command)
    assert world.store.info == kept


async def test_what_failed_can_be_tried_again_after_a_restart_whatever_followed_it() -> None:
    first = World([TextPiece("half"), ModelError("cut", "It broke.", "F5")], allow=True)
    async with first.open() as engine:
        await engine.send(SendMessage("hi"))
        await first.until(TurnFinished)
        await engine.send(CallTool("demo", "echo", {}))
        await first.until(CallFinished)
        await engine.send(RenameSession(engine.snapshot().session.id, "Named"))
    again = after(first, "whole")
    async with again.open("continue") as engine:
        await again.until(SessionOpened)
        await engine.send(RetryTurn())
        await told(again, "whole")
    assert again.model.prompts[0].messages == (UserMessage("hi"),)


async def test_a_call_by_hand_that_a_crash_left_open_is_closed_when_it_goes_on() -> None:
    first = World(say("fine"), allow=True)
    async with first.open() as engine:
        await engine.send(SendMessage("hi"))
        await first.until(TurnFinished)
        await engine.send(CallTool("demo", "hang", {}))
        await first.until(CallStarted)
        await engine.page()
        [(session, lines)] = first.store.lines.items()
        left = list(lines)
    first.store.lines[session] = left  # what a kill -9 would leave
    again = after(first)
    async with again.open("continue") as engine:
        await again.until(SessionOpened)
        [end] = [s.event for s in await engine.page() if isinstance(s.event, CallFinished)]
    assert (end.outcome, await again.store.left_open(session)) == ("cancelled", [])


async def test_a_log_that_cannot_be_written_is_said_once_and_all_is_saved_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "RETRY_EVERY", 0.01)
    world = World(say("one"), say("two"), allow=True)
    world.store.broken = StoreError("The disk is full.", "Free some room.")
    async with world.open() as engine:
        for count, message in enumerate(("one", "two"), 1):
            await engine.send(SendMessage(message))
            await told(world, message, count)
        assert len([s for s in await engine.page() if isinstance(s.event, TurnFinished)]) == 2
        assert engine.snapshot().unsaved
        world.store.broken = None
        async with asyncio.timeout(10):
            while len(notices(world)) < 2:
                await world.changed()
        assert not engine.snapshot().unsaved
    assert notices(world) == [
        "The session is not being saved. The disk is full.",
        "The session is being saved again.",
    ]
    [lines] = world.store.lines.values()
    assert [s.event for s, _ in lines if isinstance(s.event, TurnFinished)] == world.of(TurnFinished)


async def test_text_that_streams_is_saved_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "TEXT_EVERY", 0.01)
    world = World([TextPiece("half a sentence"), TimeoutError()], allow=True)
    saved: asyncio.Queue[str] = asyncio.Queue()
    append = world.store.append

    async def watched(session: str, events: Sequence[Stamped]) -> None:
        await append(session, events)
        for stamped in events:
            if isinstance(stamped.event, TextDelta):
                saved.put_nowait(stamped.event.text)

    monkeypatch.setattr(world.store, "append", watched)
    async with world.open() as engine:
        await engine.send(SendMessage("hi"))
        assert await asyncio.wait_for(saved.get(), 10) == "half a sentence"
