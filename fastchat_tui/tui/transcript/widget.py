"""The transcript on the screen: what it is told, how it is moved through with keys and mouse, what it copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import time
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.selection import Selection

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.transcript.code import code_blocks
from fastchat_tui.tui.transcript.copying import place, selected_text
from fastchat_tui.tui.transcript.entries import plain_text, source_text
from fastchat_tui.tui.transcript.ink import PREFIX, ROLES
from fastchat_tui.tui.transcript.sheet import Item
from fastchat_tui.tui.transcript.window import SheetView
from fastchat_tui.wire.ledger import CallLedger, CallRecord
from fastchat_tui.wire.transcript import CallEntry, Change, Entry, ReplyEntry, ThoughtEntry


class TranscriptView(SheetView, inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("transcript")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"{PREFIX}{role}" for role in ROLES}

    @dataclass
    class CallSelected(Message):
        """The user wants to see this call in the inspector."""

        call: str

    class OlderWanted(Message):
        """The reader comes near the top: ``load`` what was said before, with ``older=True``."""

    class FindWanted(Message):
        """The user wants to say what is looked for."""

    @dataclass
    class NextWanted(Message):
        """The next match, downwards (1) or upwards (-1): ``find_next``; what is not loaded may hold it."""

        step: int

    @dataclass
    class LinkClicked(Message):
        url: str

    @dataclass
    class CopyWanted(Message):
        text: str

    def __init__(
        self, ledger: CallLedger, *, now: Callable[[], float] = time, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(ledger, now=now, id=id, classes=classes)
        self._older = False
        """Whether older entries may be asked for."""
        self._found: tuple[Item, int] | None = None
        """The match where the reader is, and its row."""

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────

    def reset(self) -> None:
        """Empties the transcript."""
        self._sheet.clear()
        self._strips.clear(self._sheet.look.ink)
        self._selected, self._found, self._older = None, None, False
        self._finder.want("")
        self._unseen.clear()
        self._show()

    def load(self, entries: Iterable[Entry], *, older: bool = False) -> None:
        """Shows a session from its end; with ``older`` adds what came before, and nothing moves."""
        if not older:
            self.reset()
        self._older = self._sheet.load(entries, older=older) > 0
        self._show()

    def show(self, change: Change) -> None:
        """Takes in what one event did to the transcript; it is drawn with the next frame."""
        self._sheet.show(change)
        if not self._sheet.column.follow:
            self._unseen.add(change.entry.key)
        self._flush_soon()

    def record_changed(self, record: CallRecord) -> None:
        """A call has another state: its card is drawn anew."""
        item = self._sheet.item(f"call/{record.call}")
        if item is not None:
            self._sheet.redraw(item)
            self._flush_soon()

    def plain_text(self) -> str:
        """Everything that is loaded, for a screen reader or a file."""
        return plain_text((item.entry for item in self._sheet.items), self._ledger, self._now())

    def select_call(self, call: str) -> bool:
        """Goes to the card of a call and marks it; returns whether it is loaded."""
        item = self._sheet.item(f"call/{call}")
        if item is not None:
            self._select(item)
        return item is not None

    @property
    def finding(self) -> bool:
        return self._finder.active

    @property
    def found(self) -> bool:
        """Whether a match was gone to."""
        return self._found is not None

    def find(self, text: str) -> None:
        """Marks a text wherever it stands; empty: no more. ``find_next`` goes to it, from the end upwards."""
        self._finder.want(text)
        self._found = None
        self.refresh()

    def find_next(self, step: int) -> bool:
        """Goes to the next match in what is loaded; returns whether there is one."""
        found = self._finder.next(self._found, step)
        if found is not None:
            self._found = found
            self._selected = found[0]
            self._sheet.column.reveal(self._sheet.index(found[0]), found[1])
            self._show()
        return found is not None

    def moved(self) -> None:
        column = self._sheet.column
        if self._older and column.scroll < column.view:
            self._older = False
            self.post_message(self.OlderWanted())

    # ── keys and mouse ───────────────────────────────────────────────────────────────────────────────────────────

    def action_line_down(self) -> None:
        self._move(1)

    def action_line_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        self._move(-max(1, self.size.height - 1))

    def action_top(self) -> None:
        self._move(-self._sheet.column.scroll)

    def action_bottom(self) -> None:
        self._sheet.column.follow = True
        self._show()

    def action_find(self) -> None:
        self.post_message(self.FindWanted())

    def action_next_item(self) -> None:
        self._step(1)

    def action_previous_item(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        """To the next match while a text is looked for, or else to the next item."""
        items = self._sheet.items
        if self.finding:
            self.post_message(self.NextWanted(step))
            return
        if not items:
            return
        if self._selected is None:
            shown = list(self._sheet.visible())
            self._select(shown[0] if step > 0 else shown[-1])
        else:
            self._select(items[max(0, min(len(items) - 1, self._sheet.index(self._selected) + step))])

    def _select(self, item: Item) -> None:
        """Marks an item and brings it into view."""
        self._selected = item
        self._sheet.column.reveal(self._sheet.index(item))
        self._show()

    def action_open_item(self) -> None:
        if self._selected is not None:
            self._open(self._selected)

    def _open(self, item: Item) -> None:
        """A call shows itself in the inspector, a thought is folded or unfolded."""
        if isinstance(item.entry, CallEntry):
            self.post_message(self.CallSelected(item.entry.call))
        elif isinstance(item.entry, ThoughtEntry):
            item.unfolded = not self._sheet.is_unfolded(item)
            self._sheet.redraw(item)
            self._flush_soon()

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()
        where = event.get_content_offset(self)
        if where is None or self.text_selection is not None:
            return
        meta = event.style.meta
        item, row, _ = self._sheet.row(self._sheet.column.scroll + where.y)
        if "end" in meta:
            self.action_bottom()
        elif "link" in meta:
            self.post_message(self.LinkClicked(meta["link"]))
        elif item is not None and event.chain == 2:
            ends = Offset(0, place(item, item.lead)), Offset(1 << 20, place(item, item.height - 1))
            self.screen.selections = {self: Selection(*ends)}
        elif item is not None and isinstance(item.entry, CallEntry):
            self._select(item)
            self._open(item)
        elif item is not None and isinstance(item.entry, ThoughtEntry) and row == item.lead:
            self._open(item)

    # ── copying ──────────────────────────────────────────────────────────────────────────────────────────────────

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        items = self._sheet.items
        if not items:
            return None
        if selection.start is None and selection.end is None:
            return self.plain_text(), "\n"
        start = selection.start or Offset(0, place(items[0], 0))
        end = selection.end or Offset(1 << 20, place(items[-1], items[-1].height - 1))
        return selected_text(self._sheet, start, end), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def action_copy_item(self) -> None:
        """Copies the selected text, or else the marked item, or else the last answer."""
        selection = self.text_selection
        found = self.get_selection(selection) if selection is not None else None
        if found is not None:
            self._copy(found[0])
        elif (item := self._selected or self._last_reply()) is not None:
            self._copy(source_text(item.entry, self._ledger))

    def action_copy_code(self) -> None:
        item = self._selected or self._last_reply()
        blocks = code_blocks(source_text(item.entry, self._ledger)) if item is not None else []
        if blocks:
            self._copy(blocks[-1])
        else:
            self.notify("There is no code block in this message.", severity="warning", markup=False)

    def action_copy_all(self) -> None:
        self._copy(self.plain_text())

    def _last_reply(self) -> Item | None:
        return next((item for item in reversed(self._sheet.items) if isinstance(item.entry, ReplyEntry)), None)

    def _copy(self, text: str) -> None:
        if text:
            self.post_message(self.CopyWanted(text))
