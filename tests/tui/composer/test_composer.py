"""What a person does in the composer, key by key."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from fastchat_tui.tui.composer.completion import Candidate, Vocabulary
from fastchat_tui.tui.composer.history import History

from .conftest import ComposerApp


async def type_text(pilot: Pilot[None], text: str) -> None:
    keys = {" ": "space", "/": "slash", "#": "number_sign", "\\": "backslash", ".": "full_stop", "_": "underscore"}
    await pilot.press(*[keys.get(character, character) for character in text])


async def paste(app: ComposerApp, pilot: Pilot[None], text: str) -> None:
    app.editor.post_message(events.Paste(text))
    await pilot.pause()


async def test_enter_sends_and_empties(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "hi there ")
        await pilot.press("enter")
        assert app.said == ["hi there"]
        assert app.composer.draft == ""


async def test_nothing_is_sent_when_nothing_is_written(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await pilot.press("space", "enter")
        assert app.said == []


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "alt+enter"])
async def test_a_new_line_is_a_key_away(app: ComposerApp, key: str) -> None:
    async with app.run_test() as pilot:
        await pilot.press("a", key, "b", "enter")
        assert app.said == ["a\nb"]


async def test_a_backslash_before_enter_is_a_new_line(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "a\\")
        await pilot.press("enter", "b", "enter")
        assert app.said == ["a\nb"]


async def test_it_grows_to_ten_lines_and_shrinks_again(app: ComposerApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        one = app.editor.size.height
        await pilot.press("a", *["ctrl+j"] * 4)
        five = app.editor.size.height
        await pilot.press(*["ctrl+j"] * 20)
        assert (one, five, app.editor.size.height) == (1, 5, 10)
        await pilot.press("enter")
        await pilot.pause()
        assert app.editor.size.height == 1


async def test_a_command_is_no_message(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "/model gpt 5")
        await pilot.press("enter")
        assert (app.commands, app.said) == ([("model", "gpt 5")], [])


async def test_an_unknown_command_stays_with_a_hint_and_typing_on_removes_it(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "/frobnicate x")
        await pilot.press("enter")
        assert (app.commands, app.said, app.composer.draft) == ([], [], "/frobnicate x")
        assert "no command /frobnicate" in app.screen_text
        await pilot.press("y")
        await pilot.pause()
        assert "no command" not in app.screen_text


@pytest.mark.parametrize("text", [" /frobnicate", "/etc/passwd is a file"])
async def test_what_only_looks_like_a_command_is_sent(app: ComposerApp, text: str) -> None:
    async with app.run_test() as pilot:
        app.composer.draft = text
        await pilot.press("enter")
        assert app.said == [text.strip()]


async def test_a_question_mark_on_an_empty_line_asks_for_help_and_elsewhere_is_a_question_mark(
    app: ComposerApp,
) -> None:
    async with app.run_test() as pilot:
        await pilot.press("question_mark")
        assert (app.commands, app.composer.draft) == ([("help", "")], "")
        await pilot.press("a", "question_mark", "enter")
        assert app.said == ["a?"]


async def test_commands_are_completed_while_they_are_typed(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "/")
        assert app.menu == ["/help", "/model", "/new", "/files:summary"]
        await type_text(pilot, "mo")
        assert app.menu == ["/model"]
        assert "Choose the model" in app.screen_text
        await pilot.press("tab")
        assert app.composer.draft == "/model "
        assert app.menu == []


async def test_enter_completes_half_a_command_and_runs_a_whole_one(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "/ne")
        await pilot.press("enter")
        assert (app.commands, app.composer.draft) == ([], "/new ")
        await pilot.press("enter")
        assert app.commands == [("new", "")]
        await type_text(pilot, "/new")
        await pilot.press("enter")
        assert app.commands == [("new", ""), ("new", "")]


async def test_enter_behind_quick_typing_is_not_lost_to_a_menu_that_has_closed_meanwhile(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await pilot.press("#")
        assert app.menu
        for key in ("x", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert app.said == ["#x"]


async def test_the_menu_is_walked_and_closed_by_keys(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "#files")
        assert app.menu == ["#files:read_file", "#files:write_file"]
        await pilot.press("down", "enter")
        assert app.composer.draft == "#files:write_file "
        await type_text(pilot, "#")
        assert app.menu
        await pilot.press("escape")
        assert app.menu == []
        await pilot.press("backspace", "number_sign", "f")
        assert app.menu


async def test_a_tool_by_name_is_a_call(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        app.composer.draft = '#files:read_file {"path": "a"}'
        await pilot.press("enter")
        assert app.commands == [("call", 'files:read_file {"path": "a"}')]


@pytest.fixture
def files() -> None:
    Path("notes").mkdir()
    Path("notes/today.md").write_text("")
    Path("news.txt").write_text("")


@pytest.mark.usefixtures("files")
async def test_files_are_completed_by_path_and_enter_still_sends(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "read ./n")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.menu == ["./notes/", "./news.txt"]
        await pilot.press("tab")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.menu == ["./notes/today.md"]
        await pilot.press("enter")
        assert app.said == ["read ./notes/"]


async def test_the_menu_opens_above_and_covers_nothing_of_the_text(app: ComposerApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "/")
        await pilot.pause()
        lines = app.screen_text.splitlines()
        top = next(at for at, line in enumerate(lines) if "╭" in line)
        assert "/help" in lines[top - 4]
        assert "/files:summary" in lines[top - 1]
        assert "/" in lines[top + 1]


async def test_up_and_down_at_the_edges_recall_and_bring_the_draft_back(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        for text in ("one", "two"):
            await type_text(pilot, text)
            await pilot.press("enter")
        await type_text(pilot, "draft")
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            seen.append(app.composer.draft)
        assert seen == ["two", "one", "one", "two", "draft", "draft"]


async def test_inside_of_a_long_text_up_moves_the_cursor(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await pilot.press("x", "enter", "a", "ctrl+j", "b", "up")
        assert app.composer.draft == "a\nb"
        await pilot.press("up")
        assert app.composer.draft == "x"


async def test_the_history_is_searched_and_escape_brings_the_draft_back() -> None:
    app = ComposerApp(History(entries=["time in Tokyo", "list my notes", "time in Paris"]))
    async with app.run_test() as pilot:
        await type_text(pilot, "draft")
        await pilot.press("ctrl+r")
        assert app.menu == ["time in Paris", "list my notes", "time in Tokyo"]
        assert app.composer.draft == "draft"
        await type_text(pilot, "tok")
        assert app.menu == ["time in Tokyo"]
        await pilot.press("escape")
        assert app.composer.draft == "draft"
        await pilot.press("ctrl+r", "ctrl+r", "enter")
        assert app.composer.draft == "list my notes"
        assert app.said == []
        await pilot.press("down", "down")
        assert app.composer.draft == "draft"


async def test_text_is_put_back_before_the_draft(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "later")
        app.composer.restore("first\nsecond")
        assert app.composer.draft == "first\nsecond\nlater"


async def test_a_megabyte_is_pasted_at_once_and_sent_whole(app: ComposerApp) -> None:
    text = "x" * 1_000_000
    async with app.run_test() as pilot:
        await type_text(pilot, "see ")
        started = time.perf_counter()
        await paste(app, pilot, text)
        assert time.perf_counter() - started < 20
        assert app.editor.text == "see [pasted 1.0 MB #1]"
        assert app.composer.draft == f"see {text}"
        await pilot.press("enter")
        assert app.said == [f"see {text}"]
        await pilot.press("up")
        assert app.composer.draft == f"see {text}"
        assert len(app.editor.text) < 100


async def test_a_token_is_deleted_as_a_whole(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await type_text(pilot, "a")
        await paste(app, pilot, "y" * 9_000)
        await pilot.press("backspace")
        assert app.editor.text == "a"
        await paste(app, pilot, "y" * 9_000)
        await pilot.press("home", "right", "delete")
        assert app.editor.text == "a"


async def test_pasted_text_is_cleaned(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        await paste(app, pilot, "a\x1b[31m\r\nb\u202ec\rd")
        assert app.composer.draft == "a␛[31m\nb<U+202E>c\nd"


async def test_markup_in_names_and_hints_is_only_text(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        app.composer.set_vocabulary(Vocabulary({"x": "[/] [bold]not[/bold] [@click=app.quit]a[/]"}))
        await type_text(pilot, "/")
        await pilot.pause()
        assert "[/] [bold]not[/bold]" in app.screen_text


async def test_without_a_terminal_of_its_own_the_editor_cannot_open_and_the_draft_stays(
    app: ComposerApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "true")
    async with app.run_test() as pilot:
        await type_text(pilot, "draft")
        await pilot.press("ctrl+g")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.composer.draft == "draft"
        assert "cannot be handed to an editor" in app.screen_text


async def test_a_tool_that_is_not_there_is_not_sent_to_the_model(app: ComposerApp) -> None:
    async with app.run_test() as pilot:
        for text in ("#time:none", '#gone:tool {"a": 1}'):
            app.composer.draft = text
            await pilot.press("enter")
            assert "A space before the # sends it as text" in app.screen_text
            assert app.composer.draft == text
        for text in ("#todo: buy milk", "#1", " #time:none"):
            app.composer.draft = text
            await pilot.press("enter")
    assert app.said == ["#todo: buy milk", "#1", "#time:none"]
    assert app.commands == []


async def test_what_stands_in_a_template_is_proposed_by_its_server(app: ComposerApp) -> None:
    async def more(typed: str) -> list[Candidate]:
        return [Candidate(f"@files:note://{day}/", "day") for day in ("mon", "tue") if typed == "@files:note://"]

    async with app.run_test() as pilot:
        app.composer.set_vocabulary(Vocabulary(resources={"files:note://{day}/{hour}": "At a time"}, more=more))
        await type_text(pilot, "@fi")
        assert app.menu == ["@files:note://{day}/{hour}"]
        await pilot.press("enter")
        assert app.composer.draft == "@files:note://"
        for _ in range(200):
            if len(app.menu) == 3:
                break
            await pilot.pause(0.02)
        assert app.menu == ["@files:note://mon/", "@files:note://tue/", "@files:note://{day}/{hour}"]
        await pilot.press("down", "tab")
        assert app.composer.draft == "@files:note://tue/"
        await type_text(pilot, "9")
        await pilot.press("enter")
    assert app.said == ["@files:note://tue/9"]
