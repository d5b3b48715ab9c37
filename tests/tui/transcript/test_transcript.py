from __future__ import annotations

from typing import Any

import pytest
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from fastchat_tui.tui.transcript import sheet
from fastchat_tui.tui.transcript.widget import TranscriptView
from fastchat_tui.wire.chat import TextPart, ThoughtPart
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProgressed,
    CallProposed,
    CallStarted,
    Event,
    ReplyFinished,
    Stamped,
    TextDelta,
    ThoughtDelta,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.questions import Approval
from fastchat_tui.wire.transcript import Entry, ReplyEntry, UserEntry
from tests.tui.transcript.conftest import TranscriptApp

SIZE = (60, 20)


def turn(text: str = "Hello?", number: str = "t1") -> TurnStarted:
    return TurnStarted(turn=number, text=text)


def delta(text: str, number: str = "t1") -> TextDelta:
    return TextDelta(turn=number, step=1, text=text)


def finished(text: str, **changes: Any) -> ReplyFinished:
    return ReplyFinished(**{"turn": "t1", "step": 1, "parts": (TextPart(text),), **changes})


def proposed(call: str = "c1", **arguments: Any) -> CallProposed:
    return CallProposed(call=call, turn="t1", step=1, server="files", tool="read", arguments=arguments)


def stamped(event: Event) -> Stamped:
    return Stamped(0, 0.0, event)


def history(count: int, start: int = 0) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(start, start + count):
        entries.append(UserEntry(f"{number}/user", f"question {number}"))
        entries.append(ReplyEntry(f"{number}/reply", [f"answer {number}\n\nwith two paragraphs"], True))
    return entries


async def test_an_empty_transcript_says_what_to_do(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.placeholder = ((("Ask anything below.", "placeholder"),), (("F1", "key"), (" help", "placeholder")))
        await pilot.pause()
        assert [row.strip() for row in app.rows if row.strip()] == ["Ask anything below.", "F1 help"]


async def test_a_turn_is_drawn_as_it_comes(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn("What time\nis it?"), delta("It is **no"))
        await pilot.pause()
        assert [row.strip() for row in app.rows if row.strip()] == ["▌ What time", "▌ is it?", "It is **no"]
        await app.say(delta("on**."), finished("It is **noon**."), TurnFinished(turn="t1", reason="done"))
        await pilot.pause()
        assert app.rows[4].strip() == "It is noon."


async def test_a_reply_without_deltas_is_drawn_from_its_end(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), finished("All *at once*"))
        await pilot.pause()
        assert "All at once" in app.text


async def test_a_finished_reply_replaces_what_was_streamed(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), delta("wrong"), finished("right"))
        await pilot.pause()
        assert "right" in app.text
        assert "wrong" not in app.text


async def test_a_cut_answer_says_so(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), delta("half"), finished("half", cut="the stream ended early"))
        await pilot.pause()
        assert "⋯ cut off here" in app.text


async def test_a_failed_turn_says_why_and_what_to_do(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        failed = TurnFinished(turn="t1", reason="failed", detail="The key was refused.", remedy="Set another key.")
        await app.say(turn(), failed)
        await pilot.pause()
        assert "✗ The turn failed: The key was refused." in app.text
        assert "→ Set another key." in app.text


async def test_a_thought_is_one_line_until_it_is_unfolded(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), ThoughtDelta(turn="t1", step=1, text="secret plan"))
        app.now += 3
        await app.say(finished("", parts=(ThoughtPart("secret plan"), TextPart("done"))))
        await pilot.pause()
        assert "▸ Thought for 3.0 s" in app.text
        assert "secret plan" not in app.text
        await pilot.press("g", "n", "n", "enter")
        await app.view.drawn()
        await pilot.pause()
        assert "┆ secret plan" in app.text
        app.view.thinking = True
        app.view.thinking = False
        await pilot.pause()
        assert "secret plan" not in app.text


