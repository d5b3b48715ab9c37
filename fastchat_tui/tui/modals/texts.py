"""The words of the pages: help, a server, the first run. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from time import localtime, strftime

from fastchat_tui.tui.bindings import TABLE, Key
from fastchat_tui.tui.footer import keys_of
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.wire.events import ServerLogged
from fastchat_tui.wire.servers import ServerView, Tool
from fastchat_tui.wire.text import clean, human_count

PLACES: dict[str, str] = {
    "composer": "While you write",
    "servers": "In the servers pane",
    "transcript": "In the chat",
    "calls": "In the calls pane",
    "approval": "When you are asked",
    "sign_in": "When you sign in",
    "form": "In a form",
    "page": "On this page",
    "choose": "In a list to choose from",
    "tree": "In a tree of values",
    "detail": "In a text or a tree",
    "modal": "In a window",
    "chat": "Everywhere",
    "app": "Everywhere",
}
"""Regions of the table of keys, those of the smallest place first."""
ELSEWHERE = ("composer", "servers", "transcript", "calls", "detail", "tree", "approval")


def help_text(here: Collection[str], keymap: Mapping[str, str], *, elsewhere: bool = True) -> list[Passage]:
    """The keys whose ids are ``here``, then, if wanted, those of the other places; all as the user has mapped them."""
    regions = [place for place in PLACES if any(key.id in here for key in TABLE if key.region == place)]
    found: list[Passage] = []
    heading = ""
    for place in (*regions, *(place for place in ELSEWHERE if elsewhere and place not in regions)):
        if heading != (heading := PLACES[place]):
            mark = " (you are here)" if place == regions[0] else ""
            found += [*([Passage("")] if found else []), Passage(heading + mark, "text--heading")]
        rows = [key for key in TABLE if key.region == place and (key.id in here or place not in regions)]
        found += [Passage(f"  {_keys(key, keymap):<20}  {key.help}", "", 24) for key in rows]
    return found


def _keys(key: Key, keymap: Mapping[str, str]) -> str:
    """The keys of an action, as many as the column holds."""
    keys = keys_of(key, keymap)
    while len(keys) > 1 and len(" ".join(keys)) > 20:
        keys.pop()
    return " ".join(keys)


def server_text(view: ServerView, log: Sequence[tuple[float, ServerLogged]]) -> list[Passage]:
    """Everything that is known of a server."""
    facts = {
        "state": f"{view.state.replace('_', ' ')}  {view.detail}".strip(),
        "tried again": strftime("%H:%M:%S", localtime(view.again_at)) if view.again_at else "",
        "runs" if view.transport == "stdio" else "at": view.destination,
        "transport": view.transport,
        "protocol": view.era,
        "calls itself": view.identity,
        "from": view.origin,
        "about": view.description,
    }
    found = [Passage(f"{name:<13} {clean(value)}", "", 14) for name, value in facts.items() if value]
    if view.instructions:
        found += [Passage(""), Passage("Instructions", "text--heading"), Passage(clean(view.instructions))]
    if view.tools:
        found += [Passage(""), Passage(f"Tools ({human_count(view.tokens)} tokens in each request)", "text--heading")]
        for tool in view.tools:
            found += _tool(tool)
    for title, items in (
        ("Left out", [clean(text) for text in view.left_out]),
        ("Resources", [f"{clean(item.uri)}  {clean(item.name)}" for item in view.resources]),
        ("Resource templates", [f"{clean(item.uri_template)}  {clean(item.name)}" for item in view.templates]),
        ("Prompts", [f"{clean(item.name)}  {clean(item.description)}" for item in view.prompts]),
    ):
        if items:
            found += [Passage(""), Passage(title, "text--heading"), *(Passage(f"  {item}", "", 4) for item in items)]
    found += [Passage(""), Passage("Log", "text--heading")]
    found += list(_log(log)) or [Passage("  nothing yet", "text--muted")]
    return found


def welcome_text() -> str:
    return (
        "This program chats with a model over your MCP servers and shows every call. "
        "It needs a model: an OpenAI key, or any endpoint that speaks like OpenAI's, also a local one."
    )


def _tool(tool: Tool) -> Iterator[Passage]:
    mark = "⚠" if tool.problem else "☑" if tool.enabled else "☐"
    yield Passage(f"{mark} {clean(tool.name)}   {human_count(tool.tokens)} tokens", "text--accent")
    if tool.problem:
        yield Passage(f"    set aside: {clean(tool.problem)}", "text--warning", 4)
    for line in clean(tool.description).strip().splitlines():
        yield Passage(f"    {line}", "", 4)
    properties = tool.input_schema.get("properties")
    if isinstance(properties, dict):
        required = tool.input_schema.get("required")
        for name, schema in properties.items():
            kind = schema.get("type", "any") if isinstance(schema, dict) else "any"
            must = " (required)" if isinstance(required, list) and name in required else ""
            yield Passage(f"    · {clean(str(name))}: {clean(json.dumps(kind))}{must}", "text--muted", 6)


def _log(log: Sequence[tuple[float, ServerLogged]]) -> Iterator[Passage]:
    for at, event in log[-500:]:
        style = (
            "text--bad" if event.level == "error" else "text--warning" if event.level == "warning" else "text--muted"
        )
        for line in clean(event.text).splitlines():
            yield Passage(f"  {strftime('%H:%M:%S', localtime(at))} {event.source:<6} {line}", style, 18)
