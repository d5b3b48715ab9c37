"""Items above each other, of which only those in view are drawn.

Heights of the others are estimates. ``top`` (an item and a row in it) is the place where the reader is: when an
estimate turns out wrong, rows are added above or a width changes, the offsets change and the place does not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Generic, Protocol, TypeVar


class Tall(Protocol):
    height: int


T = TypeVar("T", bound=Tall)


class Column(Generic[T]):
    """``drawn(item)`` makes an item's height exact and reports it; it may be called often."""

    def __init__(self, drawn: Callable[[T], object]) -> None:
        self.items: list[T] = []
        self.view = 1
        """Rows of the window."""
        self.top = (0, 0)
        """The item and the row in it that stand at the window's first row."""
        self.follow = True
        """Whether the window stays at the end."""
        self._drawn = drawn
        self._offsets: list[int] | None = None

    @property
    def offsets(self) -> list[int]:
        """The first row of each item, and the height of all."""
        if self._offsets is None:
            self._offsets = [0, *accumulate(item.height for item in self.items)]
        return self._offsets

    @property
    def height(self) -> int:
        return self.offsets[-1]

    @property
    def scroll(self) -> int:
        """The row at the top of the window."""
        index, row = self.top
        return self.offsets[index] + row if self.items else 0

    @property
    def end(self) -> int:
        """The lowest place to scroll to."""
        return max(0, self.height - self.view)

    def clear(self) -> None:
        self.items.clear()
        self._offsets, self.top, self.follow = None, (0, 0), True

    def append(self, item: T) -> None:
        self.items.append(item)
        if self._offsets is not None:
            self._offsets.append(self._offsets[-1] + item.height)

    def prepend(self, items: Sequence[T]) -> None:
        self.items[:0] = items
        self._offsets = None
        self.top = self.top[0] + len(items), self.top[1]

    def resize(self, item: T, height: int) -> None:
        """An item has another height; for the last one that costs next to nothing."""
        if self._offsets is not None and self.items and item is self.items[-1]:
            self._offsets[-1] += height - item.height
        elif height != item.height:
            self._offsets = None
        item.height = height

    def changed(self) -> None:
        """Heights have changed."""
        self._offsets = None

    def at(self, y: int) -> tuple[int, int]:
        """The item and the row in it at a row of the whole."""
        index = max(0, min(len(self.items) - 1, bisect_right(self.offsets, y) - 1))
        return index, y - self.offsets[index]

    def settle(self) -> None:
        """Draws what the window shows and keeps it where it is: at the end, or at ``top``."""
        if not self.items:
            self.top = (0, 0)
        elif self.follow:
            self._settle_end()
        else:
            self._settle_top()

    def _settle_end(self) -> None:
        left, index = self.view, len(self.items)
        while left > 0 and index > 0:
            index -= 1
            left -= self._exact(index)
        self.top = (index, max(0, -left))

    def _settle_top(self) -> None:
        index, row = self.top
        row = min(row, max(0, self._exact(index) - 1))
        left, below = self.view + row, index
        while left > 0 and below < len(self.items):
            left -= self._exact(below)
            below += 1
        while left > 0 and (row or index):  # nothing is left below: the window ends with the last row
            if row:
                step = min(row, left)
                row, left = row - step, left - step
            else:
                index -= 1
                row = self._exact(index)
        self.top = (index, row)

    def move(self, rows: int) -> None:
        """Moves the window by rows that are exact, however wrong the estimates on the way were."""
        if not self.items or not rows:
            return
        self._back(-rows)
        index, row = self.top
        while row >= (height := self._exact(index)) and index < len(self.items) - 1:
            row -= height
            index += 1
        self.top = (index, row)
        self.settle()

    def _back(self, rows: int) -> None:
        """Moves ``top`` up by exact rows, or without a check down."""
        index, row = self.top
        row -= rows
        while row < 0 and index:
            index -= 1
            row += self._exact(index)
        self.top = (index, max(0, row))

    def reveal(self, index: int, row: int = 0) -> None:
        """Moves the window, no further than it must, so that an item is in it; of a taller one, its ``row``."""
        height, before = self._exact(index), self.scroll
        begin, end = self.offsets[index], self.offsets[index] + height
        self.follow = False
        if height > self.view:
            self.top = (index, max(0, row - self.view // 3))
        elif begin < before:
            self.top = (index, 0)
        elif end > before + self.view:
            self.top = (index, 0)
            self._back(self.view - height)
        self.settle()
        self.follow = self.scroll >= self.end

    def jump(self, y: int) -> None:
        """Moves the window to a row of the whole."""
        if self.items:
            self.top = self.at(max(0, y))
            self.settle()

    def _exact(self, index: int) -> int:
        item = self.items[index]
        self._drawn(item)
        return item.height
