"""What front ends tell the engine. Reads are methods of ``ports.Engine``, not messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fastchat_tui.wire.content import Object
from fastchat_tui.wire.discovery import FoundServer
from fastchat_tui.wire.questions import Decision
from fastchat_tui.wire.servers import ServerOptions, ServerSpec


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Starts a turn; while one runs the message waits its turn."""

    text: str
    kind: Literal["send_message"] = "send_message"


@dataclass(frozen=True, slots=True)
class CancelTurn:
    """Stops model and tools. What was said is kept; waiting messages go back to the composer."""

    kind: Literal["cancel_turn"] = "cancel_turn"


@dataclass(frozen=True, slots=True)
class RetryTurn:
    """Tries the last turn again, if it did not end well."""

    kind: Literal["retry_turn"] = "retry_turn"


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers an ``Asked``. ``arguments`` replaces the arguments of a call; ``text`` is the reason of a denial.
    ``content`` is what an accepted form holds, or a sampling's result in place of the model's."""

    question: str
    decision: Decision
    arguments: Object | None = None
    text: str = ""
    content: Object | None = field(default=None, repr=False)
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Opens a session; an empty id starts a new one."""

    session: str = ""
    kind: Literal["open_session"] = "open_session"


@dataclass(frozen=True, slots=True)
class RenameSession:
    session: str
    title: str
    kind: Literal["rename_session"] = "rename_session"


@dataclass(frozen=True, slots=True)
class DeleteSession:
    session: str
    kind: Literal["delete_session"] = "delete_session"


@dataclass(frozen=True, slots=True)
class SetModel:
    """Takes effect at the next request. An empty ``base_url`` keeps the endpoint."""

    model: str
    base_url: str = ""
    kind: Literal["set_model"] = "set_model"


@dataclass(frozen=True, slots=True)
class SetKey:
    """A key for the current endpoint, kept in the OS keyring, or for this run only."""

    key: str = field(repr=False)
    remember: bool = True
    kind: Literal["set_key"] = "set_key"


@dataclass(frozen=True, slots=True)
class ConnectServer:
    """Switches a server on (remembered), or connects it again when it is on."""

    server: str
    kind: Literal["connect_server"] = "connect_server"


@dataclass(frozen=True, slots=True)
class DisconnectServer:
    """Switches a server off (remembered): its process tree is gone when the state says ``off``."""

    server: str
    kind: Literal["disconnect_server"] = "disconnect_server"


@dataclass(frozen=True, slots=True)
class AddServer:
    """Writes a server into the user's configuration file and starts it."""

    name: str
    command: str = ""
    """A command line; it is split as a POSIX shell would, but no shell runs it."""
    url: str = ""
    kind: Literal["add_server"] = "add_server"


@dataclass(frozen=True, slots=True)
class PutServer:
    """Writes an entry, nothing expanded, and starts it; in the place of the entry ``instead``, where that is named."""

    entry: ServerSpec = field(repr=False)
    instead: str = ""
    kind: Literal["put_server"] = "put_server"


@dataclass(frozen=True, slots=True)
class RemoveServer:
    """Takes a server out of the configuration file, and ends it."""

    server: str
    kind: Literal["remove_server"] = "remove_server"


@dataclass(frozen=True, slots=True)
class TakeServers:
    """Writes what was found in other programs into the user's own configuration, and starts it."""

    found: tuple[FoundServer, ...] = field(repr=False)
    kind: Literal["take_servers"] = "take_servers"


@dataclass(frozen=True, slots=True)
class WatchResource:
    """From now on its changes are told (``ResourceUpdated``), or no longer."""

    server: str
    uri: str
    on: bool
    kind: Literal["watch_resource"] = "watch_resource"


@dataclass(frozen=True, slots=True)
class SetServerOptions:
    """Changes what a server may do (remembered). It is connected again where the change needs that."""

    server: str
    options: ServerOptions
    kind: Literal["set_server_options"] = "set_server_options"


@dataclass(frozen=True, slots=True)
class Login:
    """Signs in at a server, connecting it again; a person is asked (``SignIn``)."""

    server: str
    kind: Literal["login"] = "login"


@dataclass(frozen=True, slots=True)
class Logout:
    """Forgets the sign-in of a server, and revokes it where that is offered."""

    server: str
    kind: Literal["logout"] = "logout"


@dataclass(frozen=True, slots=True)
class EnableTool:
    """Offers a tool to the model from the next request on, or no longer (remembered)."""

    server: str
    tool: str
    on: bool
    kind: Literal["enable_tool"] = "enable_tool"


@dataclass(frozen=True, slots=True)
class CallTool:
    """A call by hand, outside any turn. Whoever sends it has consented to it."""

    server: str
    tool: str
    arguments: Object
    kind: Literal["call_tool"] = "call_tool"


@dataclass(frozen=True, slots=True)
class ReloadConfig:
    """Reads the configuration again; servers whose entry did not change go on undisturbed."""

    kind: Literal["reload_config"] = "reload_config"


Command: TypeAlias = (
    SendMessage
    | CancelTurn
    | RetryTurn
    | Answer
    | OpenSession
    | RenameSession
    | DeleteSession
    | SetModel
    | SetKey
    | ConnectServer
    | DisconnectServer
    | AddServer
    | PutServer
    | RemoveServer
    | TakeServers
    | SetServerOptions
    | WatchResource
    | Login
    | Logout
    | EnableTool
    | CallTool
    | ReloadConfig
)
