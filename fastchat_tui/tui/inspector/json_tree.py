"""JSON texts as a tree of rows, read only as far as somebody looks: the pure half of ``tree_view``.

Unfolding a container starts a scan of its direct children that ``work`` carries on in slices; rows are computed when
they are drawn. So opening 10 MB costs what its first rows cost, and nothing is ever decoded as a whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

from fastchat_tui.tui.inspector.json_levels import Branch, Level, Root, Roots, Spot
from fastchat_tui.tui.inspector.json_scan import Kind, decoded, kind_at, skip_space
from fastchat_tui.wire.text import clean, human_size

UNFOLD_BELOW = 16_384
"""Texts up to this length (in characters) are shown unfolded, as long as their containers are small."""
_UNFOLD_ITEMS = 60
_UNFOLD_DEPTH = 6
_SHOWN = 240


class Row(NamedTuple):
    depth: int
    fold: str
    """``▾`` unfolded, ``▸`` folded, empty for what cannot be unfolded."""
    name: str
    value: str
    kind: Kind | str
    cut: bool = False
    """The value is longer than what is shown."""


class JsonTree:
    """``roots``, the first one unfolded when it is alone."""

    def __init__(self, roots: Sequence[Root]) -> None:
        self.top = Roots(roots)
        self._reading: list[Branch] = []
        if len(roots) == 1:
            self.unfold(Spot(self.top, 0))

    def extend(self, roots: Sequence[Root]) -> bool:
        """Appends what ``roots`` has more than is shown; False, and nothing done, when they do not begin alike."""
        shown = self.top.roots
        if list(roots[: len(shown)]) != list(shown):
            return False
        self.top.roots = roots
        self.top.changed()
        return True

    @property
    def height(self) -> int:
        return self.top.height

    @property
    def busy(self) -> bool:
        return bool(self._reading)

    def work(self, seconds: float) -> bool:
        """Reads for about ``seconds``, what was unfolded last first; returns whether anything was read."""
        until = perf_counter() + seconds
        worked = False
        while self._reading and perf_counter() < until:
            branch = self._reading[-1]
            branch.read(until)
            worked = True
            if branch.done:
                self._reading.remove(branch)
                self._unfold_small(branch)
        return worked

    def spot(self, row: int) -> Spot:
        """The place of a row; rows out of range give the nearest."""
        row = max(0, min(row, self.height - 1))
        level: Level = self.top
        while True:
            rows, indexes = level.first_rows()
            before = bisect_right(rows, row) - 1
            if before < 0:
                return Spot(level, row)
            index, rest = indexes[before], row - rows[before]
            if rest == 0:
                return Spot(level, index)
            branch = level.open[index]
            if rest > branch.height:
                return Spot(level, index + rest - branch.height)
            level, row = branch, rest - 1

    def row_of(self, spot: Spot) -> int:
        level, row = spot.level, spot.level.row_of(spot.child)
        while level.parent is not None:
            row += level.parent.row_of(level.index) + 1
            level = level.parent
        return row

    def unfold(self, spot: Spot) -> bool:
        """Returns whether there was something to unfold."""
        level, index = spot
        root, at, end, depth = self._value(spot)
        if index in level.open or kind_at(root.text, at, end) not in ("object", "array"):
            return False
        branch = level.open[index] = Branch(root, at, depth + 1, level, index)
        self._reading.append(branch)
        level.changed()
        return True

    def fold(self, spot: Spot) -> bool:
        level, index = spot
        branch = level.open.pop(index, None)
        if branch is None:
            return False
        self._reading = [b for b in self._reading if not b.inside(branch)]
        level.changed()
        return True

    def row(self, spot: Spot) -> Row:
        level, index = spot
        if isinstance(level, Branch) and index >= level.found:
            kind = "problem" if level.problem else "note"
            return Row(level.depth, "", "", level.problem or "reading …", kind)
        root, at, end, depth = self._value(spot)
        kind = kind_at(root.text, at, end)
        branch = level.open.get(index)
        fold = ("▾" if branch else "▸") if kind in ("object", "array") else ""
        if isinstance(level, Roots) and root.label:
            return Row(depth, fold, root.label, "", root.style)
        value, cut = _shown(root, at, end, kind, branch)
        return Row(depth, fold, self._name(spot), value, kind, cut)

    def value_text(self, spot: Spot) -> tuple[str, str]:
        """The name and the whole value: a string decoded, everything else as it is written."""
        level, index = spot
        if isinstance(level, Branch) and index >= level.found:
            return "", level.problem
        root, at, end, _ = self._value(spot)
        if root.text.startswith('"', at):
            return self._name(spot), decoded(root.text, at, end - at)[0]
        return self._name(spot), root.text[at:end]

    def _name(self, spot: Spot) -> str:
        level, index = spot
        if isinstance(level, Roots):
            return level.roots[index].label
        assert isinstance(level, Branch)
        if level.root.text[level.at] == "[":
            return str(index)
        name, whole = decoded(level.root.text, level.names[index], 100)
        return _flat(name) + ("" if whole else "…")

    def _value(self, spot: Spot) -> tuple[Root, int, int, int]:
        """The root it is in, where the value begins and ends, and how deep it lies."""
        level, index = spot
        if isinstance(level, Branch) and index < level.found:
            return level.root, level.values[index], level.ends[index], level.depth
        if isinstance(level, Branch):
            return level.root, len(level.root.text), len(level.root.text), level.depth
        assert isinstance(level, Roots)
        root = level.roots[index]
        return root, skip_space(root.text, 0), len(root.text), 0

    def _unfold_small(self, branch: Branch) -> None:
        small = len(branch.root.text) <= UNFOLD_BELOW and branch.found <= _UNFOLD_ITEMS
        if small and branch.depth <= _UNFOLD_DEPTH:
            for index in reversed(range(branch.found)):
                self.unfold(Spot(branch, index))


def _shown(root: Root, at: int, end: int, kind: str, branch: Branch | None) -> tuple[str, bool]:
    text = root.text
    if branch is not None:
        unit = ("key" if kind == "object" else "item") + ("" if branch.found == 1 and branch.done else "s")
        return f"{branch.found:,}{'' if branch.done else '+'} {unit}", False
    if kind == "string":
        value, whole = decoded(text, at, _SHOWN)
        return f'"{_flat(value)}{"" if whole else "…"}"', not whole
    size = end - at
    value = _flat(text[at : min(end, at + _SHOWN)])
    if kind in ("object", "array") and size > _SHOWN:
        return f"{human_size(size)}  {value}", True
    return value, size > _SHOWN


def _flat(text: str) -> str:
    """Cleaned, on one line."""
    return clean(text).replace("\n", "↵").replace("\t", "⇥")
