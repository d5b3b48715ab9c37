"""The words of the pages: help, a server, the first run. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from time import localtime, strftime

from fastchat_tui.tui.bindings import TABLE, Region
from fastchat_tui.tui.footer import keys_of
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.wire.events import ServerLogged
from fastchat_tui.wire.servers import ServerView, Tool
from fastchat_tui.wire.text import clean, human_count

PLACES: dict[Region, str] = {
    "composer": "While you write",
    "servers": "In the servers pane",
    "transcript": "In the chat",
    "calls": "In the calls pane",
    "detail": "In what a call shows",
    "tree": "In a tree of values",
    "chat": "Everywhere",
    "app": "Everywhere",
    "approval": "When a call asks",
}


def help_text(here: Region, keymap: Mapping[str, str]) -> list[Passage]:
    """All keys as the user has mapped them, those of the present place first."""
    found: list[Passage] = []
    for place in (here, *(place for place in PLACES if place != here)):
        heading = PLACES.get(place, place) + (" (you are here)" if place == here else "")
        found += [Passage(heading, "text--heading")] if place != "app" else []
        found += [Passage(f"  {' '.join(keys_of(key, keymap)):<18} {key.help}") for key in TABLE if key.region == place]
        found += [Passage("")] if place != "chat" else []
    return found


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
    found = [Passage(f"{name:<13} {clean(value)}") for name, value in facts.items() if value]
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
            found += [Passage(""), Passage(title, "text--heading"), *(Passage(f"  {item}") for item in items)]
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
        yield Passage(f"    set aside: {clean(tool.problem)}", "text--warning")
    for line in clean(tool.description).strip().splitlines():
        yield Passage(f"    {line}")
    properties = tool.input_schema.get("properties")
    if isinstance(properties, dict):
        required = tool.input_schema.get("required")
        for name, schema in properties.items():
            kind = schema.get("type", "any") if isinstance(schema, dict) else "any"
            must = " (required)" if isinstance(required, list) and name in required else ""
            yield Passage(f"    · {clean(str(name))}: {clean(json.dumps(kind))}{must}", "text--muted")


def _log(log: Sequence[tuple[float, ServerLogged]]) -> Iterator[Passage]:
    for at, event in log[-500:]:
        style = (
            "text--bad" if event.level == "error" else "text--warning" if event.level == "warning" else "text--muted"
        )
        for line in clean(event.text).splitlines():
            yield Passage(f"  {strftime('%H:%M:%S', localtime(at))} {event.source:<6} {line}", style)
