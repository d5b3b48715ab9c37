"""The first minutes of a new user, in a real terminal: the demo, a chat over the bundled server, and the way out."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte
import pytest

pytestmark = pytest.mark.e2e
DEADLINE = 60.0
F2, F4 = "\x1bOQ", "\x1bOS"


class Terminal:
    """The program in a pty; ``text`` is what its screen shows, ``raw`` every byte that it ever wrote."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (120, 40)) -> None:
        width, height = size
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        environ = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        command = ["-m", "fastchat_tui", *arguments]
        self.child = pexpect.spawn(sys.executable, command, dimensions=(height, width), env=environ, timeout=DEADLINE)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def until(self, true: Callable[[], bool], keys: str = "") -> None:
        """Reads until ``true``; presses ``keys`` every second on the way (a question wants quiet before its answer)."""
        end = time.monotonic() + DEADLINE
        pressed = 0.0
        while not true():
            assert time.monotonic() < end, f"it never came:\n{self.text}"
            if keys and time.monotonic() - pressed > 1.0:
                self.child.send(keys)
                pressed = time.monotonic()
            try:
                chunk = self.child.read_nonblocking(65536, timeout=0.6)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert true(), f"the program ended:\n{self.text}"
                return
            self.raw += chunk
            self._stream.feed(chunk)

    def shows(self, words: str, keys: str = "") -> None:
        self.until(lambda: words in self.text, keys)

    def end(self) -> int | None:
        """Quits; the exit status."""
        self.child.send("\x11")
        self.until(lambda: self.child.flag_eof)  # its last bytes, too
        self.child.wait()
        self.child.close()
        return self.child.exitstatus


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


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_new_user_tries_the_demo_and_leaves(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    terminal = Terminal("--demo", size=size)
    terminal.shows("Ask anything.")
    terminal.child.send("what time is it in Tokyo")  # the composer takes keys in the first frame
    terminal.shows("time is it in Tokyo")
    terminal.child.send(F2)
    terminal.shows("7 tools")
    terminal.child.send(F4 + "\r")
    terminal.shows("run this call?")
    terminal.shows("Asia/Tokyo")
    terminal.until(lambda: "run this call?" not in terminal.text, keys="y")
    terminal.shows("In Tokyo it is")
    assert servers_left(str(tmp_path))
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.raw
    assert servers_left(str(tmp_path)) == []


def test_escape_stops_a_slow_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    terminal = Terminal("--demo")
    terminal.shows("7 tools")
    terminal.child.send("count slowly\r")
    terminal.shows("run this call?")
    terminal.until(lambda: "run this call?" not in terminal.text, keys="y")
    terminal.shows("%")
    terminal.child.send("\x1b")
    terminal.shows("cancelled")
    assert terminal.end() == 0
