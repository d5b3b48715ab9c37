"""A paste is text: no character of it is a key. Nor is one of what a terminal answers.

Textual's parser takes an escape character inside a bracketed paste for the begin of a sequence, and gives what it does
not understand back as keys: pasted text could send itself, or answer a question (Textual 8.2, ``_xterm_parser``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import import_module

from textual._xterm_parser import BRACKETED_PASTE_END as END
from textual._xterm_parser import BRACKETED_PASTE_START as START
from textual._xterm_parser import XTermParser
from textual.message import Message

ESC, SHOWN = "\x1b", "\u241b"
ANSWER = re.compile(
    r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|\[[?>=](?!\d+;\d\$y)[0-9;]*[ -/]*[@-~])"
)
"""A terminal's colours, settings, clipboard or kind: Textual, which asks for none of them, would give their letters as
keys. (What it does ask for are the modes, ``$y``.)"""


class PasteGuard:
    """Shows the escape characters of pastes in what a terminal sends, however its bytes are cut into pieces."""

    def __init__(self) -> None:
        self._pasting = False
        self._before = ""
        """The last characters outside a paste: a start may come in pieces."""
        self._held = ""
        """What may be the begin of the end of a paste."""

    def feed(self, data: str) -> str:
        return "".join(self._pieces(self._held + data))

    def _pieces(self, data: str) -> Iterator[str]:
        self._held = ""
        while data:
            if self._pasting:
                pasted, end, data = data.partition(END)
                if not end:
                    self._held = _begun(pasted)
                    pasted = pasted.removesuffix(self._held)
                yield pasted.replace(ESC, SHOWN) + end
                self._pasting = not end
            else:
                seen = self._before + data
                head, start, rest = seen.partition(START)
                size = len(seen) - len(rest) - len(self._before)
                yield data[:size] if start else data
                self._before = "" if start else head[1 - len(START) :]
                self._pasting, data = bool(start), rest


class PasteParser(XTermParser):
    """Textual's parser behind a ``PasteGuard``."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._guard = PasteGuard()

    def feed(self, data: str) -> Iterable[Message]:
        guarded = ANSWER.sub("", self._guard.feed(data))
        return super().feed(guarded) if guarded or not data else ()


def install_on_windows() -> None:
    """The driver there makes its parser itself: its name in that module is the only place to give it ours."""
    vars(import_module("textual.drivers.win32"))["XTermParser"] = PasteParser


def _begun(text: str) -> str:
    """The longest begin of ``END`` with which ``text`` ends."""
    sizes = range(min(len(END) - 1, len(text)), 0, -1)
    return next((END[:size] for size in sizes if text.endswith(END[:size])), "")
