"""The shared nouns. One word per thing, in code, on the screen and in the documents.

Everything is frozen plain data. JSON objects of unknown shape (arguments, schemas) are ``Object``; a JSON value that
may be megabytes long (a tool's structured result) stays text until somebody looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Object: TypeAlias = dict[str, Any]
"""A decoded JSON object."""

Transport = Literal["stdio", "http", "sse"]
ServerState = Literal["off", "connecting", "ready", "needs_login", "failed", "closed"]
Outcome = Literal["ok", "error", "denied", "cancelled"]
StopReason = Literal["done", "cancelled", "step_limit", "failed"]
Level = Literal["debug", "info", "warning", "error"]
Decision = Literal["once", "session", "always", "deny"]
Policy = Literal["ask", "allow", "deny"]


# ── content of a tool's result (MCP ``ContentBlock``) ────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Image:
    data: str
    """Base64, as it came."""
    mime_type: str
    kind: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class Audio:
    data: str
    """Base64, as it came."""
    mime_type: str
    kind: Literal["audio"] = "audio"


@dataclass(frozen=True, slots=True)
class ResourceLink:
    uri: str
    name: str = ""
    mime_type: str = ""
    description: str = ""
    kind: Literal["resource_link"] = "resource_link"


@dataclass(frozen=True, slots=True)
class EmbeddedResource:
    uri: str
    mime_type: str = ""
    text: str = ""
    blob: str = ""
    """Base64; ``text`` and ``blob`` exclude each other."""
    kind: Literal["resource"] = "resource"


Content: TypeAlias = Text | Image | Audio | ResourceLink | EmbeddedResource


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a server answered to one call."""

    content: tuple[Content, ...] = ()
    structured: str = ""
    """``structuredContent`` as JSON text, empty when there was none."""
    is_error: bool = False


# ── what a server offers ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Tool:
    server: str
    name: str
    model_name: str = ""
    """The name that the model knows it by (see ``wire.names``); empty until the fleet has given one."""
    title: str = ""
    description: str = ""
    input_schema: Object = field(default_factory=dict)
    output_schema: Object | None = None
    annotations: Object = field(default_factory=dict)
    """The server's own hints. They may raise caution; they never skip a question."""
    enabled: bool = True
    problem: str = ""
    """Why the tool is set aside; a tool with a problem is shown but not offered to the model."""
    tokens: int = 0
    """Estimated cost of its definition in every request."""


@dataclass(frozen=True, slots=True)
class Resource:
    server: str
    uri: str
    name: str = ""
    description: str = ""
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class ResourceTemplate:
    server: str
    uri_template: str
    name: str = ""
    description: str = ""
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class PromptArgument:
    name: str
    description: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """An MCP prompt: a message template that a server offers to the user."""

    server: str
    name: str
    description: str = ""
    arguments: tuple[PromptArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """One configured server, every variable already expanded. Values that may be secret stay out of ``repr``."""

    name: str
    transport: Transport
    command: str = ""
    args: tuple[str, ...] = field(default=(), repr=False)
    env: dict[str, str] = field(default_factory=dict, repr=False)
    cwd: str = ""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    description: str = ""
    enabled: bool = True
    protocol: Literal["auto", "legacy", "2026-07-28"] = "auto"
    connect_timeout: float = 30.0
    """Seconds until a server that is not ready counts as failed."""
    call_timeout: float = 120.0
    """Seconds without result or progress until a call counts as failed."""
    origin: str = ""
    """The file that configured it."""
    problem: str = ""
    """Why it cannot be started (a missing variable, a bad value); empty when it can."""
    sse_fallback: bool = False
    """The transport was inferred from a bare URL: try HTTP+SSE when Streamable HTTP is refused."""


# ── what the model is shown, and what it says ────────────────────────────────────────────────────────────────────


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
    """The whole answer. ``cut`` says why it is not complete (a token limit, a content filter); empty when it is."""

    parts: tuple[Part, ...]
    usage: Usage = NO_USAGE
    finish: str = ""
    """The endpoint's own word for why it stopped."""
    cut: str = ""
    issuer: str = ""


Piece: TypeAlias = TextPiece | ThoughtPiece | Waiting | SetAside | Reply


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Approval:
    """May this call run? Answered once · session · always · deny; the answer may carry edited arguments."""

    call: str
    server: str
    tool: str
    arguments: Object
    destination: str = ""
    """Where the arguments go: the command or the URL of the server."""
    kind: Literal["approval"] = "approval"


@dataclass(frozen=True, slots=True)
class Trust:
    """May this file that was found in a folder be used? Answered once (this run) · always · deny."""

    path: str
    folder: str
    digest: str
    changed: bool = False
    """It was trusted before, with another content."""
    starts: tuple[str, ...] = ()
    """Every command and URL in it, whole: what would be started or contacted."""
    names: tuple[str, ...] = ()
    """The variables that it reads or sets; never their values."""
    kind: Literal["trust"] = "trust"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """May the key be sent to this origin, to which it was never sent before? Answered once · always · deny."""

    origin: str
    source: str
    """Which setting names the origin."""
    kind: Literal["key_use"] = "key_use"


@dataclass(frozen=True, slots=True)
class GoOn:
    """The turn has come to its limit, or repeats itself. Answered once (go on) · deny (stop)."""

    turn: str
    steps: int
    why: str
    kind: Literal["go_on"] = "go_on"


About: TypeAlias = Approval | Trust | KeyUse | GoOn


# ── what a reader may ask for at any time ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server as it stands now."""

    name: str
    state: ServerState = "off"
    detail: str = ""
    since: float = 0.0
    transport: Transport = "stdio"
    destination: str = ""
    """Command line or URL, secrets masked."""
    description: str = ""
    origin: str = ""
    era: str = ""
    """The negotiated protocol version."""
    identity: str = ""
    """Name and version by which the server introduces itself; not to be relied on."""
    instructions: str = ""
    tools: tuple[Tool, ...] = ()
    resources: tuple[Resource, ...] = ()
    templates: tuple[ResourceTemplate, ...] = ()
    prompts: tuple[PromptTemplate, ...] = ()
    left_out: tuple[str, ...] = ()
    """Offers of the server that could not be used, each with the reason."""

    @property
    def tokens(self) -> int:
        """What its usable tools cost in every request."""
        return sum(tool.tokens for tool in self.tools if tool.enabled and not tool.problem)


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
