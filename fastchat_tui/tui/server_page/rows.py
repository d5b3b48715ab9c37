"""What the tabs of a server's page hold, as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import localtime, strftime
from typing import Literal, get_args

from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.wire.events import ServerLogged
from fastchat_tui.wire.servers import (
    Offer,
    PromptTemplate,
    Resource,
    ResourceTemplate,
    ServerOptions,
    ServerView,
    Tool,
)
from fastchat_tui.wire.text import clean, human_count, one_line

Tab = Literal["about", "tools", "resources", "prompts", "log"]
TABS: tuple[Tab, ...] = get_args(Tab)
CHANGED, WATCHED = "↻", "◉"
MOST_LINES = 500
"""Of the log."""
ERAS = {"": "as its entry says", "auto": "find out", "legacy": "2025-11-25 or before", "2026-07-28": "2026-07-28"}


@dataclass(frozen=True, slots=True)
class Row:
    """One offer: ``mark`` tells how it stands, ``note`` what it is."""

    offer: Offer
    mark: str
    name: str
    note: str

    @property
    def key(self) -> str:
        return f"{type(self.offer).__name__} {self.name}"


def titles(view: ServerView) -> tuple[str, ...]:
    """The names of the tabs, each with how much it holds."""
    counts = {
        "tools": len(view.tools),
        "resources": len(view.resources) + len(view.templates),
        "prompts": len(view.prompts),
    }
    return tuple(f"{tab} {counts[tab]}" if counts.get(tab) else tab for tab in TABS)


def rows(view: ServerView, tab: Tab) -> list[Row]:
    match tab:
        case "tools":
            return [
                Row(tool, "⚠" if tool.problem else "☑" if tool.enabled else "☐", tool.name, human_count(tool.tokens))
                for tool in view.tools
            ]
        case "resources":
            found = [Row(one, _mark(view, one.uri), one.uri, one.name or one.description) for one in view.resources]
            return found + [Row(one, "…", one.uri_template, one.name or one.description) for one in view.templates]
        case "prompts":
            return [Row(one, "/", one.name, one.description) for one in view.prompts]
        case _:
            return []


def _mark(view: ServerView, uri: str) -> str:
    return CHANGED if uri in view.changed else WATCHED if uri in view.watched else " "


def detail(view: ServerView, offer: Offer) -> list[Passage]:
    """All that is known of an offer."""
    match offer:
        case Tool():
            return list(_tool(offer))
        case Resource(uri=uri):
            found = [*_what(offer.name, offer.mime_type, offer.description), Passage(uri, "text--muted")]
            words = {CHANGED: "It has changed since it was read.", WATCHED: "Its changes are told."}
            return [*found, Passage(words.get(_mark(view, uri), ""), "text--accent")]
        case ResourceTemplate():
            found = _what(offer.name, offer.mime_type, offer.description)
            return [*found, Passage("A template: what stands in braces is asked for.", "text--muted")]
        case PromptTemplate():
            arguments = (_argument(one.name, one.description, one.required) for one in offer.arguments)
            return [*_what(offer.description), *arguments] or [Passage("It takes no arguments.", "text--muted")]


def _what(*words: str) -> list[Passage]:
    return [Passage(word) for word in words if word]


def _argument(name: str, description: str, required: bool) -> Passage:
    about = f"  {one_line(description, 200)}" if description else ""
    return Passage(f"· {one_line(name, 60)}{' (needed)' if required else ''}{about}", "text--muted")


def _tool(tool: Tool) -> Iterator[Passage]:
    if tool.problem:
        yield Passage(f"set aside: {tool.problem}", "text--warning")
    if tool.title and tool.title != tool.name:
        yield Passage(tool.title, "text--heading")
    if tool.description:
        yield Passage(tool.description.strip())
    if tool.as_task:
        yield Passage("It runs as a task, on the server's own time.", "text--muted")
    properties = tool.input_schema.get("properties")
    required = tool.input_schema.get("required")
    for name, schema in (properties if isinstance(properties, dict) else {}).items():
        kind = schema.get("type", "any") if isinstance(schema, dict) else "any"
        about = str(schema.get("description", "")) if isinstance(schema, dict) else ""
        needed = isinstance(required, list) and name in required
        yield _argument(f"{name}: {json.dumps(kind)}", about, needed)


def about(view: ServerView) -> list[Passage]:
    """How it stands, what it may do, and what it says of its use."""
    facts = {
        "state": f"{view.state.replace('_', ' ')}  {view.detail}".strip(),
        "tried again": strftime("%H:%M:%S", localtime(view.again_at)) if view.again_at else "",
        "runs" if view.transport == "stdio" else "at": view.destination,
        "transport": view.transport,
        "protocol": f"{view.era}{'  (you chose the era)' if view.options.era in ('legacy', '2026-07-28') else ''}",
        "calls itself": view.identity,
        "from": view.origin,
        "about": view.description,
    }
    found = [Passage(f"{name:<13} {clean(value)}", "", 14) for name, value in facts.items() if value]
    found += [Passage(""), Passage("It may", "text--heading"), *map(Passage, _may(view.options))]
    if view.left_out:
        found += [Passage(""), Passage("Left out", "text--warning"), *(Passage(f"  {text}") for text in view.left_out)]
    if view.instructions:
        heading = "Instructions" + ("" if view.options.instructions else " (not shown to the model)")
        found += [Passage(""), Passage(heading, "text--heading"), Passage(view.instructions)]
    return found


def _may(options: ServerOptions) -> Iterator[str]:
    budget = f"yes, after you see each request; {options.sampling_budget:,} tokens in a run"
    yield f"  ask the model   {budget if options.sampling else 'no, and it is not told that it could'}"
    yield f"  instruct it     {'yes' if options.instructions else 'no'}"
    yield f"  log             {options.log_level} and worse"
    yield f"  know folders    {', '.join(options.roots) or 'none'}"


def log(lines: Sequence[tuple[float, ServerLogged]]) -> list[Passage]:
    styles = {"error": "text--bad", "warning": "text--warning"}
    found = [
        Passage(
            f"{strftime('%H:%M:%S', localtime(at))} {said.source:<6} {line}", styles.get(said.level, "text--muted"), 16
        )
        for at, said in lines[-MOST_LINES:]
        for line in clean(said.text).splitlines()
    ]
    return found or [Passage("nothing yet", "text--muted")]
