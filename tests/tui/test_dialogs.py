"""What is asked before something is done, and that nothing typed is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastchat_tui import browser
from fastchat_tui.tui import conversation, dialogs
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.modals.by_hand import ByHandScreen
from fastchat_tui.tui.modals.choose import ChooseScreen, Row
from fastchat_tui.tui.modals.form import FormScreen
from fastchat_tui.tui.modals.frame import NO, ONCE, QUIET, QuestionScreen
from fastchat_tui.tui.modals.page import HelpScreen
from fastchat_tui.wire.commands import SendMessage
from fastchat_tui.wire.errors import StoreError
from fastchat_tui.wire.events import CallFinished, CallStarted, TurnFinished
from fastchat_tui.wire.servers import Tool
from tests.fakes.world import World, say
from tests.tui.test_app import Screen, screen


async def arm(it: Screen) -> None:
    """Lets the quiet time of the question go by, once it stands."""
    await it.pilot.pause()
    asked = it.app.screen
    assert isinstance(asked, QuestionScreen)
    asked._quiet_since -= QUIET


async def test_a_dialog_closes_nothing_but_itself_and_that_once() -> None:
    async with screen(World()) as it:
        given: list[object] = []
        behind, front = ChooseScreen("Behind", [Row("a", "a")]), ChooseScreen("In front", [Row("b", "b")])
        it.app.push_screen(behind, given.append)
        it.app.push_screen(front, given.append)
        await it.pilot.pause()
        behind.dismiss(("a", False))
        assert it.app.screen is front
        front.dismiss(("b", False))
        front.dismiss(("b", False))
        assert it.app.screen is behind
        await it.pilot.pause()
        assert given == [("b", False)]


async def test_help_that_is_wanted_twice_in_one_moment_stays() -> None:
    async with screen(World()) as it:
        await dialogs.show_help(it.chat, "")
        await dialogs.show_help(it.chat, "")
        await it.pilot.pause()
        assert isinstance(it.app.screen, HelpScreen)
        await it.pilot.press("f1")
        await it.until(lambda: it.app.screen is it.chat)


async def test_a_session_is_deleted_only_after_a_second_question() -> None:
    async with screen(World(say("hello"), allow=True)) as it:
        await it.write("keep me")
        await it.heard(TurnFinished)
        for answer, left in (("n", 1), ("y", 0)):
            await it.pilot.press("ctrl+s")
            await it.front(ChooseScreen)
            await it.pilot.press("d")
            await it.front(QuestionScreen)
            await arm(it)
            await it.pilot.press(answer)
            await it.until(lambda: it.app.screen is it.chat)
            await it.until(lambda left=left: len(it.world.store.info) == left)  # type: ignore[misc]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "vscode://x?command",
        "https://good.example@evil.example/",
        "https://evil.example\\.good.example/",
        "https://a b",
        "http://",
        "//evil.example/",
        "mailto:a@b.example",
    ],
)
async def test_what_is_no_whole_web_link_is_never_opened(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(browser, "open_in_browser", lambda url: opened.append(url) or True)
    async with screen(World()) as it:
        it.chat.run_command("open", url)
        await it.until(lambda: any("not opened" in note.message for note in it.app._notifications))
        assert it.app.screen is it.chat
    assert opened == []


async def test_a_link_is_shown_whole_and_opened_only_after_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(browser, "open_in_browser", lambda url: opened.append(url) or True)
    url = "https://example.com/" + "a" * 3000 + "/end"
    async with screen(World()) as it:
        for answer in ("n", "y"):
            it.chat.run_command("open", url)
            asked = await it.front(QuestionScreen)
            assert url in asked.body.plain_text()
            assert opened == []
            await arm(it)
            await it.pilot.press(answer)
            await it.until(lambda: it.app.screen is it.chat)
        await it.until(lambda: opened == [url])


async def test_a_link_is_copied_where_there_is_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "open_in_browser", lambda url: False)
    async with screen(World()) as it:
        it.chat.run_command("open", "https://example.com/x")
        await it.front(QuestionScreen)
        await arm(it)
        await it.pilot.press("y")
        await it.until(lambda: it.app.clipboard == "https://example.com/x")


async def test_a_form_keeps_what_was_typed_when_the_engine_refuses_it() -> None:
    async with screen(World()) as it:
        it.chat.run_command("model")
        await it.front(FormScreen)
        first = it.app.screen
        await it.pilot.press("ctrl+u", *"gpt", "enter", "ctrl+u", *"nonsense", "enter")
        await it.until(lambda: isinstance(it.app.screen, FormScreen) and it.app.screen is not first)
        values = [field.value for field in it.app.screen.query("Input")]  # type: ignore[attr-defined]
        assert values == ["gpt", "nonsense"]
        await it.pilot.press("escape")
        await it.until(lambda: it.app.screen is it.chat)


async def test_a_tool_is_called_by_hand_with_what_its_form_holds() -> None:
    async with screen(World()) as it:
        tool = Tool("demo", "echo", input_schema={"properties": {"n": {"type": "integer"}}, "required": ["n"]})
        servers = it.chat.engine.snapshot().servers
        view = replace(servers["demo"], tools=(tool,))
        before = it.chat.engine.snapshot
        it.chat.engine.snapshot = lambda: replace(before(), servers={"demo": view})  # type: ignore[method-assign]
        it.chat.run_command("call", "demo:echo")
        await it.front(ByHandScreen)
        await it.pilot.pause()
        await it.pilot.press(*"x", "enter", "backspace", *"7", "ctrl+s")
        await it.heard(CallFinished)
    assert it.world.servers[0].calls == [("echo", {"n": 7})]


async def test_a_call_by_hand_that_cannot_be_read_goes_back_to_the_composer() -> None:
    async with screen(World()) as it:
        it.chat.run_command("call", "demo:echo {not json")
        await it.until(lambda: it.chat.composer.draft == "#demo:echo {not json")


async def test_escape_stops_a_call_by_hand() -> None:
    async with screen(World()) as it:
        it.chat.run_command("call", "demo:hang {}")
        await it.heard(CallStarted)
        await it.until(lambda: "hang" in str(it.chat.composer.border_title))
        it.chat.composer.focus()
        await it.pilot.press("escape")
        await it.heard(CallFinished)
        await it.until(lambda: it.chat.composer.border_title is None)


async def test_a_log_that_cannot_be_read_is_told_and_the_chat_goes_on() -> None:
    async with screen(World(say("still here"), allow=True)) as it:

        async def broken(before: int | None = None, limit: int = 200) -> list[object]:
            raise StoreError("The session cannot be read.", "Look at the disk.")

        it.chat.engine.page = broken  # type: ignore[method-assign, assignment]
        await it.chat.open_session()
        await it.until(lambda: any("cannot be read" in note.message for note in it.app._notifications))
        await it.chat.engine.send(SendMessage("hi"))
        await it.heard(TurnFinished)
        await it.until(lambda: "still here" in it.text)


async def test_a_key_after_its_command_is_not_remembered_and_not_shown() -> None:
    async with screen(World()) as it:
        await it.write("/key sk-not-to-be-kept")
        await it.front(FormScreen)
        assert "sk-not-to-be-kept" not in it.app.export_screenshot()
        await it.pilot.press("escape")
        assert it.chat.composer._history.entries == []


async def test_a_key_that_is_pasted_as_a_message_is_not_sent() -> None:
    async with screen(World()) as it:
        await it.write(" sk-proj-0123456789abcdef ")
        await it.front(FormScreen)
        assert "sk-proj" not in it.app.export_screenshot()
        await it.pilot.press("escape")
        assert it.chat.composer._history.entries == []
        assert it.world.model.prompts == []
        assert "sk-proj" not in repr(it.world.events)


async def test_words_given_before_the_engine_came_are_sent_when_it_is_there() -> None:
    world = World(say("late answer"), allow=True)
    from fastchat_tui.tui.app import FastchatApp

    async with world.open(begin=False) as engine:
        app = FastchatApp()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(*"early", "enter")
            assert app.chat.composer.draft == ""
            app.attach(engine)
            it = Screen(world, app, pilot)
            await app.chat.attached.wait()
            await it.until(lambda: "early" in it.text and "late answer" in it.text)


def test_a_session_says_how_long_it_is() -> None:
    from fastchat_tui.wire.chat import SessionInfo

    assert dialogs._about(SessionInfo("a", messages=1)).strip() == "1 message"


async def test_what_is_looked_for_is_found_in_pages_that_are_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "PAGE", 8)
    world = World(*(say(f"answer {number}") for number in range(12)), allow=True)
    async with world.open() as engine:
        for number in range(12):
            await engine.send(SendMessage(f"question {number}"))
            await world.until(TurnFinished, number + 1)
    again = World()
    again.store = world.store
    async with screen(again, size=(80, 10), session="continue") as it:
        transcript = it.chat.panes.transcript
        it.chat.run_command("find", "question 2")
        await it.until(lambda: transcript.found)
        assert it.app.focused is transcript
        await it.pilot.press("escape")
        assert not transcript.finding
        it.chat.run_command("find", "never said")
        await it.until(lambda: any("not found" in note.message for note in it.app._notifications))


@pytest.mark.parametrize("key", ["sk bad", "sk\tbad", "sk-\u200bbad", "sk-b\u00e4d"])
async def test_a_key_that_no_request_could_carry_is_refused_and_stays_in_its_form(key: str) -> None:
    async with screen(World()) as it:
        it.chat.run_command("key", key)
        first = await it.front(FormScreen)
        await it.pilot.press("enter")
        await it.until(lambda: isinstance(it.app.screen, FormScreen) and it.app.screen is not first)
        assert it.app.screen.query_one("Input").value == key  # type: ignore[attr-defined]
        assert any("There is a blank" in note.message for note in it.app._notifications)
        assert "bad" not in it.text
        await it.pilot.press("escape")
        await it.until(lambda: it.app.screen is it.chat)


async def test_help_on_a_question_tells_its_own_keys_in_its_own_words() -> None:
    async with screen(World()) as it:
        it.app.push_screen(QuestionScreen("q", "Use it?", [], (ONCE._replace(help="Use it now"), NO)))
        await it.front(QuestionScreen)
        await it.pilot.press("f1")
        shown = (await it.front(HelpScreen)).query_one(TextView).plain_text()
        assert "Use it now" in shown
        for words in ("Run ", "Edit ", "Everything about this call", "Send ", "from now on"):
            assert words not in shown, words
