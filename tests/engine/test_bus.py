"""A reader gets everything in order, however slow it is: text may come merged, frames may be missing, nothing else."""

from __future__ import annotations

import asyncio
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.engine.bus import MAX_FRAMES, Bus, Mergeable
from fastchat_tui.wire.events import Event, FrameSeen, Noticed, Stamped, StepStarted, TextDelta, ThoughtDelta

events: st.SearchStrategy[Event] = (
    st.builds(TextDelta, turn=st.just("t"), step=st.integers(1, 2), text=st.sampled_from(["a", "b", "終", ""]))
    | st.builds(ThoughtDelta, turn=st.just("t"), step=st.integers(1, 2), text=st.sampled_from(["c", "d"]))
    | st.sampled_from([Noticed(level="info", text="n"), StepStarted(turn="t", step=1, model="m")])
)


def told(stamped: list[Stamped]) -> list[object]:
    """What a view makes of it: runs of text joined, everything else as it is."""
    made: list[object] = []
    for key, run in groupby((s.event for s in stamped), lambda e: (type(e), getattr(e, "step", 0))):
        if key[0] in (TextDelta, ThoughtDelta):
            made.append((key, "".join(getattr(event, "text", "") for event in run)))
        else:
            made += run
    return made


@given(st.lists(events | st.none(), max_size=30))
def test_a_queue_that_is_read_at_any_moment_loses_and_reorders_nothing(course: list[Event | None]) -> None:
    queue, put, got = Mergeable(), [], []
    for seq, event in enumerate(course, 1):
        if event is None:
            got += [queue.take()] if len(queue) else []
        else:
            put.append(Stamped(seq, float(seq), event))
            queue.put(put[-1])
    got += queue.take_all()
    assert told(got) == told(put)
    assert [s.seq for s in got] == sorted({s.seq for s in got})
    assert {s.seq for s in got} <= {s.seq for s in put}
    assert len(queue) == 0


async def test_frames_are_dropped_for_a_slow_reader_and_for_one_that_did_not_ask() -> None:
    bus = Bus()
    plain, slow = bus.subscribe(), bus.subscribe(frames=True)
    frame = FrameSeen(server="s", direction="sent", frame="{}", size=2)
    for seq in range(3 * MAX_FRAMES):
        bus.publish(Stamped(seq, 0.0, frame))
    bus.publish(Stamped(9999, 0.0, Noticed(level="info", text="at last")))
    await bus.close()
    assert [s.seq async for s in plain] == [9999]
    got = [s.seq async for s in slow]
    assert got[-1] == 9999
    assert MAX_FRAMES <= len(got) <= MAX_FRAMES + 2


async def test_a_reader_that_leaves_hears_what_waited_and_then_ends() -> None:
    bus = Bus()
    reader = bus.subscribe()
    bus.publish(Stamped(1, 0.0, Noticed(level="info", text="one")))
    waiting = asyncio.ensure_future(anext(reader))
    assert (await waiting).seq == 1
    bus.publish(Stamped(2, 0.0, Noticed(level="info", text="two")))
    reader.close()
    bus.publish(Stamped(3, 0.0, Noticed(level="info", text="three")))
    assert [s.seq async for s in reader] == [2]
