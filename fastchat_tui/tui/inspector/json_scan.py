"""Finding the way through JSON text without decoding it.

Nothing here runs longer than a few milliseconds at a time, however large or hostile the text: the patterns are bounded
and possessive, the walks are generators that yield ``None`` wherever the caller may pause. The text is never turned
into Python objects, so that a view shows exactly what came (any number of digits, repeated names, 100,000 levels).
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from typing import Literal, TypeAlias

Entry: TypeAlias = tuple[int, int, int]
"""Where the name begins (where the value does, in an array), where the value begins, and where it ends."""
Kind = Literal["object", "array", "string", "number", "word", "malformed"]

_SPACE = re.compile(r"[ \t\n\r]*+")
_SHORT_STRING = re.compile(r'"[^"\\]{0,4096}+(?:\\.[^"\\]{0,256}+){0,16}+"', re.S)
_STRING_CHUNK = re.compile(r'(?:[^"\\]{1,4096}+|\\.){0,128}+', re.S)
_SCALAR = re.compile(r'[^ \t\n\r,\[\]{}":]{0,65536}+')
_TO_BRACKET = re.compile(rf'(?:[^"\[\]{{}}]{{1,4096}}+|{_SHORT_STRING.pattern}){{0,256}}+', re.S)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*+)(?:\.\d++)?+(?:[eE][+-]?\d++)?+")
_UNIT = r'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])'


class Malformed(Exception):
    """The text is no JSON from ``at`` on."""

    def __init__(self, at: int, expected: str) -> None:
        super().__init__(f"expected {expected} at character {at + 1:,}")
        self.at = at


def skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def entries(text: str, at: int) -> Generator[Entry | None, None, int]:
    """The children of the array or object that opens at ``at``, in order; returns where it ends."""
    named = text[at] == "{"
    close = "}" if named else "]"
    at = skip_space(text, at + 1)
    if text.startswith(close, at):
        return at + 1
    while True:
        name = at
        if named:
            if not text.startswith('"', at):
                raise Malformed(at, "a name in quotes")
            at = skip_space(text, (yield from _string_end(text, at)))
            if not text.startswith(":", at):
                raise Malformed(at, "“:”")
            at = skip_space(text, at + 1)
        value = at
        at = yield from value_end(text, at)
        yield name, value, at
        at = skip_space(text, at)
        if text.startswith(close, at):
            return at + 1
        if not text.startswith(",", at):
            raise Malformed(at, f"“,” or “{close}”")
        at = skip_space(text, at + 1)


def value_end(text: str, at: int) -> Generator[None, None, int]:
    """Where the value that begins at ``at`` ends."""
    match text[at : at + 1]:
        case '"':
            return (yield from _string_end(text, at))
        case "{" | "[":
            return (yield from _container_end(text, at))
    scalar = _SCALAR.match(text, at)
    if scalar is None or scalar.end() == at:
        raise Malformed(at, "a value")
    return scalar.end()


def _string_end(text: str, at: int) -> Generator[None, None, int]:
    if short := _SHORT_STRING.match(text, at):
        return short.end()
    at += 1
    while chunk := _STRING_CHUNK.match(text, at):
        if text.startswith('"', chunk.end()):
            return chunk.end() + 1
        if chunk.end() == at:
            break
        at = chunk.end()
        yield
    raise Malformed(len(text), "the end of a string")


def _container_end(text: str, at: int) -> Generator[None, None, int]:
    depth = 0
    size = len(text)
    while at < size:
        mark = text[at]
        if mark in "{[":
            depth += 1
            at += 1
        elif mark in "}]":
            depth -= 1
            at += 1
            if not depth:
                return at
        elif mark == '"':  # one that is too long for the pattern below
            at = yield from _string_end(text, at)
        if match := _TO_BRACKET.match(text, at):
            at = match.end()
        yield
    raise Malformed(size, "“}” or “]”")


def kind_at(text: str, at: int, end: int) -> Kind:
    match text[at : at + 1]:
        case "{":
            return "object"
        case "[":
            return "array"
        case '"':
            return "string"
    scalar = text[at : min(end, at + 5000)]
    if scalar in ("true", "false", "null"):
        return "word"
    return "number" if _NUMBER.fullmatch(scalar) else "malformed"


def decoded(text: str, at: int, limit: int) -> tuple[str, bool]:
    """The string that begins at ``at``, at most ``limit`` characters of it, and whether that is all of it."""
    body = re.compile(rf"{_UNIT}{{0,{limit}}}+", re.S).match(text, at + 1)
    end = body.end() if body else at + 1
    try:
        return json.loads(f'"{text[at + 1 : end]}"', strict=False), text.startswith('"', end)
    except ValueError:
        return text[at + 1 : end], text.startswith('"', end)
