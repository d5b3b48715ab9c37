"""The two streams: data on stdout, narration on stderr, neither with anything that a terminal would obey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from fastchat_tui.headless.exits import OutputError
from fastchat_tui.headless.remedies import without_screen
from fastchat_tui.wire.text import clean, one_line


class Voice:
    """``quiet`` silences narration, never a complaint."""

    def __init__(self, out: TextIO, err: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._err = err
        self._quiet = quiet

    def write(self, text: str) -> None:
        """Data, at once. Raises BrokenPipeError when nobody reads any more, OutputError when it cannot be written."""
        try:
            self._out.write(clean(text))
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(
                f"The answer cannot be written: {error.strerror}.", "Write it to another place."
            ) from error

    def print(self, text: str) -> None:
        self.write(text if text.endswith("\n") else f"{text}\n")

    def print_json(self, value: Any) -> None:
        self.print(json_line(value))

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Columns as wide on the terminal as their widest cell; the last one runs free."""
        cells = [[one_line(cell) for cell in row] for row in rows]
        widths = [max(map(_width, column)) for column in zip(*cells, strict=True)][:-1]
        for row in cells:
            padded = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)]
            self.print("  ".join([*padded, row[-1]]).rstrip())

    def narrate(self, text: str) -> None:
        if not self._quiet:
            self._say(text)

    def complain(self, text: str, remedy: str = "") -> None:
        """What failed, and what to do."""
        self._say(f"fastchat-tui: {text}")
        if remedy:
            self._say(f"  {without_screen(remedy)}")

    def _say(self, text: str) -> None:
        try:
            self._err.write(f"{clean(text)}\n")
            self._err.flush()
        except (OSError, ValueError):
            pass  # a narration that nobody can hear is no reason to stop


def _width(text: str) -> int:
    """Terminal cells: a wide character takes two, a mark on the one before it none."""
    if text.isascii():
        return len(text)
    import unicodedata  # which most names do without

    seen = [character for character in text if unicodedata.category(character) not in ("Mn", "Me", "Cf")]
    return len(seen) + sum(unicodedata.east_asian_width(character) in "WF" for character in seen)


def json_line(value: Any) -> str:
    """One line of JSON that is exact and harmless: hidden and control characters are escaped, not replaced."""
    import json  # which the screen does without

    text = json.dumps(value, ensure_ascii=False)
    return text if clean(text) == text else json.dumps(value)
