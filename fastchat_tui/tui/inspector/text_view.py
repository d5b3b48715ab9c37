"""A text of any size, wrapped while it is read. Passages may have a style of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.selection import Selection
from textual.strip import Strip

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.slices import SLICE, SlicedView
from fastchat_tui.tui.inspector.wrap import Passage, Row, Wrapped
from fastchat_tui.tui.transcript.strips import highlighted

JSON_KINDS = ("name", "string", "number", "word")
_JSON = re.compile(
    r'(?P<name>"(?:[^"\\]|\\.)*+"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*+"?)'
    r"|(?P<number>-?\d[\d.eE+-]*)|(?P<word>true|false|null)"
)


def json_pieces(line: str) -> Iterator[tuple[str, str]]:
    """A line of indented JSON in pieces, each with its kind; punctuation has none."""
    at = 0
    for match in _JSON.finditer(line):
        yield "", line[at : match.start()]
        yield match.lastgroup or "", match[0]
        at = match.end()
    yield "", line[at:]


class TextView(SlicedView, inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("detail")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "text--heading",
        "text--muted",
        "text--good",
        "text--warning",
        "text--bad",
        "text--accent",
        "text--json",
        *(f"json--{kind}" for kind in JSON_KINDS),
    }

    def __init__(self, passages: Sequence[Passage] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._passages = tuple(passages)
        self._wrapped = Wrapped(self._passages, 80)
        self._place: int | None = None
        """Where the first row was before the width changed."""
        self._to_end = False

    def show(self, passages: Sequence[Passage], *, keep: bool = False) -> None:
        """Replaces the text; ``keep`` stays where the reader is."""
        self._place = self._wrapped.place(self.scroll_offset.y) if keep else None
        self._passages = tuple(passages)
        self._to_end = False
        self._wrap()
        if not keep:
            self.go_to(0)

    def plain_text(self) -> str:
        return "\n".join(passage.text.removesuffix("\n") for passage in self._passages)

    @property
    def height_now(self) -> int:
        return self._wrapped.height

    @property
    def busy(self) -> bool:
        return not self._wrapped.done

    def work(self, seconds: float) -> None:
        self._wrapped.work(seconds)

    def on_resize(self) -> None:
        if self.scrollable_content_region.width not in (0, self._wrapped.width):
            if self._place is None:
                self._place = self._wrapped.place(self.scroll_offset.y)
            self._wrap()

    def _wrap(self) -> None:
        self._wrapped = Wrapped(self._passages, self.scrollable_content_region.width or 80)
        self._wrapped.work(SLICE)
        self.begin()

    def resized(self) -> None:
        if self._place is not None:
            row = self._wrapped.row_at(self._place)
            if row is not None:
                self._place = None
                self.go_to(row)
        elif self._to_end:
            self.go_to(self.height_now)
            self._to_end = self.busy

    def draw_row(self, y: int, width: int) -> Strip:
        row = self._wrapped.row(y)
        strip = Strip([Segment(" " * row.indent), *self._pieces(row)])
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(y)) is not None:
            chosen = self.screen.get_component_rich_style("screen--selection", partial=True)
            strip = highlighted(strip, max(span[0], row.indent), span[1], chosen)
        return strip.apply_offsets(0, y)

    def _pieces(self, row: Row) -> Iterator[Segment]:
        """The text of a row in its colours; the rest of a JSON string that goes on from the row before has none."""
        style = partial(self.get_component_rich_style, partial=True)
        if row.style == "text--json" and not row.goes_on:
            for kind, text in json_pieces(row.text):
                yield Segment(text, style(f"json--{kind}") if kind else None)
        else:
            yield Segment(row.text, style(row.style) if row.style else None)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first = selection.start.y if selection.start else 0
        last = selection.end.y if selection.end else self.height_now - 1
        found = ""
        for y in range(first, min(last, self.height_now - 1) + 1):
            row = self._wrapped.row(y)
            start, end = selection.get_span(y) or (0, -1)
            found += "\n" if y > first and not row.goes_on else ""
            found += row.text[max(0, start - row.indent) : None if end == -1 else max(0, end - row.indent)]
        return found, "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def action_cursor_down(self) -> None:
        self._move(1)

    def action_cursor_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        self._move(1 - max(2, self.size.height))

    def action_first(self) -> None:
        self._to_end = False
        self.go_to(0)

    def action_last(self) -> None:
        self._to_end = self.busy
        self.go_to(self.height_now)

    def _move(self, rows: int) -> None:
        self._to_end = False
        self.go_to(round(self.scroll_target_y) + rows)
