"""The scrollbar beside the sheet. It costs as much paint as the text: while that grows, it moves now and then."""

from __future__ import annotations

from time import perf_counter

from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.timer import Timer

TURN = 0.25
"""Seconds between two places of it while the text grows."""


class CalmBar:
    def __init__(self, view: ScrollView) -> None:
        self._view = view
        self._turning: Timer | None = None
        self._turned = 0.0
        self._shown: tuple[float, ...] = ()

    def tell(self, height: int, y: int, *, growing: bool) -> None:
        """The rows of the whole sheet, and the first one in the window."""
        bar = self._view.vertical_scrollbar
        bar.set_reactive(ScrollBar.window_virtual_size, height)
        bar.set_reactive(ScrollBar.window_size, self._view.size.height)
        bar.set_reactive(ScrollBar.position, y)
        if not growing or perf_counter() - self._turned > TURN:
            self._turn()
        elif self._turning is None:
            self._turning = self._view.set_timer(TURN, self._turn)

    def _turn(self) -> None:
        self._turning, self._turned = None, perf_counter()
        bar = self._view.vertical_scrollbar
        shown = bar.window_virtual_size, bar.window_size, bar.position
        if shown != self._shown:
            self._shown = shown
            bar.refresh()
