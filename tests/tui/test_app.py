"""The screen over a real engine among fakes: journeys by key, at the sizes that people have."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.css.stylesheet import Stylesheet
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen as AnyScreen
from textual.strip import Strip
from textual.widgets import Static, TextArea

from fastchat_tui.tui.app import FastchatApp
from fastchat_tui.tui.chat_screen import ChatScreen
from fastchat_tui.tui.modals.choose import ChooseScreen
from fastchat_tui.tui.modals.frame import QuestionScreen
from fastchat_tui.tui.modals.page import PageScreen
from fastchat_tui.wire.chat import TextPiece
from fastchat_tui.wire.commands import DisconnectServer, ReloadConfig, SendMessage
from fastchat_tui.wire.errors import ConfigError, ModelError
from fastchat_tui.wire.events import CallStarted, Event, ServerChanged, TurnFinished
from fastchat_tui.wire.ports import Config
from tests.fakes.world import Endless, World, say, want
from tests.tui.patience import until

Front = TypeVar("Front", bound=AnyScreen[Any])
SIZES = pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40), (250, 70)])


class Screen:
    """The program in a terminal of some size, over the engine of ``world``."""

    def __init__(self, world: World, app: FastchatApp, pilot: Pilot[int]) -> None:
        self.world, self.app, self.pilot = world, app, pilot

    @property
    def chat(self) -> ChatScreen:
        return self.app.chat

    @property
    def text(self) -> str:
        return self.chat.panes.transcript.plain_text()

    async def write(self, text: str) -> None:
        self.chat.composer.focus()
        self.chat.query_one("#composer TextArea", TextArea).insert(text)
        await self.pilot.press("enter")

    async def until(self, true: Callable[[], bool]) -> None:
        await until(self.pilot, true, lambda: self.text)

    async def front(self, kind: type[Front]) -> Front:
        """The screen in front, once it is one of ``kind`` and whole."""
        await self.until(lambda: isinstance(self.app.screen, kind) and self.app.screen.is_mounted)
        assert isinstance(self.app.screen, kind)
        return self.app.screen

    async def heard(self, kind: type[Event], count: int = 1) -> None:
        await self.until(lambda: len(self.world.of(kind)) >= count)
        await self.pilot.pause()


@asynccontextmanager
async def screen(world: World, size: tuple[int, int] = (120, 40), session: str = "") -> AsyncIterator[Screen]:
    async with world.open(session, begin=False) as engine:
        app = FastchatApp(engine)
        async with app.run_test(size=size, notifications=True) as pilot:
            await app.chat.attached.wait()
            await pilot.pause()
            yield Screen(world, app, pilot)


@SIZES
async def test_a_question_is_answered_at_every_size(size: tuple[int, int]) -> None:
    async with screen(World(say("Hello ", "**there**")), size) as it:
        await it.write("hi")
        await it.heard(TurnFinished)
        await it.until(lambda: "Hello" in it.text)
        assert "hi" in it.text
        assert it.chat.composer.draft == ""


async def test_a_call_asks_and_runs_only_after_yes() -> None:
    async with screen(World(say("let me", calls=[want("a")]), say("done"))) as it:
        await it.write("go")
        await it.until(lambda: getattr(it.app.screen, "question", "") != "")
        assert it.world.servers[0].calls == []
        it.app.screen._quiet_since = 0.0  # type: ignore[attr-defined]  # time goes by
        await it.pilot.press("y")
        await it.heard(TurnFinished)
    assert [tool for tool, _ in it.world.servers[0].calls] == ["echo"]


async def test_calls_that_ask_at_once_stand_in_line() -> None:
    async with screen(
        World(say("x", calls=[want(name, arguments=f'{{"n": "{name}"}}') for name in "abc"]), say("done"))
    ) as it:
        await it.write("go")
        for left in ("1 of 3", "1 of 2", "run this call?"):
            await it.front(QuestionScreen)
            await it.until(lambda left=left: left in str(it.app.screen.query_one("#question-heading").render()))  # type: ignore[misc]
            asked = it.app.screen
            assert isinstance(asked, QuestionScreen)
            asked._quiet_since = 0.0
            await it.pilot.press("y")
            await it.until(lambda asked=asked: it.app.screen is not asked)  # type: ignore[misc]
        await it.heard(TurnFinished)
    assert len(it.world.servers[0].calls) == 3


async def test_escape_stops_the_turn_and_f5_tries_again() -> None:
    world = World(allow=True)
    world.model = Endless()
    async with screen(world) as it:
        await it.write("hi")
        await it.until(lambda: "par" in it.text)
        await it.pilot.press("escape")
        await it.heard(TurnFinished)
        assert it.world.of(TurnFinished)[0].reason == "cancelled"  # type: ignore[attr-defined]
        await it.pilot.press("f5")
        await it.until(lambda: bool(it.app._notifications) or it.chat.engine.snapshot().turn != "")
        await it.pilot.press("escape")
        await it.heard(TurnFinished, 2)


async def test_a_failure_says_what_failed_and_what_to_do() -> None:
    error = ModelError("auth", "OpenAI rejected the key.", "Paste another key.")
    async with screen(World([TextPiece("half"), error])) as it:
        await it.write("hi")
        await it.heard(TurnFinished)
        await it.until(lambda: "rejected the key" in it.text and "Paste another key" in it.text)
        assert "half" in it.text


async def test_space_switches_the_server_off_and_on_and_it_is_remembered() -> None:
    async with screen(World()) as it:
        await it.until(lambda: it.chat.engine.snapshot().servers.get("demo") is not None)
        await it.pilot.press("f2", "space")
        await it.until(lambda: it.chat.engine.snapshot().servers["demo"].state == "off")
        assert it.world.settings.servers == {"demo": False}
        assert it.world.servers[0].stopped == 1
        await it.pilot.press("space")
        await it.until(lambda: it.chat.engine.snapshot().servers["demo"].state == "ready")


async def test_below_a_hundred_columns_one_pane_shows_at_a_time() -> None:
    async with screen(World(), (80, 24)) as it:
        panes = [it.chat.query_one(f"#{name}") for name in ("servers", "chat", "calls")]
        assert [pane.display for pane in panes] == [False, True, False]
        await it.pilot.press("f2")
        assert [pane.display for pane in panes] == [True, False, False]
        await it.pilot.press("f3")
        assert [pane.display for pane in panes] == [False, False, True]
        await it.pilot.resize_terminal(120, 40)
        await it.pilot.pause()
        assert [pane.display for pane in panes] == [True, True, True]


async def test_resizing_at_every_moment_breaks_nothing() -> None:
    async with screen(World(say(*["words "] * 50, calls=[want("a", "slow")]), say("end"), allow=True)) as it:
        await it.write("go")
        for width, height in [(1, 1), (40, 12), (200, 50), (99, 30), (100, 30), (20, 5), (120, 40)] * 3:
            await it.pilot.resize_terminal(width, height)
            await it.pilot.pause()
        await it.heard(TurnFinished)
        await it.until(lambda: "end" in it.text)


async def test_a_card_opens_in_the_inspector_and_back() -> None:
    async with screen(World(say("x", calls=[want("a"), want("b", "wrong")]), say("y"), allow=True)) as it:
        await it.write("go")
        await it.heard(TurnFinished)
        it.chat.panes.transcript.focus()
        await it.pilot.press("p", "p", "p", "enter")
        await it.pilot.pause()
        assert it.chat.panes.inspector in it.app.focused.ancestors_with_self  # type: ignore[union-attr]
        await it.pilot.press("enter")
        await it.pilot.pause()
        assert it.app.focused is it.chat.panes.transcript


async def test_the_session_continues_where_it_was() -> None:
    world = World(say("remember me"), allow=True)
    async with screen(world) as it:
        await it.write("first words")
        await it.heard(TurnFinished)
    again = World(say("more"), allow=True)
    again.store = world.store
    async with screen(again, session="continue") as it:
        await it.until(lambda: "remember me" in it.text and "first words" in it.text)


async def test_a_screen_that_comes_late_shows_what_is_there() -> None:
    world = World(say("remember me"), allow=True)
    async with world.open() as engine:
        await engine.send(SendMessage("first words"))
        await world.until(TurnFinished)
        app = FastchatApp(engine)
        async with app.run_test(size=(120, 40)) as pilot:
            await app.chat.attached.wait()
            it = Screen(world, app, pilot)
            await it.until(lambda: "remember me" in it.text and len(it.chat.panes.sidebar.query("ServerList")) == 1)


async def test_help_palette_themes_and_sessions_open_and_close() -> None:
    async with screen(World()) as it:
        for key, kind in (("f1", PageScreen), ("f9", ChooseScreen), ("ctrl+s", ChooseScreen)):
            await it.pilot.press(key)
            await it.front(kind)
            await it.pilot.press("escape")
            await it.front(ChatScreen)


async def test_ctrl_c_clears_the_draft_then_quits_at_the_second_time() -> None:
    async with screen(World()) as it:
        it.chat.composer.draft = "half a thought"
        await it.pilot.press("ctrl+c")
        assert it.chat.composer.draft == ""
        await it.pilot.press("ctrl+c")
        assert it.app.is_running
        await it.pilot.press("ctrl+c")
        await it.until(lambda: it.app._exit)


async def test_an_event_that_comes_while_the_screen_is_taken_down_is_not_drawn() -> None:
    drawn: list[str] = []
    async with screen(World()) as it:
        take_down, pump = it.app._close_all, it.pilot

        async def with_an_event() -> None:
            await it.chat.panes.remove()
            seen = len(it.world.of(ServerChanged))
            await it.chat.engine.send(DisconnectServer("demo"))
            await until(pump, lambda: len(it.world.of(ServerChanged)) > seen, lambda: "no event")
            await take_down()

        it.app._close_all = with_an_event  # type: ignore[method-assign]
        it.chat.show_servers = lambda: drawn.append("servers")  # type: ignore[method-assign]
    assert drawn == []


async def test_escape_takes_away_what_was_told_when_there_is_nothing_to_stop() -> None:
    async with screen(World()) as it:
        it.app.say("A word that covers what it is about.", "error")
        await it.until(lambda: bool(it.chat.query("Toast")))
        await it.pilot.press("escape")
        await it.until(lambda: not it.chat.query("Toast"))


async def test_a_hostile_reply_and_tool_name_draw_and_end_nothing() -> None:
    nasty = "\x1b]52;c;eA==\x07 [bold]x[/] [/foo] [@click=app.quit]q[/] \u202e\x00 \x9b31m 👩‍👩‍👧"
    async with screen(World(say(nasty, calls=[want("c1", "nope[/]\x1b[2J")]), say(nasty), allow=True)) as it:
        await it.write("go [/] \x1b[31m")
        await it.heard(TurnFinished)
        await it.pilot.press("ctrl+o", "ctrl+o", "ctrl+t", "f3", "right", "right", "right")
        await it.pilot.pause()
        assert "\x1b" not in it.app.export_screenshot()
        assert "[bold]" in it.text


async def test_no_call_was_started_before_the_first_frame() -> None:
    async with screen(World(), (80, 24)) as it:
        assert it.world.of(CallStarted) == []
        assert not it.app._exit


async def test_a_pane_that_is_asked_for_before_it_is_there_opens_with_it() -> None:
    async with World().open("", begin=False) as engine:
        app = FastchatApp()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("f2")
            app.attach(engine)
            await app.chat.attached.wait()
            await pilot.pause()
            assert app.chat.has_class("-servers")
            assert app.focused in app.chat.panes.query("#servers *")


def test_the_first_frame_needs_no_engine_and_keeps_what_is_written(home: Path) -> None:
    program = """
