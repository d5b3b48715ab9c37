"""From exec to the first painted frame, beside an empty Textual app; what it keeps in memory; and what a key waits."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.program import OURS, started
from tests.bench.table import Row
from tests.fakes.openai_api import serving

EMPTY = """
from textual.app import App
from textual.widgets import Input
class Empty(App):
    def compose(self):
        yield Input(placeholder="Ask anything.")
Empty().run()
"""
RUNS = 21
"""On a machine that others use the ratio of seven runs swings by a tenth."""
EARLY = "too-early"


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as home:
        yield from first_frame(home)
        yield from memory(Path(home))


def first_frame(home: str) -> Iterator[Row]:
    def once(*command: str) -> float:
        with started(command, home) as program:
            return program.until("Ask anything.")

    def early() -> float:
        """Written before there was a screen: it stands in the first frame."""
        with started((*OURS, "--demo"), home) as program:
            program.press(EARLY.encode())
            return program.until(EARLY)

    empty = (sys.executable, "-c", EMPTY)
    once(*OURS, "--demo"), once(*empty)  # byte code is written once
    pairs = [(once(*OURS, "--demo"), once(*empty), early()) for _ in range(RUNS)]
    mine, bare, typed = (median(column) for column in zip(*pairs, strict=True))
    yield Row("first frame, times an empty Textual app", mine / bare, "×", 1.3, f"{mine:.2f} s and {bare:.2f} s")
    yield Row("keys typed before it are shown, times it", typed / mine, "×", None, f"{typed:.2f} s")


def memory(home: Path) -> Iterator[Row]:
    with serving([{"text": "The answer.", "repeat": True}]) as api:
        config = home / "servers.json"
        server = {"command": sys.executable, "args": ["-P", "-m", "fastchat_tui.demo.server", str(home)]}
        config.write_text(json.dumps({"mcpServers": {"demo": server}}))
        with started(OURS, home) as program:
            program.until("Welcome")
            yield Row("memory before servers", program.resident(), "MB", 60)
        environ = {"OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": api.url}
        with started((*OURS, "--config", str(config)), home, environ) as program:
            program.until("Ask anything.")
            program.press(b"hello\r")
            program.until("The answer.")
            yield Row("memory with openai and mcp, a server and an answer", program.resident(), "MB", 130)
