"""The list of candidates that opens above the text. It never takes the focus."""

from __future__ import annotations

from collections.abc import Sequence

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
        self.add_options(Option(_row(candidate)) for candidate in candidates)
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


def _row(candidate: Candidate) -> Content:
    text = Content(one_line(candidate.text, 80))
    return Content.assemble(text, ("  " + candidate.note, "$text-muted")) if candidate.note else text
