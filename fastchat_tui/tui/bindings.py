"""The one table of actions: id, keys, action, name, help. Every id can be given other keys in the settings file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from textual.binding import Binding

Region = Literal[
    "app",
    "chat",
    "servers",
    "transcript",
    "calls",
    "detail",
    "tree",
    "composer",
    "approval",
    "sign_in",
    "form",
    "page",
    "choose",
    "palette",
    "resource",
    "prompt",
    "modal",
]


class Key(NamedTuple):
    """One action of one region. ``keys`` are Textual key names, separated by commas."""

    id: str
    keys: str
    action: str
    name: str
    help: str
    shown: bool = False
    """Whether the footer shows it."""
    priority: bool = False
    """Whether it works wherever the focus is."""

    @property
    def region(self) -> str:
        return self.id.partition(".")[0]


TABLE: tuple[Key, ...] = (
    Key("app.help", "f1", "help", "help", "The keys of the place where you are", True, True),
    Key("app.palette", "ctrl+p", "command_palette", "palette", "Everything the program can do", True, True),
    Key("app.quit", "ctrl+q", "quit", "quit", "Quit; the session can be continued later", False, True),
    Key("app.interrupt", "ctrl+c", "interrupt", "copy / stop", "Copy selection, stop, clear input; twice: quit", False, True),
    Key("chat.servers", "f2", "go('servers')", "servers", "Go to the servers", True, True),
    Key("chat.calls", "f3", "go('calls')", "calls", "Go to the calls", True, True),
    Key("chat.composer", "f4", "focus_composer", "write", "Go to the message that you write", False, True),
    Key("chat.read", "f6", "go('chat')", "chat", "Go to the chat, to read, select and copy", False, True),
    Key("chat.stop", "escape", "stop", "stop", "Close what is open, or stop the model and its tools", True),
    Key("chat.sides", "ctrl+b", "toggle_sides", "panes", "Show or hide the side panes", False, True),
    Key("chat.thinking", "ctrl+t", "run('thinking')", "thinking", "Show or fold what the model thought", False, True),
    Key("chat.density", "ctrl+o", "run('density')", "density", "Tool cards: compact, normal, full", False, True),
    Key("chat.retry", "f5", "run('retry')", "try again", "Try the last turn again, if it did not end well", False, True),
    Key("chat.new", "ctrl+n", "run('new')", "new", "Start a new session", True, True),
    Key("chat.sessions", "ctrl+s", "run('sessions')", "sessions", "Open an earlier session", True, True),
    Key("chat.theme", "f9", "run('theme')", "themes", "Choose a theme, with live preview", False, True),
    Key("servers.down", "j,down", "cursor_down", "down", "Next row"),
    Key("servers.up", "k,up", "cursor_up", "up", "Previous row"),
    Key("servers.first", "g,home", "first", "first", "First row"),
    Key("servers.last", "G,end", "last", "last", "Last row"),
    Key("servers.toggle", "space", "switch", "on/off", "Switch the server or the tool on or off", True),
    Key("servers.open", "enter", "open", "open", "The server's page: tools, log, identity", True),
    Key("servers.unfold", "right", "unfold", "tools", "Show the server's tools"),
    Key("servers.fold", "left,h", "fold", "fold", "Hide the server's tools"),
    Key("servers.reconnect", "r", "reconnect", "reconnect", "Connect the server again", True),
    Key("servers.login", "a", "login", "log in", "Sign in at the server, in your browser"),
    Key("servers.logout", "A", "logout", "log out", "Forget the sign-in, and revoke it where that is offered"),
    Key("servers.log", "l,L", "log", "log", "The server's log with its standard error"),
    Key("servers.add", "n", "add", "add", "Add a server by command or URL"),
    Key("servers.filter", "slash", "filter", "filter", "Show only rows that contain a text"),
    Key("transcript.down", "j,down", "line_down", "down", "Scroll down"),
    Key("transcript.up", "k,up", "line_up", "up", "Scroll up"),
    Key("transcript.page_down", "pagedown,d", "page_down", "page down", "Scroll a page down"),
    Key("transcript.page_up", "pageup,u", "page_up", "page up", "Scroll a page up"),
    Key("transcript.first", "g,home", "top", "start", "Go to the start of the session"),
    Key("transcript.last", "G,end", "bottom", "end", "Go to the end and follow it"),
    Key("transcript.next", "right_curly_bracket,n", "next_item", "next", "Select the next message or call; go to the next match"),
    Key("transcript.previous", "left_curly_bracket,p", "previous_item", "previous", "Select the previous message or call, or match"),
    Key("transcript.find", "slash", "find", "find", "Find a text in the conversation; then n and p go to the next one"),
    Key("transcript.open", "enter", "open_item", "open", "Show the selected call in the inspector; unfold a thought", True),
    Key("transcript.copy", "y", "copy_item", "copy", "Copy the selection, or the selected message", True),
    Key("transcript.copy_code", "c", "copy_code", "copy code", "Copy the last code block of the selected message"),
    Key("transcript.copy_all", "Y", "copy_all", "copy all", "Copy the whole conversation as plain text"),
    Key("calls.down", "j,down", "cursor_down", "down", "Next call"),
    Key("calls.up", "k,up", "cursor_up", "up", "Previous call"),
    Key("calls.first", "g,home", "first", "first", "First call"),
    Key("calls.last", "G,end", "last", "last", "Last call"),
    Key("calls.open", "enter", "open", "in chat", "Show the call's card in the chat", True),
    Key("calls.next_tab", "right,l,right_square_bracket", "next_tab", "next tab", "Arguments, result, frames, timing, log", True),
    Key("calls.previous_tab", "left,h,left_square_bracket", "previous_tab", "previous tab", "The tab before"),
    Key("calls.copy", "y", "copy", "copy", "Copy what the tab shows", True),
    Key("calls.mode", "m", "mode", "tree/text/raw", "Show the result as tree, text or raw"),
    Key("calls.filter", "slash", "filter", "filter", "Show only calls that contain a text"),
    Key("detail.down", "j,down", "cursor_down", "down", "Next row"),
    Key("detail.up", "k,up", "cursor_up", "up", "Previous row"),
    Key("detail.page_down", "pagedown,d", "page_down", "page down", "A page down"),
    Key("detail.page_up", "pageup,u", "page_up", "page up", "A page up"),
    Key("detail.first", "g,home", "first", "first", "First row"),
    Key("detail.last", "G,end", "last", "last", "Last row"),
    Key("tree.open", "enter,space", "toggle_fold", "fold", "Unfold or fold; show a long value whole", True),
    Key("tree.unfold", "right,l", "unfold", "unfold", "Unfold, or go to the first child"),
    Key("tree.fold", "left,h", "fold", "fold", "Fold, or go to the parent"),
    Key("composer.send", "enter", "send", "send", "Send the message", True),
    Key("composer.newline", "ctrl+j,shift+enter,alt+enter", "newline", "new line", "A new line", True),
    Key("composer.editor", "ctrl+g", "editor", "editor", "Write in $EDITOR"),
    Key("composer.page_up", "pageup", "scroll_chat(-1)", "page up", "Scroll the chat a page up"),
    Key("composer.page_down", "pagedown", "scroll_chat(1)", "page down", "Scroll the chat a page down"),
    Key("composer.history", "ctrl+r", "search_history", "history", "Search what you sent before"),
    Key("approval.once", "y", "answer('once')", "yes, once", "Run this call", True),
    Key("approval.session", "s", "answer('session')", "this session", "Run it, and this tool without a question in this session", True),
    Key("approval.always", "a", "answer('always')", "always", "Run it, and this tool without a question from now on", True),
    Key("approval.never", "N", "answer('never')", "never", "Refuse it, and switch sampling off for this server", True),
    Key("approval.deny", "n", "deny", "no", "Do not run it; you may say why", True),
    Key("approval.edit", "e", "edit", "edit", "Edit the arguments before they are sent", True),
    Key("approval.view", "v", "view", "view all", "Everything about this call on the whole screen", True),
    Key("approval.send", "ctrl+s,ctrl+enter,f10", "send_edit", "send", "Send the edited arguments"),
    Key("sign_in.open", "o", "open", "open", "Open the address in your browser", True),
    Key("sign_in.copy", "y", "copy", "copy", "Copy the address", True),
    Key("sign_in.paste", "p", "paste", "type", "Give the address at which the browser ended", True),
    Key("form.send", "ctrl+s,ctrl+enter,f10", "send", "send", "Send what is filled in", True, True),
    Key("form.json", "f8", "json", "as JSON", "Write it as JSON, or as a form again", True, True),
    Key("page.next_tab", "right,l,right_square_bracket", "next_tab", "next tab", "What it is, tools, resources, prompts, log", True),
    Key("page.previous_tab", "left,h,left_square_bracket", "previous_tab", "previous tab", "The tab before"),
    Key("page.open", "enter", "open", "use", "Call the tool by hand, read the resource, fill in the prompt", True),
    Key("page.switch", "space", "switch", "on/off", "Offer the tool to the model, or no longer", True),
    Key("page.watch", "w", "watch", "watch", "Be told when the resource changes, or no longer", True),
    Key("page.attach", "a", "attach", "attach", "Name the resource in your message, which attaches it", True),
    Key("page.options", "o", "want('options')", "options", "What the server may do: the model, folders, log, protocol", True),
    Key("page.login", "a", "want('login')", "log in", "Sign in at the server, in your browser", True),
    Key("page.doctor", "D", "want('doctor')", "doctor", "Examine the server step by step", True),
    Key("page.edit", "e", "want('edit')", "edit", "Edit the server's entry", True),
    Key("page.remove", "delete", "want('remove')", "remove", "Take the server out of the configuration"),
    Key("page.save", "enter,ctrl+s", "save", "save", "Save what was tried", True),
    Key("page.copy", "y", "copy", "copy", "Copy the page", True),
    Key("choose.down", "j,down", "cursor_down", "down", "Next row"),
    Key("choose.up", "k,up", "cursor_up", "up", "Previous row"),
    Key("choose.take", "enter", "take", "choose", "Take the row"),
    Key("choose.filter", "slash", "filter", "filter", "Show only rows that contain a text"),
    Key("choose.delete", "d", "delete", "delete", "Delete what the row stands for"),
    Key("resource.refresh", "r", "refresh", "refresh", "Read the resource again", True),
    Key("resource.watch", "w", "watch", "watch", "Be told when the resource changes, or no longer", True),
    Key("resource.mode", "m", "mode", "mode", "Show JSON as a tree or as text", True),
    Key("resource.save", "s", "save", "save", "Save the resource in a file", True),
    Key("resource.attach", "a", "attach", "attach", "Name the resource in your message, which attaches it", True),
    Key("resource.copy", "y", "copy", "copy", "Copy the resource", True),
    Key("prompt.send", "enter,ctrl+s", "send", "send", "Send the prompt", True),
    Key("prompt.edit", "e", "edit", "edit first", "Put the prompt into your message, to edit it", True),
    Key("palette.down", "down", "cursor_down", "down", "Next row"),
    Key("palette.up", "up", "command_list('cursor_up')", "up", "Previous row"),
    Key("palette.page_down", "pagedown", "command_list('page_down')", "page down", "A page down"),
    Key("palette.page_up", "pageup", "command_list('page_up')", "page up", "A page up"),
    Key("palette.take", "enter", "command_list('select')", "take", "Do what the row says"),
    Key("palette.close", "escape", "escape", "close", "Close without doing anything"),
    Key("modal.close", "escape", "close", "close", "Close without doing anything"),
)  # fmt: skip

ON_CHAT: tuple[Region, ...] = ("servers", "transcript", "calls", "detail", "tree", "composer")
"""What is on the chat screen; the rest is in windows above it."""


def bindings(region: Region) -> list[Binding]:
    """The Textual bindings of one region, each with its id, so that ``App.set_keymap`` can give it other keys."""
    return [
        Binding(k.keys, k.action, k.name, show=k.shown, priority=k.priority, tooltip=k.help, id=k.id)
        for k in TABLE
        if k.region == region
    ]


def settled(given: Mapping[str, str]) -> dict[str, str]:
    """The keys that the user gives to actions, and those of ours that lose a key by it: where both would work, the
    user's action has it. An action without a key has an empty text."""
    keymap = dict(given)
    rows = {row.id: row for row in TABLE}
    for name in given.keys() & rows.keys():
        taken = {key.strip() for key in given[name].split(",")}
        for row in TABLE:
            keys = keymap.get(row.id, row.keys).split(",")
            if row.id not in given and _meet(row, rows[name]) and taken.intersection(keys):
                keymap[row.id] = ",".join(key for key in keys if key not in taken)
    return keymap


def _meet(one: Key, other: Key) -> bool:
    return one.region == other.region or _covers(one, other) or _covers(other, one)


def _covers(one: Key, other: Key) -> bool:
    """Whether the key of ``one`` never reaches ``other``."""
    return one.priority and (one.region == "app" or (one.region == "chat" and other.region in ON_CHAT))
