"""Fenced code: what opens and closes a fence, and its content as rows on a ground of their own."""

from __future__ import annotations

import re

from rich.segment import Segment

from fastchat_tui.tui.transcript.highlight import Highlighter
from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.line import BLANK, Line, indented
from fastchat_tui.tui.transcript.wrap import Flow, wrap
from fastchat_tui.wire.text import one_line

_FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)")
LONG_LINE = 4_096
"""A line of code that is longer is shown as plain text."""


class Fence:
    """A fence that is open: each complete line is rendered once, the last one as often as it grows."""

    def __init__(self, indent: int, mark: str, info: str, width: int, ink: Ink) -> None:
        self.language = one_line(info, 40).split(" ")[0].strip("{}.")
        self._indent = indent
        self._closing = re.compile(rf" {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*")
        self._width = max(4, width - 2)
        self._ink = ink
        self._code = Highlighter(self.language, ink)
        self._long: Flow | None = None
        self._drawn = False

    @classmethod
    def opened(cls, line: str, width: int, ink: Ink) -> Fence | None:
        match = _FENCE.fullmatch(line)
        return cls(len(match[1]), match[2], match[3], width, ink) if match else None

    def closes(self, line: str) -> bool:
        return self._long is None and self._closing.fullmatch(line) is not None

    @property
    def head(self) -> list[Line]:
        if not self.language:
            return []
        label = Segment(f"  {self.language}", self._ink.mix(("block", "block-label")))
        return [Line((label,), 2, "\n", self._ink["block"])]

    def line(self, text: str) -> list[Line]:
        """The rows of a complete line."""
        self._drawn = True
        if self._long is not None:
            rows = [*self._long.take(text), self._long.rest]
            self._long = None
            return self._on_ground(rows)
        return self._on_ground(wrap(self._code.line(self._bare(text)), self._width, words=False))

    def part(self, text: str) -> list[Line] | None:
        """Takes a line that has no end in sight; None while it is short enough to wait for its end."""
        if self._long is None:
            if len(text) <= LONG_LINE:
                return None
            self._long = Flow(self._width, self._ink["block"])
            text = self._bare(text)
        return self._on_ground(self._long.take(text))

    def end(self, text: str) -> list[Line]:
        """The rows of the last line, when nothing follows it."""
        return self.foot if self.closes(text) or not (text or self._long) else self.line(text)

    @property
    def foot(self) -> list[Line]:
        """What is drawn when the fence closes: a block with nothing in it is still seen."""
        return [] if self._drawn or self.language else self._on_ground([BLANK])

    def draft(self, text: str) -> list[Line]:
        """How the line that still grows looks now; it is not coloured before it is complete."""
        if self._long is not None:
            return self._on_ground([self._long.rest])
        if not text or self._closing.fullmatch(text):
            return []
        return self._on_ground(wrap([(self._bare(text), self._ink["block"])], self._width, words=False))

    def _bare(self, text: str) -> str:
        at = 0
        while at < self._indent and text.startswith(" ", at):
            at += 1
        return text[at:].expandtabs(4)

    def _on_ground(self, lines: list[Line]) -> list[Line]:
        ground = self._ink["block"]
        margin = (Segment("  ", ground),)
        return [line._replace(fill=ground) for line in indented(lines, margin, margin, 2)]


def code_lines(code: str, info: str, width: int, ink: Ink) -> list[Line]:
    """A whole code block at once."""
    fence = Fence(0, "```", info, width, ink)
    out = fence.head
    for line in code.removesuffix("\n").split("\n") if code else ():
        out += fence.line(line)
    return out + fence.foot


def code_blocks(text: str) -> list[str]:
    """The code blocks of a markdown text, as they would be copied."""
    blocks: list[str] = []
    lines: list[str] | None = None
    prefix, closing = "", re.compile("")
    for line in text.split("\n"):
        if lines is None:
            match = re.fullmatch(r"((?:[ >]|[-*+] |\d+[.)] )*)(`{3,}(?=[^`]*$)|~{3,})(.*)", line)
            if match:
                lines, prefix = [], match[1]
                closing = re.compile(rf"{re.escape(match[2][0])}{{{len(match[2])},}}\s*")
            continue
        at = 0
        while at < len(prefix) and line[at : at + 1] in (" ", ">") and line[at : at + 1]:
            at += 1
        if closing.fullmatch(line[at:].lstrip(" ")):
            blocks.append("\n".join(lines))
            lines = None
        else:
            lines.append(line[at:])
    if lines is not None:
        blocks.append("\n".join(lines))
    return blocks
