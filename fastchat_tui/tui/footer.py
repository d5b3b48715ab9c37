"""The line below everything: the keys of the place where the focus is, as many as fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fastchat_tui.tui.bindings import TABLE, Key, Region

if TYPE_CHECKING:
    from textual.app import App, RenderResult

NAMES = {
    "escape": "Esc", "enter": "Enter", "space": "Space", "slash": "/", "tab": "Tab", "pageup": "PgUp",
    "pagedown": "PgDn", "home": "Home", "end": "End", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "left_square_bracket": "[", "right_square_bracket": "]", "left_curly_bracket": "{", "right_curly_bracket": "}",
    "question_mark": "?",
}  # fmt: skip


def key_name(key: str) -> str:
    """A Textual key as people write it: ``^P``, ``F2``, ``Esc``, ``Shift+Enter``."""
    key = key.strip()
    modifier, _, rest = key.rpartition("+")
    if modifier == "ctrl" and len(rest) == 1:
        return f"^{rest.upper()}"
    name = NAMES.get(rest) or (rest.upper() if rest[:1] == "f" and rest[1:].isdigit() else rest)
    return "+".join([*(part.capitalize() for part in modifier.split("+") if part), name])


def keys_of(key: Key, keymap: Mapping[str, str]) -> list[str]:
    """The keys of an action as people write them; those of the user go before ours."""
    return [key_name(one) for one in keymap.get(key.id, key.keys).split(",") if one.strip()]


def first_key(action: str, keymap: Mapping[str, str]) -> str:
    """The first key of the action with this id; empty when the user gave it none."""
    return next((key for row in TABLE if row.id == action for key in keys_of(row, keymap)), "")


def keys_for(keymap: Mapping[str, str], *ids: str) -> str:
    """Some actions with their first keys, for the edge of a frame."""
    found = {key.id: (keys_of(key, keymap), key.name) for key in TABLE if key.id in ids}
    return " · ".join(f"{keys[0]} {name}" for keys, name in (found[one] for one in ids) if keys)


def keymap_of(app: App[Any]) -> Mapping[str, str]:
    """The keys that the user of ``app`` gave to actions."""
    found: Mapping[str, str] = getattr(app, "keymap", {})
    return found


class KeyHints(Static):
    place: reactive[Region] = reactive[Region]("composer")
    more: reactive[tuple[str, ...]] = reactive(())
    """The ids of actions that are of use at this moment only."""

    def __init__(self) -> None:
        super().__init__(id="hints", markup=False)
        self.keymap: Mapping[str, str] = {}

    def render(self) -> RenderResult:
        room = self.size.width
        pieces: list[tuple[str, str]] = []
        for keys, name in self._hints():
            room -= cell_len(keys) + cell_len(name) + 3
            if room < 0:
                break
            pieces += [(f" {keys}", "bold $text-accent"), (f" {name} ", "$text-muted")]
        return Content.assemble(*pieces)

    def _hints(self) -> Iterator[tuple[str, str]]:
        for region in (self.place, "app", "chat"):
            for key in TABLE:
                shown = key.shown or key.id in self.more
                if key.region == region and shown and (keys := keys_of(key, self.keymap)):
                    yield keys[0], key.name