async def test_a_card_follows_its_call(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        approval = Approval("c1", "files", "read", {})
        await app.say(turn(), proposed(path="/data"), Asked(question="q", about=approval))
        await pilot.pause()
        assert "waits for your answer" in app.text
        await app.say(
            Answered(question="q", decision="once", by="user"),
            CallStarted(call="c1"),
            CallProgressed(call="c1", done=1, total=2),
        )
        await pilot.pause()
        assert "50%" in app.text
        app.now += 1.5
        await app.say(CallFinished(call="c1", outcome="ok", content=(Text("the result"),)))
        await pilot.pause()
        assert "ok   1.5 s" in app.text
        assert "│ the result" in app.text


async def test_the_clock_runs_only_while_a_call_runs(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), proposed(), CallStarted(call="c1"))
        await pilot.pause()
        assert app.view.ticking
        app.now += 7
        app.view.tick()
        await app.view.drawn()
        await pilot.pause()
        assert "running  7.0 s" in app.text
        await app.say(CallFinished(call="c1", outcome="ok"))
        assert not app.view.ticking


async def test_density_changes_every_card(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), proposed("c1", path="/a"), proposed("c2", path="/b"))
        app.view.density = "compact"
        await pilot.pause()
        assert "path" not in app.text
        assert app.rows[3].strip().startswith("⚙")
        assert app.rows[4].strip().startswith("⚙")
        app.view.density = "full"
        await pilot.pause()
        assert '"path": "/a"' in app.text


async def test_a_row_that_scrolls_is_not_made_again(app: TranscriptApp) -> None:
    def painted() -> list[Strip]:
        return app.view.render_lines(app.view.size.region)

    async with app.run_test(size=SIZE):
        await app.say(turn(), delta("".join(f"- item {number}\n" for number in range(40))))
        before = painted()
        app.view.action_line_up()
        assert [strip is same for strip, same in zip(painted()[1:], before, strict=False)] == [True] * (SIZE[1] - 1)


async def test_the_scrollbar_is_where_the_text_is(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE):
        await app.say(turn(), *(delta(f"- item {number}\n") for number in range(90)))
        bar = app.view.vertical_scrollbar
        for move in (app.view.action_line_up, app.view.action_top, app.view.action_bottom):
            move()
            assert (bar.window_virtual_size, bar.window_size) == (app.view.virtual_size.height, SIZE[1])
            assert bar.position == app.view.scroll_y


async def test_it_follows_the_end_until_the_reader_scrolls_up(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(30))
        await pilot.press("k", "k")
        here = app.lines[:-1]
        await app.say(turn(), delta("news"))
        await pilot.pause()
        assert app.lines[:-1] == here
        assert app.lines[-1].endswith("↓ 2 new")
        await pilot.press("G")
        assert "news" in app.text
        assert "new " not in app.rows[-1]
        await app.say(delta("\n\nmore" * 30))
        await pilot.pause()
        assert app.lines[-1].strip() == "more"


async def test_a_click_on_the_note_goes_to_the_end(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(30))
        await pilot.press("g")
        await app.say(turn())
        await pilot.pause()
        await pilot.click(TranscriptView, offset=(54, 19))
        assert app.view.following


async def test_older_entries_are_wanted_once_and_do_not_move_the_view(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(30, start=100))
        await pilot.press("g")
        await pilot.press("k")
        assert len(app.posts(TranscriptView.OlderWanted)) == 1
        here = app.lines
        app.view.load(history(100), older=True)
        await pilot.pause()
        assert app.lines == here
        await pilot.press("k", "k")
        assert any("with two paragraphs" in row for row in app.rows[:2])
        assert len(app.posts(TranscriptView.OlderWanted)) == 1


async def test_no_more_is_asked_for_when_there_is_nothing_older(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(1))
        await pilot.pause()
        app.view.load([], older=True)
        await pilot.press("k", "g")
        assert len(app.posts(TranscriptView.OlderWanted)) == 1


