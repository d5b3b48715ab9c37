"""What only the user may decide, and the decisions there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fastchat_tui.wire.content import Object

Decision = Literal["once", "session", "always", "deny"]
Policy = Literal["ask", "allow", "deny"]


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
