"""What concerns one call of a tool: proposed, started, progressed, finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastchat_tui.wire.content import Content, Object, Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProposed:
    """The model (or the user, with ``turn`` empty) wants this call; exactly one ``CallFinished`` follows.

    ``server`` is empty when no tool has that name. ``arguments`` is exactly what would be sent: it is not cleaned, so
    a view cleans it when it draws it. When what the model wrote is no JSON object, ``raw`` holds it.
    """

    call: str
    turn: str
    step: int
    server: str
    tool: str
    arguments: Object
    raw: str = ""
    kind: Literal["call_proposed"] = "call_proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """The call was sent to the server. ``arguments`` is set when the user edited them."""

    call: str
    arguments: Object | None = None
    kind: Literal["call_started"] = "call_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgressed:
    call: str
    done: float
    total: float | None = None
    text: str = ""
    kind: Literal["call_progressed"] = "call_progressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFinished:
    call: str
    outcome: Outcome
    content: tuple[Content, ...] = ()
    structured: str = ""
    """JSON text."""
    verdict: Verdict | None = None
    """None when the tool has no output schema, or the call did not succeed."""
    kind: Literal["call_finished"] = "call_finished"
