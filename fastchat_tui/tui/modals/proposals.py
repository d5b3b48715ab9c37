"""What a line might hold, in a list below it. It never takes the focus."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from fastchat_tui.wire.content import Completion
from fastchat_tui.wire.text import one_line

ROWS = 6


class Proposals(OptionList, can_focus=False):
    """Closed while it is empty. It stands for the value that it was made for, and for no other: a key that comes while
    the next one is being looked up must not take what was meant for the last."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False, compact=True)
        self._values: tuple[str, ...] = ()
        self._at: Input | None = None
        self._made_for = ""
        self.moved = False
        """The user has chosen a row."""

    @property
    def open(self) -> bool:
        return bool(self._values) and self._at is not None and self._at.value == self._made_for

    def offer(self, at: Input, found: Completion) -> None:
        self._show(at, () if found.values == (at.value,) else found.values)
        left = found.total - len(found.values) if found.total > len(found.values) else 0
        self.border_subtitle = Content(f"{left:,} more" if left else "more" if found.more else "")
        self.call_after_refresh(self._place)

    def narrow(self) -> None:
        """The line holds something else now: only what begins like that is left."""
        if (at := self._at) is not None:
            self._show(at, tuple(value for value in self._values if value.startswith(at.value) and value != at.value))

    def close(self) -> None:
        self._at, self._values = None, ()
        self.display = False

    def move(self, step: int) -> None:
        now = self.highlighted or 0
        self.highlighted = (now + step) % len(self._values) if self.moved or step < 0 else now
        self.moved = True

    def take(self, index: int | None = None) -> None:
        """Puts the chosen row, or the one of ``index``, into the line."""
        at, chosen = self._at, self.highlighted if index is None else index
        if at is not None and chosen is not None and chosen < len(self._values):
            at.value = self._values[chosen]
            at.cursor_position = len(at.value)
        self.close()

    def _show(self, at: Input, values: tuple[str, ...]) -> None:
        self._at, self._values, self._made_for, self.moved = at, values, at.value, False
        self.clear_options()
        self.add_options(Option(Content(one_line(value, 80))) for value in values)
        self.display = bool(values)
        self.highlighted = 0 if values else None

    def _place(self) -> None:
        """Below the line, or above it where there is no room."""
        if (at := self._at) is None:
            return
        region, rows = at.region, min(len(self._values), ROWS) + 2
        below = region.bottom + rows <= self.screen.size.height
        self.styles.height = rows
        self.styles.width = max(24, min(60, region.width))
        self.styles.offset = (region.x, region.bottom if below else region.y - rows)
