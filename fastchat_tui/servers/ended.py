"""How a connection ended, in plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastchat_tui.wire.servers import ServerState


@dataclass(frozen=True, slots=True)
class Ended:
    state: ServerState
    detail: str = ""
    away: bool = False
    """It may come back by itself: worth another try later."""
    hint: Literal["", "legacy", "sse"] = ""
    """What else to try at once."""
