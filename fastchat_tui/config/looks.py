"""What concerns the screen alone. It is read before the first frame, so it imports next to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fastchat_tui.config.state import State
from fastchat_tui.config.toml import TomlTable, read_toml


class ScreenSettings(NamedTuple):
    keymap: Mapping[str, str]
    """Action id → keys, comma-separated, as Textual's ``set_keymap`` wants them."""
    theme: str
    mouse: bool


def read_looks(settings: Path, state: State) -> ScreenSettings:
    """The settings file goes before what is remembered. Raises ConfigError."""
    chosen = looks_in(read_toml(settings))
    remembered = state.table().get("theme")
    theme = chosen.theme or (remembered if isinstance(remembered, str) else "")
    return ScreenSettings(chosen.keymap, theme, chosen.mouse)


def looks_in(table: TomlTable) -> ScreenSettings:
    """Raises ConfigError."""
    keymap = table.table("keymap")
    keys = {action: ",".join(keymap.texts(action)) for action in keymap.names()}
    return ScreenSettings(keys, table.text("theme"), table.flag("mouse", True))


def set_theme(state: State, name: str) -> None:
    state.change(lambda table: table.update({"theme": name}))
