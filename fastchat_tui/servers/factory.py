"""How the engine gets its connections; nothing of the SDK is imported until one starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from fastchat_tui.servers.connection import Connection
from fastchat_tui.wire.ports import Emit, MakeServer, Server
from fastchat_tui.wire.values import ServerSpec

STARTING_AT_ONCE = 8


def connections(*, log_dir: Path | None, mask: Callable[[str], str], at_once: int = STARTING_AT_ONCE) -> MakeServer:
    """A maker of servers that share the right to start: a server's time limit begins when its turn comes."""
    slots = asyncio.Semaphore(at_once)

    def make(spec: ServerSpec, emit: Emit) -> Server:
        return Connection(spec, emit, log_dir=log_dir, mask=mask, slots=slots)

    return make