import asyncio, sys
from fastchat_tui.tui.app import FastchatApp
HEAVY = {"openai", "mcp", "mcp_types", "keyring", "jsonschema", "httpx2", "pydantic", "pygments", "markdown_it"}
LATER = ("engine", "servers", "wire.events", "wire.masks", "wire.settings", "tui.panes")
OURS = {f"fastchat_tui.{name}" for name in LATER}
from fastchat_tui import launch
from fastchat_tui.compose import screen_settings
async def main():
    screen, keep_theme = screen_settings()
    app = FastchatApp(theme=screen.theme, keymap=screen.keymap)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"hi", "enter", *"more")
        await pilot.pause()
        print(sorted((HEAVY | OURS) & set(sys.modules)), repr(app.chat.composer.draft))
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=dict(os.environ), check=False
    )
    assert done.stdout.strip() == "[] 'more'", done.stderr


async def test_a_theme_chosen_at_the_start_reads_no_style_sheet_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[Stylesheet] = []
    monkeypatch.setattr(Stylesheet, "reparse", again.append)
    app = FastchatApp(theme="paper")
    async with app.run_test(size=(80, 24)):
        assert app.screen.styles.background == Color.parse(app.own_themes["paper"].background or "")
        assert again == []


async def test_a_move_of_the_focus_is_no_matter_of_the_whole_screen() -> None:
    async with screen(World()) as it:  # Textual styles all anew where a rule for “*” asks who has the focus within
        asked = [node for node in it.chat.walk_children(with_self=True) if node._has_focus_within]
        assert it.chat.composer in asked
        assert it.chat not in asked
        assert it.chat.panes not in asked


