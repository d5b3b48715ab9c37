"""The controlling terminal, for questions: stdin and stdout may both be pipes."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator

from fastchat_tui.wire.text import clean


class Terminal:
    """Asks for one line at a time; what was typed before the question does not answer it."""

    def __init__(self, path: str = "/dev/tty") -> None:
        self._path = path

    async def ask(self, text: str) -> str:
        """The answer without its newline. Raises OSError when there is no terminal, EOFError when it was closed."""
        loop = asyncio.get_running_loop()
        with self._open() as fd:
            _forget_typed(fd)
            await asyncio.to_thread(os.write, fd, clean(text).encode("utf-8", "replace"))
            readable = asyncio.Event()
            loop.add_reader(fd, readable.set)
            try:
                await readable.wait()
            except asyncio.CancelledError:
                os.write(fd, b"\n")  # somebody else has answered: what follows begins a line
                raise
            finally:
                loop.remove_reader(fd)
            if not (line := os.read(fd, 65536)):
                raise EOFError
            return line.decode("utf-8", "replace").strip()

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        try:
            yield fd
        finally:
            os.close(fd)


def _forget_typed(fd: int) -> None:
    with contextlib.suppress(ImportError):
        import termios

        with contextlib.suppress(termios.error):
            termios.tcflush(fd, termios.TCIFLUSH)
