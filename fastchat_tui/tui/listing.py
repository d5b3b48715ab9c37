"""A list of which a key may want a page before it was laid out: Textual's own fails then."""

from __future__ import annotations

from typing import Literal

from textual.widgets import OptionList


class Listing(OptionList):
    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if self.size:
            super()._move_page(direction)
