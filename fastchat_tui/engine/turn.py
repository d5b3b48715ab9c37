"""The whole agent loop: ask the model, run what it asks for, ask again.

A tool that fails, is unknown, is denied or gets arguments that are no JSON is an answer to the model, not an error of
the turn. Whatever ends the turn, each step has had its ReplyFinished; the calls are closed by whoever opened the turn.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace
from typing import Protocol

from fastchat_tui.engine.sanitise import encodable, is_json
from fastchat_tui.wire.chat import (
    NO_USAGE,
    CallPart,
    Part,
    Piece,
    Prompt,
    Reply,
    SetAside,
    StopReason,
    TextPiece,
    ThoughtPiece,
    Usage,
    Waiting,
    spoken,
)
from fastchat_tui.wire.errors import FastchatError, ModelError
from fastchat_tui.wire.events import (
    CallProposed,
    Event,
    ReplyFinished,
    RetryScheduled,
    StepStarted,
    TextDelta,
    ThoughtDelta,
)
from fastchat_tui.wire.servers import Tool

SAME_CALL = 3
"""The same call with the same arguments, so many times in one turn, is a loop: then a person is asked."""


class World(Protocol):
    """What a turn needs from the engine."""

    @property
    def max_steps(self) -> int: ...
    def emit(self, event: Event) -> None: ...
    async def opened(self) -> None:
        """Returns when the session is open and the configuration is read."""
        ...

    async def prompt(self) -> Prompt: ...
    def stream(self, prompt: Prompt) -> AsyncIterator[Piece]: ...
    def known_calls(self) -> Collection[str]: ...
    def find(self, model_name: str) -> Tool | None: ...
    def set_aside(self, piece: SetAside) -> None: ...
    async def run(self, proposed: CallProposed, tool: Tool | None) -> None:
        """Asks, calls and publishes the outcome; raises nothing but CancelledError."""
        ...

    async def go_on(self, turn: str, steps: int, why: str) -> bool: ...


@dataclass(slots=True)
class Ending:
    """How a turn ended and what it cost; filled while it runs, so that a cancel finds the cost so far."""

    reason: StopReason = "cancelled"
    detail: str = ""
    remedy: str = ""
    usage: Usage = NO_USAGE


async def run_turn(turn: str, world: World, ending: Ending) -> None:
    limit = world.max_steps
    seen: Counter[tuple[str, str]] = Counter()
    step = 0
    while True:
        step += 1
        reply = await _reply(turn, step, world, ending)
        if reply.cut:
            ending.reason, ending.detail = "failed", reply.cut
            ending.remedy = "F5 tries again; or ask to continue."
            return
        calls = [part for part in reply.parts if isinstance(part, CallPart)]
        if not calls:
            ending.reason = "done"
            return
        proposals = [_propose(turn, step, part, world) for part in calls]
        async with asyncio.TaskGroup() as group:
            for proposed, _ in proposals:
                world.emit(proposed)
            for proposed, tool in proposals:
                group.create_task(world.run(proposed, tool))
        seen.update((part.name, part.arguments) for part in calls)
        why = ""
        if repeated := next((name for (name, _), count in seen.items() if count >= SAME_CALL), ""):
            why = f"The model has called {repeated} {SAME_CALL} times with the same arguments."
        elif step >= limit:
            why = f"The model has taken {step} steps without an end."
        if why:
            if not await world.go_on(turn, step, why):
                ending.reason, ending.detail = "step_limit", why
                ending.remedy = "Say what it should do differently, or F5 to let it go on."
                return
            seen.clear()
            limit = max(limit, step) + world.max_steps if step >= limit else limit


async def _reply(turn: str, step: int, world: World, ending: Ending) -> Reply:
    """One request. Exactly one ReplyFinished, also when it fails or is cancelled."""
    prompt = await world.prompt()
    world.emit(StepStarted(turn=turn, step=step, model=prompt.model))
    pieces: list[TextPiece | ThoughtPiece] = []
    reply: Reply | None = None
    cut = "Stopped."
    try:
        async for piece in world.stream(prompt):
            match piece:
                case TextPiece(text=text):
                    pieces.append(piece)
                    world.emit(TextDelta(turn=turn, step=step, text=text))
                case ThoughtPiece(text=text):
                    pieces.append(piece)
                    world.emit(ThoughtDelta(turn=turn, step=step, text=text))
                case Waiting(why=why, seconds=seconds, attempt=attempt):
                    world.emit(RetryScheduled(turn=turn, step=step, why=why, seconds=seconds, attempt=attempt))
                case SetAside():
                    world.set_aside(piece)
                case Reply():
                    reply = replace(piece, parts=_with_unique_calls(piece.parts, world.known_calls()))
        if reply is None:
            raise ModelError("cut", "The model's answer ended without its end.", "F5 tries again.")
    except FastchatError as error:
        cut = error.text
        raise
    except Exception as error:
        cut = f"{type(error).__name__}"
        raise
    finally:
        if reply is None:
            reply = Reply(tuple(spoken(pieces)), cut=cut)
        ending.usage += reply.usage
        world.emit(
            ReplyFinished(
                turn=turn,
                step=step,
                parts=reply.parts,
                usage=reply.usage,
                finish=reply.finish,
                cut=reply.cut,
                issuer=reply.issuer,
            )
        )
    return reply


def _with_unique_calls(parts: tuple[Part, ...], known: Collection[str]) -> tuple[Part, ...]:
    taken = set(known)
    unique: list[Part] = []
    for part in parts:
        if isinstance(part, CallPart):
            call, number = part.call, 1
            while call in taken or not call:
                number += 1
                call = f"{part.call or 'call'}-{number}"
            taken.add(call)
            part = replace(part, call=call)
        unique.append(part)
    return tuple(unique)


def _propose(turn: str, step: int, part: CallPart, world: World) -> tuple[CallProposed, Tool | None]:
    """The call as it will be shown; ``raw`` is set when its arguments are no JSON object."""
    tool = world.find(part.name)
    arguments, raw = {}, ""
    try:
        decoded = json.loads(part.arguments or "{}")
        written = json.dumps(decoded, ensure_ascii=False)
        if written != (sound := encodable(written)):
            decoded = json.loads(sound)
    except (ValueError, RecursionError):
        raw = part.arguments
    else:
        if isinstance(decoded, dict) and is_json(decoded):
            arguments = decoded
        else:
            raw = part.arguments
    proposed = CallProposed(
        call=part.call,
        turn=turn,
        step=step,
        server=tool.server if tool else "",
        tool=tool.name if tool else part.name,
        arguments=arguments,
        raw=raw,
    )
    return proposed, tool
