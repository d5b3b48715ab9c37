"""What an unfolded JSON text consists of: levels of siblings that know their height, and read themselves on."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

from fastchat_tui.tui.inspector.json_scan import Malformed, entries


class Root(NamedTuple):
    """One JSON text. ``label`` heads it where there are several; ``style`` says how; ``note`` is about the text."""

    text: str
    label: str = ""
    note: str = ""
    style: str = ""


class Level:
    """A run of siblings, some of them unfolded."""

    def __init__(self, parent: Level | None = None, index: int = 0) -> None:
        self.parent = parent
        self.index = index
        self.open: dict[int, Branch] = {}
        self._height: int | None = None
        self._marks: tuple[list[int], list[int]] | None = None

    @property
    def count(self) -> int:
        raise NotImplementedError

    @property
    def height(self) -> int:
        if self._height is None:
            self._height = self.count + sum(branch.height for branch in self.open.values())
        return self._height

    def changed(self) -> None:
        level: Level | None = self
        while level is not None:
            level._height = level._marks = None
            level = level.parent

    def first_rows(self) -> tuple[list[int], list[int]]:
        """The row of each unfolded child, counted from this level's first, and its index; ascending."""
        if self._marks is None:
            rows, indexes, below = [], sorted(self.open), 0
            for index in indexes:
                rows.append(index + below)
                below += self.open[index].height
            self._marks = rows, indexes
        return self._marks

    def inside(self, branch: Branch) -> bool:
        level: Level | None = self
        while level is not None and level is not branch:
            level = level.parent
        return level is branch

    def row_of(self, index: int) -> int:
        rows, indexes = self.first_rows()
        before = bisect_right(indexes, index - 1) - 1
        if before < 0:
            return index
        branch = self.open[indexes[before]]
        return rows[before] + branch.height + index - indexes[before]


class Branch(Level):
    """The children of an unfolded container that were found so far."""

    def __init__(self, root: Root, at: int, depth: int, parent: Level, index: int) -> None:
        super().__init__(parent, index)
        self.root = root
        self.at = at
        self.depth = depth
        self.names, self.values, self.ends = array("I"), array("I"), array("I")
        self.done = False
        self.problem = ""
        self._entries = entries(root.text, at)

    @property
    def found(self) -> int:
        return len(self.values)

    @property
    def count(self) -> int:
        return self.found + (bool(self.problem) or not self.done)

    def read(self, until: float) -> None:
        """Reads on until it is done or the clock says ``until``."""
        try:
            while perf_counter() < until:
                for _ in range(16):
                    if (entry := next(self._entries)) is None:
                        break  # a pause inside a long value: look at the clock
                    self.names.append(entry[0])
                    self.values.append(entry[1])
                    self.ends.append(entry[2])
        except StopIteration:
            self.done = True
        except Malformed as error:
            self.done = True
            self.problem = self.root.note or f"This is no JSON: {error}."
        self.changed()


class Roots(Level):
    """What heads the tree."""

    def __init__(self, roots: Sequence[Root]) -> None:
        super().__init__()
        self.roots = roots

    @property
    def count(self) -> int:
        return len(self.roots)


class Spot(NamedTuple):
    """A row's place in the tree, which stays when rows are added above it."""

    level: Level
    child: int
