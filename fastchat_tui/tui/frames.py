"""What stands where the panes will be, until they are there: their frames."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip

TITLES = {"servers": "Servers", "chat": "Chat", "calls": "Calls"}
"""The panes by their ids, from left to right."""


class Row(Horizontal):
    """The panes side by side. They cover it."""

    BLANK = True

    def __init__(self) -> None:
        super().__init__(id="panes")


class Frames(Row):
    def compose(self) -> ComposeResult:
        for name, title in TITLES.items():
            frame = Frame(id=name, classes="pane")
            frame.border_title = Content(title)
            yield frame


class Frame(Container):
    """Of its rows only the edges differ: no more are drawn than one of each kind."""

    def render_lines(self, crop: Region) -> list[Strip]:
        edges = (0, self.region.height - 1)
        kinds = [row if row in edges else 1 for row in crop.line_range]
        drawn = {kind: super(Frame, self).render_lines(Region(crop.x, kind, crop.width, 1))[0] for kind in {*kinds}}
        return [drawn[kind] for kind in kinds]
