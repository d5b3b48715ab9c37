"""The real program, or one to compare it with, in a pseudo-terminal of 120×40 that is drained as a terminal does."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter

DEADLINE = 120.0
LOCAL = 3
OURS = (sys.executable, "-m", "fastchat_tui")
CONTROL = re.compile(rb"\x1b(\[[0-9;?:]*[ -/]*[@-~]|[P\]][^\x1b\x07]*(\x1b\\|\x07)|[()].|.)")


class Program:
    """``words`` is what it wrote since the last look, without control sequences."""

    def __init__(self, command: Sequence[str], home: str, environ: Mapping[str, str] | None = None) -> None:
        given = {"HOME": home, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        given |= {"COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none", **(environ or {})}
        self._main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        modes = termios.tcgetattr(side)
        modes[LOCAL] &= ~(termios.ECHO | termios.ICANON)  # what is seen, the program has painted
        termios.tcsetattr(side, termios.TCSANOW, modes)
        self.began = perf_counter()
        self._process = subprocess.Popen(
            command, stdin=side, stdout=side, stderr=side, env=given, cwd=home, start_new_session=True
        )
        os.close(side)
        self._raw = b""

    @property
    def words(self) -> bytes:
        return CONTROL.sub(b"", self._raw)

    def press(self, keys: bytes) -> None:
        self._raw = b""
        os.write(self._main, keys)

    def until(self, words: str) -> float:
        """Seconds since the start when ``words`` have been painted."""
        end, wanted = perf_counter() + DEADLINE, words.encode()
        while wanted not in self.words:
            self.read(end - perf_counter())
        return perf_counter() - self.began

    def drain(self) -> None:
        """Reads until it ends."""
        with suppress(OSError):
            while True:
                self.read(DEADLINE)

    def read(self, seconds: float) -> None:
        """One chunk of output. Raises TimeoutError when none comes in time, and OSError at its end."""
        if seconds <= 0 or not select.select([self._main], [], [], seconds)[0]:
            raise TimeoutError(self.words[-2000:].decode("utf-8", "replace"))
        self._raw = self._raw[-(1 << 16) :] + os.read(self._main, 1 << 16)

    def resident(self) -> float:
        """MB of resident memory of the program's own process: the largest below its guardians."""
        return max(map(_resident, _below(self._process.pid)), default=0.0)

    def close(self) -> None:
        os.close(self._main)
        self._process.terminate()
        self._process.wait(DEADLINE)


@contextmanager
def started(command: Sequence[str], home: str | Path, environ: Mapping[str, str] | None = None) -> Iterator[Program]:
    program = Program(command, str(home), environ)
    try:
        yield program
    finally:
        program.close()


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")), "0")) / 1000


def _below(pid: int) -> list[int]:
    """The process and its descendants of the same command: servers are not counted."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    if b"fastchat_tui\0" not in command:
        return []
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in _below(int(child)))]
