"""Boxes to tick. Their state is a sign, not a colour, so that it is seen with any theme and without colours."""

from __future__ import annotations

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Checkbox, SelectionList
from textual.widgets.option_list import OptionDoesNotExist

SIGNS = {True: "☑", False: "☐"}


class Box(Checkbox):
    @property
    def _button(self) -> Content:
        return Content.styled(SIGNS[self.value], "$text-success" if self.value else "$text-muted")


class Boxes(SelectionList[int]):
    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        try:
            option = self.get_option_at_index(self.scroll_offset.y + y)
        except OptionDoesNotExist:
            return strip
        _, _, _, gap, *rest = strip
        sign = f" {SIGNS[option.value in self.selected]} "
        return Strip([Segment(sign, gap.style), gap, *rest])
