"""What a server may do, asked in a form; it is remembered, and holds at once."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from fastchat_tui.tui.footer import keys_for
from fastchat_tui.tui.modals.by_hand import ByHandScreen
from fastchat_tui.tui.server_page.rows import ERAS
from fastchat_tui.wire.commands import SetServerOptions
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.servers import Level, ServerOptions, Tool
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen

SCHEMA: Object = {
    "type": "object",
    "required": ["sampling", "sampling_budget", "instructions", "log_level", "roots", "era"],
    "properties": {
        "sampling": {
            "type": "boolean",
            "title": "It may ask your model",
            "description": "Only then is it told that it could. You see each request before it goes.",
        },
        "sampling_budget": {"type": "integer", "minimum": 0, "title": "Tokens that it may use in one run"},
        "instructions": {"type": "boolean", "title": "Your model reads its instructions"},
        "roots": {
            "type": "array",
            "items": {"type": "string"},
            "title": "Folders that it is told of (roots)",
            "description": "It is told their names; what it can read does not depend on that.",
        },
        "log_level": {"enum": list(get_args(Level)), "title": "It logs this and worse"},
        "era": {"oneOf": [{"const": era, "title": words} for era, words in ERAS.items()], "title": "Protocol"},
    },
}


async def edit_options(chat: ChatScreen, argument: str) -> None:
    """``/options SERVER``"""
    name = argument.strip()
    if (view := chat.engine.snapshot().servers.get(name)) is None:
        chat.toast(f"There is no server “{one_line(name, 60)}”.", "/options NAME names one.", "warning")
        return
    given: Object = {**asdict(view.options), "roots": list(view.options.roots)}
    keys = keys_for(chat.program.keymap, "form.send", "form.json", "modal.close")
    form = Tool("", f"What {one_line(name, 40)} may do", input_schema=SCHEMA)
    while (value := await chat.app.push_screen_wait(ByHandScreen(form, given, keys=keys))) is not None:
        given = value
        try:
            options = read(value, view.options)
        except ValueError as error:
            chat.toast(str(error), "", "warning")
            continue
        if options == view.options or await chat.send(SetServerOptions(name, options)):
            return


def read(value: Object, old: ServerOptions) -> ServerOptions:
    """The options that the form spells. Raises ValueError for a folder that is none."""
    folders = tuple(str(folder).strip() for folder in value["roots"])
    for folder in folders:
        if folder not in old.roots and not Path(folder).expanduser().is_dir():
            raise ValueError(f"“{one_line(folder, 200)}” is no folder here.")
    return replace(old, **{**value, "roots": tuple(str(Path(folder).expanduser().absolute()) for folder in folders)})
