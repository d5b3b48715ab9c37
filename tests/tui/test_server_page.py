"""A server's page: its offers are used from it, what it may do is changed on it, and it follows the server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Static

from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.modals.by_hand import ByHandScreen
from fastchat_tui.tui.modals.fill import FillScreen
from fastchat_tui.tui.modals.form import FormScreen
from fastchat_tui.tui.modals.prompt import PromptScreen
from fastchat_tui.tui.modals.proposals import Proposals
from fastchat_tui.tui.options import SCHEMA, read
from fastchat_tui.tui.server_page.resource import ResourceScreen, file_name, passages, roots
from fastchat_tui.tui.server_page.rows import TABS, about, detail, rows
from fastchat_tui.tui.server_page.screen import ServerScreen
from fastchat_tui.tui.tab_line import TabLine
from fastchat_tui.wire.content import Completion, EmbeddedResource
from fastchat_tui.wire.events import CatalogueChanged, EngineStarted, ResourceRead, TurnFinished
from fastchat_tui.wire.servers import (
    USUAL,
    PromptArgument,
    PromptTemplate,
    Resource,
    ResourceTemplate,
    ServerOptions,
    ServerView,
    Tool,
)
from tests.fakes.world import World, say
from tests.tui.test_app import Screen, screen

OFFERS = CatalogueChanged(
    server="demo",
    tools=(Tool("demo", "dig", description="Digs\x1b[2J."),),
    resources=(Resource("demo", "note://a", "A note"), Resource("demo", "note://b")),
    templates=(ResourceTemplate("demo", "note://{day}/{hour}", "At a time"),),
    prompts=(
        PromptTemplate("demo", "greet", "Greets", (PromptArgument("name", "who", True), PromptArgument("tone"))),
        PromptTemplate("demo", "wave"),
    ),
)


async def page(it: Screen, tab: str) -> ServerScreen:
    await it.heard(EngineStarted)
    it.world.servers[0].offer(OFFERS)
    await it.heard(CatalogueChanged, 2)
    await it.pilot.press("f2", "enter")
    shown = await it.front(ServerScreen)
    await it.pilot.press(*("l" * TABS.index(tab)))  # type: ignore[arg-type]
    await it.until(lambda: shown.tab == tab)
    return shown


def said(it: Screen) -> str:
    return it.app.screen.query_one(TextView).plain_text()


def listed(it: Screen) -> list[str]:
    offers = it.app.screen.query_one("#page-offers", OptionList)
    return [str(offers.get_option_at_index(index).prompt) for index in range(offers.option_count)]


def state(it: Screen) -> str:
    return str(it.app.screen.query_one("#resource-state", Static).render())


async def test_a_resource_is_read_watched_marked_and_read_again() -> None:
    async with screen(World()) as it:
        await page(it, "resources")
        assert it.app.screen.query_one(TabLine).names[2] == "resources 3"
        assert listed(it) == ["  note://a  A note", "  note://b", "… note://{day}/{hour}  At a time"]
        await it.pilot.press("j", "w")
        await it.until(lambda: listed(it)[1] == "↻ note://b")
        assert "has changed since" in said(it)
        await it.until(lambda: "demo: note://b has changed." in [note.message for note in it.app._notifications])
        await it.pilot.press("enter")
        await it.front(ResourceScreen)
        assert "note://b" in said(it)
        assert "\x1b" not in said(it)
        await it.until(lambda: "watched" in state(it))
        await it.pilot.press("w")
        await it.until(lambda: "watched" not in state(it))
        await it.pilot.press("w")
        await it.until(lambda: "r reads it again" in state(it))
        await it.pilot.press("r")
        await it.heard(ResourceRead, 2)
        await it.until(lambda: "◉ watched" in state(it))
        await it.pilot.press("escape")
        await it.until(lambda: isinstance(it.app.screen, ServerScreen) and listed(it)[1] == "◉ note://b")
        await it.pilot.press("a")
        await it.until(lambda: it.app.screen is it.chat)
        assert it.chat.composer.draft == "@demo:note://b "


async def test_a_resource_that_is_being_closed_when_it_was_read_again_is_left_alone() -> None:
    async with screen(World()) as it:
        await page(it, "resources")
        await it.pilot.press("enter")
        await it.front(ResourceScreen)
        shown = it.app.screen
        half_gone = False

        async def closing(uri: str, *, fresh: bool = False) -> Sequence[EmbeddedResource]:
            nonlocal half_gone
            it.app.pop_screen()
            while shown.query("#resource-state"):  # noqa: ASYNC110
                await asyncio.sleep(0)
            half_gone = True
            return ()

        it.world.servers[0].read = closing  # type: ignore[method-assign]
        await it.pilot.press("r")
        await it.until(lambda: half_gone and isinstance(it.app.screen, ServerScreen))
        await it.pilot.press("escape")
        await it.until(lambda: it.app.screen is it.chat)


async def test_a_template_is_filled_in_with_the_servers_help_and_read() -> None:
    async with screen(World()) as it:
        await page(it, "resources")
        await it.pilot.press("G", "enter")
        await it.front(FillScreen)
        offers = it.app.screen.query_one("#fill-offers", OptionList)
        await it.pilot.press("x")
        await it.until(lambda: [str(option.prompt) for option in offers.options] == ["x!"])
        await it.pilot.press("down", "enter")
        await it.until(lambda: it.app.screen.query(Input).first().value == "x!" and not offers.display)
        await it.pilot.press("enter", "9", "enter")
        await it.front(ResourceScreen)
        assert "note://x%21/9" in said(it)


async def test_a_chosen_proposal_stays_chosen_when_the_news_of_what_it_is_for_comes_late() -> None:
    async with screen(World()) as it:
        await page(it, "resources")
        await it.pilot.press("G", "enter")
        await it.front(FillScreen)
        line, offers = it.app.screen.query(Input).first(), it.app.screen.query_one(Proposals)
        await it.until(lambda: offers.open)
        with line.prevent(Input.Changed):
            line.value = "x"
        offers.offer(line, Completion(("x!",)))
        await it.pilot.press("down")
        line.post_message(Input.Changed(line, "x"))
        await it.pilot.pause()
        await it.pilot.press("enter")
        assert (line.value, offers.display) == ("x!", False)


async def test_a_resource_is_saved_under_a_name_that_is_free(home: Path) -> None:
    async with screen(World()) as it:
        await page(it, "resources")
        await it.pilot.press("enter")
        await it.front(ResourceScreen)
        Path("a").write_text("mine")
        await it.pilot.press("s")
        await it.front(FormScreen)
        await it.pilot.press("enter")
        await it.until(lambda: any("there already" in str(note.render()) for note in it.app.screen.query("#form-note")))
        await it.pilot.press("end", *"bc", "enter")
        await it.front(ResourceScreen)
        await it.until(lambda: Path("abc").exists() and Path("abc").read_text() == "\x1b[31mnote://a")
    assert Path("a").read_text() == "mine"


async def test_a_prompt_is_filled_in_shown_and_sent_or_edited() -> None:
    async with screen(World(say("hello"))) as it:
        await page(it, "prompts")
        await it.pilot.press("enter")
        await it.front(FillScreen)
        await it.pilot.press("ctrl+s")
        problem = it.app.screen.query_one("#fill-problem", Static)
        assert "Still needed: name." in str(problem.render())
        await it.pilot.press(*"Ada", "ctrl+s")
        await it.front(PromptScreen)
        assert said(it).splitlines()[:2] == ["user", "greet {'name': 'Ada'}"]
        await it.pilot.press("escape")
        await it.front(FillScreen)
        assert it.app.screen.query(Input).first().value == "Ada"
        await it.pilot.press("ctrl+s")
        await it.front(PromptScreen)
        await it.pilot.press("e")
        await it.until(lambda: it.app.screen is it.chat and it.chat.composer.draft != "")
        assert it.chat.composer.draft == "greet {'name': 'Ada'}"
        await it.pilot.press("ctrl+c")
        await it.write("/demo:wave ")
        await it.front(PromptScreen)
        await it.pilot.press("enter")
        await it.heard(TurnFinished)
        assert "wave {}" in it.text


async def test_a_tool_is_switched_and_called_from_the_page() -> None:
    async with screen(World()) as it:
        await page(it, "tools")
        assert listed(it) == ["☑ dig  10"]
        assert "\x1b" not in said(it)
        await it.pilot.press("space")
        await it.until(lambda: listed(it) == ["☐ dig  10"])
        await it.pilot.press("enter")
        await it.until(lambda: it.app.screen is it.chat)
        await it.until(lambda: it.world.servers[0].calls == [("dig", {})])


async def test_what_a_server_may_do_is_changed_in_a_form(home: Path) -> None:
    async with screen(World()) as it:
        await page(it, "about")
        assert "ask the model   no" in said(it)
        await it.pilot.press("o")
        await it.front(ByHandScreen)
        await it.pilot.pause(0.05)
        await it.pilot.press("space", "ctrl+s")
        await it.until(lambda: isinstance(it.app.screen, ServerScreen) and "ask the model   yes" in said(it))
    assert it.world.settings.server_options["demo"] == ServerOptions(sampling=True)


async def test_a_key_before_the_first_frame_of_a_page_does_nothing() -> None:
    async with screen(World()) as it:
        await it.heard(EngineStarted)
        shown = ServerScreen(it.chat, "demo")
        for action in ("next_tab", "open", "copy", "want"):
            assert not shown.check_action(action, ())


# ── plain data ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_offer_is_described() -> None:
    view = ServerView("demo", tools=OFFERS.tools, resources=OFFERS.resources, templates=OFFERS.templates)
    view = replace(view, prompts=OFFERS.prompts, watched=("note://a",))
    for tab in TABS:
        for row in rows(view, tab):
            assert detail(view, row.offer)
    assert "· name (needed)  who" in [passage.text for passage in detail(view, OFFERS.prompts[0])]


def test_the_page_tells_what_a_server_may_do_and_in_which_era() -> None:
    options = ServerOptions(sampling=True, instructions=False, roots=("/data",), era="legacy")
    told = "\n".join(
        p.text for p in about(ServerView("x", "ready", era="2025-11-25", options=options, instructions="Do"))
    )
    assert "2025-11-25  (you chose the era)" in told
    assert "50,000 tokens" in told
    assert "know folders    /data" in told
    assert "Instructions (not shown to the model)" in told


def test_json_is_a_tree_only_where_all_of_it_is_json() -> None:
    json, text, blob = (
        EmbeddedResource("a://j", "application/json; charset=utf-8", "[1]"),
        EmbeddedResource("a://t", "text/plain", "[1]"),
        EmbeddedResource("a://b", "image/png", blob="iVBO"),
    )
    assert [root.text for root in roots([json])] == ["[1]"]
    assert roots([json, text]) == roots([blob]) == roots([]) == []
    assert [passage.text for passage in passages([blob])] == ["[image · image/png · 3 B]"]
    headings = [passage.text for passage in passages([json, text])][::2]
    assert headings == ["a://j  application/json; charset=utf-8 · 3 B", "a://t  text/plain · 3 B"]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("file:///home/me/a%20b.txt?x", "a b.txt"),
        ("note://today", "today"),
        ("demo://x/../../etc/passwd", "passwd"),
        ("x:..", "resource"),
        ("x://[bad", "[bad"),
        ("x://y/%2e%2e%2f%2e%2e%2fz", "z"),
    ],
)
def test_a_file_is_named_after_the_uri_and_never_leads_elsewhere(uri: str, name: str) -> None:
    assert file_name(uri) == name


def test_folders_that_are_none_are_refused_and_the_form_knows_every_option(tmp_path: Path) -> None:
    assert set(SCHEMA["required"]) == {"sampling", "sampling_budget", "instructions", "log_level", "roots", "era"}
    form = {"sampling": True, "sampling_budget": 5, "instructions": True, "log_level": "info", "roots": [], "era": ""}
    assert read({**form, "roots": [str(tmp_path)]}, USUAL).roots == (str(tmp_path),)
    with pytest.raises(ValueError, match="no folder here"):
        read({**form, "roots": [str(tmp_path / "none")]}, USUAL)
