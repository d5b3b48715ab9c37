"""The conversation as one tall sheet of rows: which entries are drawn, and how their pictures are kept up to date.

Nothing here knows the screen: ``widget.py`` shows a window of the sheet. An entry is drawn when it comes into view and
forgotten when many others were in view since.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fastchat_tui.tui.transcript.column import Column
from fastchat_tui.tui.transcript.entries import Look, cut_note, draw, estimate
from fastchat_tui.tui.transcript.inline import references
from fastchat_tui.tui.transcript.line import BLANK, Document, Line
from fastchat_tui.tui.transcript.stream import StreamDocument
from fastchat_tui.wire.transcript import CallEntry, Change, Entry, ReplyEntry, ThoughtEntry

_FIRST = 0.03
"""Seconds that an entry gets when it comes into view; what is left of it is drawn in slices."""
_KEPT = 6_000
"""Rows that are kept of entries out of view."""
_MIDDLE = 1 << 20
"""The ordinal of the first entry; older ones count down from it."""


@dataclass(slots=True, eq=False)
class Item:
    entry: Entry
    ordinal: int
    """Its place in the conversation: it stays the same when older entries are loaded."""
    height: int = 0
    lead: int = 1
    """Blank rows above it."""
    document: Document | None = None
    unfolded: bool | None = None
    """A thought that the user has folded or unfolded by hand."""
    began: float | None = None
    ended: float | None = None


class Sheet:
    """``now`` tells Unix seconds."""

    def __init__(self, look: Look, now: Callable[[], float]) -> None:
        self.look = look
        self.thinking = False
        self.column: Column[Item] = Column(self._drawn)
        self._now = now
        self._by_key: dict[str, Item] = {}
        self._kept: OrderedDict[int, Item] = OrderedDict()
        self._unfinished: dict[int, Item] = {}
        """Items whose picture is behind their text."""

    @property
    def items(self) -> Sequence[Item]:
        return self.column.items

    @property
    def behind(self) -> bool:
        return bool(self._unfinished)

    def item(self, key: str) -> Item | None:
        return self._by_key.get(key)

    def index(self, item: Item) -> int:
        return item.ordinal - self.items[0].ordinal

    def clear(self) -> None:
        self.column.clear()
        self._by_key.clear()
        self._kept.clear()
        self._unfinished.clear()

    # ── what the engine says ─────────────────────────────────────────────────────────────────────────────────────

    def load(self, entries: Iterable[Entry], *, older: bool) -> int:
        """Adds entries at the end, or before all others; returns how many."""
        fresh = [entry for entry in entries if entry.key not in self._by_key]
        if older:
            start = (self.items[0].ordinal if self.items else _MIDDLE) - len(fresh)
            items = [self._item(entry, start + number) for number, entry in enumerate(fresh)]
            before: Entry | None = None
            for item in [*items, *self.items[:1]]:
                self._size(item, before)
                before = item.entry
            self.column.prepend(items)
        else:
            for entry in fresh:
                self._append(entry)
        return len(fresh)

    def show(self, change: Change) -> Item:
        """Takes in a change; nothing is drawn before ``work``."""
        entry, added = change.entry, change.added
        item = self._by_key.get(entry.key)
        if item is None:
            item = self._append(entry)
            if isinstance(entry, ThoughtEntry) and not entry.done:
                item.began = self._now()
        elif added and not (isinstance(entry, ThoughtEntry | ReplyEntry) and entry.done):
            if isinstance(item.document, StreamDocument):
                item.document.feed(added)
        else:
            self._finish(item, entry, whole=added != "")
        self._unfinished[item.ordinal] = item
        return item

    def redraw(self, item: Item) -> None:
        """Has an item drawn anew by ``work``."""
        item.document = None
        self._unfinished[item.ordinal] = item

    def _finish(self, item: Item, entry: Entry, *, whole: bool) -> None:
        if isinstance(entry, ThoughtEntry) and entry.done and item.began is not None and item.ended is None:
            item.ended = self._now()
        document = item.document
        plain = isinstance(entry, ReplyEntry) and entry.done and not references(entry.text)
        if whole or not plain or not isinstance(document, StreamDocument):
            item.document = None
        elif isinstance(entry, ReplyEntry):
            document.finish(cut_note(entry.cut, self.look.width, self.look.ink, after=bool(entry.text)))

    def _append(self, entry: Entry) -> Item:
        last = self.items[-1] if self.items else None
        item = self._item(entry, last.ordinal + 1 if last else _MIDDLE)
        self._size(item, last.entry if last else None)
        self.column.append(item)
        return item

    def _item(self, entry: Entry, ordinal: int) -> Item:
        item = self._by_key[entry.key] = Item(entry, ordinal)
        return item

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def work(self, seconds: float) -> Sequence[tuple[Item, int]]:
        """Brings pictures up to date, for about ``seconds``; returns what changed: items, each from which row on."""
        changed: list[tuple[Item, int]] = []
        for item in list(self._unfinished.values()):
            document, first = item.document, 0
            if document is None and item.ordinal not in self._kept:  # it is not in view
                del self._unfinished[item.ordinal]
                self.column.resize(item, item.lead + estimate(item.entry, self.look, unfolded=self.is_unfolded(item)))
                continue
            if document is None:
                document = self._drawn(item)
            elif isinstance(document, StreamDocument):
                first = document.work(seconds)
                self.column.resize(item, item.lead + document.height)
            changed.append((item, first))
            if not (isinstance(document, StreamDocument) and document.busy):
                self._unfinished.pop(item.ordinal, None)
        return changed

    def reset_look(self, look: Look, *, of: type[Entry] | None = None) -> None:
        """Has everything (or all entries of a kind) drawn anew; the reader stays at the same place of the text."""
        self.look = look
        index, row = self.column.top
        top = self.items[index] if self.items else None
        place = top.document.place(row - top.lead) if top and top.document and row >= top.lead else None
        before: Entry | None = None
        for item in self.items:
            if of is None or isinstance(item.entry, of):
                item.document = None
                self._kept.pop(item.ordinal, None)
                self._unfinished.pop(item.ordinal, None)
                self._size(item, before)
            before = item.entry
        self.column.changed()
        if top is not None and place is not None:
            self.column.top = index, top.lead + max(0, self._drawn(top).row_at(place))

    def is_unfolded(self, item: Item) -> bool:
        return self.thinking if item.unfolded is None else item.unfolded

    def row(self, y: int) -> tuple[Item | None, int, Line]:
        """The row of the sheet at ``y``: its item, the row in that item, and what it shows."""
        if not self.items or y >= self.column.height:
            return None, 0, BLANK
        index, row = self.column.at(y)
        item = self.items[index]
        document = self._drawn(item)
        return item, row, document.line(row - item.lead) if row >= item.lead else BLANK

    def visible(self) -> Iterable[Item]:
        index, row = self.column.top
        left = self.column.view + row
        while left > 0 and index < len(self.items):
            yield self.items[index]
            left -= self.items[index].height
            index += 1

    def forget(self) -> None:
        """Drops the oldest pictures when there are too many rows of them; never one that is in view."""
        rows = sum(item.height for item in self._kept.values())
        if rows <= _KEPT:
            return
        shown = {item.ordinal for item in self.visible()}
        for ordinal, item in list(self._kept.items()):
            if rows <= _KEPT:
                return
            if ordinal not in shown and ordinal not in self._unfinished:
                del self._kept[ordinal]
                item.document = None
                rows -= item.height

    def _drawn(self, item: Item) -> Document:
        document = item.document
        if document is None:
            document = item.document = self.picture(item)
            if isinstance(document, StreamDocument) and document.busy:
                self._unfinished[item.ordinal] = item
            self._kept[item.ordinal] = item
            self.column.resize(item, item.lead + document.height)
        self._kept.move_to_end(item.ordinal)
        return document

    def picture(self, item: Item, *, whole: bool = False) -> Document:
        """A new picture of an item; a long text is in it only if ``whole``."""
        now = self._now()
        seconds = (item.ended or now) - item.began if item.began is not None else None
        document = draw(item.entry, self.look, now=now, unfolded=self.is_unfolded(item), thinking_time=seconds)
        if isinstance(document, StreamDocument):
            document.work(float("inf") if whole else _FIRST)
        return document

    def _size(self, item: Item, before: Entry | None) -> None:
        """Sets the space above an item and its estimated height."""
        calls = isinstance(item.entry, CallEntry) and isinstance(before, CallEntry)
        item.lead = 0 if calls and self.look.density == "compact" else 1
        document = item.document
        rows = document.height if document else estimate(item.entry, self.look, unfolded=self.is_unfolded(item))
        item.height = item.lead + rows
