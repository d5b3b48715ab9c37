"""The dialog of a sign-in: the address is whole, goes where the user wants it, and comes back however it can."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from fastchat_tui import browser
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import SignIn
from tests.tui.questions.test_questions import read_all

URL = f"https://login.example/authorize?client_id={'c' * 400}&state=s4711&scope=read+write"
BACK = "http://127.0.0.1:4711/callback?code=c0de&state=s4711"
SIGN_IN = SignIn("shop", URL, "read write", "http://127.0.0.1:4711/callback", 300.0)
FRAME = str.maketrans("", "", "│▊▎▄▅▆▇█▌╭╮╰╯─▁▔")


async def paste(app, pilot, text: str) -> None:
    app.screen.post_message(events.Paste(text))
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_address_is_whole_in_one_view(app, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        app.ask(SIGN_IN)
        await pilot.pause()
        assert URL in "".join(app.text.translate(FRAME).split())


async def test_in_the_smallest_terminal_everything_can_be_read_by_scrolling(app) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(SIGN_IN)
        await pilot.pause()
        shown = (await read_all(app, pilot)).translate(FRAME)
        for part in ("login.example", "https://", "c" * 30, "scope=read+write", "Itasksfor:readwrite", "5minutes"):
            assert part in shown


async def test_the_address_that_the_browser_ended_at_may_be_pasted_anywhere(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(SIGN_IN)
        await pilot.pause()
        await paste(app, pilot, f" {BACK}\n")
        assert app.answers == [Answer("q1", "accept", text=BACK)]


async def test_it_may_be_pasted_into_the_field_too(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(SIGN_IN)
        await pilot.pause()
        await pilot.press("p")
        field = app.screen.query_one(Input)
        assert field.has_focus
        field.post_message(events.Paste(BACK))
        await pilot.pause()
        assert app.answers == [Answer("q1", "accept", text=BACK)]


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:4711/callback?code=c0de&state=another", "hello", "http://[", BACK.replace("code", "x")]
)
async def test_an_address_of_another_sign_in_is_told_and_costs_nothing(app, text: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(SIGN_IN)
        await pilot.pause()
        await paste(app, pilot, text)
        assert app.answers == []
        assert "It is not the one" in app.text
        assert app.screen.query_one(Input).value == text
        await paste(app, pilot, BACK)
        assert app.answers == [Answer("q1", "accept", text=BACK)]


async def test_a_refusal_of_the_server_is_an_address_to_paste_as_well(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(SIGN_IN)
        await pilot.pause()
        await paste(app, pilot, "http://127.0.0.1:4711/callback?error=access_denied&state=s4711")
        assert len(app.answers) == 1


async def test_escape_leaves_the_field_first_and_then_the_sign_in(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(SIGN_IN)
        await pilot.pause()
        await pilot.press("p", *"not yet", "enter", "escape")
        app.pass_time(1)
        assert app.answers == []
        await pilot.press("escape")
        assert app.answers == [Answer("q1", "deny")]


@pytest.mark.parametrize("there", [True, False])
async def test_it_is_copied_whole_and_opened_by_a_key_and_copied_where_no_browser_is(
    app, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(browser, "open_in_browser", lambda url: opened.append(url) or there)
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(SIGN_IN)
        await pilot.pause()
        await pilot.press("o")
        await app.workers.wait_for_complete()
        assert opened == [URL]
        assert (app.clipboard == URL) is not there
        await pilot.press("y")
        assert app.clipboard == URL
        assert app.answers == []


async def test_a_host_that_may_look_like_another_is_pointed_out(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(SignIn("shop", "https://xn--pple-43d.example/a?state=1"))
        await app.shows(pilot, "look like others")
