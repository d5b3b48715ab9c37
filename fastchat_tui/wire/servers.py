"""A server: how it is configured, what it offers, how it stands now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fastchat_tui.wire.content import Object

Transport = Literal["stdio", "http", "sse"]
ServerState = Literal["off", "connecting", "ready", "needs_login", "failed", "closed"]
Level = Literal["debug", "info", "warning", "error"]
Era = Literal["auto", "legacy", "2026-07-28"]
Grant = Literal["authorization_code", "client_credentials", "jwt_bearer"]
Completable = Literal["prompt", "template"]


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
    as_task: bool = False
    """It runs on the server's own time: a call may take long, and goes on until it is cancelled."""
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


Offer: TypeAlias = Tool | Resource | ResourceTemplate | PromptTemplate
"""What a server has for others to use."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the user lets a server do and say; may be changed while it runs."""

    sampling: bool = False
    """It may ask for the model. Only then is sampling declared to it."""
    sampling_budget: int = 50_000
    """Tokens that it may use of the model in one run of the program."""
    instructions: bool = True
    """Its instructions are shown to the model."""
    log_level: Level = "info"
    """From which level on it is asked to send log messages."""
    roots: tuple[str, ...] = ()
    """Folders that it is told of; no others."""
    era: Literal["", "auto", "legacy", "2026-07-28"] = ""
    """Goes before the configured ``protocol``; empty leaves that."""


USUAL = ServerOptions()


@dataclass(frozen=True, slots=True)
class OAuth:
    """How to sign in at a server that wants it; all of it may be empty. Secrets stay out of ``repr``."""

    grant: Grant = "authorization_code"
    client_id: str = ""
    """Registered beforehand; empty: the program registers itself."""
    client_secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    """PEM; signs assertions instead of a client secret (RFC 7523)."""
    signing_algorithm: str = "RS256"
    assertion: str = field(default="", repr=False)
    """A token (JWT) of somebody whom the authorization server trusts, for ``jwt_bearer``; or the file that holds it."""
    assertion_file: str = ""
    identity_provider: dict[str, str] = field(default_factory=dict, repr=False)
    """Where that token is exchanged first: ``token_endpoint``, ``client_id``, perhaps ``client_secret``."""
    client_metadata_url: str = ""
    """Where this client describes itself (CIMD), for servers that read that."""
    issuer: str = ""
    """The authorization server that the client belongs to: its secret goes to no other."""
    scopes: str = ""
    """Asked for besides those that the server names; separated by spaces."""
    port: int = 0
    """Of the loopback address, for the way back of the browser; 0 takes any."""
    redirect_uri: str = ""
    """Where the browser comes back to, where that is registered; at another machine nobody listens for it."""
    form: dict[str, str] = field(default_factory=dict, repr=False)
    """User name and password, posted to the sign-in page instead of asking a person."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of it must never be shown."""
        passwords = (value for key, value in self.form.items() if key != "username")
        exchange = self.identity_provider.get("client_secret", "")
        found = (self.client_secret, self.private_key, self.assertion, exchange, *passwords)
        return tuple(secret for secret in found if secret)


NO_OAUTH = OAuth()


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """One configured server, every variable already expanded. Values that may be secret stay out of ``repr``."""

    name: str
    transport: Transport
    command: str = ""
    args: tuple[str, ...] = field(default=(), repr=False)
    env: dict[str, str] = field(default_factory=dict, repr=False)
    cwd: str = ""
    wrap: tuple[str, ...] = ()
    """A command that runs the server's in its turn, such as a sandbox."""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    description: str = ""
    enabled: bool = True
    protocol: Era = "auto"
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
    options: ServerOptions = USUAL
    oauth: OAuth = field(default=NO_OAUTH, repr=False)
    deaf: bool = field(default=False, compare=False)
    """It is known to leave the later era's first question unanswered: then it is not asked, as waiting costs seconds.
    No part of the entry."""


@dataclass(frozen=True, slots=True)
class SignInView:
    """How a sign-in stands; nothing of it is secret."""

    signed_in: bool = False
    scopes: str = ""
    expires_at: float | None = None
    """Unix seconds, of the token that is in use."""
    renews: bool = False
    """It is renewed without a person."""
    kept: bool = False
    """It outlives this run."""
    trouble: str = ""
    """Why it cannot be told what is kept."""


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server as it stands now."""

    name: str
    state: ServerState = "off"
    detail: str = ""
    exit_code: int | None = None
    """Of a process that ended by itself; see ServerChanged."""
    since: float = 0.0
    again_at: float = 0.0
    """Unix seconds of the next try, for a server that is away; 0 when it is not tried by itself."""
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
    watched: tuple[str, ...] = ()
    """The resources whose changes it tells."""
    changed: tuple[str, ...] = ()
    """Those that have changed since they were read."""
    options: ServerOptions = USUAL

    @property
    def tokens(self) -> int:
        """What its usable tools cost in every request."""
        return sum(tool.tokens for tool in self.tools if tool.enabled and not tool.problem)
