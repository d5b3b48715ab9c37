"""What can be done by name: the ``/commands``, which keys run and the palette lists, too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastchat_tui.tui import dialogs, entries, offers, options
from fastchat_tui.wire.commands import CancelTurn, Login, Logout, ReloadConfig, RetryTurn

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen
    from fastchat_tui.wire.commands import Command


@dataclass(frozen=True, slots=True)
class Named:
    """``run`` takes the screen and what was written after the name; ``key`` is the id of a binding, if there is one."""

    text: str
    run: Callable[[ChatScreen, str], Awaitable[object]]
    key: str = ""


def _go(action: Callable[[ChatScreen], object]) -> Callable[[ChatScreen, str], Awaitable[object]]:
    async def run(chat: ChatScreen, argument: str) -> None:
        action(chat)

    return run


def _send(command: Command) -> Callable[[ChatScreen, str], Awaitable[object]]:
    return lambda chat, argument: chat.send(command)


def _server(command: Callable[[str], Command]) -> Callable[[ChatScreen, str], Awaitable[object]]:
    return lambda chat, argument: chat.send(command(argument.strip()))


COMMANDS: dict[str, Named] = {
    "help": Named("The keys of this place", dialogs.show_help, "app.help"),
    "model": Named("Model and endpoint", dialogs.choose_model),
    "key": Named("Give a key, kept in the keyring", dialogs.give_key),
    "servers": Named("Go to the servers", _go(lambda chat: chat.action_go("servers")), "chat.servers"),
    "tools": Named("Go to the servers and their tools", _go(lambda chat: chat.action_go("servers"))),
    "calls": Named("Go to the calls", _go(lambda chat: chat.action_go("calls")), "chat.calls"),
    "call": Named('Call a tool by hand: server:tool {"name": "value"}', dialogs.call_by_hand),
    "add": Named("Add a server by command or URL", entries.add_server),
    "login": Named("Sign in at a server: its name", _server(Login)),
    "logout": Named("Forget the sign-in at a server: its name", _server(Logout)),
    "page": Named("A server's page: tools, log, identity", entries.show_page),
    "prompts": Named("Use a prompt of a server", offers.choose_prompt),
    "edit": Named("Edit a server's entry", entries.edit_server),
    "remove": Named("Take a server out of the configuration", entries.remove_server),
    "import": Named("Take over servers of other programs", entries.import_servers),
    "doctor": Named("Examine a server step by step", entries.doctor),
    "reload": Named("Read the configuration again", _send(ReloadConfig())),
    "new": Named("Start a new session", dialogs.new_session, "chat.new"),
    "sessions": Named("Open an earlier session", dialogs.choose_session, "chat.sessions"),
    "retry": Named("Try the last turn again", _send(RetryTurn()), "chat.retry"),
    "stop": Named("Stop the model and its tools", _send(CancelTurn()), "chat.stop"),
    "density": Named(
        "Tool cards: compact, normal, full",
        _go(lambda chat: chat.toast(f"Tool cards: {chat.panes.step_density()}")),
        "chat.density",
    ),
    "thinking": Named(
        "Show or fold what the model thought", _go(lambda chat: chat.panes.fold_thoughts()), "chat.thinking"
    ),
    "read": Named("Show a resource: @server:uri", offers.show_resource),
    "attach": Named("Name a resource in the message: @server:uri", offers.name_resource),
    "options": Named("What a server may do: its name", options.edit_options),
    "find": Named("Find a text in the conversation", dialogs.find, "transcript.find"),
    "theme": Named("Choose a theme", dialogs.choose_theme, "chat.theme"),
    "copy": Named(
        "Copy the whole conversation", _go(lambda chat: chat.program.copy(chat.panes.transcript.plain_text()))
    ),
    "open": Named("Open a web link, after you agree", dialogs.open_link),
    "clear": Named("Start afresh (the session is kept)", dialogs.new_session),
    "start": Named("First steps: key, endpoint, server", dialogs.welcome),
    "demo": Named("Leave this chat for the demo", _go(lambda chat: chat.program.leave_for_demo())),
    "quit": Named("Quit; the session can be continued", _go(lambda chat: chat.app.exit()), "app.quit"),
}
