"""Values of a configuration file, each of the kind that it must be."""

from __future__ import annotations

from typing import Any

from fastchat_tui.wire.content import Object

LONGEST = 1e9
"""Seconds, or milliseconds, that somebody may want to wait: no more than any clock counts."""


class Wrong(Exception):
    """A value that is not what it must be; the text names the key and what was expected."""


def seconds(entry: Object, keys: tuple[str, ...], default: float) -> float:
    """The first key that is there. ``timeout`` is milliseconds in some hosts: from 1000 on it is taken for that."""
    for key in keys:
        if (value := entry.get(key)) is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
            raise Wrong(f"“{key}” must be a positive number of seconds.")
        return value / 1000 if key == "timeout" and value >= 1000 else float(value)
    return default


def text(entry: Object, key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise Wrong(f"“{key}” must be a text.")
    return value


def flag(entry: Object, key: str, default: bool) -> bool:
    value = entry.get(key, default)
    if not isinstance(value, bool):
        raise Wrong(f"“{key}” must be true or false.")
    return value


def strings(entry: Object, key: str) -> list[str]:
    value = entry.get(key) or []
    if not isinstance(value, list) or not all(_is_scalar(item) for item in value):
        raise Wrong(f"“{key}” must be a list of texts.")
    return [_as_text(item) for item in value]


def mapping(entry: Object, key: str) -> dict[str, str]:
    value = entry.get(key) or {}
    if not isinstance(value, dict) or not all(_is_scalar(item) for item in value.values()):
        raise Wrong(f"“{key}” must be an object of texts.")
    return {name: _as_text(item) for name, item in value.items()}


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
