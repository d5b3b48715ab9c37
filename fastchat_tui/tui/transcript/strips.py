"""Lines as strips of the terminal: gutter, ground, selection. Strips of lines that did not change are used again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.line import Line
from fastchat_tui.tui.transcript.wrap import wrap

Rows: TypeAlias = Sequence[Sequence[tuple[str, str]]]
"""Runs of each row: text and role."""
GUTTER = 2
"""Columns before the text; the marker of the selected item stands there."""
MARGIN = 1
"""Columns after it."""


class Strips:
    def __init__(self, ink: Ink) -> None:
        self.ink = ink
        self._cache: LRUCache[tuple[int, int, bool], tuple[Line, int, Strip]] = LRUCache(256)
        self._centred: tuple[Rows, int, list[Strip]] | None = None

    def strip(self, line: Line, key: tuple[int, int], width: int, *, marked: bool) -> Strip:
        """The strip of a line, ``width`` cells; ``key`` names its place."""
        known = self._cache.get((*key, marked))
        if known is not None and known[:2] == (line, width):
            return known[2]
        gutter = Segment("▎ ", self.ink["marker"]) if marked else Segment("  ", self.ink.base)
        strip = Strip((gutter, *line.segments)).adjust_cell_length(width - MARGIN, line.fill or self.ink.base)
        strip = strip.extend_cell_length(width, self.ink.base)
        self._cache[(*key, marked)] = line, width, strip
        return strip

    def centred(self, rows: Rows, width: int) -> list[Strip]:
        """Rows, wrapped; they begin below each other, so that the widest stands in the middle."""
        if self._centred is None or self._centred[:2] != (rows, width):
            ink, room = self.ink, max(8, width - 4)
            lines = [line for runs in rows for line in wrap([(text, ink[role]) for text, role in runs], room)]
            left = max(0, (width - max((Strip(line.segments).cell_length for line in lines), default=0)) // 2)
            indent = Segment(" " * left, ink.base)
            strips = [Strip((indent, *line.segments)).adjust_cell_length(width, ink.base) for line in lines]
            self._centred = rows, width, strips
        return self._centred[2]

    def clear(self, ink: Ink) -> None:
        self.ink = ink
        self._cache.clear()
        self._centred = None


def highlighted(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """``strip`` with the characters from ``start`` to ``end`` (-1: all others) in ``style``."""
    size = len(strip.text)
    end = size if end < 0 else min(end, size)
    start = min(start, end)
    if start == end:
        return strip
    cuts = [strip.index_to_cell_position(start), strip.index_to_cell_position(end), strip.cell_length]
    before, inside, after = strip.divide(cuts)
    chosen = [Segment(text, (own or Style()) + style) for text, own, _ in inside]
    return Strip((*before, *chosen, *after), strip.cell_length)


def overlaid(strip: Strip, label: str, style: Style) -> Strip:
    """``strip`` with a label at its right end."""
    end = Strip([Segment(label, style)]).crop(0, strip.cell_length)
    return Strip.join([strip.crop(0, strip.cell_length - end.cell_length), end])
