"""What other programs on this machine are configured with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fastchat_tui.wire.servers import ServerSpec


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that another program is configured with."""

    spec: ServerSpec = field(repr=False)
    """As written there, in our words; nothing expanded. ``origin`` is the file."""
    app: str
    """The program's id, such as ``claude-desktop``."""
    app_name: str
    shown: str
    """Where the server is, secrets masked."""
    standing: Literal["new", "same", "conflict", "unusable"] = "new"
    note: str = ""
    """Why it is not new, or what to know of it."""


@dataclass(frozen=True, slots=True)
class Discovery:
    found: tuple[FoundServer, ...] = ()
    troubles: tuple[tuple[str, str], ...] = ()
    """Files that could not be read: (text, remedy)."""

    @property
    def fresh(self) -> tuple[FoundServer, ...]:
        """What can be taken over as it is."""
        return tuple(one for one in self.found if one.standing == "new")
