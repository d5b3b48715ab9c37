"""``settings.toml`` in the user's own folder: what no project may decide: model, endpoint, rules, keys, looks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastchat_tui.config import files
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.ports import Rule


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """What concerns the screen alone."""

    keymap: Mapping[str, str] = field(default_factory=dict)
    """Action id → keys, comma-separated, as Textual's ``set_keymap`` wants them."""
    theme: str = ""
    mouse: bool = True


@dataclass(frozen=True, slots=True)
class UserSettings:
    model: str = ""
    base_url: str = ""
    wire: str = ""
    system: str = ""
    policy: str = ""
    max_steps: int = 25
    secrets: str = ""
    """Where secrets are kept: ``keyring`` (also when empty), ``file`` (encrypted) or ``memory``."""
    rules: tuple[Rule, ...] = ()
    screen: ScreenSettings = ScreenSettings()


def read_settings(path: Path) -> UserSettings:
    """Raises ConfigError naming the file, the line or the key, and what was expected."""
    if not path.exists():
        return UserSettings()
    try:
        values = tomllib.loads(files.decoded(files.read(path), path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}.", "Mend that line, or move the file away.") from error
    table = _Table(values, path)
    rules, keymap = table.table("rules"), table.table("keymap")
    if base_url := table.text("base_url"):
        check_url(base_url, f"{path}: “base_url”")
    return UserSettings(
        model=table.text("model"),
        base_url=base_url,
        wire=table.choice("wire", ("chat", "responses")),
        system=table.text("system"),
        policy=table.choice("policy", ("ask", "allow", "deny")),
        max_steps=table.count("max_steps", 25),
        secrets=table.choice("secrets", ("keyring", "file", "memory")),
        rules=(
            *(Rule(pattern, "deny", "settings.toml denies it") for pattern in rules.texts("deny")),
            *(Rule(pattern, "always", "settings.toml allows it") for pattern in rules.texts("allow")),
        ),
        screen=ScreenSettings(
            {action: ",".join(keymap.texts(action)) for action in keymap.names()},
            table.text("theme"),
            table.flag("mouse", True),
        ),
    )


def check_url(url: str, where: str) -> None:
    """Raises ConfigError unless it is an http(s) URL with a host."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or not url.isprintable() or " " in url:
        raise ConfigError(f"{where} is no http(s) URL.", "Expected something like https://example.com/v1.")


class _Table:
    """A TOML table that says where a wrong value stands and what was expected."""

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

    def table(self, key: str) -> _Table:
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "a table")
        return _Table(value, self._path, f"{self._prefix}{key}.")

    def _wrong(self, key: str, expected: str) -> ConfigError:
        return ConfigError(f"{self._path}: “{self._prefix}{key}” must be {expected}.", "Mend it, then reload.")
