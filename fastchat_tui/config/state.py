"""What the program remembers of the user's choices: switches, rules, trust, model, theme. One TOML file, written whole.

A choice holds for this run also where nothing can be written; ``trouble`` then says so. A file that cannot be read is
set aside before a new one is begun, never overwritten.
"""

from __future__ import annotations

import os
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastchat_tui.config.files import decoded, locked, read, write_atomically
from fastchat_tui.wire.errors import ConfigError

Table = dict[str, Any]
Edit = Callable[[Table], None]


class State:
    """Reads are from memory; a change is made to what is on disk then, so that two instances do not undo each other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._table: Table = {}
        self._unwritten: list[Edit] = []
        self._mutex = threading.Lock()
        self.trouble: tuple[str, str] | None = None
        """Why choices are not remembered, and the remedy; None while they are."""

    @property
    def places(self) -> tuple[Path, Path]:
        """The folder and the file."""
        return self._path.parent, self._path

    def table(self, *keys: str) -> Table:
        """The table at ``keys``; an empty one when there is none."""
        table = self._table
        for key in keys:
            inner = table.get(key)
            if not isinstance(inner, dict):
                return {}
            table = inner
        return table

    def refresh(self) -> None:
        """Reads what another instance may have written."""
        with self._mutex:
            self.trouble = None
            try:
                table = self._on_disk()
            except ConfigError as error:
                self.trouble = (
                    error.text,
                    "Your earlier choices are not used. The file is set aside at your next one.",
                )
                table = {}
            self._table = self._with_unwritten(table)
            if self.trouble is None and not _may_write(self._path.parent):
                self.trouble = self._unwritable("it is read-only")

    def change(self, edit: Edit) -> None:
        with self._mutex:
            self._unwritten.append(edit)
            try:
                with locked(self._path):
                    self._write()
            except (OSError, UnicodeError) as error:
                reason = (error.strerror or error) if isinstance(error, OSError) else "a name in it is no text"
                self.trouble = self._unwritable(str(reason))
                self._table = self._with_unwritten(self._table)

    def _write(self) -> None:
        import tomli_w

        trouble = None
        try:
            table = self._on_disk()
        except ConfigError as error:
            aside = self._path.with_name(f"{self._path.stem}.broken-{time.strftime('%Y%m%d-%H%M%S')}.toml")
            self._path.rename(aside)
            trouble = (error.text, f"It is kept as {aside}, and a new one was begun.")
            table = {}
        table = self._with_unwritten(table)
        write_atomically(self._path, tomli_w.dumps(table).encode())
        self._table, self.trouble = table, trouble
        self._unwritten.clear()

    def _with_unwritten(self, table: Table) -> Table:
        for edit in self._unwritten:
            edit(table)
        return table

    def _unwritable(self, reason: str) -> tuple[str, str]:
        remedy = f"Your choices last until you quit. Make {self._path.parent} writable to keep them."
        return f"{self._path} cannot be written: {reason}.", remedy

    def _on_disk(self) -> Table:
        if not self._path.exists():
            return {}
        try:
            return tomllib.loads(decoded(read(self._path), self._path))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{self._path}: {error}.") from error


def _may_write(folder: Path) -> bool:
    """Whether the folder, or the nearest one above it that is there, can be written."""
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)
