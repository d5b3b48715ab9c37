"""The last line before the terminal: nothing that it obeys or that hides leaves, whatever a widget is given to draw."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from fastchat_tui.wire.text import unsafe


class ControlGuard(LineFilter):
    """Drops control and hidden characters from every strip. Text without any, which nearly all is, passes at once."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        for text, _, control in segments:
            if not control and not text.isprintable() and unsafe().search(text):
                break
        else:
            return segments
        return [
            segment if segment.control else Segment(unsafe().sub(_room, segment.text), segment.style)
            for segment in segments
        ]


def _room(match: re.Match[str]) -> str:
    """The cells that it took stay taken."""
    return " " * cell_len(match[0])
