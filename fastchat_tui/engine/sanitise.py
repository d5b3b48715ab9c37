"""What stands between the world and an event: no control character and no secret gets into one.

Arguments of a call are what would be sent, to the last code point; they are masked but not cleaned, and whoever draws
them cleans them.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from fastchat_tui.wire.events import FrameSeen, ServerLogged, TextDelta, ThoughtDelta
from fastchat_tui.wire.text import Masker, clean

T = TypeVar("T")
_VERBATIM = frozenset({"kind", "call", "turn", "question", "seq"})
_ARGUMENTS = frozenset({"arguments", "raw", "input_schema", "output_schema", "schema", "request", "result"})


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


def encodable(text: str) -> str:
    """``text`` without lone surrogates, which no UTF-8 can carry; JSON escapes can smuggle them in."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _walk(value: Any, masker: Masker, cleaning: bool) -> Any:
    if isinstance(value, str):
        masked = masker.mask(value)
        return clean(masked) if cleaning else encodable(masked)
    if isinstance(value, tuple | list):
        new = [_walk(item, masker, cleaning) for item in value]
        return value if all(a is b for a, b in zip(value, new, strict=True)) else type(value)(new)
    if isinstance(value, dict):
        walked = {_walk(k, masker, cleaning): _walk(v, masker, cleaning) for k, v in value.items()}
        return walked if walked != value else value
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for field in fields(value):
            if field.name in _VERBATIM:
                continue
            old = getattr(value, field.name)
            new = _walk(old, masker, cleaning and field.name not in _ARGUMENTS)
            if new is not old:
                changed[field.name] = new
        return replace(value, **changed) if changed else value
    return value
