"""What concerns a server: how it stands, what it offers, what it says, its messages on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastchat_tui.wire.servers import (
    USUAL,
    Level,
    PromptTemplate,
    Resource,
    ResourceTemplate,
    ServerOptions,
    ServerState,
    Tool,
    Transport,
)


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
    options: ServerOptions = USUAL
    exit_code: int | None = None
    """Of a process that ended by itself; minus the number of a signal that ended it, as ``subprocess`` has it."""
    again: float | None = None
    """Seconds until it is tried again by itself; None when it is not."""
    kind: Literal["server_changed"] = "server_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRemoved:
    """The server is no longer configured."""

    server: str
    kind: Literal["server_removed"] = "server_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFinished:
    """What somebody ordered at a server's sign-in has come to its end; no state of the server tells that."""

    server: str
    outcome: Literal["signed_in", "not_needed", "failed", "signed_out"]
    detail: str = ""
    """Why it failed; what has become of what was forgotten."""
    kind: Literal["sign_in_finished"] = "sign_in_finished"


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
class ResourceUpdated:
    """A watched resource has changed; what was read of it before is old."""

    server: str
    uri: str
    kind: Literal["resource_updated"] = "resource_updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceWatched:
    """Changes of a resource are told from now on, or no longer."""

    server: str
    uri: str
    on: bool
    kind: Literal["resource_watched"] = "resource_watched"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRead:
    """A resource that had changed was read again."""

    server: str
    uri: str
    kind: Literal["resource_read"] = "resource_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLogged:
    server: str
    source: Literal["stderr", "server", "client"]
    """Its standard error, an MCP log message of it, or our own remark about it."""
    level: Level
    text: str
    kind: Literal["server_logged"] = "server_logged"


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
    at: float = 0.0
    kind: Literal["frame_seen"] = "frame_seen"
