"""How a connection ended or stands, in plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fastchat_tui.wire.destination import destination
from fastchat_tui.wire.errors import NeedsLogin, ServerError
from fastchat_tui.wire.events import ServerChanged
from fastchat_tui.wire.servers import ServerSpec, ServerState


@dataclass(frozen=True, slots=True)
class Ended:
    state: ServerState
    detail: str = ""
    exit_code: int | None = None
    """Of a process that ended by itself."""
    away: bool = False
    """There was a session, and it was lost."""
    passing: bool = False
    """Only the network, or the server's own trouble, stands in the way: it may come by itself."""
    hint: Literal["", "legacy", "sse"] = ""
    """What else to try at once."""


def absent(name: str, last: Ended) -> ServerError:
    """Why nothing can be asked of a server now."""
    if last.state == "needs_login":
        return NeedsLogin(f"{name} wants a sign-in first. {last.detail}", "Sign in, then try again.")
    if last.detail:
        return ServerError(f"{name} is not connected. {last.detail}", "Reconnect it (r), then try again.")
    return ServerError(f"{name} is not connected yet.", "Wait until it is ready, then try again.")


def unbegun(error: BaseException) -> Ended:
    """Nothing was tried yet."""
    if isinstance(error, ServerError):
        return Ended("failed", f"{error.text} {error.remedy}".strip())
    return Ended("failed", f"The MCP SDK could not be loaded: {error}")


def standing(spec: ServerSpec, state: ServerState, mask: Callable[[str], str], *, sse: bool) -> ServerChanged:
    return ServerChanged(
        server=spec.name,
        state=state,
        transport="sse" if sse else spec.transport,
        destination=destination(spec, mask),
        description=spec.description,
        origin=spec.origin,
        options=spec.options,
    )
