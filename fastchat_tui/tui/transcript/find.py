"""Finding a text in what is loaded of the conversation. Upper and lower case are the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fastchat_tui.tui.transcript.line import Line
from fastchat_tui.tui.transcript.sheet import Item, Sheet


class Finder:
    """``text_of`` is all that an item says, also what its picture folds away."""

    def __init__(self, sheet: Sheet, text_of: Callable[[Item], str]) -> None:
        self._sheet = sheet
        self._text_of = text_of
        self._wanted: re.Pattern[str] | None = None

    def want(self, text: str) -> None:
        """Empty: nothing is looked for any more."""
        self._wanted = re.compile(re.escape(text), re.IGNORECASE) if text else None

    @property
    def active(self) -> bool:
        return self._wanted is not None

    def spans(self, line: Line) -> Iterator[tuple[int, int]]:
        """Where the text stands in a line."""
        return (found.span() for found in self._wanted.finditer(line.text)) if self._wanted else iter(())

    def next(self, after: tuple[Item, int] | None, step: int) -> tuple[Item, int] | None:
        """The next match from an item and its row, downwards (1) or upwards (-1); without ``after`` from the end."""
        items = self._sheet.items
        index = self._sheet.index(after[0]) if after else len(items)
        if after and (row := _beyond(self._rows(after[0]), after[1], step)) is not None:
            return after[0], row
        for item in items[index + 1 :] if step > 0 else reversed(items[:index]):
            if rows := self._rows(item):
                return item, rows[0 if step > 0 else -1]
        return None

    def _rows(self, item: Item) -> list[int]:
        """The rows of an item that hold the text; its first one where the text is broken over two, or folded away."""
        if self._wanted is None or not self._wanted.search(self._text_of(item)):
            return []
        document = item.document or self._sheet.picture(item, whole=True)
        rows = [row for row in range(document.height) if self._wanted.search(document.line(row).text)]
        return [item.lead + row for row in rows] or [item.lead]


def _beyond(rows: list[int], row: int, step: int) -> int | None:
    further = [each for each in rows if (each - row) * step > 0]
    return further[0 if step > 0 else -1] if further else None
