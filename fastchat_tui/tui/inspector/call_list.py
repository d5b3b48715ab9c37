"""The calls of a session, one row each, with their live state. Rows are drawn when they are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from time import time
from typing import ClassVar, get_args

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fastchat_tui.tui.inspector.slices import fitted
from fastchat_tui.wire.ledger import CallRecord, CallState
from fastchat_tui.wire.text import human_time, one_line

_BAR = 4
_LEAST_NAME = 14


def state_words(record: CallRecord, now: float) -> tuple[str, ...]:
    """The state of a call in words, from long to short."""
    match record.state:
        case "asking":
            return "ask  y/n/e", "ask"
        case "running":
            clock = human_time(record.duration(now))
            if not record.total:
                return f"running {clock}", clock
            part = max(0.0, min(1.0, record.done / record.total))
            full = round(part * _BAR)
            bar = f"{'▮' * full}{'▯' * (_BAR - full)}"
            return f"{bar} {part:.0%} {clock}", f"{bar} {part:.0%}", f"{part:.0%}"
        case "ok" | "error" if record.started_at is not None:
            return f"{record.state}  {human_time(record.duration(now))}", record.state
        case state:
            return (state,)


class CallList(ScrollView, can_focus=True, inherit_bindings=False):
    """Follows the newest call until the user moves away from the end."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "calls--number",
        "calls--server",
        "calls--tool",
        "calls--cursor",
        *(f"calls--{state}" for state in get_args(CallState)),
    }

    @dataclass
    class Moved(Message):
        """Another call is selected; None when there is none."""

        record: CallRecord | None

    def __init__(self, *, now: Callable[[], float] = time, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._records: dict[str, CallRecord] = {}
        self._numbers: dict[str, int] = {}
        self._shown: list[str] = []
        self._rows: dict[str, int] = {}
        self._active: set[str] = set()
        self._needle = ""
        self._selected = ""
        self._follow = True

    def __len__(self) -> int:
        return len(self._records)

    @property
    def shown(self) -> int:
        """How many calls pass the filter."""
        return len(self._shown)

    @property
    def selected(self) -> CallRecord | None:
        return self._records.get(self._selected)

    def load(self, records: Iterable[CallRecord]) -> None:
        self._records = {record.call: record for record in records}
        self._numbers = {call: number for number, call in enumerate(self._records, 1)}
        self._active = {call for call, record in self._records.items() if record.state == "running"}
        self._follow = True
        self._selected = ""
        self._sift()

    def show(self, record: CallRecord) -> None:
        """Adds the record, or draws it anew."""
        call = record.call
        new = call not in self._records
        self._records[call] = record
        (self._active.add if record.state == "running" else self._active.discard)(call)
        if not new:
            if call in self._rows:
                self.refresh_line(self._rows[call])
            return
        self._numbers[call] = len(self._records)
        if self._passes(record):
            self._rows[call] = len(self._shown)
            self._shown.append(call)
            self._fit()
            if self._follow:
                self._select(call)

    def select(self, call: str) -> bool:
        """Selects a call, also one that the filter hides; returns whether it is known."""
        if call not in self._records:
            return False
        if call not in self._rows:
            self.filter("")
        self._follow = self._shown[-1] == call
        self._select(call)
        return True

    def filter(self, needle: str) -> None:
        self._needle = needle.casefold()
        self._sift()

    def move(self, rows: int) -> None:
        """Moves the cursor; far beyond the ends is the first or the last."""
        if self._shown:
            row = max(0, min(self._rows.get(self._selected, 0) + rows, len(self._shown) - 1))
            self._follow = row == len(self._shown) - 1
            self._select(self._shown[row])

    def _passes(self, record: CallRecord) -> bool:
        return not self._needle or self._needle in f"{record.name} {record.state}".casefold()

    def _sift(self) -> None:
        self._shown = [call for call, record in self._records.items() if self._passes(record)]
        self._rows = {call: row for row, call in enumerate(self._shown)}
        self._fit()
        if self._shown and (self._follow or self._selected not in self._rows):
            self._select(self._shown[-1])
        elif not self._shown and not self._records:
            self._selected = ""
            self.post_message(self.Moved(None))
        self.refresh()

    def _fit(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._shown))

    def _select(self, call: str) -> None:
        changed = call != self._selected
        self._selected = call
        row, top, rows = self._rows[call], round(self.scroll_target_y), max(1, self.size.height)
        if row < top or row >= top + rows:
            self.scroll_to(y=row if row < top else row - rows + 1, animate=False, force=True)
        self.refresh()
        if changed:
            self.post_message(self.Moved(self._records[call]))

    def tick(self) -> None:
        """Shows the time on clocks that run."""
        for call in self._active & self._rows.keys():
            self.refresh_line(self._rows[call])

    def on_resize(self) -> None:
        if self._selected in self._rows:
            self._select(self._selected)

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        if row < len(self._shown):
            self.move(row - self._rows.get(self._selected, 0))

    def render_line(self, y: int) -> Strip:
        width, base = self.scrollable_content_region.width, self.rich_style
        row = y + self.scroll_offset.y
        if row >= len(self._shown):
            return Strip.blank(width, base)
        return self._row(self._records[self._shown[row]], width).apply_style(base).adjust_cell_length(width, base)

    def _row(self, record: CallRecord, width: int) -> Strip:
        style = partial(self.get_component_rich_style, partial=True)
        selected = record.call == self._selected
        number = f"{'▶' if selected else ' '}{self._numbers[record.call]:>{len(str(len(self._records)))}} "
        server, tool = one_line(record.server), one_line(record.tool)
        name = f"{server} › {tool}" if server else tool
        room = width - len(number)
        least = min(cell_len(name), _LEAST_NAME)
        words = state_words(record, self._now())
        state = next((word for word in words if room - cell_len(word) - 2 >= least), words[-1])
        state = set_cell_size(state, min(cell_len(state), max(1, room - 2)))
        room = max(1, room - cell_len(state) - 2)
        prefix = [Segment(f"{server} › ", style("calls--server"))] if server else []
        label = fitted([*prefix, Segment(tool, style("calls--tool"))], room)
        strip = Strip.join(
            [
                Strip([Segment(number, style("calls--number"))]),
                label.adjust_cell_length(room + 1),
                Strip([Segment(f"{state} ", style(f"calls--{record.state}"))]),
            ]
        )
        if not selected:
            return strip
        cursor = style("calls--cursor")
        return Strip([Segment(t, (s or Style()) + cursor) for t, s, _ in strip.adjust_cell_length(width)])
