"""What a server says beside the protocol: standard error, log messages, our remarks. Bounded, whatever it floods.

Events are coalesced (at most ten flushes a second, each of at most a page); everything but a flood also goes, masked,
to a rotating file of the server's own, written in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import zlib
from collections import deque
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Literal

from fastchat_tui.wire.events import ServerLogged
from fastchat_tui.wire.folders import make_private
from fastchat_tui.wire.ports import Emit
from fastchat_tui.wire.servers import Level
from fastchat_tui.wire.text import one_line

Source = Literal["stderr", "server", "client"]

PAGE = 100
"""Lines in one flush; older ones of the same tenth of a second are counted and left out."""
MAX_LINE = 2000
MAX_FILE = 1 << 20
BACKUPS = 2
_PERIOD = 0.1
_FILE_LINES = 2000
_LAST_WORDS = 3


class Journal:
    """The log of one server, over all of its connections."""

    def __init__(self, server: str, emit: Emit, folder: Path | None, mask: Callable[[str], str]) -> None:
        self._path = folder / f"{_file_name(server)}.log" if folder else None
        self._server = server
        self._emit = emit
        self._mask = mask
        self._fresh: deque[tuple[Source, Level, str]] = deque(maxlen=PAGE)
        self._left_out = 0
        self._unwritten: deque[str] = deque(maxlen=_FILE_LINES)
        self._stderr: deque[str] = deque(maxlen=200)
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._readonly = False

    def add(self, source: Source, level: Level, text: str) -> None:
        """Takes lines; says them soon."""
        for line in text[-PAGE * MAX_LINE :].splitlines():
            line = line if len(line) <= MAX_LINE else line[:MAX_LINE] + "…"
            if len(self._fresh) == PAGE:
                self._left_out += 1
            self._fresh.append((source, level, line))
            self._unwritten.append(f"{source} {level} {line}")
            if source == "stderr" and line.strip():
                self._stderr.append(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PERIOD, self.flush)

    def forget_words(self) -> None:
        """A new process starts: the last words of the one before are not its own."""
        self._stderr.clear()

    def last_words(self) -> str:
        """The last lines on standard error, in one line."""
        return one_line(" · ".join(list(self._stderr)[-_LAST_WORDS:]), 400)

    def flush(self) -> None:
        """Says what has gathered: neighbours of one source and level together."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._left_out:
            text = f"… {self._left_out:,} lines left out: too many at once …"
            self._emit(ServerLogged(server=self._server, source="client", level="warning", text=text))
            self._left_out = 0
        for (source, level), lines in groupby(self._fresh, key=itemgetter(0, 1)):
            text = "\n".join(line for *_, line in lines)
            self._emit(ServerLogged(server=self._server, source=source, level=level, text=text))
        self._fresh.clear()
        self._write_soon()

    async def close(self) -> None:
        """Says and writes what is left; the journal may be used again."""
        self.flush()
        while self._writing is not None:
            await asyncio.wait([self._writing])

    def _write_soon(self) -> None:
        if self._path is None or self._writing is not None or not self._unwritten or self._readonly:
            return
        lines = [*self._unwritten]
        self._unwritten.clear()
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, self._path, lines)
        self._writing.add_done_callback(self._written)

    def _written(self, writing: asyncio.Future[None]) -> None:
        self._writing = None
        if writing.cancelled():
            return
        if (error := writing.exception()) is not None:
            self._readonly = True
            text = (
                f"The log file {self._path} cannot be written ({one_line(str(error), 100)}); the log is kept here only."
            )
            self._emit(ServerLogged(server=self._server, source="client", level="warning", text=text))
        else:
            self._write_soon()

    def _write(self, path: Path, lines: list[str]) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%S")
        data = self._mask("".join(f"{at} {line}\n" for line in lines)).encode("utf-8", "replace")
        make_private(path.parent)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size + len(data) > MAX_FILE:
                for number in range(BACKUPS, 0, -1):
                    older = path.with_suffix(f".log.{number}")
                    newer = path if number == 1 else path.with_suffix(f".log.{number - 1}")
                    with contextlib.suppress(FileNotFoundError):
                        newer.replace(older)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(handle, "ab") as file:
            file.write(data)


def _file_name(server: str) -> str:
    name = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "_" for char in server)[:60]
    return name if name == server else f"{name}-{zlib.crc32(server.encode('utf-8', 'replace')):08x}"
