"""A terminal whose size changes while the model writes: whatever comes, the screen is right afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.scene import allow_all, becomes, config, environ, faulty, resize, say, shows_flat
from tests.e2e.terminal import Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
LONG = " ".join(f"word{number}" for number in range(400))


def storm(terminal: Terminal) -> None:
    """Forty sizes, each drawn before the next."""
    dice = random.Random(40)
    sizes = [(dice.randint(20, 250), dice.randint(5, 70)) for _ in range(36)]
    for width, height in ((20, 5), *sizes[:18], (250, 70), *sizes[18:], (20, 5), (120, 40)):
        told = len(terminal.raw)
        resize(terminal, width, height)
        terminal.until(lambda told=told: len(terminal.raw) > told)


def test_a_storm_of_resizes_leaves_everything_right(opened: Opened, home: Path) -> None:
    allow_all(home)
    with serving([{"text": LONG, "pace": 0.005}, {"text": "calm again"}]) as api:
        terminal = opened("--config", config(good=faulty("")), environ=environ(api))
        becomes(terminal, "good", "● 2")
        say(terminal, "tell me")
        shows_flat(terminal, "word5")
        storm(terminal)
        shows_flat(terminal, "word399")
        terminal.until(lambda: "Esc stops" not in terminal.text)
        becomes(terminal, "good", "●")
        terminal.child.send("\x0e")  # a new session
        terminal.until(lambda: "word" not in terminal.text)
        say(terminal, "and now")
        shows_flat(terminal, "calm again")
        assert terminal.end() == 0
    assert b"Traceback" not in terminal.raw


def test_the_end_is_followed_through_resizes(opened: Opened, home: Path) -> None:
    allow_all(home)
    with serving([{"text": LONG, "pace": 0.01}]) as api:
        terminal = opened("--config", config(good=faulty("")), environ=environ(api))
        becomes(terminal, "good", "● 2")
        say(terminal, "tell me")
        shows_flat(terminal, "word5")
        storm(terminal)
        shows_flat(terminal, "word399")
        assert terminal.end() == 0


def test_a_terminal_that_is_small_for_a_moment_shows_all_again(opened: Opened, home: Path) -> None:
    allow_all(home)
    terminal = opened("--config", config(good=faulty("")))
    becomes(terminal, "good", "● 2")
    resize(terminal, 20, 5)
    resize(terminal, 120, 40)
    becomes(terminal, "good", "● 2")
    terminal.shows("F1 help")
    assert terminal.end() == 0
