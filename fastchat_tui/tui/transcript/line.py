"""One drawn row of the transcript: what every renderer of this folder makes, and the widget turns into strips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

Run: TypeAlias = tuple[str, Style]
"""Text of one style; it may hold newlines."""


class Line(NamedTuple):
    segments: tuple[Segment, ...] = ()
    skip: int = 0
    """How many characters at its start are decoration (bars, indents): drawn, but not copied."""
    glue: str = "\n"
    """What stands between this row and the next in the text: a newline, or what a wrap has swallowed."""
    fill: Style | None = None
    """The style of the rest of the row."""

    @property
    def text(self) -> str:
        return "".join(segment.text for segment in self.segments)


BLANK = Line()


def cells(text: str) -> int:
    """The width of a text that holds no control characters."""
    return len(text) if text.isascii() else cell_len(text)


class Document(Protocol):
    """Rows that can be drawn. ``place`` and ``row_at`` name a position that survives another width."""

    @property
    def height(self) -> int: ...
    def line(self, y: int) -> Line: ...
    def place(self, y: int) -> float: ...
    def row_at(self, place: float) -> int: ...


class Rows:
    """A document of a few rows that are all there."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines

    @property
    def height(self) -> int:
        return len(self._lines)

    def line(self, y: int) -> Line:
        return self._lines[y] if 0 <= y < len(self._lines) else BLANK

    def place(self, y: int) -> float:
        return y / max(1, self.height)

    def row_at(self, place: float) -> int:
        return round(place * self.height)


def indented(lines: Iterable[Line], first: Sequence[Segment], rest: Sequence[Segment], bars: int = 0) -> list[Line]:
    """``lines`` behind a prefix. Copies of wrapped rows leave it out, those of others its first ``bars`` characters."""
    out: list[Line] = []
    prefix = (*first,)
    length = sum(len(segment.text) for segment in rest)
    wrapped = False
    for line in lines:
        skip = length + line.skip if wrapped or line.skip or bars == length else bars
        out.append(Line((*prefix, *line.segments), skip, line.glue, line.fill))
        wrapped = line.glue != "\n"
        if not out[1:]:
            prefix = (*rest,)
    return out
