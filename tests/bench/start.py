"""Exec to first painted frame in a pty, beside an empty Textual app; and memory: ``python -m tests.bench.start``."""

from __future__ import annotations

import os
import pty
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

EMPTY = """
from textual.app import App
from textual.widgets import Input
class Empty(App):
    def compose(self):
        yield Input(placeholder="Ask anything.")
Empty().run()
"""
RUNS = 7


def start(command: Sequence[str], home: str, mark: bytes) -> tuple[float, int]:
    """Seconds until ``mark`` is on the screen, and kB of resident memory of the largest process two seconds later."""
    environ = {"HOME": home, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    master, slave = pty.openpty()
    began = time.perf_counter()
    child = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environ, cwd=home, start_new_session=True
    )
    os.close(slave)
    seen = b""
    while mark not in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", seen):
        seen += os.read(master, 65536)
    took = time.perf_counter() - began
    memory = max((_resident(pid) for pid in (child.pid, *_below(child.pid))), default=0)
    os.close(master)
    child.terminate()
    child.wait(10)
    return took, memory


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        return int(next((line.split()[1] for line in file if line.startswith("VmRSS")), "0"))


def _below(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        own = [int(child) for child in file.read().split()]
    return own + [child for parent in own for child in _below(parent)]


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        ours = [sys.executable, "-m", "fastchat_tui", "--demo"]
        empty = [sys.executable, "-c", EMPTY]
        start(ours, home, b"Ask anything.")  # byte code is written once
        start(empty, home, b"Ask anything.")
        pairs = [(start(ours, home, b"Ask anything."), start(empty, home, b"Ask anything.")) for _ in range(RUNS)]
        mine = statistics.median(pair[0][0] for pair in pairs)
        bare = statistics.median(pair[1][0] for pair in pairs)
        print(f"first frame: {mine:.3f} s, an empty app {bare:.3f} s, ratio {mine / bare:.2f} (goal 1.3)")
        memory = statistics.median(pair[0][1] for pair in pairs) / 1000
        print(f"memory at the first frame: {memory:.0f} MB (goal 60)")


if __name__ == "__main__":
    main()
