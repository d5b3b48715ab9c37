"""One clock for all that runs on a screen, so that one frame shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

BEAT = 0.25
"""Seconds from one look to the next."""
SLOW = 4
"""Beats that make one while another screen is in front: each frame below a question draws the whole terminal."""


class Clock:
    def __init__(self, screen: Screen[Any], hand: Callable[[], None]) -> None:
        """Give it a mounted screen. ``hands`` are called at each beat."""
        self._screen = screen
        self._beats = 0
        self.hands = [hand]
        screen.set_interval(BEAT, self._beat)

    def _beat(self) -> None:
        self._beats += 1
        if self._screen.is_active or self._beats % SLOW == 0:
            for hand in self.hands:
                hand()
