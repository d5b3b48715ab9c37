"""Long texts as rows of a given width, laid out in slices: the pure half of ``text_view``.

Each row is cleaned, fits the width, and all rows together hold every character: nothing is cut off, nothing hidden.
Time and memory grow with the text, not with the length of its lines.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import NamedTuple

from rich.cells import cell_len

from fastchat_tui.wire.text import clean

_CHUNK = 16_384


class Passage(NamedTuple):
    """Some lines of one style: the name of a component class of ``TextView``, or empty for plain text."""

    text: str
    style: str = ""
    hang: int = 0
    """How far the rows of a line that was wrapped are indented."""


class _Block(NamedTuple):
    text: str
    starts: array[int]
    passage: Passage
    inside: bool
    """Whether it begins within a line."""

    def goes_on(self, i: int) -> bool:
        """Whether a row goes on with the line of the row before."""
        return self.text[self.starts[i] - 1] != "\n" if self.starts[i] else self.inside


class Row(NamedTuple):
    text: str = ""
    style: str = ""
    indent: int = 0
    goes_on: bool = False
    """Whether it goes on with the line of the row before."""


class Wrapped:
    def __init__(self, passages: Sequence[Passage], width: int) -> None:
        self.width = max(1, width)
        self.done = False
        self._blocks: list[_Block] = []
        self._rows = [0]
        """Rows before each block, and the total."""
        self._places = [0]
        """Characters before each block, and the total."""
        self._layout = self._lay_out(passages)

    @property
    def height(self) -> int:
        return self._rows[-1]

    def work(self, seconds: float) -> None:
        """Lays out for about ``seconds``, and something in any case; ``done`` says whether that was all."""
        until = perf_counter() + seconds
        self._step()
        while not self.done and perf_counter() < until:
            self._step()

    def reach(self, rows: int) -> int:
        """Lays out until there are ``rows`` of them, or all; gives how many there are, at most ``rows``."""
        while not self.done and self.height < rows:
            self._step()
        return min(rows, self.height)

    def _step(self) -> None:
        if next(self._layout, "end") == "end":
            self.done = True

    def row(self, y: int) -> Row:
        k = bisect_right(self._rows, y) - 1
        if not 0 <= k < len(self._blocks):
            return Row()
        block = self._blocks[k]
        i = y - self._rows[k]
        text, starts, (_, style, hang) = block.text, block.starts, block.passage
        end = starts[i + 1] if i + 1 < len(starts) else len(text)
        goes_on = block.goes_on(i)
        return Row(text[starts[i] : end].rstrip("\n"), style, min(hang, self.width // 2) if goes_on else 0, goes_on)

    def place(self, y: int) -> int:
        """How many characters come before a row: the same at every width."""
        k = bisect_right(self._rows, y) - 1
        if not 0 <= k < len(self._blocks):
            return self._places[-1]
        return self._places[k] + self._blocks[k].starts[y - self._rows[k]]

    def row_at(self, place: int) -> int | None:
        """The row that holds a place; None when the layout has not come to it yet."""
        k = bisect_right(self._places, place) - 1
        if k >= len(self._blocks):
            return max(0, self.height - 1) if self.done else None
        return self._rows[k] + max(0, bisect_right(self._blocks[k].starts, place - self._places[k]) - 1)

    def _lay_out(self, passages: Sequence[Passage]) -> Iterator[None]:
        for passage in passages:
            text, rest, at, inside = passage.text, "", 0, False
            while True:
                stop = at + _CHUNK
                if text[stop - 1 : stop + 1] == "\r\n":
                    stop += 1
                chunk = rest + clean(text[at:stop]).replace("\t", "    ")
                at = stop
                hang = min(passage.hang, self.width // 2)
                starts, end = wrap_rows(chunk, self.width, at >= len(text), hang, inside)
                if starts:
                    self._blocks.append(_Block(chunk[:end], starts, passage._replace(text=""), inside))
                    inside = chunk[end - 1 : end] != "\n"
                    self._rows.append(self._rows[-1] + len(starts))
                    self._places.append(self._places[-1] + end)
                rest = chunk[end:]
                yield
                if at >= len(text):
                    break


def wrap_rows(text: str, width: int, last: bool, hang: int = 0, inside: bool = False) -> tuple[array[int], int]:
    """Where the rows of ``text`` begin, and where the last of them ends; without ``last`` more text follows.

    Rows that go on with a line have ``hang`` cells less; ``inside`` says that the first one does.
    """
    whole = width
    starts = array("I")
    size, pos, narrow = len(text), 0, text.isascii()
    if not size and last:
        starts.append(0)
    while pos < size:
        width = whole - hang if hang and (text[pos - 1] != "\n" if pos else inside) else whole
        line = text.find("\n", pos, pos + width + 1)
        end = line if line >= 0 else min(pos + width, size)
        fits = end if narrow else pos + _fit(text[pos:end], width)
        if fits < end or line < 0:
            if fits == size and not last:
                break  # the rest of this row comes with the next chunk
            if fits < size:
                space = text.rfind(" ", pos + width // 2, fits + 1)
                fits = space + 1 if space > pos and space >= fits - width // 2 else fits
            following = fits
        else:
            following = line + 1
        starts.append(pos)
        pos = following
    return starts, pos


def _fit(text: str, width: int) -> int:
    """How many characters of ``text`` fit, at least one."""
    if text.isascii() or cell_len(text) <= width:
        return len(text)
    used = 0
    for count, char in enumerate(text):
        used += cell_len(char)
        if used > width:
            return max(1, count)
    return len(text)
