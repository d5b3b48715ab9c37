"""What is written to the terminal, by a thread of its own.

Invariant: no terminal holds the loop, be it slow, stopped or gone. Textual's writer lets the loop wait once it is
thirty texts behind, and for ever when the terminal is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

PATIENCE = 2.0
"""Seconds in which a terminal should have taken the last words: servers are closed only then."""


class Writable(Protocol):
    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


class Outlet:
    def __init__(self, file: Writable, gone: Callable[[], None]) -> None:
        """``gone`` is called by the thread, once, when nothing can be written any more."""
        self._file, self._gone = file, gone
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many texts the terminal has not taken."""
        return self._queue.qsize()

    def write(self, text: str) -> None:
        self._queue.put(text)

    def close(self) -> None:
        """Waits until all is written, but not for a terminal that takes nothing."""
        self._queue.put(None)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        lost = False
        while (text := self._queue.get()) is not None:
            try:
                if not lost:
                    self._file.write(text)
                    if self._queue.empty():
                        self._file.flush()
            except OSError:
                lost = True
                self._gone()
