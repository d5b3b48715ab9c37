"""The last line before the terminal: no control character leaves, whatever a widget was given to draw."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from fastchat_tui.wire.text import CONTROL


class ControlGuard(LineFilter):
    """Drops control characters from every strip. Text that is printable ASCII, which nearly all is, passes at once."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        for text, _, control in segments:
            if not control and not text.isprintable() and CONTROL.search(text):
                break
        else:
            return segments
        return [
            segment if segment.control else Segment(CONTROL.sub("", segment.text), segment.style)
            for segment in segments
        ]