async def test_what_is_copied_holds_nothing_that_a_terminal_obeys() -> None:
    async with screen(World()) as it:
        it.app.copy("echo a\x1b[201~; rm -r x\u202e\x9b")
        await it.until(lambda: it.app.clipboard != "")
        assert it.app.clipboard == "echo a␛[201~; rm -r x<U+202E><9B>"


async def test_a_letter_draws_its_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with screen(World()) as it:
        await it.pilot.press("a")
        await it.pilot.pause()
        drawn: list[Region] = []
        for elsewhere in (it.chat.header, it.chat.panes, it.chat.hints):
            monkeypatch.setattr(elsewhere, "render_lines", lambda crop: drawn.append(crop) or [])
        await it.pilot.press("b")
        await it.pilot.pause()
        assert it.chat.composer.draft == "ab"
        assert drawn == []


async def test_what_was_filtered_once_is_not_filtered_again() -> None:
    async with screen(World()) as it:
        strip = Strip([Segment("text")])
        once, twice = (
            reduce(lambda strip, each: strip.apply_filter(each, Color(0, 0, 0)), it.app.get_line_filters(), strip)
            for _ in range(2)
        )
        assert once is twice


async def test_no_control_character_leaves_the_program_whatever_a_widget_draws() -> None:
    async with screen(World()) as it:
        drawn = [Segment("a\x1b]52;c;QUFB\x07 \x9b1m \u202eb")]
        for line_filter in it.app.get_line_filters():
            drawn = line_filter.apply(drawn, Color(0, 0, 0))
        text = "".join(segment.text for segment in drawn)
        assert text.isprintable()
        assert (text[0], text[-1]) == ("a", "b")


async def test_trouble_with_the_configuration_leaves_the_servers_pane_when_a_file_without_servers_is_in_use() -> None:
    world = World()
    whole = world.settings.load

    def broken() -> Config:
        raise ConfigError("x.json, line 2: no JSON.", "Mend it.")

    world.settings.load = broken  # type: ignore[method-assign]
    async with screen(world) as it:
        empty = it.chat.panes.sidebar.query_one("#servers-empty", Static)
        await it.until(lambda: "✗ x.json, line 2" in str(empty.render()))
        world.settings.config = Config(model="gpt-5-nano", path="/home/me/x.json")
        world.settings.load = whole  # type: ignore[method-assign]
        await it.chat.engine.send(ReloadConfig())
        await it.until(lambda: "No servers yet." in str(empty.render()))
        assert "x.json" in str(it.chat.panes.sidebar.border_subtitle)