async def test_a_resize_keeps_the_place(app: TranscriptApp) -> None:
    async with app.run_test(size=(100, 20)) as pilot:
        text = "\n\n".join(f"Paragraph {n}: {'some words here ' * 12}" for n in range(60))
        app.view.load([ReplyEntry("r", [text], True)])
        await pilot.press("g", *["pagedown"] * 3)
        first = next(row for row in app.rows if "Paragraph" in row).split(":")[0].strip()
        await pilot.resize_terminal(50, 20)
        await pilot.pause()
        assert any(first in row for row in app.rows[:14])


async def test_a_theme_change_keeps_the_place_and_changes_the_colours(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(30))
        await pilot.press("g", "pagedown", "j")
        here, before = app.lines, app.export_screenshot()
        app.theme = "textual-light"
        await pilot.pause()
        assert app.lines == here
        assert app.export_screenshot() != before


async def test_scrolling_after_a_theme_change_goes_on_from_where_the_reader_is(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        wrapped = "some words that wrap at many places " * 9
        app.view.load([ReplyEntry(f"{n}", [f"{n} {wrapped}\n\n- a\n- b"], True) for n in range(40)])
        await pilot.press("g", *["pagedown"] * 9)
        app.theme = "textual-light"
        await pilot.pause()
        here = app.lines
        app.view.scroll_relative(y=3, animate=False)
        await pilot.pause()
        assert app.lines[:-3] == here[3:]


async def test_a_fragment_that_is_shown_after_the_end_of_its_answer_is_not_lost(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), delta("first "))
        late = [
            change for event in (delta("last"), finished("first last")) for change in app.fold.apply(stamped(event))
        ]
        for change in late:
            app.view.show(change)
        await app.view.drawn()
        await pilot.pause()
        assert "first last" in app.text


@pytest.mark.parametrize("width", [6, 9, 12])
async def test_the_note_about_news_fits_into_any_width(app: TranscriptApp, width: int) -> None:
    async with app.run_test(size=(width, 6)) as pilot:
        app.view.load(history(30))
        await pilot.press("g")
        await app.say(turn())
        await pilot.pause()
        assert {app.view.render_line(y).cell_length for y in range(6)} == {width - 1}


async def test_a_long_session_opens_at_its_end(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(5_000))
        await pilot.pause()
        assert "answer 4999" in app.text
        await pilot.press("g")
        assert "question 0" in app.text


async def test_enter_and_click_on_a_card_report_its_call(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), proposed("c1"))
        await pilot.press("p", "enter")
        await pilot.pause()
        await pilot.click(TranscriptView, offset=(6, 3))
        assert [message.call for message in app.posts(TranscriptView.CallSelected)] == ["c1", "c1"]


async def test_select_call_brings_its_card_into_view(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), proposed("c1"))
        await app.say(*[delta(f"word {n}\n\n") for n in range(60)])
        assert app.view.select_call("c1")
        await pilot.pause()
        row = next(row for row in app.rows if "⚙ files" in row)
        assert row.startswith("▎")
        assert not app.view.select_call("unknown")


