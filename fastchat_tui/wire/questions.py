"""What only the user may decide, and the decisions there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fastchat_tui.wire.content import Object

Decision = Literal["once", "session", "always", "never", "deny", "accept", "decline", "cancel"]
"""What a question is answered with; which of these fit is said by each question. ``deny`` always fits."""
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
    """For each server in it the command or URL, whole, and what goes with it: each one line."""
    names: tuple[str, ...] = ()
    """The variables that it reads or sets; never the values of those that it reads."""
    warnings: tuple[str, ...] = ()
    """What in it wants a second look."""
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


@dataclass(frozen=True, slots=True)
class Elicitation:
    """A server asks for data (``schema``), or wants a page visited (``url``).

    Answered accept · decline · cancel, which are three different answers; ``deny`` counts as decline. An accepted form
    carries ``content``; what it leaves out takes the defaults of the schema.
    """

    server: str
    message: str
    schema: Object | None = None
    """As the server sent it: it is not cleaned, so a view cleans it when it draws it."""
    url: str = ""
    """Whole; http or https. Only a person opens it."""
    call: str = ""
    """The call that waits for the answer, where that is known."""
    kind: Literal["elicitation"] = "elicitation"


@dataclass(frozen=True, slots=True)
class Sampling:
    """May this server have the model asked? Answered once · session · deny · never, which switches sampling off;
    ``arguments`` of the answer replaces the request."""

    server: str
    request: Object
    """Messages, system prompt, token limit and tools, as the server sent them; not cleaned."""
    spent: int = 0
    budget: int = 0
    """Tokens that the server has used in this run, and may use."""
    model: str = ""
    """That would be asked: the user's, or one of the same endpoint that the server would rather have."""
    call: str = ""
    kind: Literal["sampling"] = "sampling"


@dataclass(frozen=True, slots=True)
class SamplingReview:
    """May this server have what the model said? Answered once · deny; ``content`` of the answer replaces the result."""

    server: str
    result: Object
    call: str = ""
    kind: Literal["sampling_review"] = "sampling_review"


@dataclass(frozen=True, slots=True)
class SignIn:
    """The user is to sign in at ``url`` for a server. The question ends by itself when the browser comes back.

    Answered accept, with the address that the browser ended at as ``text`` · deny.
    """

    server: str
    url: str
    """Whole, checked; https, or http on loopback. Only a person opens it."""
    scopes: str = ""
    redirect: str = ""
    """Where the browser is sent back to."""
    patience: float = 0.0
    """Seconds for which it is waited for."""
    kind: Literal["sign_in"] = "sign_in"


About: TypeAlias = Approval | Trust | KeyUse | GoOn | Elicitation | Sampling | SamplingReview | SignIn
