"""The words of the pages: help, the first run. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fastchat_tui.tui.bindings import TABLE, Key
from fastchat_tui.tui.footer import keys_of
from fastchat_tui.tui.inspector.wrap import Passage

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
    "palette": "In the palette",
    "tree": "In a tree of values",
    "detail": "In a text or a tree",
    "modal": "In a window",
    "chat": "Everywhere",
    "app": "Everywhere",
    "resource": "When you read a resource",
    "prompt": "When you read a prompt",
}
"""Regions of the table of keys, those of the smallest place first."""
ELSEWHERE = ("composer", "servers", "transcript", "calls", "detail", "tree", "approval")


def help_text(
    here: Collection[str],
    keymap: Mapping[str, str],
    *,
    words: Mapping[str, str] | None = None,
    elsewhere: bool = True,
    column: int = 20,
) -> list[Passage]:
    """The keys whose ids are ``here``, then, if wanted, those of the other places; all as the user has mapped them.
    ``words`` are said of an id instead of those of the table."""
    words = words or {}
    regions = [place for place in PLACES if any(key.id in here for key in TABLE if key.region == place)]
    found: list[Passage] = []
    heading = ""
    for place in (*regions, *(place for place in ELSEWHERE if elsewhere and place not in regions)):
        if heading != (heading := PLACES[place]):
            mark = " (you are here)" if place == regions[0] else ""
            found += [*([Passage("")] if found else []), Passage(heading + mark, "text--heading")]
        rows = [key for key in TABLE if key.region == place and (key.id in here or place not in regions)]
        for key in rows:
            text = f"  {_keys(key, keymap, column):<{column}}  {words.get(key.id, key.help)}"
            found.append(Passage(text, "", column + 4))
    return found


def _keys(key: Key, keymap: Mapping[str, str], column: int) -> str:
    """The keys of an action, as many as the column holds."""
    keys = keys_of(key, keymap)
    while len(keys) > 1 and len(" ".join(keys)) > column:
        keys.pop()
    return " ".join(keys)


def welcome_text() -> str:
    return (
        "This program chats with a model over your MCP servers and shows every call. "
        "It needs a model: an OpenAI key, or any endpoint that speaks like OpenAI's, also a local one."
    )
