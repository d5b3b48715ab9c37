"""A window of the sheet: it draws the rows that are seen, scrolls, and follows the end.

Text is drawn at most 30 times a second and for no more than a fifth of the time. Items, not rows, carry the place of
the reader: see ``column.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter, time
from typing import Any

from rich.style import Style
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from fastchat_tui.tui.transcript.bar import CalmBar
from fastchat_tui.tui.transcript.card import Density
from fastchat_tui.tui.transcript.copying import place
from fastchat_tui.tui.transcript.entries import Look, plain_text
from fastchat_tui.tui.transcript.find import Finder
from fastchat_tui.tui.transcript.ink import PREFIX, ROLES, Ink
from fastchat_tui.tui.transcript.sheet import Item, Sheet
from fastchat_tui.tui.transcript.strips import GUTTER, MARGIN, Strips, highlighted, overlaid
from fastchat_tui.wire.ledger import CallLedger
from fastchat_tui.wire.transcript import CallEntry, Entry, ThoughtEntry

_FRAME = 1 / 30
_SLICE = 0.012
"""Seconds of drawing at a time."""
NOTHING = ((("Nothing has been said yet.", "placeholder"),),)


class SheetView(ScrollView, can_focus=True, inherit_bindings=False):
    density: reactive[Density] = reactive[Density]("normal", init=False)
    thinking: reactive[bool] = reactive(False, init=False)
    placeholder: reactive[Sequence[Sequence[tuple[str, str]]]] = reactive(NOTHING)
    """Rows for an empty sheet: runs of text with their roles."""

    def __init__(
        self, ledger: CallLedger, *, now: Callable[[], float] = time, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._ledger = ledger
        self._now = now
        self._sheet = Sheet(Look(80, Ink(), "normal", ledger), now)
        self._strips = Strips(Ink())
        self._finder = Finder(self._sheet, lambda item: plain_text([item.entry], ledger, now()))
        self._selected: Item | None = None
        self._unseen: set[str] = set()
        """What is new below the window."""
        self._flushing: Timer | None = None
        self._flushed, self._cost = 0.0, 0.0
        self.ticking = False
        """Whether a clock runs in the window."""
        self._idle = asyncio.Event()
        self._restyled = True
        self._scrolling = False
        """Whether somebody scrolls: what else changes the place (a resize clamps it) moves nothing."""
        self._bar = CalmBar(self)
        self._painted = (0, 0, 0)
        """Height, place and news as they were painted."""

    @property
    def following(self) -> bool:
        """Whether the window stays at the end."""
        return self._sheet.column.follow

    async def drawn(self) -> None:
        """Waits until all that was shown is drawn."""
        if self._flushing is not None or self._sheet.behind:
            self._idle.clear()
            await self._idle.wait()

    def moved(self) -> None:
        """The window may show another part of the sheet."""

    def watch_density(self) -> None:
        self._redraw(of=CallEntry)

    def watch_thinking(self) -> None:
        for item in self._sheet.items:
            item.unfolded = None
        self._sheet.thinking = self.thinking
        self._redraw(of=ThoughtEntry)

    def watch_placeholder(self) -> None:
        self.refresh()

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyled = True

    def on_resize(self) -> None:
        column = self._sheet.column
        column.view = max(1, self.size.height)
        if self._text_width != self._sheet.look.width:
            if self.text_selection is not None:
                self.screen.clear_selection()
            self._redraw()
        else:
            self._show()

    @property
    def _text_width(self) -> int:
        return max(8, self.scrollable_content_region.width - GUTTER - MARGIN)

    def _redraw(self, *, of: type[Entry] | None = None) -> None:
        """Draws everything, or all of a kind, with the present width, theme and density."""
        if self._restyled and self.is_attached:
            self._restyle()
        ink = self._strips.ink
        self._sheet.reset_look(Look(self._text_width, ink, self.density, self._ledger), of=of)
        self._show()

    def _restyle(self) -> bool:
        """Takes the inks from the theme; returns whether they are other ones."""
        self._restyled = False
        styles = {role: self.get_component_rich_style(f"{PREFIX}{role}", partial=True) for role in ROLES}
        ink = Ink(self.rich_style, styles)
        if ink == self._strips.ink:
            return False
        self._strips.clear(ink)
        return True

    def _show(self) -> None:
        """Settles the sheet at its place, and tells Textual where that is."""
        if not self.size:
            return
        self._sheet.column.settle()
        self._sync()
        self.refresh()
        if self._sheet.behind:
            self._flush_soon()

    def _sync(self) -> None:
        """Size and place of the window, past the layout: they change with every frame, the own size does not."""
        sheet, column = self._sheet, self._sheet.column
        sheet.forget()
        if column.follow:
            self._unseen.clear()
        size, y = Size(self.scrollable_content_region.width, column.height), column.scroll
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
        if y != round(self.scroll_y):
            self.set_reactive(Widget.scroll_y, float(y))
            self.set_reactive(Widget.scroll_target_y, float(y))
        self._bar.tell(size.height, y, growing=column.follow)
        self._painted = size.height, y, len(self._unseen)
        self.moved()
        self.ticking = any(map(self._ticks, sheet.visible()))

    def _flush_soon(self, *, share: float = 4) -> None:
        """Draws with the next frame, and not before ``share`` times what the last one took."""
        if self._flushing is None and self.is_attached:
            least = _FRAME if share > 1 else 0
            gap = max(least, share * self._cost) - (perf_counter() - self._flushed)
            self._flushing = self.set_timer(max(0.001, gap), self._flush)

    def _flush(self) -> None:
        self._flushing = None
        begin = perf_counter()
        sheet, column = self._sheet, self._sheet.column
        changed = sheet.work(_SLICE)
        if self.size:
            column.settle()
            before = self._painted
            self._sync()
            if self._painted != before:
                self.refresh()
            else:
                for item, row in changed:
                    self._refresh_item(item, item.lead + row)
        self._flushed = perf_counter()
        self.call_after_refresh(self._weigh, begin)
        if sheet.behind:  # a long text that is there already: as much time as is left for everything else
            self._flush_soon(share=1)
        else:
            self._idle.set()

    def _weigh(self, begin: float) -> None:
        """What a frame cost, once it is painted: that is most of what drawing takes from the keys."""
        self._cost = perf_counter() - begin

    def _refresh_item(self, item: Item, row: int = 0) -> None:
        """Paints the rows of an item again that are in the window."""
        column = self._sheet.column
        y = column.offsets[self._sheet.index(item)] - column.scroll
        top, bottom = max(0, y + row), min(column.view, y + item.height)
        if top < bottom:
            self.refresh(Region(0, top, self.size.width, bottom - top))

    def _ticks(self, item: Item) -> bool:
        """Whether the picture of an item has a clock that runs."""
        entry = item.entry
        if isinstance(entry, CallEntry):
            record = self._ledger.get(entry.call)
            return record is not None and record.state == "running"
        return isinstance(entry, ThoughtEntry) and not entry.done and not self._sheet.is_unfolded(item)

    def tick(self) -> None:
        """Shows the time on clocks that run."""
        if self.ticking:
            for item in self._sheet.visible():
                if self._ticks(item):
                    self._sheet.redraw(item)
            if self._flushing is None:
                self._flush()  # at once: the frame that shows the other clocks shows these

    def render_lines(self, crop: Region) -> list[Strip]:
        """Past Textual's cache, which knows a row by its place: whenever one scrolls in, all would be new to it. These
        strips keep what was made of them (filtered, cut, as bytes) wherever they go. The border is another widget's."""
        if self._restyled and self._restyle():
            self._sheet.reset_look(Look(self._text_width, self._strips.ink, self.density, self._ledger))
            self._sheet.column.settle()
            self._sync()  # heights are estimates again: without it the next scroll would start from an old row
        (left, right), base = crop.column_span, self._strips.ink.base
        width, selection = self.scrollable_content_region.width, self.text_selection
        background, filters = self.background_colors[1], self.get_line_filters()
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = self._strip(y, width, selection)[0]
            for each in filters:
                strip = strip.apply_filter(each, background)
            strips.append(strip.crop_extend(left, right, base))
        return strips

    def render_line(self, y: int) -> Strip:
        """With the place of each character: only the mouse asks for a single row."""
        strip, where = self._strip(y, self.scrollable_content_region.width, self.text_selection)
        return strip if where is None else strip.apply_offsets(0, where)

    def _strip(self, y: int, width: int, selection: Selection | None) -> tuple[Strip, int | None]:
        """A row of the window, and its place in the text."""
        if not self._sheet.items:
            return self._empty_line(y, width), None
        item, row, line = self._sheet.row(self._sheet.column.scroll + y)
        if item is None:
            return Strip.blank(width, self._strips.ink.base), None
        where = place(item, row)
        marked = item is self._selected and row >= item.lead
        strip = self._strips.strip(line, (item.ordinal, row), width, marked=marked)
        for start, end in self._finder.spans(line):
            strip = highlighted(strip, GUTTER + start, GUTTER + end, self._strips.ink["found"])
        if selection is not None and (span := selection.get_span(where)) is not None:
            start = max(span[0], GUTTER + line.skip)
            end = min(span[1], GUTTER + len(line.text)) if span[1] >= 0 else GUTTER + len(line.text)
            strip = highlighted(strip, start, end, self.screen.get_component_rich_style("screen--selection"))
        if self._unseen and y == self.size.height - 1:
            strip = overlaid(strip, f" ↓ {len(self._unseen)} new ", self._strips.ink["new"] + Style(meta={"end": True}))
        return strip, where

    def _empty_line(self, y: int, width: int) -> Strip:
        strips = self._strips.centred(self.placeholder, width)
        row = y - max(0, self.size.height - len(strips)) // 2
        return strips[row] if 0 <= row < len(strips) else Strip.blank(width, self._strips.ink.base)

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        rows = round(new_value) - self._sheet.column.scroll
        if rows and self._scrolling:
            self._move(rows)
        elif rows:
            self._sync()

    def _scroll_to(self, x: float | None = None, y: float | None = None, **rest: Any) -> bool:
        """Without animation: it would aim at a row that moves when the rows above it are drawn."""
        self._scrolling = True
        try:
            return super()._scroll_to(x, y, **{**rest, "animate": False})
        finally:
            self._scrolling = False

    def _move(self, rows: int) -> None:
        column = self._sheet.column
        column.follow = False
        if abs(rows) <= 3 * column.view:
            column.move(rows)
        else:
            column.jump(column.scroll + rows)
        column.follow = column.scroll >= column.end
        self._sync()
        self.refresh()
        if self._sheet.behind:
            self._flush_soon()
