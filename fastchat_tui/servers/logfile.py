"""A server's log on disk: one rotating file each, for the owner's eyes only."""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
from pathlib import Path

MAX_BYTES = 1_000_000


class Quiet(logging.handlers.RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk is told once by the session log; here it is silent."""


class ServerLog:
    """Never raises: a log that cannot be written is no reason to stop a server."""

    def __init__(self, folder: Path, server: str) -> None:
        self._handler: logging.Handler | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', server)[:80]}.log"
            os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
            self._handler = Quiet(path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
            self._handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        except OSError:
            self._handler = None

    def write(self, text: str) -> None:
        if self._handler:
            self._handler.emit(logging.LogRecord("server", logging.INFO, "", 0, text, None, None))

    def close(self) -> None:
        if self._handler:
            self._handler.close()
