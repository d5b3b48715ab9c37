"""Markdown blocks (markdown-it tokens) as lines. Blank lines inside lists and quotes are where the source has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from rich.segment import Segment

from fastchat_tui.tui.transcript.code import code_lines
from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.inline import inline
from fastchat_tui.tui.transcript.line import BLANK, Line, indented
from fastchat_tui.tui.transcript.table import Table
from fastchat_tui.tui.transcript.wrap import wrap

if TYPE_CHECKING:
    from markdown_it.token import Token

_BULLETS = "•◦▪"
_TASKS = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}
_LEAST = 16
"""However deep the nesting, so many cells are left for the text."""


@dataclass
class _Level:
    """One container around the text: a quote's bar, or a list item's indentation."""

    rest: Segment
    marker: Segment | None = None
    """What its first line has instead of ``rest``."""
    bar: bool = False
    drawn: bool = False


class Renderer:
    """Renders one top-level block. ``number`` is where an ordered list that began earlier goes on."""

    def __init__(self, width: int, ink: Ink, *, number: int | None = None) -> None:
        self.width = width
        self.lines: list[Line] = []
        self.number = number
        """The number of the next item of the outermost ordered list."""
        self._ink = ink
        self._levels: list[_Level] = []
        self._numbers: list[int | None] = []
        self._heading: tuple[str, ...] = ()
        self._begun = 0
        """The source line of the item that was opened last."""
        self.end: int | None = None
        """The source line after the last leaf."""

    def render(self, tokens: Sequence[Token]) -> list[Line]:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "table_open":
                end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
                self._table(token, tokens[at:end])
                at = end
            else:
                self._token(token)
            at += 1
        return self.lines

    def _token(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self._heading = (f"heading{min(3, int(token.tag[1]))}",)
            case "heading_close":
                self._heading = ()
            case "inline":
                self._inline(token)
            case "fence" | "code_block":
                self._leaf(token, code_lines(token.content, token.info, self._room, self._ink))
            case "hr":
                self._leaf(token, [Line((Segment("─" * self._room, self._ink["rule"]),))])
            case "blockquote_open":
                self._levels.append(_Level(Segment("▎ ", self._ink["quote-bar"]), bar=True))
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                start = int(token.attrs.get("start", 1))
                self._numbers.append(self.number if len(self._numbers) == 0 and self.number is not None else start)
            case "list_item_open":
                self._item(token)
            case "list_item_close":
                if self._levels[-1].marker is not None:  # an empty item
                    self.end = self._begun + 1
                    self._emit([BLANK])
                self._levels.pop()
            case "blockquote_close":
                self._levels.pop()
            case "bullet_list_close" | "ordered_list_close":
                number = self._numbers.pop()
                if not self._numbers:
                    self.number = number
            case _:
                pass  # paragraphs open and close around their text

    @property
    def _room(self) -> int:
        return max(1, self.width - sum(len(level.rest.text) for level in self._shown))

    @property
    def _shown(self) -> list[_Level]:
        """The innermost levels for which there is room."""
        shown, room = [], self.width - min(_LEAST, self.width // 2)
        for level in reversed(self._levels):
            room -= len(level.rest.text)
            if room < 0:
                break
            shown.append(level)
        return shown[::-1]

    def _item(self, token: Token) -> None:
        self._begun = (token.map or (0, 0))[0]
        number = self._numbers[-1]
        if number is None:
            marker = f"{_BULLETS[min(len(self._numbers), len(_BULLETS)) - 1]} "
        else:
            marker = f"{number}. "
            self._numbers[-1] = number + 1
        self._levels.append(_Level(Segment(" " * len(marker)), Segment(marker, self._ink["bullet"])))

    def _inline(self, token: Token) -> None:
        level = self._levels[-1] if self._levels else None
        runs = inline(token.children or (), self._ink, self._heading)
        if level is not None and level.marker is not None and runs and (box := _TASKS.get(runs[0][0][:4])):
            level.marker = Segment(box, self._ink["bullet"])
            level.rest = Segment("  ")
            runs[0] = (runs[0][0][4:], runs[0][1])
        self._leaf(token, wrap(runs, self._room))

    def _table(self, token: Token, tokens: Sequence[Token]) -> None:
        table = Table()
        table.read(tokens, self._ink)
        self._leaf(token, [*table.lines(table.body, table.widths(self._room), self._room, self._ink)])

    def _leaf(self, token: Token, lines: Sequence[Line]) -> None:
        begin, end = token.map or (0, 0)
        if self.end is not None and begin > self.end:
            self._gap()
        self.end = end
        self._emit(lines)

    def _gap(self) -> None:
        """A blank line between two leaves, with the bars of the quotes that hold both."""
        around = list(takewhile(lambda level: level.drawn, self._shown))
        while around and not around[-1].bar:
            around.pop()
        prefix = self._rest(around)
        self.lines.append(Line(prefix, sum(len(segment.text) for segment in prefix)) if prefix else BLANK)

    def _rest(self, levels: Sequence[_Level]) -> tuple[Segment, ...]:
        return (*(Segment(level.rest.text, level.rest.style or self._ink.base) for level in levels),)

    def _emit(self, lines: Sequence[Line]) -> None:
        bars = 0
        for level in self._shown:
            if not level.bar:
                break
            bars += len(level.rest.text)
        rest = self._rest(self._shown)
        first = tuple(level.marker or segment for level, segment in zip(self._shown, rest, strict=True))
        self.lines += indented(lines, first, rest, bars)
        for level in self._levels:
            level.marker, level.drawn = None, True
