"""What stands where nothing has been said yet: what there is to talk with, and how to begin. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping

from fastchat_tui.tui.footer import first_key
from fastchat_tui.wire.ports import Snapshot
from fastchat_tui.wire.text import one_line

Row = tuple[tuple[str, str], ...]
"""Runs of text, each with its role in the transcript's inks."""
BEGIN = (
    ("/", "commands"),
    ("@", "attach a resource"),
    ("#", "call a tool by hand"),
    ("chat.servers", "servers and their tools"),
    ("chat.calls", "calls, as they happen"),
    ("app.palette", "everything else"),
    ("app.help", "help for where you are"),
)
"""A character that opens a list, or the id of a binding; and what it does."""


def greeting(now: Snapshot, keymap: Mapping[str, str]) -> tuple[Row, ...]:
    keys = [(key if len(key) == 1 else first_key(key, keymap), text) for key, text in BEGIN]
    return (
        ((one_line(now.name, 60), "heading2"),),
        *((line,) for line in _standing(now)),
        (),
        *(((f"{key:<5}", "key"), (text, "placeholder")) for key, text in keys if key),
    )


def _standing(now: Snapshot) -> list[tuple[str, str]]:
    ready = [view for view in now.servers.values() if view.state == "ready"]
    if now.demo:
        idea = "Ask “What time is it in Tokyo, and what is in my notes folder?”" if ready else "Its server is starting…"
        return [
            ("This is the demo: the model is scripted, the server and its calls are real.", "placeholder"),
            (idea, "placeholder"),
        ]
    tools = sum(tool.enabled and not tool.problem for view in ready for tool in view.tools)
    parts = [one_line(now.model.name, 40) or "no model"]
    if now.servers:
        parts += [f"{len(ready)} of {len(now.servers)} servers ready", f"{tools} tool{'' if tools == 1 else 's'}"]
    found = [(" · ".join(parts), "placeholder")]
    if not now.model.key:
        found.append(("There is no key yet: /key takes one, /model another endpoint.", "warning"))
    return found
