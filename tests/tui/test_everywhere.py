"""What works wherever one is: help, the palette, moving between the panes, paging through the chat."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette
from textual.widgets import OptionList

from fastchat_tui.tui.app import DEEPEST
from fastchat_tui.tui.bindings import TABLE
from fastchat_tui.tui.commands import COMMANDS
from fastchat_tui.tui.greeting import greeting
from fastchat_tui.tui.inspector.text_view import TextView, json_pieces
from fastchat_tui.tui.modals.choose import ChooseScreen, Row
from fastchat_tui.tui.modals.page import HelpScreen
from fastchat_tui.tui.modals.texts import PLACES, help_text
from fastchat_tui.tui.palette import Everything
from fastchat_tui.tui.server_page.screen import ServerScreen
from fastchat_tui.wire.chat import ModelView, SessionInfo
from fastchat_tui.wire.events import Asked, CallFinished, TurnFinished
from fastchat_tui.wire.ports import Snapshot
from fastchat_tui.wire.servers import ServerView, Tool
from tests.fakes.world import World, say, want
from tests.tui.test_app import Screen, screen


def helped(it: Screen) -> str:
    assert isinstance(it.app.screen, HelpScreen)
    return it.app.screen.query_one(TextView).plain_text()


PLACES_TO_BE = (
    ((), "While you write", "Send the message"),
    (("f2",), "In the servers pane", "Switch the server"),
    (("f3",), "In the calls pane", "Copy what the tab shows"),
    (("f6",), "In the chat", "Copy the last code block"),
    (("f9",), "In a list to choose from", "Take the row"),
    (("ctrl+p",), "In the palette", "Do what the row says"),
)


async def test_help_begins_with_the_place_where_you_are() -> None:
    async with screen(World()) as it:
        for keys, place, says in PLACES_TO_BE:
            await it.pilot.press(*keys)
            await it.pilot.pause()
            below = it.app.screen
            await it.pilot.press("f1")
            await it.front(HelpScreen)
            assert helped(it).startswith(f"{place} (you are here)")
            assert says in helped(it)
            await it.pilot.press("f1")
            await it.until(lambda below=below: it.app.screen is below)  # type: ignore[misc]


async def test_help_in_a_question_tells_its_keys_and_answers_nothing() -> None:
    async with screen(World(say("x", calls=[want("a")]), say("done"))) as it:
        await it.write("go")
        await it.heard(Asked)
        await it.until(lambda: getattr(it.app.screen, "question", "") != "")
        await it.pilot.press("f1")
        await it.front(HelpScreen)
        assert helped(it).startswith("When you are asked (you are here)")
        assert "While you write" not in helped(it)
        await it.pilot.press("escape")
        await it.until(lambda: getattr(it.app.screen, "question", "") != "")
        assert it.world.of(CallFinished) == []


def test_help_has_words_for_every_region_and_every_key() -> None:
    assert {key.region for key in TABLE} == set(PLACES)
    text = "\n".join(passage.text for passage in help_text({key.id for key in TABLE}, {}))
    assert all(key.help in text for key in TABLE)


def test_help_shows_the_keys_of_the_user() -> None:
    text = "\n".join(passage.text for passage in help_text({"chat.new"}, {"chat.new": "ctrl+y"}))
    assert "^Y" in text
    assert "^N" not in text


async def found(it: Screen, text: str) -> list[str]:
    return [hit.text or "" async for hit in Everything(it.app.screen).search(text)]


IN_THE_PALETTE = {
    "/model": "Model and endpoint  /model",
    "copy code": "Copy the last code block of the selected message  c",
    "panes": "Show or hide the side panes  ^B",
    "demo: doctor": "demo: doctor  server",
    "slow: switch": "demo › slow: switch off  tool",
    "echo: call": "demo › echo: call by hand  tool",
    "theme paper": "Theme paper, light and warm  theme",
}


async def test_the_palette_finds_everything() -> None:
    async with screen(World()) as it:
        await it.until(lambda: "demo" in it.chat.engine.snapshot().servers)
        await it.until(lambda: it.chat.engine.snapshot().servers["demo"].state == "ready")
        await it.pilot.press("ctrl+p")
        await it.front(CommandPalette)
        for text, hit in IN_THE_PALETTE.items():
            assert hit in await found(it, text)


async def test_the_palette_is_opened_once_though_help_lies_over_it() -> None:
    async with screen(World()) as it:
        await it.pilot.press("ctrl+p", "f1", "ctrl+p", "f1", "ctrl+p")
        await it.pilot.pause()
        assert sum(isinstance(each, CommandPalette) for each in it.app.screen_stack) == 1


async def test_the_palette_opens_over_no_more_than_some_dialogs() -> None:
    async with screen(World()) as it:
        for _ in range(DEEPEST):
            await it.app.push_screen(HelpScreen("Help", []))
        await it.pilot.press("ctrl+p")
        await it.pilot.pause()
        assert isinstance(it.app.screen, HelpScreen)


@pytest.mark.parametrize("key", ["ctrl+p", "f9"])
async def test_a_page_of_a_list_that_is_not_laid_out_yet_is_no_fault(key: str) -> None:
    async with screen(World()) as it:
        await it.pilot.press(key)
        await it.until(lambda: bool(it.app.screen.query(OptionList)) and it.app.screen.query_one(OptionList).is_mounted)
        rows = it.app.screen.query_one(OptionList)
        rows.display = False
        await it.until(lambda: not rows.size)
        rows.clear_options()
        rows.add_options(["one", "two"])
        rows.highlighted = 1
        if key == "f9":  # what is hidden gets no keys
            await rows.run_action("page_up")
            await rows.run_action("page_down")
        await it.pilot.press("pageup", "pagedown")
        assert rows.highlighted == 1


async def test_what_is_chosen_twice_in_one_moment_is_done_once() -> None:
    async with screen(World()) as it:
        await it.pilot.press("ctrl+p")
        await it.front(CommandPalette)
        await it.pilot.press(*"side panes")
        rows = it.app.screen.query_one(OptionList)
        await it.until(lambda: bool(rows.option_count))
        rows.highlighted = 0
        rows.action_select()
        rows.action_select()
        await it.until(lambda: it.app.screen is it.chat)
        await it.pilot.pause()
        assert it.chat.has_class("-alone")


async def test_the_palette_opens_a_session_by_its_title() -> None:
    async with screen(World(say("hello"), allow=True)) as it:
        await it.write("the red build")
        await it.heard(TurnFinished)
        await it.pilot.press("ctrl+p")
        await it.front(CommandPalette)
        assert "the red build  session" in await found(it, "red build")


async def test_what_is_chosen_in_the_palette_is_done() -> None:
    async with screen(World()) as it:
        await it.pilot.press("ctrl+p")
        await it.front(CommandPalette)
        await it.pilot.press(*"side panes")
        await it.until(lambda: bool(it.app.screen.query_one(OptionList).option_count))
        await it.pilot.press("enter")
        await it.until(lambda: it.chat.has_class("-alone"))


async def test_a_fault_in_what_a_key_does_is_told_and_the_program_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[Exception] = []
    async with screen(World()) as it:
        monkeypatch.setattr(it.app, "fault", faults.append)
        monkeypatch.setattr(it.chat, "action_toggle_sides", lambda: 1 / 0)
        await it.pilot.press("ctrl+b", "f2")
        assert [type(fault) for fault in faults] == [ZeroDivisionError]
        assert it.chat.panes.sidebar.has_focus_within


async def test_each_pane_has_a_key_and_the_same_key_leads_back() -> None:
    async with screen(World()) as it:
        for key, name in (("f2", "servers"), ("f3", "calls"), ("f6", "chat")):
            await it.pilot.press(key)
            assert it.app.focused is not None
            assert name in {node.id for node in it.app.focused.ancestors_with_self}
            await it.pilot.press(key)
            assert "composer" in {node.id for node in it.app.focused.ancestors_with_self}
            await it.pilot.press(key, "f4", "f4")
            assert "composer" in {node.id for node in it.app.focused.ancestors_with_self}


async def test_page_keys_read_the_chat_while_a_message_is_written() -> None:
    async with screen(World(say("\n\n".join(f"line {n}" for n in range(100))), allow=True)) as it:
        await it.write("go")
        await it.heard(TurnFinished)
        await it.chat.panes.transcript.drawn()
        it.chat.composer.draft = "half a thought"
        await it.pilot.press("pageup")
        assert not it.chat.panes.transcript.following
        assert it.chat.composer.draft == "half a thought"
        await it.pilot.press("pagedown", "pagedown")
        assert it.chat.panes.transcript.following


async def test_a_list_is_chosen_from_with_letters_and_its_filter_takes_letters() -> None:
    rows = [(f"row {n}") for n in range(20)]
    async with screen(World()) as it:
        chosen: list[object] = []
        it.app.push_screen(ChooseScreen("Some", [Row(row, row) for row in rows], remove=True), chosen.append)
        await it.pilot.press("j", "j", "k", "slash", *"row 1", "enter")
        await it.until(lambda: bool(chosen))
    assert chosen == [("row 1", False)]


async def test_the_footer_names_the_keys_of_the_place() -> None:
    async with screen(World(say("x", calls=[want("a")]), say("done"), allow=True)) as it:
        await it.write("go")
        await it.heard(TurnFinished)
        for key, says in (("f3", "in chat"), ("tab", "fold"), ("f2", "on/off"), ("f6", "copy"), ("f4", "send")):
            await it.pilot.press(key)
            await it.until(lambda says=says: says in str(it.chat.hints.render()))  # type: ignore[misc]


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_every_row_of_a_list_can_be_seen_on_a_low_terminal(size: tuple[int, int]) -> None:
    rows = [Row(f"row {number}", f"row {number}") for number in range(30)]
    async with screen(World(), size) as it:
        it.app.push_screen(ChooseScreen("Some", rows, note="What it is about. " * 20))
        await it.until(lambda: bool(it.app.screen.query("#choose-rows")))
        shown = it.app.screen.query_one(OptionList)
        await it.until(lambda: shown.max_scroll_y > 0)
        await it.pilot.press("end")
        frame = it.app.screen.query_one("#choose").content_region
        await it.until(lambda: shown.scroll_y == shown.max_scroll_y)
        assert frame.contains_region(shown.region)
        assert shown.region.height >= 3


def test_an_empty_chat_says_what_there_is_and_how_to_begin() -> None:
    ready = ServerView("a", "ready", tools=(Tool("a", "t", "t"), Tool("a", "u", "u", enabled=False)))
    now = Snapshot(ModelView("gpt-5-nano", key="keyring"), SessionInfo("s"), {"a": ready, "b": ServerView("b")})
    text = "\n".join("".join(run for run, _ in row) for row in greeting(now, {"app.help": "ctrl+h"}))
    assert "gpt-5-nano · 1 of 2 servers ready · 1 tool\n" in text
    assert "^H   help" in text
    assert "key yet" not in text
    without = Snapshot(ModelView("gpt-5-nano"), SessionInfo("s"), {}, name="my chat")
    text = "\n".join("".join(run for run, _ in row) for row in greeting(without, {}))
    assert text.startswith("my chat\n")
    assert "There is no key yet" in text


def test_commands_point_to_keys_that_exist() -> None:
    assert {command.key for command in COMMANDS.values()} - {""} <= {key.id for key in TABLE}


@pytest.mark.parametrize(
    "line", ['  "a\\"b": [1, -2.5e3, true, null, "x: y"],', '"open', "}", '  "k": "v"', "\\", '"' * 50_000]
)
def test_json_keeps_every_character_when_it_is_coloured(line: str) -> None:
    assert "".join(text for _, text in json_pieces(line)) == line


def test_json_tells_names_from_values() -> None:
    kinds = [(kind, text) for kind, text in json_pieces('"a": "b", "c": -1.5, "d": true') if kind]
    assert kinds == [
        ("name", '"a"'), ("string", '"b"'), ("name", '"c"'), ("number", "-1.5"), ("name", '"d"'), ("word", "true"),
    ]  # fmt: skip


async def test_the_key_for_the_log_opens_the_page_at_its_log() -> None:
    async with screen(World()) as it:
        await it.until(lambda: it.chat.engine.snapshot().servers.get("demo") is not None)
        await it.pilot.press("f2", "l")
        page = await it.front(ServerScreen)
        assert page.tab == "log"
