"""Servers as entries on the screen: page, doctor, adding, editing, removing, taking over from other programs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fastchat_tui.tui.footer import keys_for
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.by_hand import ByHandScreen
from fastchat_tui.tui.modals.doctor import DoctorScreen
from fastchat_tui.tui.modals.frame import NO, ONCE, QuestionScreen
from fastchat_tui.wire.commands import PutServer, RemoveServer, TakeServers
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.masks import MASK
from fastchat_tui.wire.servers import ServerSpec, Tool, Transport
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen

SCHEMA: Object = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "command": {"type": "string", "title": "Command line", "description": "For a local server; no shell reads it."},
        "url": {"type": "string", "title": "or URL", "description": "http:// or https://"},
        "env": {"type": "array", "items": {"type": "string"}, "title": "Variables of the command (NAME=VALUE)"},
        "headers": {"type": "array", "items": {"type": "string"}, "title": "Headers for the URL (NAME=VALUE)"},
        "cwd": {"type": "string", "title": "Working folder"},
    },
}
ABOUT = (
    "A command runs with your rights. Write secrets as ${VARIABLE} or ${keyring:NAME}. The server is tried before it "
    f"is saved. {MASK} stands for a value that stays as it is."
)


async def show_page(chat: ChatScreen, argument: str) -> None:
    """``/page SERVER``"""
    name = argument.strip()
    if name not in chat.engine.snapshot().servers:
        chat.toast(f"There is no server “{one_line(name, 40)}”." if name else "Which server?", "/page NAME", "warning")
        return
    chat.pages.open(name)


async def doctor(chat: ChatScreen, argument: str) -> None:
    """``/doctor SERVER``; without a name the first server that is not ready."""
    servers = chat.engine.snapshot().servers
    sick = [view.name for view in servers.values() if view.state in ("failed", "closed", "needs_login")]
    if not (name := argument.strip() or next(iter([*sick, *servers]), "")):
        chat.toast("There is no server to examine.", "Add one with /add.", "warning")
        return
    keys = keys_for(chat.program.keymap, "page.copy", "modal.close")
    steps = chat.engine.examine(name)
    await chat.app.push_screen_wait(DoctorScreen(f"Doctor: {name}", steps, keys, chat.program.copy))


async def edit_server(chat: ChatScreen, argument: str) -> None:
    """``/edit SERVER``; what it needs is asked for in a form."""
    try:
        entry = await chat.engine.entry(argument.strip())
    except FastchatError as error:
        chat.toast(error.text, error.remedy, "warning")
        return
    await _fill_in(chat, f"Edit {one_line(entry.name, 40)}", entry, entry.name)


async def add_server(chat: ChatScreen, argument: str) -> None:
    """``/add COMMAND`` or ``/add URL`` fills in the form."""
    text = argument.strip()
    url = text if text.startswith(("http://", "https://")) else ""
    try:
        words = [] if url else shlex.split(text)
    except ValueError:
        words = []
    command, *args = words or [""]
    await _fill_in(chat, "Add a server", ServerSpec("", "stdio", command, tuple(args), url=url), "")


async def _fill_in(chat: ChatScreen, title: str, entry: ServerSpec, instead: str) -> None:
    """Form, examination, save; from each back to the form, where nothing that was typed is lost."""
    given = written(entry)
    keys = keys_for(chat.program.keymap, "form.send", "form.json", "modal.close")
    form = Tool("", title, description=ABOUT, input_schema=SCHEMA)
    while (value := await chat.app.push_screen_wait(ByHandScreen(form, given, keys=keys))) is not None:
        given = value
        try:
            made = read(value, entry)
        except ValueError as error:
            chat.toast(f"{error}", "", "warning")
            continue
        save = keys_for(chat.program.keymap, "page.save", "page.copy", "modal.close")
        tried = DoctorScreen(f"Trying {made.name}", chat.engine.examine(made), save, chat.program.copy, saves=True)
        if await chat.app.push_screen_wait(tried) == "save" and await chat.send(PutServer(made, instead)):
            return


def written(entry: ServerSpec) -> Object:
    """The entry as the form shows it: values that are no references are hidden."""
    found: Object = {
        "name": entry.name,
        "command": shlex.join((entry.command, *entry.args)) if entry.command else "",
        "url": entry.url,
        "env": _lines(entry.env),
        "headers": _lines(entry.headers),
        "cwd": entry.cwd,
    }
    return {key: value for key, value in found.items() if value}


def read(value: Object, old: ServerSpec) -> ServerSpec:
    """The entry that the form spells; what it does not speak of is as in ``old``. Raises ValueError."""
    name, line, url = (str(value.get(key, "")).strip() for key in ("name", "command", "url"))
    if bool(line) == bool(url):
        raise ValueError("Give a command or a URL: exactly one of the two.")
    if url:
        transport: Transport = "sse" if old.transport == "sse" and old.url == url else "http"
        headers = _pairs(value.get("headers"), old.headers)
        return replace(old, name=name, transport=transport, url=url, headers=headers, command="", args=(), env={})
    try:
        command, *args = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"The command cannot be read: {error}. Close every quote.") from error
    env = _pairs(value.get("env"), old.env)
    return replace(
        old,
        name=name,
        transport="stdio",
        command=command,
        args=tuple(args),
        env=env,
        cwd=str(value.get("cwd", "")),
        url="",
        headers={},
    )


def _lines(pairs: Mapping[str, str]) -> list[str]:
    return [f"{name}={value if '${' in value or not value else MASK}" for name, value in pairs.items()]


def _pairs(lines: object, old: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines if isinstance(lines, list) else ():
        name, equals, value = str(line).partition("=")
        if not equals or not name.strip():
            raise ValueError(f"“{one_line(name, 40)}” is not of the form NAME=VALUE.")
        found[name.strip()] = old.get(name.strip(), "") if value == MASK else value
    return found


async def remove_server(chat: ChatScreen, argument: str) -> None:
    """``/remove SERVER``, after a question."""
    name = argument.strip()
    passages = [Passage("Its entry is taken out of the configuration file; what it did is not undone.")]
    asked = QuestionScreen(
        "", f"Remove “{one_line(name, 60)}”?", passages, (ONCE._replace(label="remove"), NO._replace(label="keep"))
    )
    answer = await chat.app.push_screen_wait(asked)
    if answer is not None and answer.decision == "once":
        await chat.send(RemoveServer(name))


async def import_servers(chat: ChatScreen, argument: str) -> None:
    """Offers what other programs are configured with; nothing is written or started before a yes."""
    try:
        offer = await chat.engine.discover()
    except FastchatError as error:
        chat.toast(error.text, error.remedy, "warning")
        return
    for text, remedy in offer.troubles:
        chat.toast(text, remedy, "warning")
    passages = []
    for one in offer.found:
        new = one.standing == "new"
        passages.append(Passage(f"{one.spec.name}  ({one.standing})", "text--accent" if new else "text--muted"))
        passages += [Passage(f"    {one.shown}"), Passage(f"    {one.app_name}: {one.spec.origin}", "text--muted")]
        passages += [Passage(f"    {one.note}", "text--warning")] if one.note else []
    if not offer.fresh:
        chat.toast("No new server of another program is found.", "Add one with /add.", "info")
        return
    names = ", ".join(one_line(one.spec.name, 30) for one in offer.fresh)
    asked = QuestionScreen(
        "", f"Add and start {names}?", passages, (ONCE._replace(label="add"), NO._replace(label="leave"))
    )
    answer = await chat.app.push_screen_wait(asked)
    if answer is not None and answer.decision == "once":
        await chat.send(TakeServers(offer.fresh))
