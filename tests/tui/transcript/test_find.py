"""A text is found wherever it was said, marked, and stepped through."""

from __future__ import annotations

import pytest

from fastchat_tui.tui.transcript.widget import TranscriptView
from fastchat_tui.wire.transcript import ReplyEntry
from tests.tui.transcript.conftest import TranscriptApp
from tests.tui.transcript.test_transcript import SIZE, history


def marked(app: TranscriptApp) -> list[str]:
    """What is drawn as a match, from above."""
    ground = app.view._strips.ink["found"].bgcolor
    assert ground is not None
    strips = [app.view.render_line(y) for y in range(app.view.size.height)]
    return [text for strip in strips for text, style, _ in strip if style and style.bgcolor == ground]


async def test_matches_are_gone_to_from_the_end_upwards_and_back(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(100))
        app.view.find("ANSWER 4")
        for step, seen in ((-1, "answer 49"), (-1, "answer 48"), (1, "answer 49"), (-1, "answer 48")):
            assert app.view.find_next(step)
            await pilot.pause()
            assert any(row.startswith("▎") and seen in row for row in app.lines)
        assert set(marked(app)) == {"answer 4"}
        for _ in range(9):  # 47 to 40, and 4
            assert app.view.find_next(-1)
        assert not app.view.find_next(-1)
        app.view.find("")
        assert marked(app) == []


async def test_each_row_of_a_long_answer_is_a_match_of_its_own(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        lines = "\n\n".join(f"{number} {'needle' if number % 100 == 50 else 'hay'}" for number in range(1_000))
        app.view.load([ReplyEntry("r", [lines], True)])
        await app.view.drawn()
        app.view.find("needle")
        for number in (950, 850, 750):
            assert app.view.find_next(-1)
            await pilot.pause()
            assert f"{number} needle" in app.text
        assert [app.view.find_next(1) for _ in range(3)] == [True, True, False]


async def test_a_phrase_that_is_broken_over_two_rows_is_found(app: TranscriptApp) -> None:
    async with app.run_test(size=(24, 12)):
        app.view.load([ReplyEntry("r", ["some words before the phrase that is broken"], True)])
        app.view.find("before the phrase that")
        assert app.view.find_next(-1)
        assert app.view.found


@pytest.mark.parametrize("text", ["[", "(.*", "\\", "[bold]x"])
async def test_what_is_looked_for_is_no_pattern(app: TranscriptApp, text: str) -> None:
    async with app.run_test(size=SIZE):
        app.view.load([ReplyEntry("r", [f"`{text}`"], True)])
        app.view.find(text)
        assert app.view.find_next(-1)
        assert marked(app) == [text]


async def test_while_a_text_is_looked_for_n_and_p_ask_for_the_next_match(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(3))
        app.view.find("answer")
        await pilot.press("p", "n", "slash")
        wanted = [m for m in app.posted if isinstance(m, TranscriptView.NextWanted | TranscriptView.FindWanted)]
        assert [getattr(m, "step", 0) for m in wanted] == [-1, 1, 0]
