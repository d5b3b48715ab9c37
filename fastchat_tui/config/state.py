"""What the program remembers of the user's choices: switches, rules, trust, theme. One TOML file, written whole."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastchat_tui.config.files import locked, write_atomically
from fastchat_tui.wire.errors import ConfigError

Table = dict[str, Any]


class State:
    """Reads are from memory; a change reads the file again, so that two instances do not undo each other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._table: Table | None = None
        self.problem = ""
        """Why the file cannot be used; it is then neither read nor written."""

    def table(self, *keys: str) -> Table:
        """The table at ``keys``; an empty one when there is none."""
        if self._table is None:
            self._table = self._read()
        return _at(self._table, keys)

    def change(self, edit: Callable[[Table], None]) -> None:
        """Applies ``edit`` to the whole table and writes it. Raises ConfigError when it cannot be written."""
        try:
            with locked(self._path):
                table = self._read()
                edit(table)
                self._table = table
                if self.problem:
                    return
                import tomli_w

                write_atomically(self._path, tomli_w.dumps(table).encode())
        except OSError as error:
            fault = f"{self._path} cannot be written: {error.strerror}. The choice lasts until you quit."
            raise ConfigError(fault, f"Make {self._path.parent} writable.") from error

    def _read(self) -> Table:
        try:
            with self._path.open("rb") as file:
                table = tomllib.load(file)
        except FileNotFoundError:
            return {}
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.problem = f"{self._path} cannot be read: {error}"
            return self._table or {}
        self.problem = ""
        return table


def _at(table: Table, keys: tuple[str, ...]) -> Table:
    for key in keys:
        inner = table.get(key)
        if not isinstance(inner, dict):
            return {}
        table = inner
    return table
