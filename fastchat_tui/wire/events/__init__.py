"""What the engine says. Facts are in the past tense, fragments end in ``Delta``.

Place and time live in ``Stamped``, so that tests compare bare events. The laws, each one a test in
``tests/engine/test_laws.py``:

1. One ``TurnFinished`` for each ``TurnStarted``, one ``CallFinished`` for each ``CallProposed``, one
   ``ReplyFinished`` for each ``StepStarted``: on success, cancel and failure alike.
2. A view that saw no delta can draw everything from the ``*Finished`` events.
3. Folding the saved log rebuilds the same ledger, history and transcript.
4. A slow reader gets merged text, never a gap; ``subscribe(since=n)`` replays the log first.
5. No event holds anything but plain data.
6. No secret ever enters an event.
7. The history is always one that the model accepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from fastchat_tui.wire.events.calls import CallFinished, CallProgressed, CallProposed, CallStarted
from fastchat_tui.wire.events.engine import Answered, Asked, EngineStarted, ModelChanged, Noticed, QueueChanged
from fastchat_tui.wire.events.servers import (
    CatalogueChanged,
    FrameSeen,
    ResourceRead,
    ResourceUpdated,
    ResourceWatched,
    ServerChanged,
    ServerLogged,
    ServerRemoved,
    SignInFinished,
)
from fastchat_tui.wire.events.turns import (
    ReplyFinished,
    RetryScheduled,
    SessionOpened,
    SessionTitled,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    TurnFinished,
    TurnStarted,
)

__all__ = [
    "SAVED",
    "Answered",
    "Asked",
    "CallFinished",
    "CallProgressed",
    "CallProposed",
    "CallStarted",
    "CatalogueChanged",
    "EngineStarted",
    "Event",
    "FrameSeen",
    "ModelChanged",
    "Noticed",
    "QueueChanged",
    "ReplyFinished",
    "ResourceRead",
    "ResourceUpdated",
    "ResourceWatched",
    "RetryScheduled",
    "ServerChanged",
    "ServerLogged",
    "ServerRemoved",
    "SessionOpened",
    "SessionTitled",
    "SignInFinished",
    "Stamped",
    "StepStarted",
    "TextDelta",
    "ThoughtDelta",
    "TurnFinished",
    "TurnStarted",
]

Event: TypeAlias = (
    EngineStarted
    | Noticed
    | ModelChanged
    | QueueChanged
    | ServerChanged
    | ServerRemoved
    | CatalogueChanged
    | ResourceWatched
    | ResourceUpdated
    | ResourceRead
    | ServerLogged
    | SignInFinished
    | SessionOpened
    | SessionTitled
    | TurnStarted
    | StepStarted
    | RetryScheduled
    | ThoughtDelta
    | TextDelta
    | ReplyFinished
    | TurnFinished
    | CallProposed
    | CallStarted
    | CallProgressed
    | CallFinished
    | Asked
    | Answered
    | FrameSeen
)

SAVED = (
    SessionTitled,
    TurnStarted,
    StepStarted,
    ThoughtDelta,
    TextDelta,
    ReplyFinished,
    TurnFinished,
    CallProposed,
    CallStarted,
    CallProgressed,
    CallFinished,
    Asked,
    Answered,
)
"""The events that make up a session: what the store writes and the folds read."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """An event with its place and time. ``seq`` grows by the engine's publication order and never repeats in a
    session; ``at`` is Unix seconds, carried forward by the monotonic clock, so that differences are durations."""

    seq: int
    at: float
    event: Event
