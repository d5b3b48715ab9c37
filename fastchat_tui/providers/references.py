"""Local ``$ref`` put in place, because many APIs follow none. A schema that refers to itself keeps its references."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fastchat_tui.wire.content import Object

MAX_DEPTH = 40


class Unresolved(Exception):
    """The schema is not of a shape that can be read."""


class _Endless(Exception):
    """It refers to itself, or grows without measure."""


def inlined(schema: Object, limit: int) -> Object:
    """``schema`` without references, if it stays below about ``limit`` characters; else as it is."""
    if not isinstance(schema, dict):
        raise Unresolved("it is not an object")
    if not _refers(schema):
        return schema
    try:
        made = _Walk(schema, limit).put(schema, (), 0)
    except _Endless:
        root = schema.get("$ref")
        return {**_found(schema, root), **_without(schema, "$ref")} if isinstance(root, str) else schema
    return _without(made, "$defs", "definitions")


class _Walk:
    def __init__(self, root: Object, limit: int) -> None:
        self._root = root
        self._left = limit // 10

    def put(self, value: Any, through: tuple[str, ...], depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > 4 * MAX_DEPTH:
            raise _Endless
        if isinstance(value, list):
            return [self.put(item, through, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        ref = value.get("$ref")
        if not isinstance(ref, str):
            return {
                key: inner if key in ("$defs", "definitions") and depth == 0 else self.put(inner, through, depth + 1)
                for key, inner in value.items()
            }
        if ref in through or len(through) > MAX_DEPTH:
            raise _Endless
        target = self.put(_found(self._root, ref), (*through, ref), depth + 1)
        beside = self.put(_without(value, "$ref"), through, depth + 1)
        return {**_without(target, "$defs", "definitions"), **beside} if isinstance(target, dict) else target


def _found(root: Object, ref: str) -> Any:
    """What a local reference points to; anything is allowed where it points to nothing."""
    if not ref.startswith("#"):
        return {}
    value: Any = root
    for step in filter(None, ref[1:].split("/")):
        step = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return {}
    return value if isinstance(value, dict | bool) else {}


def _refers(value: Any) -> bool:
    stack = [value]
    while stack:
        match stack.pop():
            case dict() as inner:
                if "$ref" in inner:
                    return True
                stack.extend(inner.values())
            case list() as inner:
                stack.extend(inner)
            case _:
                pass
    return False


def _without(value: Object, *keys: str) -> Object:
    return {key: inner for key, inner in value.items() if key not in keys}
