"""Themes: every colour that is made can be read, and what is no colour is refused."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from textual.color import Color

from fastchat_tui.tui.app import FastchatApp
from fastchat_tui.tui.themes import (
    BOLD,
    DEFAULT,
    READABLE,
    WRITTEN,
    contrast,
    folders,
    load_themes,
    read_theme,
    theme_files,
)

THEMES = load_themes(theme_files())[0]


def test_there_are_themes_for_every_taste_and_each_can_be_used() -> None:
    themes, problems = load_themes(theme_files())
    assert problems == []
    assert len(themes) >= 6
    assert sum(not theme.dark for theme in themes.values()) >= 2
    assert DEFAULT in themes
    assert {"contrast", "terminal", "plain"} <= set(themes)
    assert folders()


@pytest.mark.parametrize("name", [name for name, theme in THEMES.items() if not theme.ansi])
def test_every_text_can_be_read_on_every_ground(name: str) -> None:
    made = THEMES[name].to_color_system().generate() | THEMES[name].variables
    texts = [Color.parse(made[f"text-{role}"]) for role in (*WRITTEN, "muted")] + [Color.parse(made["foreground"])]
    grounds = [Color.parse(made[role]) for role in ("background", "surface", "panel")]
    assert all(contrast(text, ground) >= READABLE for text in texts for ground in grounds)
    cursor = Color.parse(made["block-cursor-background"])
    assert all(contrast(text, cursor) >= BOLD for text in texts)
    assert contrast(Color.parse(made["focus-foreground"]), Color.parse(made["focus-background"])) >= READABLE
    assert contrast(Color.parse(made["border"]), grounds[0]) > contrast(Color.parse(made["border-blurred"]), grounds[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("about = 'x'", "primary"),
        ("primary = 'no such colour'", "primary is no colour"),
        ("primary = ", "Invalid"),
        ("primary = 'red'\n[variables]\nblock-cursor-text-style = 'loud'", "block-cursor-text-style is no style"),
    ],
)
def test_a_bad_theme_is_told_and_not_used(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ValueError, match=words):
        read_theme(tmp_path / "bad.toml")
    assert len(load_themes({"bad": tmp_path / "bad.toml"})[1]) == 1


@pytest.mark.parametrize("text", ["primary = '#3366ff'", "primary = 'ansi_blue'\nansi = true"])
async def test_a_theme_of_the_user_needs_no_more_than_one_colour(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    app = FastchatApp(theme="mine", theme_folders=[tmp_path])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.theme == "mine"


def painted(theme: str, **env: str) -> bytes:
    """What the program without an engine writes to a terminal until its composer is there."""
    program = f"from fastchat_tui.tui.app import FastchatApp; FastchatApp(theme={theme!r}).run()"
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=slave, stdout=slave, stderr=slave, close_fds=True,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env},
    )  # fmt: skip
    os.close(slave)
    written, until = b"", time.monotonic() + 60
    try:
        while b"Ask anything" not in written and time.monotonic() < until:
            if select.select([master], [], [], 1)[0]:
                written += os.read(master, 65536)
    finally:
        child.kill()
        child.wait()
        os.close(master)
    assert b"Ask anything" in written
    return written


def test_the_terminal_theme_uses_the_colours_of_the_terminal() -> None:
    written = painted("terminal")
    assert b";2;" not in written
    assert b"\x1b[1;94m" in written or b"\x1b[94" in written or b";94" in written


def test_no_color_means_no_colours_at_all() -> None:
    written = painted("night", NO_COLOR="1")
    codes = {code for part in written.split(b"\x1b[")[1:] if b"m" in part for code in part.split(b"m")[0].split(b";")}
    colours = {str(n).encode() for n in (*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108))}
    assert not codes & colours
