"""What is asked for before something is done: each dialog ends in a command, or in nothing."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from textual.actions import parse as parse_action

from fastchat_tui import browser
from fastchat_tui.tui.bindings import TABLE
from fastchat_tui.tui.footer import keys_for
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.arguments import parse
from fastchat_tui.tui.modals.by_hand import ByHandScreen
from fastchat_tui.tui.modals.choose import ChooseScreen, Row
from fastchat_tui.tui.modals.form import Field, FormScreen
from fastchat_tui.tui.modals.frame import NO, ONCE, QuestionScreen
from fastchat_tui.tui.modals.page import HelpScreen
from fastchat_tui.tui.modals.texts import help_text, welcome_text
from fastchat_tui.tui.themes import colours
from fastchat_tui.wire.addresses import doubt, host_of, unfit
from fastchat_tui.wire.commands import (
    CallTool,
    Command,
    DeleteSession,
    OpenSession,
    SetKey,
    SetModel,
)
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.text import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.screen import Screen

    from fastchat_tui.tui.chat_screen import ChatScreen
    from fastchat_tui.wire.chat import SessionInfo

_OPEN = (ONCE._replace(label="open", help="Open it in your browser"), NO._replace(help="Do not open it"))
NARROW = 60
"""Cells below which a page of keys has a narrow column for them."""


async def _fill_in(
    chat: ChatScreen, title: str, fields: Sequence[Field], note: str, command: Callable[[dict[str, str]], Command]
) -> None:
    """Asks until the engine takes it, or the user gives up: what was typed stays in the form."""
    while (values := await chat.app.push_screen_wait(FormScreen(title, fields, note))) is not None:
        if await chat.send(command(values)):
            return
        fields = [field._replace(value=values[field.key]) for field in fields]


# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def call_by_hand(chat: ChatScreen, argument: str) -> None:
    """``server:tool {"name": "value"}``; without arguments they are asked for, where the tool has some."""
    name, _, text = argument.strip().partition(" ")
    server, _, tool = name.partition(":")
    try:
        given = parse(text) if text.strip() else None
    except ValueError as error:
        chat.toast(f"The call was not sent: {error}.", 'Write #server:tool {"name": "value"}.', "warning")
        chat.composer.restore(f"#{argument}")
        return
    view = chat.engine.snapshot().servers.get(server)
    known = next((one for one in view.tools if one.name == tool), None) if view else None
    if known is not None and given is None and known.input_schema.get("properties"):
        keys = keys_for(chat.program.keymap, "form.send", "form.json", "modal.close")
        given = await chat.app.push_screen_wait(ByHandScreen(known, keys=keys))
        if given is None:
            return
    if await chat.send(CallTool(server, tool, given or {})):
        chat.pages.close()
        chat.show_pane("calls")
        chat.panes.inspector.focus()
    else:
        chat.composer.restore(f"#{name} {json.dumps(given)}" if given else f"#{argument}")


# ── model ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def choose_model(chat: ChatScreen, argument: str) -> None:
    """``/model NAME [BASE_URL]`` says it at once; without a name it is asked for."""
    if argument.strip():
        name, _, base_url = argument.strip().partition(" ")
        await chat.send(SetModel(name, base_url.strip()))
        return
    now = chat.engine.snapshot().model
    fields = (
        Field("model", "Model", now.name),
        Field("base_url", "Base URL (https://api.openai.com/v1, http://127.0.0.1:11434/v1 …)", now.base_url),
    )

    def command(given: dict[str, str]) -> Command:
        base_url = given["base_url"].strip()
        return SetModel(given["model"].strip(), base_url if base_url != now.base_url else "")

    await _fill_in(chat, "Model and endpoint", fields, "", command)


async def give_key(chat: ChatScreen, argument: str) -> None:
    where = chat.engine.snapshot().model.base_url or "the model's endpoint"
    note = f"It is kept in the keyring of this system, and sent to {where} only."
    fields = (Field("key", "Key", argument, secret=True),)
    await _fill_in(chat, "Your key", fields, note, lambda given: SetKey(given["key"].strip()))


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def choose_session(chat: ChatScreen, argument: str) -> None:
    try:
        known = await chat.engine.sessions()
    except FastchatError as error:
        chat.toast(error.text, error.remedy, "error")
        return
    titles = {info.id: one_line(info.title, 80) or "(untitled)" for info in known}
    rows = [Row(info.id, titles[info.id], _about(info)) for info in known]
    here = chat.engine.snapshot().session.id
    chosen = await chat.app.push_screen_wait(
        ChooseScreen("Sessions", rows, current=here, remove=True, empty="No session yet. Say something.")
    )
    match chosen:
        case (session, True):
            if await _agrees(chat, f"Delete “{titles[session]}”? It cannot be brought back.", "delete"):
                await chat.send(DeleteSession(session))
        case (session, False):
            await chat.send(OpenSession(session))


def _about(info: SessionInfo) -> str:
    when = f"{datetime.fromtimestamp(info.updated):%d %b %H:%M}" if info.updated else ""
    return f"{info.messages:>4} {'message ' if info.messages == 1 else 'messages'}  {when}".rstrip()


async def new_session(chat: ChatScreen, argument: str) -> None:
    chat.action_focus_composer()
    await chat.send(OpenSession())


async def find(chat: ChatScreen, argument: str) -> None:
    """``/find TEXT``; without a text it is asked for."""
    text = argument.strip()
    if not text:
        given = await chat.app.push_screen_wait(FormScreen("Find in the conversation", (Field("text", "Text"),), ""))
        text = given["text"].strip() if given else ""
    transcript = chat.panes.transcript
    transcript.find(text)
    if text:
        chat.show_pane("chat")
        chat.set_focus(transcript)
        transcript.post_message(transcript.NextWanted(-1))


# ── looks and words ──────────────────────────────────────────────────────────────────────────────────────────────


async def choose_theme(chat: ChatScreen, argument: str) -> None:
    program, before = chat.program, chat.app.theme
    themes = sorted(program.own_themes.items())
    if argument in program.own_themes:
        program.keep_theme(argument)
        return
    rows = [Row(name, name, theme.about, colours(theme)) for name, theme in themes]
    note = "NO_COLOR is set: a theme that you choose here shows when it is not." if program.no_color else ""
    chosen = await program.push_screen_wait(
        ChooseScreen("Themes", rows, current=before, note=note, preview=program.preview_theme)
    )
    if chosen is None:
        program.preview_theme(before)
    else:
        program.keep_theme(chosen[0])


async def show_help(chat: ChatScreen, argument: str) -> None:
    """The keys that work where the focus is, then those of the other places; once more closes it."""
    screen = chat.app.screen
    if isinstance(screen, HelpScreen):
        if screen.is_mounted:  # what is taken away while it is being built fails for want of its parts
            screen.dismiss()
        return
    column = 20 if chat.app.size.width >= NARROW else 10
    words = screen.words if isinstance(screen, QuestionScreen) else {}
    text = help_text(keys_here(screen), chat.program.keymap, words=words, elsewhere=screen is chat, column=column)
    where = chat.engine.snapshot().config or "no file"
    chat.app.push_screen(HelpScreen("Help", [*text, Passage(""), Passage(f"Configuration: {where}", "", 15)]))


def keys_here(screen: Screen[Any]) -> set[str]:
    """The ids of what can be done where the focus is."""
    regions = {(active.binding.id or "").partition(".")[0]: active.node for active in screen.active_bindings.values()}
    return {
        key.id
        for key in TABLE
        if (node := regions.get(key.region)) and node.check_action(*parse_action(key.action)[1:]) is not False
    }


async def welcome(chat: ChatScreen, argument: str) -> None:
    """The first steps. Closing it leaves everything to be found in the palette."""
    rows = [
        Row("key", "Paste an OpenAI key", "kept in the keyring"),
        Row("model", "Use another or a local endpoint", "Ollama, LM Studio, OpenRouter …"),
        Row("demo", "Try the demo", "a scripted model, real calls"),
        Row("add", "Add an MCP server", "by command or URL"),
        Row("import", "Take over MCP servers", "from Claude, VS Code, Cursor, Codex, Gemini …"),
        Row("help", "Read the keys", "F1 does so at any time"),
    ]
    chosen = await chat.app.push_screen_wait(ChooseScreen("Welcome", rows, note=welcome_text()))
    if chosen is not None:
        chat.run_command(chosen[0])


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def open_link(chat: ChatScreen, url: str) -> None:
    """Opens a web link after the whole of it was shown and agreed to; without a browser, copies it."""
    url = clean(url)
    if wrong := unfit(url):
        chat.toast(f"The link was not opened: {wrong}.", url[:200], "warning")
        return
    passages = [Passage(f"It goes to {host_of(url)}", "text--accent"), Passage(""), Passage(url)]
    if careful := doubt(url):
        passages.append(Passage(careful, "text--bad"))
    asked = QuestionScreen("", "Open this link in your browser?", passages, _OPEN)
    answer = await chat.app.push_screen_wait(asked)
    if answer is None or answer.decision == "deny":
        return
    if not await asyncio.to_thread(browser.open_in_browser, url):
        chat.toast("There is no browser here.", "The link is copied instead.", "warning")
        chat.program.copy(url)


async def _agrees(chat: ChatScreen, question: str, verb: str) -> bool:
    yes, no = ONCE._replace(label=verb, help=verb.capitalize()), NO._replace(label="keep", help="Keep it")
    asked = QuestionScreen("", question, [], (yes, no))
    answer = await chat.app.push_screen_wait(asked)
    return answer is not None and answer.decision == "once"
