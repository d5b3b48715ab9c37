"""What a file found in a folder would start is read to its end before anything that allows it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Button

from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import KeyUse
from tests.tui.questions.test_questions import SHORT, TRUST

MANY = replace(TRUST, starts=tuple(f"npx -y server-number-{number} /home/me/notes" for number in range(1, 10)))
MORE = "more below · y reads on"
SIZES = pytest.mark.parametrize("size", [(40, 12), (80, 24)])


async def press(app, pilot, key: str) -> None:
    app.pass_time(1)
    await pilot.press(key)
    await pilot.pause()


@SIZES
@pytest.mark.parametrize(("key", "decision"), [("y", "once"), ("a", "always")])
async def test_what_allows_reads_on_until_the_end_was_in_view(
    app, size: tuple[int, int], key: str, decision: str
) -> None:
    async with app.run_test(size=size) as pilot:
        app.ask(MANY)
        await app.shows(pilot, MORE)
        seen = app.text
        while not app.screen.read:
            assert MORE in app.text
            before = app.screen.body.scroll_y
            await press(app, pilot, key)
            assert app.answers == []
            assert app.screen.read or app.screen.body.scroll_y > before
            seen += app.text
        assert "sha256:abc" in app.text
        assert all(f"server-number-{number}" in seen for number in range(1, 10))
        assert MORE not in app.text
        await press(app, pilot, key)
        assert app.answers == [Answer("q1", decision)]


async def test_the_key_that_brought_the_end_does_not_decide_when_it_is_held(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(MANY)
        await app.shows(pilot, MORE)
        app.pass_time(1)
        for _ in range(20):
            await pilot.press("y")
            await pilot.pause()
        assert app.screen.read
        assert app.answers == []


@pytest.mark.parametrize("way", ["G", "scroll"])
async def test_the_end_counts_however_it_came_into_view_also_when_it_has_left_it(app, way: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(MANY)
        await app.shows(pilot, MORE)
        if way == "scroll":
            app.screen.body.scroll_end(animate=False)
        else:
            await pilot.press(way)
        await app.shows(pilot, "sha256:abc")
        await pilot.press("g")
        await pilot.pause()
        assert MORE not in app.text
        await press(app, pilot, "y")
        assert app.answers == [Answer("q1", "once")]


async def test_a_terminal_that_grew_until_all_was_in_view_counts(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(MANY)
        await app.shows(pilot, MORE)
        await pilot.resize_terminal(100, 50)
        await app.shows(pilot, "sha256:abc")
        await pilot.pause()
        assert MORE not in app.text
        await press(app, pilot, "y")
        assert app.answers == [Answer("q1", "once")]


async def test_a_button_that_allows_reads_on_too(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(MANY)
        await app.shows(pilot, MORE)
        app.pass_time(1)
        app.screen.query(Button).first().press()
        await pilot.pause()
        await pilot.pause()
        assert app.screen.body.scroll_y > 0
        assert app.answers == []


@SIZES
@pytest.mark.parametrize("key", ["n", "escape"])
async def test_no_counts_at_once(app, size: tuple[int, int], key: str) -> None:
    async with app.run_test(size=size) as pilot:
        app.ask(MANY)
        await app.shows(pilot, MORE)
        await press(app, pilot, key)
        assert app.answers == [Answer("q1", "deny")]


async def test_what_is_in_view_whole_is_answered_at_once(app) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        app.ask(SHORT)
        await app.shows(pilot, "sha256:abc")
        assert "more below" not in app.text
        await press(app, pilot, "y")
        assert app.answers == [Answer("q1", "once")]


async def test_other_questions_are_answered_wherever_their_text_stands(app) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(KeyUse("https://api.example.com:8443", "a file " * 100))
        await pilot.pause()
        assert app.screen.body.max_scroll_y > 0
        await press(app, pilot, "y")
        assert app.answers == [Answer("q1", "once")]
