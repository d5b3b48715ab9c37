"""A conversation: the messages, one request to a model, the pieces that it yields, what a session is listed by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from fastchat_tui.wire.content import Object
from fastchat_tui.wire.servers import Tool

StopReason = Literal["done", "cancelled", "step_limit", "failed"]


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ThoughtPart:
    text: str
    kind: Literal["thought"] = "thought"


@dataclass(frozen=True, slots=True)
class CallPart:
    """The model wants a tool. ``arguments`` is the text it wrote, not yet known to be JSON."""

    call: str
    name: str
    arguments: str
    kind: Literal["call"] = "call"


@dataclass(frozen=True, slots=True)
class OpaquePart:
    """Something that only its issuer understands (encrypted reasoning, signatures): sent back to it unchanged."""

    type: str
    data: Object
    kind: Literal["opaque"] = "opaque"


Part: TypeAlias = TextPart | ThoughtPart | CallPart | OpaquePart


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request. ``cached`` is inside ``input``, ``reasoning`` inside ``output``."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    cost: float = 0.0
    """US dollars where the provider says so, else 0."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.reasoning + other.reasoning,
            self.cost + other.cost,
        )


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class UserMessage:
    text: str


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    parts: tuple[Part, ...]
    issuer: str = ""
    """Identity of the endpoint that said it; opaque parts go back to no other."""


@dataclass(frozen=True, slots=True)
class ToolMessage:
    call: str
    text: str
    is_error: bool = False


Message: TypeAlias = UserMessage | AssistantMessage | ToolMessage


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request to a model: everything that it will see."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    system: str = ""
    session: str = ""
    """A stable id for prompt caches."""


# what a model yields while it answers: pieces, then exactly one Reply (or a ModelError is raised)


@dataclass(frozen=True, slots=True)
class TextPiece:
    text: str


@dataclass(frozen=True, slots=True)
class ThoughtPiece:
    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The request failed before its first token and is repeated after ``seconds``."""

    why: str
    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """The endpoint refused this tool's definition; the request is repeated without it."""

    model_name: str
    why: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer; its parts hold all that its pieces said, in the same order. ``cut`` says why it is not complete
    (a token limit, a content filter); empty when it is."""

    parts: tuple[Part, ...]
    usage: Usage = NO_USAGE
    finish: str = ""
    """The endpoint's own word for why it stopped."""
    cut: str = ""
    issuer: str = ""


def spoken(pieces: Iterable[TextPiece | ThoughtPiece]) -> list[Part]:
    """Text and thoughts as parts, in the order in which they came."""
    made: list[Part] = []
    for kind, run in groupby(pieces, type):
        text = "".join(piece.text for piece in run)
        made.append(TextPart(text) if kind is TextPiece else ThoughtPart(text))
    return made


Piece: TypeAlias = TextPiece | ThoughtPiece | Waiting | SetAside | Reply


@dataclass(frozen=True, slots=True)
class ModelView:
    name: str = ""
    base_url: str = ""
    wire: str = ""
    key: Literal["", "environment", ".env", "keyring", "not needed", "scripted", "this run"] = ""
    """Where the key comes from; empty when there is none."""
    window: int = 0
    """Context window in tokens, 0 when unknown."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    id: str
    title: str = ""
    created: float = 0.0
    updated: float = 0.0
    messages: int = 0
