"""Wrapping by cells: no row is wider than it may be, no grapheme is torn, and time grows with the text only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from fastchat_tui.tui.transcript.line import BLANK, Line, Run

_ZWJ = "\u200d"
_WIDENING = "\ufe0f"
_JOINING = frozenset((_ZWJ, _WIDENING))


class Row(NamedTuple):
    start: int
    end: int
    glue: str


def rows(text: str, width: int, *, words: bool = True) -> Iterator[Row]:
    """Where the rows of ``text`` begin and end; at least one. Without ``words`` it breaks only where it must."""
    width = max(1, width)
    pos, size, narrow = 0, len(text), text.isascii()
    while True:
        fit = min(size, pos + width) if narrow else _fit(text, pos, width)
        newline = text.find("\n", pos, fit + 1)
        if newline >= 0:
            yield Row(pos, newline, "\n")
            pos = newline + 1
            continue
        if fit >= size:
            yield Row(pos, size, "\n")
            return
        end = _break(text, pos, fit, narrow) if words else fit
        following = end
        if words:
            while following < size and text[following] == " ":
                following += 1
        yield Row(pos, end, text[end:following])
        if following >= size:
            return
        pos = following


def _break(text: str, pos: int, fit: int, narrow: bool) -> int:
    """The last place up to ``fit`` where a line may end: at a space, after a hyphen, or beside a wide character."""
    space = text.rfind(" ", pos + 1, fit + 1)
    if not narrow:
        for at in range(fit, max(pos, space), -1):
            if cell_len(text[at - 1]) == 2 or (at < len(text) and cell_len(text[at]) == 2):
                return at if not _joined(text, at) else fit
    return space if space > pos and not text[pos:space].isspace() else fit


def _joined(text: str, at: int) -> bool:
    """Whether a break before ``at`` would tear a grapheme."""
    if at >= len(text) or text[at] == "\n":
        return False
    return text[at] in _JOINING or text[at - 1] == _ZWJ or cell_len(text[at]) == 0


def _adds_nothing(text: str, at: int) -> bool:
    """Whether a character cannot make the text before it wider, so that a flood of them need not be measured."""
    return cell_len(text[at]) == 0 and (text[at] != _WIDENING or text[at - 1] == _WIDENING)


def _fit(text: str, pos: int, width: int) -> int:
    """The end of what fits into ``width`` cells from ``pos``: at least one character."""
    size = len(text)
    fit = min(size, pos + width)
    newline = text.find("\n", pos, fit)
    if newline >= 0:
        fit = newline
    while fit > pos + 1 and (over := cell_len(text[pos:fit]) - width) > 0:
        fit = max(pos + 1, fit - max(1, over // 2))
    most = min(size, pos + 8 * width)
    while fit < most and text[fit] != "\n" and (_adds_nothing(text, fit) or cell_len(text[pos : fit + 1]) <= width):
        fit += 1
    torn = fit
    while torn > pos and _joined(text, torn):
        torn -= 1
    return torn if torn > pos else max(fit, pos + 1)


def wrap(runs: Iterable[Run], width: int, *, words: bool = True) -> list[Line]:
    """Styled text as lines; words that change their style in the middle stay whole."""
    pieces = [(text, style) for text, style in runs if text]
    if not pieces:
        return [BLANK]
    if len(pieces) == 1:
        text, style = pieces[0]
        return [
            Line((Segment(text[start:end], style),) if end > start else (), 0, glue)
            for start, end, glue in rows(text, width, words=words)
        ]
    text = "".join(text for text, _ in pieces)
    lines: list[Line] = []
    index, begin = 0, 0
    for start, end, glue in rows(text, width, words=words):
        segments: list[Segment] = []
        at = start
        while at < end:
            piece, style = pieces[index]
            stop = begin + len(piece)
            if stop <= at:
                begin, index = stop, index + 1
                continue
            upto = min(end, stop)
            segments.append(Segment(text[at:upto], style))
            at = upto
        lines.append(Line((*segments,), 0, glue))
    return lines


class Flow:
    """Plain text without end, wrapped while it arrives; ``rest`` is the row that may still grow."""

    def __init__(self, width: int, style: Style) -> None:
        self.width = width
        self.style = style
        self._rest = ""

    def take(self, text: str) -> list[Line]:
        """The rows that are complete now."""
        text = self._rest + text
        found = list(rows(text, self.width))
        last = found.pop()
        self._rest = text[last.start :]
        return [Line((Segment(text[s:e], self.style),) if e > s else (), 0, glue) for s, e, glue in found]

    @property
    def rest(self) -> Line:
        return Line((Segment(self._rest.rstrip(" "), self.style),))
