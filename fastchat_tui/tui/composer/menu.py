"""The list of candidates that opens above the text. It never takes the focus."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from fastchat_tui.tui.composer.completion import Candidate
from fastchat_tui.wire.text import one_line

ROWS = 8


class Menu(OptionList, can_focus=False):
    """Closed while it is empty. ``moved`` tells whether the user has chosen a row."""

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)
        self.candidates: Sequence[Candidate] = ()
        self.moved = False

    @property
    def is_open(self) -> bool:
        return bool(self.candidates)

    @property
    def chosen(self) -> Candidate | None:
        return self.candidates[self.highlighted] if self.highlighted is not None and self.candidates else None

    def offer(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = candidates
        self.moved = False
        self.clear_options()
        width = min(40, max((cell_len(candidate.text) for candidate in candidates), default=0))
        self.add_options(Option(_row(candidate, width)) for candidate in candidates)
        rows = min(len(candidates), ROWS)
        self.styles.height = rows
        self.styles.offset = (0, -rows - 1)
        self.display = bool(candidates)
        if candidates:
            self.highlighted = 0

    def move(self, step: int) -> None:
        self.moved = True
        if self.candidates:
            self.highlighted = ((self.highlighted or 0) + step) % len(self.candidates)


def _row(candidate: Candidate, width: int) -> Content:
    text = one_line(candidate.text, 80)
    if not candidate.note:
        return Content(text)
    gap = " " * max(2, width - cell_len(text) + 2)
    return Content.assemble(text, gap, (candidate.note, "$text-muted"))
