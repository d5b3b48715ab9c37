"""Strings that break programs, through every dialog: each is shown as text, none is obeyed, nothing crashes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping

from textual.screen import Screen as TextualScreen

from fastchat_tui.tui.chat_screen import ChatScreen
from fastchat_tui.tui.inspector.reader import Reader
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.by_hand import ByHandScreen
from fastchat_tui.tui.modals.choose import ChooseScreen, Row
from fastchat_tui.tui.modals.doctor import DoctorScreen
from fastchat_tui.tui.modals.fill import Blank, FillScreen
from fastchat_tui.tui.modals.form import Field, FormScreen
from fastchat_tui.tui.modals.frame import NO, ONCE, QuestionScreen
from fastchat_tui.tui.modals.page import PageScreen
from fastchat_tui.tui.modals.prompt import PromptScreen
from fastchat_tui.tui.modals.questions import question_modal
from fastchat_tui.tui.offers import preview
from fastchat_tui.tui.server_page.resource import ResourceScreen
from fastchat_tui.tui.server_page.rows import TABS, log
from fastchat_tui.tui.server_page.screen import ServerScreen
from fastchat_tui.wire.content import Completion, EmbeddedResource, PromptMessage
from fastchat_tui.wire.events import Asked, ServerLogged
from fastchat_tui.wire.questions import (
    About,
    Approval,
    Elicitation,
    GoOn,
    KeyUse,
    Sampling,
    SamplingReview,
    SignIn,
    Trust,
)
from fastchat_tui.wire.servers import PromptTemplate, Resource, ResourceTemplate, ServerView, Tool
from tests.fakes.world import World
from tests.tui.test_app import Screen, screen

MARKUP = "[/] [/foo] [bold [@click=app.quit]q[/] [@click=app.quit()]q[/] [$primary on red]x"
CODES = "[not a style]x[/] \\[x] \\\\[/x] [[]] [] [ ] [:] [#ff] [=x] %s {0} ${PATH} $(id) | a |\n|-|\n| [/x] |"
LETTERS = (
    "\x1b[31mred\x1b]52;c;QUFB\x07\x9b1m\x00\x7f\r\n\t\x0b\x0c \u202etxt\u2066 \u200b\ufeff\U000e0041\u2028\ud800 "
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u3164 ﷽ e\u0301\u0323 田中さん ثم نفس"
)
MUCH = "\u0300" * 300 + "x" * 5_000 + "\n" * 300 + " " * 5_000 + "end"


def abouts(text: str) -> Iterator[About]:
    schema = {
        "title": text,
        "properties": {text: {"title": text, "description": text, "enum": [text, "b"]}, "b": {"default": text}},
    }
    yield Approval("c", text, text, {text: [text, {text: text}]}, text)
    yield Trust(text, text, text, changed=True, starts=(text,), names=(text,), warnings=(text,))
    yield KeyUse(text, text)
    yield GoOn("t", 1, text)
    yield Elicitation(text, text, schema=schema)
    yield Elicitation(text, text, url=text)
    yield Sampling(text, {text: text})
    yield SamplingReview(text, {text: text})
    yield SignIn(text, text, text, text)


async def nothing_is_examined() -> None:
    return
    yield


async def completed(name: str, typed: str, others: Mapping[str, str]) -> Completion:
    return Completion((typed + name, name))


class Page(ServerScreen):
    """Shows a server that the engine does not know, as nothing cleaned its words."""

    view: ServerView

    @property
    def _view(self) -> ServerView:
        return self.view


def dialogs(chat: ChatScreen, text: str) -> Iterator[TextualScreen[object]]:
    tool = Tool(text, text, text, text, text, {"properties": {text: {"type": text, "description": text}}}, problem=text)
    view = ServerView(
        text,
        "ready",
        text,
        destination=text,
        description=text,
        origin=text,
        era=text,
        identity=text,
        instructions=text,
        tools=(tool,),
        resources=(Resource(text, text, text, text, text),),
        templates=(ResourceTemplate(text, text, text, text, text),),
        prompts=(PromptTemplate(text, text, text),),
        left_out=(text,),
    )
    lines = [(0.0, ServerLogged(server=text, source="stderr", level="error", text=text))]
    held = [
        EmbeddedResource(uri=text, mime_type=text, text=text),
        EmbeddedResource(uri=text, mime_type=text, blob="QUJD"),
    ]
    tree = [EmbeddedResource(uri=text, mime_type="a/json", text=json.dumps({text: [text]}))]
    yield FormScreen(text, [Field("a", text, text)], text)
    yield PageScreen(text, [Passage(text)])
    yield ChooseScreen(text, [Row(str(n), text, text) for n in range(9)], note=text, empty=text)
    yield Reader(text, [Passage(text)])
    yield ByHandScreen(tool, {text: text}, keys=text)
    yield QuestionScreen("q", text, [Passage(text)], (ONCE, NO))
    yield PageScreen(text, log(lines))
    for tab in TABS:
        page = Page(chat, text, tab)
        page.view = view
        yield page
    for resource in (held, tree):
        yield ResourceScreen(chat, text, text, resource)
    yield PromptScreen(text, preview([PromptMessage("user", one) for one in held]), text)
    yield FillScreen(text, text, [Blank(text, text, True, text)], completed, keys=text)
    yield DoctorScreen(text, nothing_is_examined(), text, lambda copied: None)
    for about in abouts(text):
        yield question_modal(Asked(question="q", about=about), tool=tool, server=view)


async def show_everywhere(it: Screen, text: str) -> None:
    for dialog in dialogs(it.chat, text):
        await it.app.push_screen(dialog)
        drawn = asyncio.Event()
        dialog.call_after_refresh(drawn.set)
        async with asyncio.timeout(60):
            await drawn.wait()
        assert it.app.screen is dialog
        it.app.pop_screen()
    it.app.say(text)
    it.chat.panes.sidebar.trouble(text, text)
    await it.pilot.pause()


async def test_every_dialog_shows_it_as_text() -> None:
    async with screen(World(), (60, 16)) as it:
        await show_everywhere(it, f"{MARKUP} {CODES} {LETTERS} {MUCH}")
        assert it.app.is_running
