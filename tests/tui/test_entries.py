"""Servers as entries on the screen: examined, tried before they are saved, taken over from other programs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastchat_tui.tui.entries import read, written
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.modals.by_hand import ByHandScreen
from fastchat_tui.tui.modals.doctor import DoctorScreen
from fastchat_tui.tui.modals.frame import QuestionScreen
from fastchat_tui.tui.server_page.screen import ServerScreen
from fastchat_tui.wire.discovery import Discovery, FoundServer
from fastchat_tui.wire.doctor import Step
from fastchat_tui.wire.events import EngineStarted, ServerChanged
from fastchat_tui.wire.servers import ServerSpec
from tests.fakes.world import World
from tests.tui.test_app import Screen, screen
from tests.tui.test_dialogs import arm

STEPS = [Step("command"), Step("command", "failed", "there is no command “x”\x1b[2J", "Install it.", 0.01)]


def text(it: Screen) -> str:
    return it.app.screen.query_one(TextView).plain_text()


async def test_a_key_on_a_servers_page_opens_the_doctor_which_can_be_copied() -> None:
    world = World()
    world.steps = STEPS
    async with screen(world) as it:
        await it.heard(EngineStarted)
        await it.pilot.press("f2", "enter")
        await it.front(ServerScreen)
        await it.pilot.press("D")
        await it.front(DoctorScreen)
        await it.until(lambda: "It does not work yet." in text(it))
        assert "✗ command" in text(it)
        assert "→ Install it." in text(it)
        assert "\x1b" not in text(it)
        await it.pilot.press("enter", "y")
        await it.until(lambda: "→ Install it." in it.app.clipboard)
        await it.pilot.press("escape")
        await it.front(ServerScreen)
        await it.pilot.press("escape")
        await it.until(lambda: it.app.screen is it.chat)


async def test_a_server_that_wants_a_sign_in_says_how_on_its_page_and_the_end_of_it_is_said() -> None:
    async with screen(World()) as it:
        await it.heard(EngineStarted)
        it.world.servers[0]._emit(ServerChanged(server="demo", state="needs_login"))
        await it.pilot.press("f2", "enter")
        await it.front(ServerScreen)
        assert "a log in" in str(it.app.screen.query_one("#page").border_subtitle)
        await it.pilot.press("a")
        await it.until(lambda: said(it, "demo: The sign-in was cancelled. Press a on it to sign in."))
        it.chat.run_command("logout", "demo")
        await it.until(lambda: said(it, "demo: signed out. It is revoked."))


def said(it: Screen, words: str) -> bool:
    return any(words in note.message for note in it.app._notifications)


async def test_an_edited_entry_is_tried_and_only_then_saved() -> None:
    world = World()
    world.steps = [Step("lists", "ok", "2 tools")]
    async with screen(world) as it:
        await it.heard(EngineStarted)
        it.chat.run_command("edit", "demo")
        await it.front(ByHandScreen)
        await it.pilot.press("ctrl+s")
        await it.front(DoctorScreen)
        await it.until(lambda: "It works." in text(it))
        await it.pilot.press("escape")
        await it.front(ByHandScreen)
        assert world.settings.config.servers == (ServerSpec("demo", "stdio", "run"),)
        await it.pilot.press("end", *"2", "ctrl+s")
        await it.front(DoctorScreen)
        await it.until(lambda: "It works." in text(it))
        await it.pilot.press("enter")
        await it.until(lambda: it.app.screen is it.chat)
        assert world.settings.config.servers == (ServerSpec("demo2", "stdio", "run"),)


async def test_what_other_programs_have_is_offered_and_added_after_a_yes() -> None:
    world = World()
    found = FoundServer(ServerSpec("web", "stdio", "other", origin="/theirs"), "cursor", "Cursor", "other •••")
    world.settings.discovery = Discovery((found, replace(found, standing="conflict", note="another one")))
    async with screen(world) as it:
        await it.heard(EngineStarted)
        for answer, count in (("n", 1), ("y", 2)):
            it.chat.run_command("import")
            asked = await it.front(QuestionScreen)
            assert "Cursor: /theirs" in asked.body.plain_text()
            await arm(it)
            await it.pilot.press(answer)
            await it.until(lambda: it.app.screen is it.chat)
            await it.until(lambda count=count: len(world.settings.config.servers) == count)  # type: ignore[misc]


def test_a_form_hides_values_and_gives_them_back() -> None:
    entry = ServerSpec("web", "http", url="https://e/mcp", headers={"A": "secret", "B": "${B}"}, origin="/x")
    form = written(entry)
    assert form["headers"] == ["A=•••", "B=${B}"]
    assert read(form, entry) == entry
    local = ServerSpec("x", "stdio", "run", ("a b", "-c"), env={"K": "secret"}, cwd="/w", call_timeout=7)
    assert read(written(local), local) == local


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "x"}, "exactly one"),
        ({"name": "x", "command": "a", "url": "http://b"}, "exactly one"),
        ({"name": "x", "command": "a 'b"}, "Close every quote"),
        ({"name": "x", "command": "a", "env": ["B"]}, "NAME=VALUE"),
    ],
)
def test_what_the_form_cannot_spell_is_said(form: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(form, ServerSpec("", "stdio"))
