from __future__ import annotations

import json

import pytest
from textual.widgets import Button, Input, TextArea

from fastchat_tui.tui.inspector.reader import Reader
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import Approval
from fastchat_tui.wire.servers import Tool

ABOUT = Approval("c1", "files", "write_file", {"path": "/data/x", "n": 3}, destination="npx server-filesystem /data")
TOOL = Tool(
    "files",
    "write_file",
    description="Writes a file.",
    input_schema={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    annotations={"readOnlyHint": True, "destructiveHint": True},
)
HOSTILE = "[bold]x[/] [/nope] [@click=app.quit]q[/] \x1b[31m\x1b]52;c;QUFB\x07 \u202eevil \u200b\x9b1m"
SIZES = [(40, 12), (80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_names_server_tool_destination_and_claims(app, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        assert "files › write_file" in app.text
        assert "npx server-filesystem /data" in app.text
        assert "the server says: read-only" in app.text


@pytest.mark.parametrize(
    ("key", "decision"), [("y", "once"), ("s", "session"), ("a", "always"), ("escape", "deny"), ("enter", "deny")]
)
async def test_each_key_gives_its_answer_and_enter_says_no(app, key: str, decision: str) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
        assert app.answers == [Answer("q1", decision)]


async def test_keys_written_with_the_opening_decide_nothing(app) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL, quiet=False)
        await pilot.press(*"yyyysa", "enter", "escape", "n", "e", "v")
        await pilot.pause()
        assert app.answers == []
        assert app.screen.query_one("#no", Button).has_focus


async def test_a_key_before_the_time_starts_the_wait_again(app) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL, quiet=False)
        await pilot.pause()
        for key in "yxy":
            app.pass_time(0.3)
            await pilot.press(key)
        await pilot.pause()
        assert app.answers == []
        app.pass_time(0.4)
        await pilot.press("y")
        await pilot.pause()
        assert app.answers == [Answer("q1", "once")]


async def test_letters_that_no_person_typed_decide_nothing(app) -> None:
    """What a terminal answers came through as keys, and one of its letters is a choice."""
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        await pilot.press("alt+right_square_bracket", *"11", "semicolon", *"rgyyaass")
        await pilot.pause()
        assert app.answers == []
        for key in "jjk":
            await pilot.press(key)
        app.pass_time(0.4)
        await pilot.press("j", "y")
        await pilot.pause()
        assert app.answers == [Answer("q1", "once")]


async def test_a_click_before_the_time_decides_nothing(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(ABOUT, tool=TOOL, quiet=False)
        await pilot.pause()
        app.screen.query("#question-choices Button").first(Button).active_effect_duration = 0
        await pilot.click("#question-choices Button")
        await pilot.pause()
        assert app.answers == []
        app.pass_time(1)
        await pilot.click("#question-choices Button")
        await pilot.pause()
        assert app.answers == [Answer("q1", "once")]


@pytest.mark.parametrize("size", SIZES)
async def test_twenty_kilobytes_can_be_read_to_the_last_character(app, size: tuple[int, int]) -> None:
    lines = [f"row {number} of many" for number in range(800)]
    about = Approval("c1", "files", "write_file", {"lines": lines, "last": "THE-LAST"})
    async with app.run_test(size=size) as pilot:
        app.ask(about, tool=None)
        await pilot.pause()
        body = app.screen.body
        while body.busy:
            body.slice()
        seen = []
        for _ in range(body.height_now):
            seen.append(app.text)
            if round(body.scroll_y) >= body.max_scroll_y:
                break
            await pilot.press("pagedown")
        everything = "".join("".join(seen).split())
        assert all("".join(line.split()) in everything for line in lines)
        assert "THE-LAST" in everything


@pytest.mark.parametrize("size", [(20, 6), (40, 12), (80, 24)])
async def test_hostile_text_is_visible_and_harmless(app, size: tuple[int, int]) -> None:
    about = Approval("c1", HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, destination=HOSTILE)
    tool = Tool(HOSTILE, HOSTILE, description=HOSTILE, annotations={"title": HOSTILE, "readOnlyHint": HOSTILE})
    async with app.run_test(size=size) as pilot:
        app.ask(about, tool=tool)
        await pilot.pause()
        for _ in range(8):
            assert not any(code in app.text for code in "\x1b\x07\x9b\u202e\u200b")
            await pilot.press("pagedown")
        await pilot.press("v")
        await pilot.pause()
        assert isinstance(app.screen, Reader)
        await pilot.press("escape", "e")
        await app.workers.wait_for_complete()
        assert json.loads(app.screen.query_one("#edit", TextArea).text) == {HOSTILE: HOSTILE}
        assert not any(code in app.text for code in "\x1b\x07\x9b\u202e\u200b")


async def test_no_can_say_why(app) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        await pilot.press("n", *"not yet", "enter")
        await pilot.pause()
        assert app.answers == [Answer("q1", "deny", text="not yet")]


async def test_escape_goes_back_from_the_reason_and_from_the_editor(app) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        await pilot.press("n", "y", "escape")
        await pilot.press("e", "y", "escape")
        await app.workers.wait_for_complete()
        assert app.answers == []
        assert app.screen.query_one("#no", Button).has_focus
        assert app.screen.query_one("#reason", Input).value == "y"


async def edit(app, pilot, text: str) -> None:
    await pilot.press("e")
    app.screen.query_one("#edit", TextArea).text = text
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def test_edited_arguments_are_sent_once_when_they_fit_the_schema(app) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        await edit(app, pilot, '{"path": "/data/y"}')
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.answers == [Answer("q1", "once", arguments={"path": "/data/y"})]


@pytest.mark.parametrize(
    ("text", "words"), [('{"path": }', "line 1, column 10"), ('{"path": 5}', "$.path: 5 is not of type 'string'")]
)
@pytest.mark.parametrize("size", SIZES)
async def test_an_edit_that_is_not_valid_says_why_and_cannot_be_sent(
    app, size: tuple[int, int], text: str, words: str
) -> None:
    async with app.run_test(size=size) as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        await edit(app, pilot, text)
        assert words in " ".join(app.text.split())
        assert app.screen.query_one("#send", Button).disabled
        await pilot.press("ctrl+s", "ctrl+enter", "f10")
        await pilot.pause()
        assert app.answers == []
        app.screen.query_one("#edit", TextArea).text = '{"path": "/ok"}'
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.press("f10")
        await pilot.pause()
        assert app.answers == [Answer("q1", "once", arguments={"path": "/ok"})]


async def test_arguments_sent_as_they_were_are_not_called_edited(app) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        await edit(app, pilot, json.dumps(ABOUT.arguments))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.answers == [Answer("q1", "once")]


async def test_while_editing_the_keys_of_the_question_are_text(app) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL)
        await pilot.pause()
        await pilot.press("e", "tab", "y", "a", "s")
        await pilot.pause()
        assert app.answers == []


async def test_arguments_too_long_to_edit_are_said_to_be(app) -> None:
    async with app.run_test(notifications=True) as pilot:
        app.ask(Approval("c1", "files", "write_file", {"text": "x" * 200_000}), tool=TOOL)
        await pilot.pause()
        await pilot.press("e")
        await pilot.pause()
        assert "too long to edit" in app.text
        await pilot.press("y")
        await pilot.pause()
        assert app.answers == [Answer("q1", "once")]


async def test_questions_that_wait_are_counted(app) -> None:
    async with app.run_test() as pilot:
        app.ask(ABOUT, tool=TOOL, waiting=2)
        await pilot.pause()
        assert "1 of 3" in app.text
        app.screen.waiting = 0
        await pilot.pause()
        assert "1 of" not in app.text
