"""What concerns a session and its turns: a message, the steps of its answer, their replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastchat_tui.wire.chat import NO_USAGE, Part, StopReason, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """The session that follows events belong to. What it held before is read with ``Engine.page``."""

    session: str
    title: str = ""
    resumed: bool = False
    kind: Literal["session_opened"] = "session_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTitled:
    session: str
    title: str
    kind: Literal["session_titled"] = "session_titled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted:
    """First event of a turn; exactly one ``TurnFinished`` follows, whatever happens."""

    turn: str
    text: str
    retries: str = ""
    """The failed turn that this one tries again; then ``text`` is not said a second time."""
    kind: Literal["turn_started"] = "turn_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A request goes to the model; exactly one ``ReplyFinished`` follows."""

    turn: str
    step: int
    model: str
    kind: Literal["step_started"] = "step_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled:
    """The request failed before its first token; it is sent again ``seconds`` from now."""

    turn: str
    step: int
    why: str
    seconds: float
    attempt: int
    kind: Literal["retry_scheduled"] = "retry_scheduled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThoughtDelta:
    turn: str
    step: int
    text: str
    kind: Literal["thought_delta"] = "thought_delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """A fragment of the reply. Adjacent ones may arrive merged; a view must only append."""

    turn: str
    step: int
    text: str
    kind: Literal["text_delta"] = "text_delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFinished:
    """The whole reply of one step, or what was said before it was cut."""

    turn: str
    step: int
    parts: tuple[Part, ...]
    usage: Usage = NO_USAGE
    finish: str = ""
    cut: str = ""
    """Why the reply is not complete; empty when it is."""
    issuer: str = ""
    kind: Literal["reply_finished"] = "reply_finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFinished:
    turn: str
    reason: StopReason
    detail: str = ""
    remedy: str = ""
    usage: Usage = NO_USAGE
    kind: Literal["turn_finished"] = "turn_finished"
