"""The exception tree. Every error carries what failed (``text``) and what to do next (``remedy``).

FastchatError
├── ConfigError      a configuration file, or a value in it
├── ModelError       the model's API, classified by ``kind``
├── ServerError      an MCP server, or one request to it
│   └── NeedsLogin   the server answered 401 or 403 and wants a sign-in
├── VaultError       the keyring: absent, locked, or it does not answer
├── StoreError       the session log cannot be read or written
└── CommandError     a command that cannot be carried out now
"""

from __future__ import annotations

from typing import Literal

ModelFault = Literal[
    "auth",
    "model",
    "quota",
    "rate_limit",
    "overloaded",
    "connect",
    "timeout",
    "cut",
    "context",
    "filter",
    "schema",
    "tools",
    "request",
    "not_an_api",
    "malformed",
    "empty",
]


class FastchatError(Exception):
    """The root: ``text`` is one readable sentence, ``remedy`` says what the user can do (it may be empty)."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy


class ConfigError(FastchatError):
    """Names the file, the line or the key, and what was expected there."""


class ModelError(FastchatError):
    """The model did not answer, or not whole. ``status`` is the HTTP status, 0 when there was none."""

    def __init__(self, kind: ModelFault, text: str, remedy: str = "", *, status: int = 0) -> None:
        super().__init__(text, remedy)
        self.kind: ModelFault = kind
        self.status = status


class ServerError(FastchatError):
    """An MCP server could not be reached, died, or did not answer in time."""


class NeedsLogin(ServerError):
    """The server wants a sign-in before anything else."""


class VaultError(FastchatError):
    """A secret could not be read from or written to the OS keyring."""


class StoreError(FastchatError):
    """The session log is not readable or not writable; the chat goes on in memory."""


class CommandError(FastchatError):
    """A command names something that does not exist, or comes at a moment when it cannot be carried out."""
