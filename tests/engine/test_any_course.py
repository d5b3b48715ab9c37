"""The seven laws on any course: whatever the model, the tools and the user do, in any order and at any instant."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastchat_tui.engine.local import LocalEngine
from fastchat_tui.wire import codec
from fastchat_tui.wire.chat import (
    CallPart,
    Prompt,
    Reply,
    SetAside,
    TextPart,
    TextPiece,
    ThoughtPart,
    ThoughtPiece,
    Waiting,
    spoken,
)
from fastchat_tui.wire.commands import (
    Answer,
    CallTool,
    CancelTurn,
    Command,
    ConnectServer,
    DisconnectServer,
    EnableTool,
    OpenSession,
    RetryTurn,
    SendMessage,
)
from fastchat_tui.wire.errors import CommandError, ModelError
from fastchat_tui.wire.events import SAVED, Answered, Asked, Event, Stamped, TurnFinished
from fastchat_tui.wire.history import History
from fastchat_tui.wire.ledger import CallLedger
from fastchat_tui.wire.transcript import Transcript
from tests.engine.test_laws import acceptable, ends_once, plain
from tests.fakes.world import TOOLS, Line, MemoryStore, World

SECRET = "correct-horse-battery"
WORDS = ("so ", "it is ", f"a {SECRET} ", "\x1b[31m", "\ud800", "終わり ")

# ── courses ──────────────────────────────────────────────────────────────────────────────────────────────────────

arguments = st.sampled_from(["{}", '{"x": 1}', "", "[1]", '{"x": ', f'{{"k": "{SECRET}"}}', '{"s": "\\ud800"}'])
calls = st.builds(
    CallPart,
    call=st.sampled_from(["", "a", "b", "c"]),
    name=st.sampled_from([f"demo__{tool}" for tool in TOOLS] + ["demo__gone"]),
    arguments=arguments,
)


@st.composite
def replies(draw: st.DrawFn) -> Sequence[Line]:
    """One answer of the model: pieces, then its end, an error, or nothing more."""
    pieces: list[Line] = draw(
        st.lists(
            st.sampled_from([TextPiece(word) for word in WORDS] + [ThoughtPiece("hm "), ThoughtPiece(SECRET)])
            | st.sampled_from([Waiting("busy", 0.0, 1), SetAside("demo__echo", "bad schema")]),
            max_size=4,
        )
    )
    end = draw(st.sampled_from(["whole", "whole", "whole", "cut", "error", "crash", "nothing", "silence"]))
    told = spoken(piece for piece in pieces if isinstance(piece, TextPiece | ThoughtPiece))
    match end:
        case "whole" | "cut":
            wanted = draw(st.lists(calls, max_size=3))
            pieces.append(Reply((*told, *wanted), finish="stop", cut="" if end == "whole" else "cut", issuer="fake"))
        case "error":
            pieces.append(ModelError("cut", f"It broke near {SECRET}.", "F5"))
        case "crash":
            pieces.append(ZeroDivisionError("a fault of ours"))
        case "silence":
            pieces.append(TimeoutError())
        case _:
            pass
    return pieces


@dataclass(frozen=True)
class Decide:
    """Answers a question that is open then, if one is."""

    decision: Any
    arguments: dict[str, Any] | None = None


Step = Command | Decide | int
"""An order, an answer, or so many turns of the loop to wait."""
steps: st.SearchStrategy[Step] = (
    st.integers(0, 40)
    | st.sampled_from([SendMessage("hi"), SendMessage(f"my {SECRET}"), CancelTurn(), RetryTurn(), OpenSession()])
    | st.builds(Decide, st.sampled_from(["once", "session", "always", "deny"]), st.sampled_from([None, {"y": 2}]))
    | st.builds(EnableTool, st.just("demo"), st.sampled_from(TOOLS), st.booleans())
    | st.builds(CallTool, st.just("demo"), st.sampled_from([*TOOLS, "gone"]), st.just({"z": 3}))
    | st.sampled_from([ConnectServer("demo"), DisconnectServer("demo")])
)


@dataclass
class Course:
    """What one run did: the events that were heard, the log that it left, what the model was sent."""

    heard: list[Stamped] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    store: MemoryStore = field(default_factory=MemoryStore)


class AtOnce(ThreadPoolExecutor):
    """Does what a thread would do in the turn of the loop in which it is asked: a course is the same each time."""

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*given, **named))
        except Exception as error:
            done.set_exception(error)
        return done


def course(
    script: Sequence[Sequence[Line]], plan: Sequence[Step], store: MemoryStore, session: str = "", policy: str = "ask"
) -> Course:
    """Runs a plan from the first event to the closed engine."""
    world = World(*script, allow=policy == "allow")
    world.store = store
    world.masker.learn([SECRET])
    world.model.otherwise = [TextPiece("fine"), Reply((TextPart("fine"),), finish="stop", issuer="fake")]

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(AtOnce())
        async with world.open(session) as engine, asyncio.timeout(20):
            for step in plan:
                await carry_out(engine, step)

    asyncio.run(run())
    return Course(world.heard, world.model.prompts, store)


async def carry_out(engine: LocalEngine, step: Step) -> None:
    match step:
        case int():
            for _ in range(step):
                await asyncio.sleep(0)
        case Decide(decision=decision, arguments=edited):
            for asked in engine.snapshot().questions[:1]:
                await engine.send(Answer(asked.question, decision, edited))
        case _:
            with suppress(CommandError):
                await engine.send(step)


# ── what must hold ───────────────────────────────────────────────────────────────────────────────────────────────


def lawful(events: Sequence[Stamped]) -> None:
    bare: list[Event] = [stamped.event for stamped in events]
    ends_once(bare)
    assert Counter(e.question for e in bare if isinstance(e, Asked)) == Counter(
        e.question for e in bare if isinstance(e, Answered)
    )
    seqs = [stamped.seq for stamped in events]
    assert seqs == sorted(set(seqs))
    assert all(map(plain, bare))
    assert SECRET not in repr(bare)
    assert all(codec.decode(codec.encode(stamped)) == stamped for stamped in events)


def folded(log: Sequence[Stamped]) -> tuple[Any, ...]:
    ledger, history, transcript = CallLedger(), History(), Transcript()
    for stamped in log:
        ledger.apply(stamped)
        history.apply(stamped)
        acceptable(history.messages())
        transcript.apply(stamped)
    return ledger, history.messages(), [(type(e), e.key, getattr(e, "text", "")) for e in transcript.entries]


def logs(store: MemoryStore) -> list[list[Stamped]]:
    return [[codec.decode(raw) for _, raw in lines] for lines in store.lines.values()]


@settings(max_examples=150)
@given(st.lists(replies(), max_size=6), st.lists(steps, max_size=12))
def test_everything_ends_once_and_the_log_tells_the_same(
    script: Sequence[Sequence[Line]], plan: Sequence[Step]
) -> None:
    done = course(script, plan, MemoryStore())
    lawful(done.heard)
    for prompt in done.prompts:
        acceptable(prompt.messages)
    for log in logs(done.store):
        lawful(log)
        live = [s for s in done.heard if isinstance(s.event, SAVED) and log[0].seq <= s.seq <= log[-1].seq]
        assert folded(log) == folded(live)


@settings(max_examples=100)
@given(st.lists(replies(), max_size=4), st.lists(steps, max_size=10), st.integers(0, 60))
def test_killed_at_any_instant_it_goes_on_with_a_history_that_a_model_accepts(
    script: Sequence[Sequence[Line]], plan: Sequence[Step], at: int
) -> None:
    before = MemoryStore()
    course(script, [SendMessage("first"), *plan], before)
    for lines in before.lines.values():
        del lines[max(1, at) :]
    after = course([], [SendMessage("and now?"), 400], before, "continue")
    for prompt in after.prompts:
        acceptable(prompt.messages)
    for log in logs(before):
        folded(log)
    assert after.prompts
    [log] = [log for log in logs(before) if any(getattr(s.event, "text", "") == "and now?" for s in log)]
    lawful(log)
    assert isinstance(log[-1].event, TurnFinished)


SCRIPT: Sequence[Sequence[Line]] = (
    (
        ThoughtPiece("hm"),
        TextPiece("let "),
        TextPiece("me"),
        Reply(
            (ThoughtPart("hm"), TextPart("let me"), *(CallPart(c, f"demo__{c}", "{}") for c in TOOLS)), finish="stop"
        ),
    ),
    (ModelError("cut", "It broke.", "F5"),),
)


@pytest.mark.parametrize("policy", ["ask", "allow"])
@pytest.mark.parametrize("stop", [CancelTurn(), None], ids=["cancel", "close"])
def test_at_every_instant_it_can_be_stopped_and_everything_ends_once(stop: CancelTurn | None, policy: str) -> None:
    seen: set[str] = set()
    for instant in range(90):
        plan: list[Step] = [SendMessage("hi"), instant]
        if stop:
            plan += [stop, 60, SendMessage("again"), 200]
        done = course(SCRIPT, plan, MemoryStore(), policy=policy)
        lawful(done.heard)
        for prompt in done.prompts:
            acceptable(prompt.messages)
        for log in logs(done.store):
            lawful(log)
        ends = [s.event for s in done.heard if isinstance(s.event, TurnFinished)]
        assert len(ends) == (2 if stop else 1)
        seen |= {s.event.kind for s in done.heard}
    assert {"text_delta", "call_started", "call_progressed", "turn_finished"} <= seen or policy == "ask"
