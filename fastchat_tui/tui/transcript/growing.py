"""Markdown that grows at its end: which lines are settled, and how the rest looks now.

A top-level block is final when another follows it; so is a list's item, a table's row and a line of an open fence. The
incomplete last line never decides anything, for ``#`` may become ``#tag`` and ``*`` may become ``**bold**``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from fastchat_tui.tui.transcript.code import Fence
from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.inline import parser
from fastchat_tui.tui.transcript.line import BLANK, Line
from fastchat_tui.tui.transcript.render import Renderer
from fastchat_tui.tui.transcript.table import OpenTable
from fastchat_tui.tui.transcript.wrap import Flow

if TYPE_CHECKING:
    from markdown_it.token import Token

_LONG = 20_000
"""A block that is longer settles in pieces, at the ends of its lines; a longer line is shown as plain text."""


class _List(NamedTuple):
    """The list whose last item is still open."""

    kind: str
    markup: str
    number: int | None


class GrowingMarkdown:
    def __init__(self, width: int, ink: Ink, references: Mapping[str, Any]) -> None:
        self._width = width
        self._ink = ink
        self._references = references
        self._source = ""
        self._out: list[Line] = []
        self._drop = 0
        self._any = False
        self._blank = False
        """Whether a blank line comes before the next block."""
        self._rest: Sequence[Sequence[Token]] = ()
        """The blocks that are not final."""
        self._fence: Fence | None = None
        self._flow: Flow | None = None
        self._table: OpenTable | None = None
        self._list: _List | None = None

    @property
    def left(self) -> int:
        """How many characters are not settled."""
        return len(self._source)

    def take(self, text: str) -> tuple[int, list[Line]]:
        """Adds text; returns how many settled lines to take back (a table's), and the lines that are settled now."""
        self._source += text
        while self._source and self._advance():
            pass
        return self._settled()

    def close(self) -> tuple[int, list[Line]]:
        """No text follows."""
        if self._fence is not None:
            self._out += self._fence.end(self._source)
        elif self._flow is not None:
            self._out.append(self._flow.rest)
        else:
            self._settle_all(self._source)
        self._fence = self._flow = None
        self._source, self._rest = "", ()
        return self._settled()

    def draft(self) -> list[Line]:
        """The lines of what is not settled."""
        if self._fence is not None:
            return self._fence.draft(self._source)
        if self._flow is not None:
            return [self._flow.rest]
        if self._table is not None:
            return self._table.draft(self._rest[0])
        out: list[Line] = []
        for index, block in enumerate(self._rest):
            if index or self._blank:
                out.append(BLANK)
            out += self._renderer(block, first=not index).render(block)
        return out

    def _settled(self) -> tuple[int, list[Line]]:
        drop, out = self._drop, self._out
        self._drop, self._out = 0, []
        return drop, out

    def _begin(self) -> None:
        """Starts a block."""
        if self._blank:
            self._out.append(BLANK)
        self._any = self._blank = True

    def _advance(self) -> bool:
        """Settles what can be settled; returns whether there may be more."""
        if self._fence is not None:
            return self._advance_fence(self._fence)
        if self._flow is not None:
            return self._advance_flow(self._flow)
        return self._advance_blocks()

    def _advance_fence(self, fence: Fence) -> bool:
        *lines, part = self._source.split("\n")
        for number, line in enumerate(lines, 1):
            if fence.closes(line):
                self._out += fence.foot
                self._fence = None
                self._source = "\n".join((*lines[number:], part))
                return True
            self._out += fence.line(line)
        rows = fence.part(part)
        self._out += rows or ()
        self._source = part if rows is None else ""
        return False

    def _advance_flow(self, flow: Flow) -> bool:
        line, newline, self._source = self._source.partition("\n")
        self._out += flow.take(line.replace("\t", "    "))
        if newline:
            self._out.append(flow.rest)
            self._flow, self._blank = None, False
        return bool(newline)

    def _advance_blocks(self) -> bool:
        end = self._source.rfind("\n") + 1
        if len(self._source) - end > _LONG:
            self._settle_all(self._source[:end])
            self._begin()
            self._source, self._flow = self._source[end:], Flow(self._width, self._ink.base)
            return True
        blocks = self._parse(self._source)
        if not blocks:
            self._rest = ()
            return False
        final = len(blocks) - 1
        last = self._source.count("\n", 0, end)
        if final and end < len(self._source) and _line(blocks[-1]) == last:
            final -= 1
        for block in blocks[:final]:
            self._settle(block)
        self._rest = blocks[final:]
        open_block = blocks[final]
        kind = open_block[0].type
        if kind == "fence" and self._open_fence(_from_line(self._source, _line(open_block))):
            return True
        if kind == "table_open":
            self._advance_table(open_block)
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._advance_list(open_block, last if end < len(self._source) else -1)
        else:
            self._source = _from_line(self._source, _line(open_block))
        return self._shorten()

    def _shorten(self) -> bool:
        """Settles a block that has become too long to be drawn again and again."""
        end = self._source.rfind("\n") + 1
        if len(self._source) <= _LONG or not end or self._table is not None:
            return False
        self._settle_all(self._source[:end])
        self._source, self._blank = self._source[end:], False
        return True

    def _open_fence(self, source: str) -> bool:
        line, newline, rest = source.partition("\n")
        fence = Fence.opened(line, self._width, self._ink) if newline else None
        if fence is None:
            return False
        self._begin()
        self._out += fence.head
        self._fence, self._source, self._rest = fence, rest, ()
        return True

    def _advance_table(self, block: Sequence[Token]) -> None:
        if self._table is None:
            self._table = OpenTable.opened(block, self._width, self._ink)
            if self._table is None:
                self._source = _from_line(self._source, _line(block))
                return
            self._begin()
        self._out += self._table.take(block)
        self._source = self._table.left(self._source, block)

    def _advance_list(self, block: Sequence[Token], incomplete: int) -> None:
        """Settles the items before the last, or before the last two if the last is on the incomplete line."""
        items = [at for at, token in enumerate(block) if token.type == "list_item_open" and token.level == 1]
        if len(items) > 1 and _line(block[items[-1] :]) == incomplete:
            items.pop()
        at = items[-1]
        if len(items) > 1:
            renderer = self._renderer(block, first=True)
            self._begin()
            self._out += renderer.render((*block[:at], block[-1]))
            self._blank = renderer.end is not None and _line(block[at:]) > renderer.end
            self._list = _List(block[0].type, block[0].markup, renderer.number)
            self._rest = ((block[0], *block[at:]), *self._rest[1:])
        self._source = _from_line(self._source, _line(block[at:]))

    def _settle_all(self, source: str) -> None:
        for block in self._parse(source):
            self._settle(block)
        self._rest = ()

    def _settle(self, block: Sequence[Token]) -> None:
        if self._table is not None:
            drop, lines = self._table.close(block)
            self._take_back(drop)
            self._out += lines
            self._table = None
            return
        renderer = self._renderer(block, first=True)
        self._begin()
        self._out += renderer.render(block)
        self._list = None

    def _take_back(self, lines: int) -> None:
        here = min(lines, len(self._out))
        del self._out[len(self._out) - here :]
        self._drop += lines - here

    def _renderer(self, block: Sequence[Token], *, first: bool) -> Renderer:
        """A renderer for a block; ``first`` if it may be the rest of a list that was begun."""
        number = self._list.number if first and self._list is not None else None
        return Renderer(self._width, self._ink, number=number)

    def _parse(self, source: str) -> list[Sequence[Token]]:
        """The tokens of each top-level block."""
        tokens = parser().parse(source, {"references": dict(self._references)})
        starts = [at for at, token in enumerate(tokens) if token.level == 0 and token.nesting >= 0]
        blocks: list[Sequence[Token]] = [tokens[a:b] for a, b in pairwise([*starts, len(tokens)])]
        if blocks:
            first = blocks[0][0]
            if self._list is not None and (first.type, first.markup) != self._list[:2]:
                self._list, self._blank = None, True
            if self._any and self._list is None and _line(blocks[0]):
                self._blank = True
        return blocks


def _line(block: Sequence[Token]) -> int:
    """The source line where a block begins."""
    return (block[0].map or (0, 0))[0]


def _from_line(text: str, count: int) -> str:
    at = 0
    for _ in range(count):
        at = text.index("\n", at) + 1
    return text[at:]
