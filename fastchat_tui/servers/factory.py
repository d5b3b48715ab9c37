"""How the engine gets its connections; nothing of the SDK is imported until one starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastchat_tui.servers.connection import Connection
from fastchat_tui.servers.journal import Journal
from fastchat_tui.servers.shared import Shared
from fastchat_tui.servers.vaulted import Complete, as_it_is
from fastchat_tui.wire.ports import Emit, Host, MakeServer, Server
from fastchat_tui.wire.servers import ServerSpec
from fastchat_tui.wire.sign_in import MakeSignIn


def connections(
    *,
    log_dir: Path | None,
    mask: Callable[[str], str],
    sign_in: MakeSignIn | None = None,
    complete: Complete = as_it_is,
) -> MakeServer:
    """A maker of servers that share one import of the SDK.

    Without ``log_dir`` nothing is written to files; ``mask`` hides secrets in frames, logs and destinations;
    ``complete`` puts what the vault keeps into an entry.
    """
    shared = Shared(complete)

    def make(spec: ServerSpec, emit: Emit, host: Host) -> Server:
        return Connection(spec, emit, shared, Journal(spec.name, emit, log_dir, mask), mask, host, sign_in=sign_in)

    return make
