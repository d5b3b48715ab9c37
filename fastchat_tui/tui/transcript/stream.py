"""A text that grows at its end, as rows: what is settled stays, only the tail is drawn again.

Invariant: every line of the source is rendered a bounded number of times however it arrives, and after ``finish`` the
rows are those of the whole text rendered at once. Work is done in slices, so that no text holds the loop.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, Protocol

from rich.segment import Segment
from rich.style import Style

from fastchat_tui.tui.transcript.growing import GrowingMarkdown
from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.line import BLANK, Line, indented
from fastchat_tui.tui.transcript.wrap import Flow

_SLICE = 8_192
"""Characters that one step of work takes in, or as many again as are not settled."""


class Growing(Protocol):
    @property
    def left(self) -> int: ...
    def take(self, text: str) -> tuple[int, list[Line]]: ...
    def close(self) -> tuple[int, list[Line]]: ...
    def draft(self) -> list[Line]: ...


class GrowingText:
    """Text that is shown as it is."""

    left = 0

    def __init__(self, width: int, ink: Ink) -> None:
        self._flow = Flow(width, ink.base)

    def take(self, text: str) -> tuple[int, list[Line]]:
        return 0, self._flow.take(text.replace("\t", "    "))

    def close(self) -> tuple[int, list[Line]]:
        return 0, [self._flow.rest]

    def draft(self) -> list[Line]:
        return [self._flow.rest]


class StreamDocument:
    """``title`` stands above the text, ``bar`` before each of its rows, ``fill`` behind them. Without ``markdown`` it
    is shown as it is."""

    def __init__(
        self,
        width: int,
        ink: Ink,
        *,
        bar: Segment | None = None,
        fill: Style | None = None,
        markdown: bool = True,
        title: Sequence[Line] = (),
        references: Mapping[str, Any] | None = None,
    ) -> None:
        self._bar, self._fill = bar, fill
        self._width = width = max(4, width - (len(bar.text) if bar else 0))
        self._growing: Growing = GrowingMarkdown(width, ink, references or {}) if markdown else GrowingText(width, ink)
        self._settled: list[Line] = [*title]
        self._tail: Sequence[Line] = ()
        self._note: Sequence[Line] = ()
        self._queue: list[str] = []
        self._head, self._at = "", 0
        self._taken = 0
        self._marks: list[tuple[int, int]] = [(len(title), 0)]
        """Rows and characters that were settled together."""
        self._done = self._closed = False
        self._waiting = 0

    @property
    def busy(self) -> bool:
        """Whether text was fed that is not in the rows."""
        return self._waiting > 0

    @property
    def height(self) -> int:
        """The rows; of text that waits, an estimate."""
        return len(self._settled) + len(self._tail) + self._waiting // self._width + len(self._note)

    def line(self, y: int) -> Line:
        for lines in (self._settled, self._tail, self._note):
            if y < len(lines):
                return lines[y]
            y -= len(lines)
        return BLANK

    def feed(self, text: str) -> None:
        self._queue.append(text)
        self._waiting += len(text)

    def finish(self, note: Sequence[Line] = ()) -> None:
        """No more text follows; ``note`` is shown below it."""
        self._done, self._note = True, note

    def work(self, seconds: float = float("inf")) -> int:
        """Takes in what was fed, for about ``seconds``; returns the first row that may have changed."""
        first = len(self._settled)
        until = perf_counter() + seconds
        while self._waiting:
            drop, lines = self._growing.take(self._slice())
            first = min(first, self._settle(drop, lines))
            if perf_counter() >= until:
                break
        if self._done and not self._waiting and not self._closed:
            self._closed = True
            first = min(first, self._settle(*self._growing.close()))
        self._tail = () if self._closed else self._framed(self._growing.draft())
        return first

    def _slice(self) -> str:
        if self._at >= len(self._head):
            self._head, self._at = "".join(self._queue), 0
            self._queue.clear()
        piece = self._head[self._at : self._at + max(_SLICE, self._growing.left)]
        self._at += len(piece)
        self._taken += len(piece)
        self._waiting -= len(piece)
        return piece

    def _settle(self, drop: int, lines: Sequence[Line]) -> int:
        """Adds lines in place of the last ``drop``; returns the first row that changed."""
        row = len(self._settled) - drop
        if drop:
            del self._settled[row:]
            while self._marks[-1][0] > row:
                self._marks.pop()
        self._settled += self._framed(lines)
        if len(self._settled) > self._marks[-1][0]:
            self._marks.append((len(self._settled), self._taken - self._growing.left))
        return row

    def _framed(self, lines: Sequence[Line]) -> Sequence[Line]:
        if self._bar is None:
            return lines
        bar = (self._bar,)
        framed = indented(lines, bar, bar, len(self._bar.text))
        return [line._replace(fill=self._fill) for line in framed] if self._fill else framed

    # ── places: characters of the source, the same at every width ────────────────────────────────────────────────

    def place(self, y: int) -> float:
        """How much of the text comes before a row."""
        (row, begin), (next_row, end) = self._span(bisect_right(self._marks, y, key=lambda mark: mark[0]) - 1)
        return begin + (end - begin) * (y - row) / max(1, next_row - row)

    def row_at(self, place: float) -> int:
        (row, begin), (next_row, end) = self._span(bisect_right(self._marks, place, key=lambda mark: mark[1]) - 1)
        return row + round((next_row - row) * (place - begin) / max(1, end - begin))

    def _span(self, k: int) -> tuple[tuple[int, int], tuple[int, int]]:
        end = self.height - len(self._note), self._taken + self._waiting
        return self._marks[max(0, k)], self._marks[k + 1] if k + 1 < len(self._marks) else end
