"""The names of some tabs on one line, and a word at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from fastchat_tui.tui.inspector.slices import fitted


class TabLine(Widget):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tab--chosen", "tab--other", "tab--mode"}

    names: reactive[tuple[str, ...]] = reactive(())
    chosen: reactive[int] = reactive(0)
    mode: reactive[str] = reactive("")

    @dataclass
    class Chosen(Message):
        number: int

    def __init__(self, names: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(TabLine.names, tuple(names))

    @property
    def _gap(self) -> int:
        """Two cells, or one where that is all there is room for."""
        return 2 if sum(map(cell_len, self.names)) + 2 * len(self.names) <= self.size.width else 1

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        segments = []
        for number, name in enumerate(self.names):
            style = self.get_component_rich_style("tab--chosen" if number == self.chosen else "tab--other")
            segments += [Segment(name, style), Segment(" " * self._gap)]
        strip = fitted(segments, width)
        if self.mode and strip.cell_length + len(self.mode) <= width:
            mode = Segment(self.mode, self.get_component_rich_style("tab--mode"))
            strip = Strip.join([strip.adjust_cell_length(width - len(self.mode)), Strip([mode])])
        return strip.apply_style(self.rich_style).adjust_cell_length(width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        x = event.x - self.styles.padding.left
        for number, name in enumerate(self.names):
            if 0 <= x < cell_len(name):
                self.post_message(self.Chosen(number))
            x -= cell_len(name) + self._gap
