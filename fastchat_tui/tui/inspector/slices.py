"""The base of the two views that draw rows of a model which fills while the user already reads it.

Invariant: no slice of work holds the loop for longer than ``SLICE`` seconds, and at least as long passes until the
next one, so that keys stay quick whatever is shown.
"""

from __future__ import annotations

from time import monotonic

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

SLICE = 0.004
_RESIZE_EVERY = 0.15


class SlicedView(ScrollView, can_focus=True, inherit_bindings=False):
    """Subclasses say how high the model is, how it is worked on, and how a row is drawn."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._slices: Timer | None = None
        self._resized_at = 0.0
        self._waits = True
        """For a width, before it begins: it is not mounted yet, or hidden."""

    @property
    def height_now(self) -> int:
        """Rows known so far."""
        raise NotImplementedError

    @property
    def busy(self) -> bool:
        """Whether rows are still to come."""
        raise NotImplementedError

    def work(self, seconds: float) -> None:
        raise NotImplementedError

    def draw_row(self, y: int, width: int) -> Strip:
        raise NotImplementedError

    def on_mount(self) -> None:
        self._slices = self.set_interval(2.5 * SLICE, self.slice, pause=True)
        self.begin()

    def begin(self) -> None:
        """Does a first slice at once, and the rest in the background; but for a width that is not known yet it does
        nothing, as a scrollbar that was needed for another one would stay."""
        self._waits = True
        if self._slices is None or not self.size:
            return
        self._waits = False
        self._resized_at = 0.0
        self.slice()
        if self.busy:
            self._slices.resume()

    def on_resize(self) -> None:
        if self._waits:
            self.begin()

    def slice(self) -> None:
        if self.busy:
            self.work(SLICE)
        now = monotonic()
        short = self.virtual_size.height < 2 * self.size.height
        if short or not self.busy or now - self._resized_at > _RESIZE_EVERY:
            self._resized_at = now
            self.virtual_size = Size(self.scrollable_content_region.width, self.height_now)
            self.resized()
            self.refresh()
        if not self.busy and self._slices is not None:
            self._slices.pause()

    def resized(self) -> None:
        """The number of rows was brought up to date."""

    def go_to(self, y: int) -> None:
        self.scroll_to(y=max(0, y), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        base = self.rich_style
        if row >= self.height_now:
            return Strip.blank(width, base)
        return self.draw_row(row, width).apply_style(base).adjust_cell_length(width, base)


def fitted(segments: list[Segment], width: int, more: Style | None = None) -> Strip:
    """The segments as a strip of at most ``width`` cells, with an ellipsis where something did not fit."""
    strip = Strip(segments)
    if strip.cell_length <= width:
        return strip
    return Strip.join([strip.crop(0, max(0, width - 1)), Strip([Segment("…", more)])])
