"""Keys of the user's own: they do what they were given, and nothing else does."""

from __future__ import annotations

import pytest

from fastchat_tui.tui.app import FastchatApp
from fastchat_tui.tui.bindings import settled
from fastchat_tui.wire.events import TurnFinished
from tests.fakes.world import World, say
from tests.tui.test_app import Screen


@pytest.mark.parametrize(
    ("given", "lost"),
    [
        ({"composer.send": "ctrl+s"}, {"chat.sessions": ""}),  # what works everywhere gives way
        ({"chat.theme": "ctrl+g"}, {"composer.editor": ""}),  # and takes, wherever it is
        ({"servers.reconnect": "j, f7"}, {"servers.down": "down"}),  # the rest of the keys stay
        ({"servers.toggle": "y"}, {}),  # another place is another matter
        ({"composer.send": "ctrl+j", "composer.newline": "enter"}, {}),  # an exchange
        ({"chat.sessions": ""}, {}),
        ({"nonsense": "j"}, {}),
    ],
)
def test_a_key_that_the_user_gives_is_taken_from_what_had_it(given: dict[str, str], lost: dict[str, str]) -> None:
    assert settled(given) == given | lost


async def test_keys_of_the_user_do_what_they_were_given_and_ours_do_not_any_more() -> None:
    keys = {"composer.send": "ctrl+s", "composer.newline": "enter", "chat.theme": "", "chat.servers": "f7"}
    world = World(say("Hello"))
    async with world.open("", begin=False) as engine:
        app = FastchatApp(engine, keymap=keys)
        async with app.run_test(size=(120, 40)) as pilot:
            await app.chat.attached.wait()
            it = Screen(world, app, pilot)
            await pilot.press("h", "enter", "i")
            assert app.chat.composer.draft == "h\ni"
            await pilot.press("ctrl+s")
            await it.heard(TurnFinished)
            await pilot.press("f9", "f2")
            assert app.screen is app.chat
            assert app.focused in app.chat.composer.query("*")
            await pilot.press("f7")
            assert app.focused in app.chat.panes.query("#servers *")
            assert "F7 servers" in str(app.chat.hints.render())
            assert "sessions" not in str(app.chat.hints.render())
