"""Keys, theme and mouse: what the screen reads before its first frame."""

from __future__ import annotations

import pytest

from fastchat_tui.config.looks import read_looks, set_theme
from fastchat_tui.config.state import State
from fastchat_tui.wire.errors import ConfigError

from .conftest import Place


def test_without_files_everything_is_as_usual(place: Place) -> None:
    looks = read_looks(place.paths.config / "settings.toml", State(place.paths.state / "state.toml"))
    assert (looks.theme, looks.mouse, looks.keymap) == ("", True, {})


def test_the_settings_go_before_the_theme_that_was_chosen_last(place: Place) -> None:
    settings = place.paths.config / "settings.toml"
    set_theme(State(place.paths.state / "state.toml"), "night")
    state = State(place.paths.state / "state.toml")
    state.refresh()
    assert read_looks(settings, state).theme == "night"
    text = 'theme = "dusk"\nmouse = false\n[keymap]\nsend = ["enter", "ctrl+j"]\nquit = "ctrl+q"\n'
    place.write(text, "settings.toml", place.paths.config)
    looks = read_looks(settings, state)
    assert (looks.theme, looks.mouse, looks.keymap) == ("dusk", False, {"send": "enter,ctrl+j", "quit": "ctrl+q"})


def test_a_wrong_key_is_named(place: Place) -> None:
    place.write("[keymap]\nsend = 3\n", "settings.toml", place.paths.config)
    with pytest.raises(ConfigError, match=r"“keymap\.send” must be a text"):
        read_looks(place.paths.config / "settings.toml", State(place.paths.state / "state.toml"))
