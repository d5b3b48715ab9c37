"""Bytes to lines in linear time and bounded memory, and the id that a line answers even when it cannot be parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_LINE = 16 << 20
"""Longest accepted message."""
_HEAD = 4096
_TAIL = 1024

_ID = rb'"id"\s*:\s*(-?\d{1,18}|"[^"\\]{0,200}")\s*'
_VERSION = rb'"jsonrpc"\s*:\s*"2\.0"\s*'
_FIRST = re.compile(rb"\s*\{\s*(?:" + _VERSION + rb",\s*)?" + _ID + rb"[,}]")
_LAST = re.compile(rb",\s*(?:" + _VERSION + rb",\s*)?" + _ID + rb"(?:,\s*" + _VERSION + rb")?\}\s*$")
_METHOD = re.compile(rb"\s*\{\s*(?:(?:" + _VERSION + rb"|" + _ID + rb"),\s*)*\"method\"")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end. When it was longer than allowed, ``data`` is only its head and tail."""

    data: bytes
    size: int
    cut: bool = False


class Lines:
    """Cuts a stream into lines. Each byte is copied once, however long the line."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._head = b""
        self._tail = b""
        self._cut = False

    def feed(self, chunk: bytes) -> Iterator[Line]:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._add(chunk[start:end])
            yield self._take()
            start = end + 1
        if start < len(chunk):
            self._add(chunk[start:])

    def rest(self) -> Line | None:
        """What came after the last line end, when the stream is over."""
        return self._take() if self._size else None

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._cut:
            self._tail = (self._tail + piece[-_TAIL:])[-_TAIL:]
            return
        self._parts.append(piece)
        if self._size > self._limit:
            whole = b"".join(self._parts)
            self._head, self._tail, self._cut = whole[:_HEAD], whole[-_TAIL:], True
            self._parts.clear()

    def _take(self) -> Line:
        data = self._head + self._tail if self._cut else b"".join(self._parts)
        line = Line(data, self._size, self._cut)
        self._parts, self._size, self._head, self._tail, self._cut = [], 0, b"", b"", False
        return line


def answered_id(line: bytes) -> int | str | None:
    """The request that a broken answer belongs to: the id at the beginning or the end of its outermost object.

    None for a request or notification of the server, and where no id can be told for sure.
    """
    if _METHOD.match(line):
        return None
    found = _FIRST.match(line, 0, _HEAD) or _LAST.search(line, max(0, len(line) - _TAIL))
    if found is None:
        return None
    text: str = found[1].decode("utf-8", "replace")
    return text[1:-1] if text.startswith('"') else int(text)
