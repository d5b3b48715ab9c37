"""What a server asks of a person: a form, whose three answers are three, and a page, which opens after a yes."""

from __future__ import annotations

import pytest

from fastchat_tui import browser
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import Elicitation
from tests.tui.questions.test_questions import read_all

FORM = Elicitation(
    "files", "Which folder?", schema={"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}
)
PAGE = Elicitation("shop", "Pay first", url="https://pay.example/" + "a" * 900 + "/THE-END")


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was sent to."""
    urls: list[str] = []
    monkeypatch.setattr(browser, "open_in_browser", lambda url: not urls.append(url))
    return urls


@pytest.mark.parametrize(
    ("key", "decision"), [("y", "accept"), ("n", "decline"), ("escape", "cancel"), ("enter", "cancel")]
)
async def test_a_page_is_shown_whole_and_opened_only_after_yes(
    app, visited: list[str], key: str, decision: str
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PAGE)
        await pilot.pause()
        everything = await read_all(app, pilot)
        for words in ("shopasksyoutovisitapage", "Itgoestopay.example", "THE-END"):
            assert words in everything
        assert PAGE.url in app.screen.body.plain_text()
        assert visited == []
        app.pass_time(1)
        await pilot.press(key)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.answers == [Answer("q1", decision)]
        assert visited == ([PAGE.url] if decision == "accept" else [])


async def test_keys_written_with_the_opening_visit_nothing(app, visited: list[str]) -> None:
    async with app.run_test() as pilot:
        app.ask(PAGE, quiet=False)
        await pilot.press(*"yyy", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert (app.answers, visited) == ([], [])


@pytest.mark.parametrize(("key", "decision"), [("n", "decline"), ("escape", "cancel"), ("enter", "cancel")])
async def test_a_form_says_who_asks_and_a_no_is_not_a_cancel(app, key: str, decision: str) -> None:
    async with app.run_test() as pilot:
        app.ask(FORM)
        await pilot.pause()
        assert "files asks you" in app.text
        await pilot.press(key)
        await pilot.pause()
        assert app.answers == [Answer("q1", decision)]


async def test_a_form_is_sent_with_what_was_filled_in(app) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(FORM)
        await pilot.pause()
        await pilot.press("e")
        await pilot.pause()
        await pilot.press(*"/home", "ctrl+s")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.answers == [Answer("q1", "accept", content={"at": "/home"})]
