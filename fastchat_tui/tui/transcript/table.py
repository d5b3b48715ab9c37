"""Tables: columns that fit the width, cells wrapped and aligned; too many columns become one record per row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from rich.segment import Segment

from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.inline import inline
from fastchat_tui.tui.transcript.line import BLANK, Line, Run, cells
from fastchat_tui.tui.transcript.wrap import wrap

if TYPE_CHECKING:
    from markdown_it.token import Token

Cell: TypeAlias = list[Run]
_LEAST = 4
"""The narrowest column that is still readable."""


@dataclass
class Table:
    head: list[Cell] = field(default_factory=list)
    align: list[str] = field(default_factory=list)
    body: list[list[Cell]] = field(default_factory=list)
    naturals: list[int] = field(default_factory=list)
    """How wide each column would like to be."""

    def read(self, tokens: Sequence[Token], ink: Ink) -> None:
        """Adds the rows of a table's tokens; the head is taken once."""
        row: list[Cell] = []
        kind = ""
        first = not self.head
        for token in tokens:
            if token.type == "tr_open":
                row = []
            elif token.type in ("th_open", "td_open"):
                kind = token.type
                if kind == "th_open" and first:
                    self.align.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
            elif token.type == "inline":
                row.append(inline(token.children or (), ink, ("table-head",) if kind == "th_open" else ()))
            elif token.type == "tr_close":
                if kind == "td_open":
                    self.body.append(row)
                elif first:
                    self.head = row
                    self.naturals = [_LEAST - 1] * len(row)
                else:
                    continue
                self._measure(row)

    def _measure(self, row: list[Cell]) -> None:
        for index, cell in enumerate(row[: len(self.naturals)]):
            length = sum(cells(text) for text, _ in cell)
            if length > self.naturals[index]:
                self.naturals[index] = length

    def widths(self, width: int) -> tuple[int, ...]:
        """The columns' widths, or nothing when they cannot stand side by side."""
        count = len(self.naturals)
        room = width - 3 * (count - 1)
        if sum(self.naturals) <= room:
            return (*self.naturals,)
        if count * _LEAST > room:
            return ()
        widths = [0] * count
        for left, index in enumerate(sorted(range(count), key=self.naturals.__getitem__)):  # narrow ones get all
            widths[index] = min(self.naturals[index], (room - sum(widths)) // (count - left))
        return (*widths,)

    def lines(
        self, rows: Sequence[list[Cell]], widths: tuple[int, ...], width: int, ink: Ink, *, head: bool = True
    ) -> Iterator[Line]:
        """``rows`` of this table, under its head if that is wanted."""
        if not widths:
            for row in rows:
                yield from self._record(row, width, ink)
            return
        if head:
            yield from self._row(self.head, widths, ink)
            yield Line((Segment("─┼─".join("─" * w for w in widths), ink["table-line"]),))
        for row in rows:
            yield from self._row(row, widths, ink)

    def _row(self, row: list[Cell], widths: tuple[int, ...], ink: Ink) -> Iterator[Line]:
        wrapped = [wrap(row[i] if i < len(row) else (), w) for i, w in enumerate(widths)]
        border = Segment(" │ ", ink["table-line"])
        for y in range(max(map(len, wrapped))):
            segments: list[Segment] = []
            for index, cell in enumerate(wrapped):
                content = (cell[y] if y < len(cell) else BLANK).segments
                space = widths[index] - sum(cells(segment.text) for segment in content)
                align = self.align[index]
                left = space if align == "right" else space // 2 if align == "center" else 0
                if index:
                    segments.append(border)
                if left > 0:
                    segments.append(Segment(" " * left, ink.base))
                segments.extend(content)
                if space > left and index + 1 < len(wrapped):
                    segments.append(Segment(" " * (space - left), ink.base))
            yield Line((*segments,))

    def _record(self, row: list[Cell], width: int, ink: Ink) -> Iterator[Line]:
        for name, cell in zip(self.head, row, strict=False):
            yield from wrap([*name, (": ", ink["table-head"]), *cell], width)
        yield Line((Segment("─" * min(width, 12), ink["table-line"]),))


_CHUNK = 24


class OpenTable:
    """A table that goes on: its rows settle with the widths that fitted the first ones."""

    def __init__(self, width: int, ink: Ink) -> None:
        self._table = Table()
        self._width = width
        self._ink = ink
        self._widths: tuple[int, ...] = ()
        self._height = 0

    @classmethod
    def opened(cls, tokens: Sequence[Token], width: int, ink: Ink) -> OpenTable | None:
        """None while the table is so short that it is better drawn whole."""
        return cls(width, ink) if sum(token.type == "tr_open" for token in tokens) > _CHUNK else None

    def take(self, tokens: Sequence[Token]) -> list[Line]:
        """The rows before the last, which may still grow."""
        return self._take(tokens[: _last_row(tokens)])

    def _take(self, tokens: Sequence[Token]) -> list[Line]:
        begin = len(self._table.body)
        first = not self._table.head
        self._table.read(tokens, self._ink)
        if first:
            self._widths = self._table.widths(self._width)
        rows = self._table.body[begin:]
        lines = [*self._table.lines(rows, self._widths, self._width, self._ink, head=first)]
        self._height += len(lines)
        return lines

    def draft(self, tokens: Sequence[Token]) -> list[Line]:
        """The last row as it is now."""
        part = Table(self._table.head, self._table.align, [], self._table.naturals[:])
        part.read(tokens[_last_row(tokens) :], self._ink)
        return [*part.lines(part.body, self._widths, self._width, self._ink, head=False)]

    def left(self, source: str, tokens: Sequence[Token]) -> str:
        """The source without the rows that were taken; its head stays, so that it is still a table."""
        lines = source.split("\n")
        begin = (tokens[0].map or (0, 0))[0]
        last = (tokens[_last_row(tokens)].map or (0, 0))[0]
        return "\n".join((*lines[begin : begin + 2], *lines[last:]))

    def close(self, tokens: Sequence[Token]) -> tuple[int, list[Line]]:
        """No row follows: how many settled lines to take back, and what to put there."""
        drop = self._height
        lines = self._take(tokens)
        widths = self._table.widths(self._width)
        if widths == self._widths:
            return 0, lines
        return drop, [*self._table.lines(self._table.body, widths, self._width, self._ink)]


def _last_row(tokens: Sequence[Token]) -> int:
    return max(at for at, token in enumerate(tokens) if token.type == "tr_open")
