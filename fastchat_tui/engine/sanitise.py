"""What stands between the world and an event: no control character and no secret gets into one.

Arguments of a call are what would be sent, to the last code point; they are masked but not cleaned, and whoever draws
them cleans them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from fastchat_tui.wire.events import Event, FrameSeen, ReplyFinished, ServerLogged, TextDelta, ThoughtDelta
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.servers import Tool
from fastchat_tui.wire.text import clean

T = TypeVar("T")
DEEPEST = 100
"""Levels of arrays and objects in an event; the log could keep no more than some 250."""
TOO_DEEP = "(nested too deeply to be shown)"
_VERBATIM = frozenset({"kind", "call", "turn", "question", "seq"})
_ARGUMENTS = frozenset({"arguments", "raw", "input_schema", "output_schema", "schema", "request", "result"})
_WORDS = frozenset({"description", "title", "$comment", "markdownDescription"})
"""Of a JSON schema: what is meant to be read."""


def sanitise(event: T, masker: Masker) -> T:
    """The event with every string in it cleaned and masked; the same object when nothing had to change."""
    match event:
        case TextDelta(text=text) | ThoughtDelta(text=text):
            safe = clean(masker.mask(text))
            return event if safe is text else replace(event, text=safe)
        case FrameSeen():
            return event  # masked by shape where it was seen, and JSON text escapes its own controls
        case ServerLogged(text=text):
            return replace(event, text=clean(masker.mask_shapes(text)))
        case _:
            walked: T = _walk(event, masker, True)
            return walked


class Fragments:
    """What streams in, put together so far that no secret comes in pieces: the beginning of one waits for the rest."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held: dict[str, TextDelta | ThoughtDelta] = {}

    def joined(self, event: Event) -> Iterator[Event]:
        """The event, after or without what is held; nothing is held behind the end of a reply."""
        if isinstance(event, TextDelta | ThoughtDelta):
            if held := self._held.pop(event.kind, None):
                event = replace(event, text=held.text + event.text)
            if begun := self._masker.begun(event.text):
                self._held[event.kind] = replace(event, text=event.text[-begun:])
                event = replace(event, text=event.text[:-begun])
            if not event.text:
                return
        elif isinstance(event, ReplyFinished):
            yield from self._held.values()
            self._held.clear()
        yield event


def legible(tool: Tool) -> Tool:
    """The tool with everything in it that is read, by people and models alike, made visible. What must arrive exactly
    stays as it is: names, and the values that a schema allows."""
    return replace(
        tool, title=clean(tool.title), description=clean(tool.description), input_schema=_worded(tool.input_schema)
    )


def encodable(text: str) -> str:
    """``text`` without lone surrogates, which no UTF-8 can carry; JSON escapes can smuggle them in."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def is_json(value: Any) -> bool:
    """Whether it arrives everywhere as it is: no NaN, no infinity, and no deeper than an event may be."""
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return not _deeper(value, DEEPEST)


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else None
    return inner is not None and (levels == 0 or any(_deeper(item, levels - 1) for item in inner))


def _worded(schema: Any) -> Any:
    match schema:
        case dict():
            return {
                key: clean(value) if key in _WORDS and isinstance(value, str) else _worded(value)
                for key, value in schema.items()
            }
        case list():
            return [_worded(item) for item in schema]
        case _:
            return schema


def _walk(value: Any, masker: Masker, cleaning: bool, levels: int = DEEPEST) -> Any:
    if isinstance(value, str):
        masked = masker.mask(value)
        return clean(masked) if cleaning else encodable(masked)
    if isinstance(value, tuple | list | dict) and levels == 0:
        return TOO_DEEP
    if isinstance(value, tuple | list):
        new = [_walk(item, masker, cleaning, levels - 1) for item in value]
        return value if all(a is b for a, b in zip(value, new, strict=True)) else type(value)(new)
    if isinstance(value, dict):
        pairs = ((_walk(k, masker, cleaning), _walk(v, masker, cleaning, levels - 1)) for k, v in value.items())
        walked = dict(pairs)
        return walked if walked != value else value
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for field in fields(value):
            if field.name in _VERBATIM:
                continue
            old = getattr(value, field.name)
            new = _walk(old, masker, cleaning and field.name not in _ARGUMENTS, levels)
            if new is not old:
                changed[field.name] = new
        return replace(value, **changed) if changed else value
    return value
