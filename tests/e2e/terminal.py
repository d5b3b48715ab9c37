"""The program as a person meets it: in a pty, its screen read back by a terminal emulator."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

DEADLINE = 60.0
SETTLED = 5.0
QUIET, AGAIN = 0.8, 6.0
"""Seconds before keys are pressed, and pressed again."""
F1, F2, F3, F4, F5, F9 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[15~", "\x1b[20~"


class Terminal:
    """The program in a pty; ``text`` is what its screen shows, ``raw`` every byte that it ever wrote."""

    def __init__(
        self,
        *arguments: str,
        size: tuple[int, int] = (120, 40),
        environ: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "fastchat_tui"),
    ) -> None:
        width, height = size
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self._lines: list[str] = []
        self.raw = b""
        given = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environ or {})}
        command = [*program, *arguments]
        self.child = pexpect.spawn(sys.executable, command, dimensions=(height, width), env=given, timeout=DEADLINE)

    @property
    def lines(self) -> list[str]:
        """What its screen shows; only lines that changed are put together again, for tests read it often."""
        screen = self.screen
        if len(self._lines) != screen.lines:
            self._lines = [""] * screen.lines
        for y in screen.dirty & set(range(screen.lines)):
            cells = screen.buffer[y]
            self._lines[y] = "".join(cells[x].data for x in range(screen.columns))  # a wide cell's second half is ""
        screen.dirty.clear()
        return self._lines

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def until(self, true: Callable[[], bool], keys: str = "", *, over: str = "") -> None:
        """Reads until ``true``; presses ``keys`` on the way, once the screen has shown ``over`` for a moment.

        A question wants quiet before its answer, and on a busy machine it may take one for too early: so they are
        pressed again, but only when a slow machine would have shown by then what they did.
        """
        end = time.monotonic() + DEADLINE
        press_at = 0.0
        while not true():
            now = time.monotonic()
            assert now < end, f"it never came:\n{self.text}"
            if over not in self.text:
                press_at = 0.0
            elif keys and not press_at:
                press_at = now + QUIET
            elif keys and now >= press_at:
                self.child.send(keys)
                press_at = now + AGAIN
            try:
                chunk = self.child.read_nonblocking(65536, timeout=0.3)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert true(), f"the program ended:\n{self.text}"
                return
            self._take(chunk)

    def shows(self, words: str, keys: str = "", *, over: str = "") -> None:
        self.until(lambda: words in self.text, keys, over=over)

    def settles(self, keys: str = "") -> None:
        """Sends keys, and reads until the screen has been quiet for a moment; it never is while a clock runs on it."""
        self.child.send(keys)
        end = time.monotonic() + SETTLED
        while time.monotonic() < end:
            try:
                self._take(self.child.read_nonblocking(65536, timeout=0.4))
            except (pexpect.TIMEOUT, pexpect.EOF):
                return

    def _take(self, chunk: bytes) -> None:
        self.raw += chunk
        self._stream.feed(chunk)

    def end(self) -> int | None:
        """Quits; the exit status."""
        self.child.send("\x11")
        self.until(lambda: self.child.flag_eof)  # its last bytes, too
        self.child.wait()
        self.child.close()
        return self.child.exitstatus

    def close(self) -> None:
        """Ends it by force, if it still runs."""
        self.child.close(force=True)


def servers_left(mark: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if mark in command and "demo.server" in command:
                found.append(command)
    return found
