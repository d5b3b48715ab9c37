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

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fastchat_tui.wire.values import (
    NO_USAGE,
    About,
    Content,
    Decision,
    Level,
    ModelView,
    Object,
    Outcome,
    Part,
    PromptTemplate,
    Resource,
    ResourceTemplate,
    ServerState,
    StopReason,
    Tool,
    Transport,
    Usage,
)

# ── engine ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStarted:
    version: str
    demo: bool = False
    config: str = ""
    """The configuration file that won; empty when there is none."""
    kind: Literal["engine_started"] = "engine_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something worth a line: what happened and what to do."""

    level: Level
    text: str
    remedy: str = ""
    kind: Literal["noticed"] = "noticed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChanged:
    model: ModelView
    kind: Literal["model_changed"] = "model_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChanged:
    """Messages that wait for the running turn. ``returned`` is what a cancel gives back to the composer."""

    messages: tuple[str, ...]
    returned: str = ""
    kind: Literal["queue_changed"] = "queue_changed"


# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChanged:
    server: str
    state: ServerState
    detail: str = ""
    """Why, in words: exit code and last words of a dead server, progress of a connecting one."""
    transport: Transport = "stdio"
    destination: str = ""
    description: str = ""
    origin: str = ""
    era: str = ""
    identity: str = ""
    instructions: str = ""
    kind: Literal["server_changed"] = "server_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRemoved:
    """The server is no longer configured."""

    server: str
    kind: Literal["server_removed"] = "server_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueChanged:
    """All that the server offers now; it replaces what was known before."""

    server: str
    tools: tuple[Tool, ...] = ()
    resources: tuple[Resource, ...] = ()
    templates: tuple[ResourceTemplate, ...] = ()
    prompts: tuple[PromptTemplate, ...] = ()
    left_out: tuple[str, ...] = ()
    kind: Literal["catalogue_changed"] = "catalogue_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLogged:
    server: str
    source: Literal["stderr", "server", "client"]
    """Its standard error, an MCP log message of it, or our own remark about it."""
    level: Level
    text: str
    kind: Literal["server_logged"] = "server_logged"


# ── session ──────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── turn ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── call ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    kind: Literal["call_finished"] = "call_finished"


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody must decide; the first ``Answer`` from any front end wins. Exactly one ``Answered`` follows."""

    question: str
    about: About
    kind: Literal["asked"] = "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """``by`` says who: ``user``, ``rule``, ``cancel``."""

    question: str
    decision: Decision
    by: str
    text: str = ""
    kind: Literal["answered"] = "answered"


# ── inspector ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSeen:
    """One JSON-RPC message on the wire, secrets masked. Opt-in, and the only event that may be dropped."""

    server: str
    direction: Literal["sent", "received"]
    frame: str
    """JSON text, shortened past 64 KiB."""
    size: int
    """Its true length in characters."""
    call: str = ""
    """The call it belongs to, where that is known."""
    at: float = field(default=0.0)
    kind: Literal["frame_seen"] = "frame_seen"


Event: TypeAlias = (
    EngineStarted
    | Noticed
    | ModelChanged
    | QueueChanged
    | ServerChanged
    | ServerRemoved
    | CatalogueChanged
    | ServerLogged
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
