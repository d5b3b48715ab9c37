"""What a selection with the mouse copies: the text without gutter, bars and padding, wrapped lines joined again.

A place in the sheet is one number, ``ordinal * ROWS + row``: it stays right when older entries are put above.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.geometry import Offset

from fastchat_tui.tui.transcript.line import BLANK, Line
from fastchat_tui.tui.transcript.sheet import Item, Sheet
from fastchat_tui.tui.transcript.strips import GUTTER

ROWS = 1 << 24


def place(item: Item, row: int) -> int:
    return item.ordinal * ROWS + row


def selected_text(sheet: Sheet, start: Offset, end: Offset) -> str:
    """The text from one place to another, both inside."""
    parts: list[str] = []
    last_glue = ""
    for y, line in _lines(sheet, start.y, end.y):
        text = line.text
        begin = max(start.x - GUTTER if y == start.y else 0, line.skip)
        stop = max(0, end.x - GUTTER) if y == end.y else len(text)
        parts.append(last_glue)
        parts.append(text[begin:stop].rstrip(" ") if line.glue == "\n" else text[begin:stop])
        last_glue = line.glue
    return "".join(parts)


def _lines(sheet: Sheet, first: int, last: int) -> Iterator[tuple[int, Line]]:
    if not sheet.items:
        return
    base = sheet.items[0].ordinal
    begin = max(0, first // ROWS - base)
    for item in sheet.items[begin : last // ROWS - base + 1]:
        document = item.document or sheet.picture(item, whole=True)  # out of view: drawn, but not kept
        top, bottom = place(item, 0), place(item, item.lead + document.height - 1)
        for y in range(max(first, top), min(last, bottom) + 1):
            row = y - top - item.lead
            yield y, document.line(row) if row >= 0 else BLANK
