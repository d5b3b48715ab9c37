"""Keys at random, in bursts: whatever they open over each other, the program goes on, and every place can be left."""

from __future__ import annotations

import random

import pytest
from textual import events

from fastchat_tui.tui.bindings import TABLE
from fastchat_tui.tui.modals.frame import QuestionScreen
from tests.fakes.world import World, say, want
from tests.tui.test_app import Screen, screen

BURSTS = 80
ENDS = {"ctrl+q", "ctrl+c", "ctrl+g"}
"""Keys that quit, or hand the terminal to an editor."""
KEYS = sorted({key for row in TABLE for key in row.keys.split(",")} - ENDS)
OPEN = ("ctrl+p", "f1", "f9", "ctrl+s", "enter", "enter", "escape", "pageup")
"""Keys that open something or close it: half of all."""
SAID = ("/theme", "/sessions", "/call demo:echo", "/page demo", "/help", "#demo:echo {", "hello", "notes")


def burst(it: Screen, dice: random.Random) -> None:
    """As a slow line delivers them: together, and before anything was drawn."""
    keys = (
        [*dice.choice(SAID), "enter"]
        if dice.random() < 0.2
        else [dice.choice(dice.choice((KEYS, OPEN))) for _ in range(dice.choice((1, 2, 4)))]
    )
    for key in keys:
        it.app.post_message(events.Key(key, key if len(key) == 1 else " " if key == "space" else None))


@pytest.mark.parametrize("seed", range(4))
async def test_any_keys_leave_a_program_that_goes_on(seed: int) -> None:
    dice = random.Random(seed)
    world = World(*[say("so", calls=[want(f"c{number}")]) if number % 2 else say("done") for number in range(40)])
    async with screen(world, dice.choice(((80, 24), (120, 40), (60, 20)))) as it:
        for _ in range(BURSTS):
            burst(it, dice)
            if dice.random() < 0.6:
                await it.pilot.pause()
        for _ in range(3 * len(it.app.screen_stack)):
            if it.app.screen is not it.chat and not isinstance(it.app.screen, QuestionScreen):
                await it.pilot.press("escape")
        assert it.app.is_running
        assert it.app.screen is it.chat or isinstance(it.app.screen, QuestionScreen)
