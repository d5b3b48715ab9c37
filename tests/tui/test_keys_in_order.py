"""What is typed faster than it is drawn acts as if it had been typed slowly."""

from __future__ import annotations

import pytest
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from fastchat_tui.tui.keys_in_order import PATIENCE, KeysInOrder
from tests.tui.patience import until


class Form(KeysInOrder):
    BINDINGS = [  # noqa: RUF012
        Binding("f2", "open", "open"),
        Binding("f3", "close", "close"),
        Binding("ctrl+s", "send", "send", priority=True),
    ]
    sent = ""

    def compose(self) -> ComposeResult:
        yield Label("two fields")
        yield Input(id="one", select_on_focus=False)
        yield Input(id="two", select_on_focus=False)

    def action_open(self) -> None:
        self.query_one("#two").focus()

    async def action_close(self) -> None:
        await self.query_one("#one").remove()

    def action_send(self) -> None:
        self.sent = self.value("one")

    def burst(self, *keys: str) -> None:
        for key in keys:
            self.post_message(events.Key(key, key if len(key) == 1 else None))

    def value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value


class Dialog(ModalScreen[None]):
    BINDINGS = [Binding("f5", "note", "note")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield Label("nothing yet", id="noted")

    def action_note(self) -> None:
        self.query_one("#noted", Label).update("noted")


def noted(app: KeysInOrder) -> str:
    return str(app.screen.query_one("#noted", Label).render())


async def test_a_key_waits_for_the_dialog_that_has_just_come() -> None:
    async with Form().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Form)
        await pilot.pause()
        app.push_screen(Dialog())
        app.burst("f5")
        await until(pilot, lambda: app.screen.is_mounted and noted(app) == "noted", lambda: noted(app))


async def test_a_key_that_was_on_its_way_when_a_dialog_came_is_not_meant_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Form().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Form)
        monkeypatch.setattr(Input, "key_f5", lambda _: app.push_screen(Dialog()) and None, raising=False)
        app.burst("f5")
        await pilot.pause()
        assert noted(app) == "nothing yet"


async def test_what_follows_a_key_that_deletes_does_not_overtake_it() -> None:
    async with Form().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Form)
        app.burst("t", "e", "h", "backspace", "backspace", "h", "e", "home", "X", "end", "Y")
        await pilot.pause()
        assert app.value("one") == "XtheY"


async def test_a_key_that_works_everywhere_does_not_overtake_the_text_before_it() -> None:
    async with Form().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Form)
        app.burst(*"all of it", "ctrl+s", *" and more")
        await pilot.pause()
        assert (app.sent, app.value("one")) == ("all of it", "all of it and more")


async def test_what_follows_a_key_that_moves_the_focus_goes_where_it_moved() -> None:
    async with Form().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Form)
        app.burst("a", "f2", "b", "c", "tab")
        app.post_message(events.Paste("pasted"))
        await pilot.pause()
        assert (app.value("one"), app.value("two")) == ("apasted", "bc")


async def test_a_widget_that_goes_away_in_between_holds_nothing_up() -> None:
    async with Form().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Form)
        app.burst("f3", "f2", "b")
        await pilot.pause(3 * PATIENCE)
        assert app.value("two") == "b"
