"""A TOML file of ours that says where a wrong value stands and what was expected."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastchat_tui.config import files
from fastchat_tui.wire.errors import ConfigError


def read_toml(path: Path) -> TomlTable:
    """An empty table where there is no file. Raises ConfigError naming the file and the line."""
    if not path.exists():
        return TomlTable({}, path)
    try:
        return TomlTable(tomllib.loads(files.decoded(files.read(path), path)), path)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}.", "Mend that line, or move the file away.") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply.", "Mend it, or move it away.") from error


class TomlTable:
    """Its values by kind. Each method raises ConfigError naming the file, the key and what was expected."""

    def __init__(self, values: Mapping[str, Any], path: Path, prefix: str = "") -> None:
        self._values = values
        self._path = path
        self._prefix = prefix

    def names(self) -> list[str]:
        return list(self._values)

    def text(self, key: str) -> str:
        value = self._values.get(key, "")
        if not isinstance(value, str):
            raise self._wrong(key, "a text")
        return value

    def choice(self, key: str, among: tuple[str, ...]) -> str:
        value = self.text(key)
        if value and value not in among:
            raise self._wrong(key, " or ".join(f"“{word}”" for word in among))
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def count(self, key: str, default: int) -> int:
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self._wrong(key, "a whole number above 0")
        return value

    def texts(self, key: str) -> list[str]:
        """One text, or a list of them."""
        value = self._values.get(key, [])
        found: list[Any] = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in found):
            raise self._wrong(key, "a text, or a list of texts")
        return found

    def table(self, key: str) -> TomlTable:
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "a table")
        return TomlTable(value, self._path, f"{self._prefix}{key}.")

    def _wrong(self, key: str, expected: str) -> ConfigError:
        return ConfigError(f"{self._path}: “{self._prefix}{key}” must be {expected}.", "Mend it, then reload.")
