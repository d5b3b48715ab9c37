"""JSON as a tree with a cursor: the thin half of ``json_tree``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from fastchat_tui.tui.bindings import Region, bindings
from fastchat_tui.tui.inspector.json_levels import Root, Spot
from fastchat_tui.tui.inspector.json_tree import JsonTree
from fastchat_tui.tui.inspector.slices import SLICE, SlicedView, fitted

_DEEPEST = 12
"""Levels that are drawn indented; deeper ones show their depth as a number instead."""


class TreeView(SlicedView, inherit_bindings=False):
    REGION: ClassVar[Region] = "tree"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("detail"), *bindings("tree")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "json--name",
        "json--object",
        "json--array",
        "json--string",
        "json--number",
        "json--word",
        "json--note",
        "json--malformed",
        "json--problem",
        "json--sent",
        "json--received",
        "json--cursor",
        "json--fold",
    }

    @dataclass
    class ValueWanted(Message):
        """The user wants to read a value whole."""

        name: str
        text: str

    def __init__(self, roots: Sequence[Root] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._tree = JsonTree(roots)
        self._cursor: Spot | None = None
        self._to_end = False

    def show(self, roots: Sequence[Root]) -> None:
        self._tree = JsonTree(roots)
        self._tree.work(SLICE)
        self._cursor = None
        self._to_end = False
        self.begin()
        self.go_to(0)

    def extend(self, roots: Sequence[Root]) -> None:
        """Takes ``roots`` for those shown so far; where these only grew, folds and place stay."""
        if self._tree.extend(roots):
            self.begin()
        else:
            self.show(roots)

    @property
    def cursor_row(self) -> int:
        return self._tree.row_of(self._cursor) if self._cursor is not None else 0

    @property
    def height_now(self) -> int:
        return self._tree.height

    @property
    def busy(self) -> bool:
        return self._tree.busy

    def work(self, seconds: float) -> None:
        if not self._tree.height:
            return
        top = self._tree.spot(self.scroll_offset.y)
        before = self._tree.row_of(top)
        self._tree.work(seconds)
        moved = self._tree.row_of(top) - before
        if moved:
            self.go_to(self.scroll_offset.y + moved)

    def resized(self) -> None:
        if self._to_end:
            self._move_to(self.height_now - 1)
            self._to_end = self.busy

    def draw_row(self, y: int, width: int) -> Strip:
        spot = self._tree.spot(y)
        row = self._tree.row(spot)
        style = partial(self.get_component_rich_style, partial=True)
        fold = style("json--fold")
        deep = row.depth > _DEEPEST
        indent = f"{'  ' * _DEEPEST}{row.depth} " if deep else "  " * row.depth
        kind = style(f"json--{row.kind}")
        segments = [Segment(indent, fold), Segment(f"{row.fold or ' '} ", fold)]
        if row.name:
            root = spot.level is self._tree.top
            segments.append(Segment(row.name, kind if root else style("json--name")))
            segments.append(Segment("  " if root else ": ", fold))
        segments.append(Segment(row.value, kind))
        strip = fitted(segments, width, fold)
        if y == self.cursor_row and self.has_focus:
            on = style("json--cursor")
            strip = Strip([Segment(text, (own or Style()) + on) for text, own, _ in strip.adjust_cell_length(width)])
        return strip

    def _move_to(self, row: int) -> None:
        if not self.height_now:
            return
        self._cursor = self._tree.spot(row)
        row = self.cursor_row
        top, rows = round(self.scroll_target_y), max(1, self.size.height)
        if row < top:
            self.go_to(row)
        elif row >= top + rows:
            self.go_to(row - rows + 1)
        self.refresh()

    def _step(self, rows: int) -> None:
        self._to_end = False
        self._move_to(self.cursor_row + rows)

    def action_cursor_down(self) -> None:
        self._step(1)

    def action_cursor_up(self) -> None:
        self._step(-1)

    def action_page_down(self) -> None:
        self._step(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        self._step(1 - max(2, self.size.height))

    def action_first(self) -> None:
        self._to_end = False
        self._move_to(0)

    def action_last(self) -> None:
        self._to_end = self.busy
        self._move_to(self.height_now - 1)

    def action_toggle_fold(self) -> None:
        if not self.height_now:
            return
        spot = self._tree.spot(self.cursor_row)
        if self._tree.fold(spot) or self._tree.unfold(spot):
            self._changed(spot)
        else:
            self.post_message(self.ValueWanted(*self._tree.value_text(spot)))

    def action_unfold(self) -> None:
        if not self.height_now:
            return
        spot = self._tree.spot(self.cursor_row)
        if self._tree.unfold(spot):
            self._changed(spot)
        elif spot.child in spot.level.open:
            self._step(1)

    def action_fold(self) -> None:
        if not self.height_now:
            return
        spot = self._tree.spot(self.cursor_row)
        if self._tree.fold(spot):
            self._changed(spot)
        elif spot.level.parent is not None:
            self._move_to(self._tree.row_of(Spot(spot.level.parent, spot.level.index)))

    def _changed(self, spot: Spot) -> None:
        self._cursor = spot
        self._to_end = False
        self.begin()
        self._move_to(self.cursor_row)

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        if row < self.height_now:
            again = row == self.cursor_row
            self._move_to(row)
            if again or self._tree.row(self._tree.spot(row)).fold:
                self.action_toggle_fold()
