"""How a command ended, as its exit status. The numbers are a promise: scripts rely on them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from fastchat_tui.wire.errors import ConfigError, FastchatError, ModelError, ServerError

if TYPE_CHECKING:
    from fastchat_tui.wire.content import Outcome


class Exit(IntEnum):
    OK = 0
    """Done as asked."""
    FAILED = 1
    """The turn was stopped short, or the tool answered with an error."""
    USAGE = 2
    """The command line is wrong, or there is no terminal for the full screen."""
    CONSENT = 3
    """Somebody must agree first: to a folder, to where the key goes, or to a call."""
    CONFIG = 4
    """A configuration file, or a value in it."""
    MODEL = 5
    """The model's endpoint did not answer, or not whole."""
    SERVER = 6
    """An MCP server is not there, or not ready."""
    INTERRUPTED = 130
    """Ctrl+C. Other signals: 128 + their number."""
    BROKEN_PIPE = 141
    """The reader of stdout went away."""


class OutputError(FastchatError):
    """Standard output cannot be written, and not because nobody reads it."""


class ConsentError(FastchatError):
    """Nobody is there to agree to what was asked."""


class UsageError(FastchatError):
    """The command line asks for something that cannot be."""


def no_such_server(name: str, known: Iterable[str]) -> ServerError:
    return ServerError(f"There is no server “{name}”.", f"Known: {', '.join(known) or 'none'}.")


def of_error(error: FastchatError) -> Exit:
    match error:
        case UsageError():
            return Exit.USAGE
        case ConsentError():
            return Exit.CONSENT
        case ConfigError():
            return Exit.CONFIG
        case ModelError():
            return Exit.MODEL
        case ServerError():
            return Exit.SERVER
        case _:
            return Exit.FAILED


def of_outcome(outcome: Outcome) -> Exit:
    match outcome:
        case "ok":
            return Exit.OK
        case "denied":
            return Exit.CONSENT
        case "cancelled":
            return Exit.INTERRUPTED
        case "error":
            return Exit.FAILED