async def test_copying_goes_from_selection_to_item_to_last_answer(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        answer = "Some **text**\n\n```py\nx = 1\n```\n\n```\ny\n```"
        await app.say(turn("my question"), finished(answer))
        await pilot.press("y", "c")
        await pilot.press("p", "p", "y", "Y")
        texts = [message.text for message in app.posts(TranscriptView.CopyWanted)]
        assert texts == [answer, "y", "my question", f"You:\nmy question\n\nAnswer:\n{answer}\n"]


async def test_text_selected_with_the_mouse_is_copied_clean(app: TranscriptApp) -> None:
    async with app.run_test(size=(30, 20)) as pilot:
        await app.say(turn("What is this?"), finished("One long line that must be wrapped\n\n> a quote\n\n- item"))
        await pilot.pause()
        await pilot.mouse_down(TranscriptView, offset=(0, 1))
        await pilot.hover(TranscriptView, offset=(29, 8))
        await pilot.mouse_up(TranscriptView, offset=(29, 8))
        await pilot.press("y")
        (message,) = app.posts(TranscriptView.CopyWanted)
        assert message.text == "What is this?\n\nOne long line that must be wrapped\n\na quote\n\n• item"


async def test_a_selection_stays_right_when_older_entries_come(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(2, start=100))
        await pilot.pause()
        await pilot.mouse_down(TranscriptView, offset=(4, 1))
        await pilot.hover(TranscriptView, offset=(15, 1))
        await pilot.mouse_up(TranscriptView, offset=(15, 1))
        app.view.load(history(5), older=True)
        await pilot.press("y")
        assert [message.text for message in app.posts(TranscriptView.CopyWanted)] == ["question 100"]


async def test_a_double_click_selects_a_message(app: TranscriptApp) -> None:
    async with app.run_test(size=(30, 20)) as pilot:
        await app.say(turn("one two three four five six seven"), finished("answer"))
        await pilot.pause()
        await pilot.click(TranscriptView, offset=(8, 2), times=2)
        await pilot.press("y")
        assert [message.text for message in app.posts(TranscriptView.CopyWanted)] == [
            "one two three four five six seven"
        ]


async def test_a_card_far_away_is_brought_into_view(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        events: list[Event] = []
        for number in range(300):
            text = f"{number} " + "some words that wrap " * (number % 9)
            events += [turn(text, f"t{number}"), proposed(f"c{number}", number=number)]
        await app.say(*events)
        for call in ("c3", "c250", "c251", "c0", "c299"):
            assert app.view.select_call(call)
            await pilot.pause()
            marked = [row for row in app.rows if row.startswith("▎")]
            assert any(f"number: {call[1:]}" in row for row in marked)


async def test_pictures_out_of_view_are_forgotten(app: TranscriptApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "_KEPT", 100)
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(500))
        await pilot.press(*["pageup"] * 30)
        here = app.lines
        kept = sum(item.document is not None for item in app.view._sheet.items)
        assert kept < 60
        await pilot.press(*["pageup"] * 5, *["pagedown"] * 5)
        assert app.lines == here


async def test_a_long_reply_is_drawn_in_slices(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        text = "\n\n".join(f"Paragraph {n} with *some* words" for n in range(8_000))
        app.view.load([ReplyEntry("r", [text], True)])
        await app.view.drawn()
        await pilot.pause()
        assert "Paragraph 7999" in app.text


async def test_selecting_all_copies_everything(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE):
        app.view.load(history(2))
        assert app.view.get_selection(Selection(None, None)) == (app.view.plain_text(), "\n")
        assert app.view.get_selection(Selection(None, Offset(0, 0))) is not None


async def test_a_click_on_a_link_reports_it_and_opens_nothing(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.say(turn(), finished("[here](https://example.org/a)"))
        await pilot.pause()
        await pilot.click(TranscriptView, offset=(3, 3))
        assert [message.url for message in app.posts(TranscriptView.LinkClicked)] == ["https://example.org/a"]


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "[bold]x[/]", "[/nope]", "[@click=app.quit]x[/]", "a\u202eb\x00", "x" * 9999]
)
async def test_hostile_text_is_shown_and_not_interpreted(app: TranscriptApp, text: str) -> None:
    from fastchat_tui.wire.text import clean

    async with app.run_test(size=SIZE) as pilot:
        safe = clean(text)
        await app.say(turn(safe), ThoughtDelta(turn="t1", step=1, text=safe), delta(safe), proposed(text=text))
        app.view.thinking, app.view.density = True, "full"
        await pilot.pause()
        assert all(row.isprintable() or not row for row in app.rows)
        assert app.is_running


async def test_resetting_empties_it(app: TranscriptApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.view.load(history(20))
        app.view.reset()
        await pilot.pause()
        assert "Nothing has been said yet." in app.text
        assert app.view.plain_text() == ""
