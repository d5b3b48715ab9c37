"""What servers offer besides tools: prompts (``/server:prompt``) and resources (``@server:uri``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastchat_tui.tui.composer.completion import Candidate, More, Vocabulary
from fastchat_tui.tui.footer import keys_for
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.choose import ChooseScreen, Row
from fastchat_tui.tui.modals.fill import Blank, FillScreen
from fastchat_tui.tui.modals.prompt import PromptScreen
from fastchat_tui.tui.server_page.resource import ResourceScreen
from fastchat_tui.wire.attachments import said, spoken
from fastchat_tui.wire.commands import SendMessage
from fastchat_tui.wire.content import Completion, PromptMessage
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.servers import Completable, PromptTemplate, ServerView
from fastchat_tui.wire.templates import expand, names, typing
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen


def vocabulary(servers: Mapping[str, ServerView], more: More) -> Vocabulary:
    """What can be named in a message."""
    from fastchat_tui.tui.commands import COMMANDS

    tools = {
        f"{view.name}:{tool.name}": tool.description.strip().partition("\n")[0][:200]
        for view in servers.values()
        if view.state == "ready"
        for tool in view.tools
    }
    commands = {name: row.text for name, row in COMMANDS.items()} | prompts(servers)
    return Vocabulary(commands, tools, resources(servers), more)


def prompts(servers: Mapping[str, ServerView]) -> dict[str, str]:
    """What each ``server:prompt`` is for."""
    return {
        f"{view.name}:{prompt.name}": one_line(prompt.description, 200)
        for view in servers.values()
        if view.state == "ready"
        for prompt in view.prompts
    }


def resources(servers: Mapping[str, ServerView]) -> dict[str, str]:
    """What each ``server:uri`` holds; templates stand with their braces, to be filled in."""
    found: dict[str, str] = {}
    for view in servers.values():
        if view.state == "ready":
            for resource in view.resources:
                found[f"{view.name}:{resource.uri}"] = one_line(resource.name or resource.description, 200)
            for template in view.templates:
                found[f"{view.name}:{template.uri_template}"] = one_line(template.name or template.description, 200)
    return found


# ── prompts ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def choose_prompt(chat: ChatScreen, argument: str) -> None:
    """``/prompts``"""
    rows = [Row(name, one_line(name, 60), text) for name, text in prompts(chat.engine.snapshot().servers).items()]
    chosen = await chat.app.push_screen_wait(
        ChooseScreen("Prompts", rows, empty="No server that is ready offers a prompt.")
    )
    if chosen is not None:
        await use_prompt(chat, chosen[0], "")


async def use_prompt(chat: ChatScreen, name: str, argument: str) -> bool:
    """Fills in a server's prompt and shows it; it is sent, or put into the message, as the user likes. False: there is
    no such prompt."""
    server, _, wanted = name.partition(":")
    view = chat.engine.snapshot().servers.get(server)
    known = next((prompt for prompt in view.prompts if prompt.name == wanted), None) if view else None
    if known is None:
        return False
    values = {known.arguments[0].name: argument} if argument and known.arguments else {}
    keys = keys_for(chat.program.keymap, "prompt.send", "prompt.edit", "modal.close")
    while (filled := await _fill_prompt(chat, known, values)) is not None:
        values = filled
        try:
            messages = await chat.engine.prompt(server, known.name, values)
        except FastchatError as error:
            chat.toast(error.text, error.remedy, "error")
            if known.arguments:
                continue
            return True
        title = f"{server}:{known.name}"
        what = await chat.app.push_screen_wait(PromptScreen(title, preview(messages), keys))
        if what is not None:
            await _use(chat, spoken(messages), send=what == "send")
        if what is not None or not known.arguments:
            return True
    return True


async def _fill_prompt(chat: ChatScreen, prompt: PromptTemplate, values: Mapping[str, str]) -> dict[str, str] | None:
    blanks = [Blank(one.name, one.description, one.required, values.get(one.name, "")) for one in prompt.arguments]
    title = f"{one_line(prompt.server, 40)} · {one_line(prompt.name, 60)}"
    return await _fill(chat, title, prompt.description, blanks, prompt.server, "prompt", prompt.name)


async def _use(chat: ChatScreen, text: str, *, send: bool) -> None:
    chat.pages.close()
    if send:
        await chat.send(SendMessage(text))
    else:
        chat.composer.restore(text)
    chat.action_focus_composer()


def preview(messages: Sequence[PromptMessage]) -> list[Passage]:
    """Each message as it is, under the name of who says it."""
    found: list[Passage] = []
    for message in messages:
        found += [Passage(message.role, "text--heading"), Passage(said(message.content)), Passage("")]
    if any(message.content.kind in ("image", "audio") for message in messages):
        found.append(Passage("Pictures and sounds are not sent: your model reads the note instead.", "text--warning"))
    return found or [Passage("The prompt is empty.", "text--muted")]


# ── resources ────────────────────────────────────────────────────────────────────────────────────────────────────


async def show_resource(chat: ChatScreen, argument: str) -> None:
    """``/read @server:uri``"""
    server, _, uri = argument.strip().removeprefix("@").partition(":")
    if (whole := await _whole(chat, server, uri)) is None:
        return
    try:
        held = await chat.engine.read(server, whole)
    except FastchatError as error:
        chat.toast(error.text, error.remedy or "Write /read @server:uri.", "error")
        return
    await chat.app.push_screen(ResourceScreen(chat, server, whole, held))


async def name_resource(chat: ChatScreen, argument: str) -> None:
    """``/attach @server:uri`` names it in the message."""
    server, _, uri = argument.strip().removeprefix("@").partition(":")
    if (whole := await _whole(chat, server, uri)) is not None:
        chat.pages.close()
        chat.action_focus_composer()
        chat.composer.insert(f"@{server}:{whole} ")


async def _whole(chat: ChatScreen, server: str, uri: str) -> str | None:
    """The URI that a template is filled in to; one that is none stays as it is. None: given up."""
    view = chat.engine.snapshot().servers.get(server)
    known = next((one for one in view.templates if one.uri_template == uri), None) if view else None
    if known is None or not (blanks := [Blank(name) for name in names(uri)]):
        return uri
    title = f"{one_line(server, 40)} · {one_line(known.name or uri, 60)}"
    note = known.description or uri
    values = await _fill(chat, title, note, blanks, server, "template", uri)
    return None if values is None else expand(uri, values)


async def _fill(
    chat: ChatScreen, title: str, note: str, blanks: Sequence[Blank], server: str, kind: Completable, of: str
) -> dict[str, str] | None:
    if not blanks:
        return {}

    async def complete(name: str, typed: str, others: Mapping[str, str]) -> Completion:
        return await chat.engine.complete(server, kind, of, name, typed, others)

    keys = keys_for(chat.program.keymap, "form.send", "modal.close")
    return await chat.app.push_screen_wait(FillScreen(title, note, blanks, complete, keys=keys))


async def candidates(chat: ChatScreen, word: str) -> list[Candidate]:
    """What ``@server:uri`` may become where it is inside of a template: the server completes the name at the cursor."""
    server, colon, uri = word.removeprefix("@").partition(":")
    view = chat.engine.snapshot().servers.get(server)
    found: dict[str, str] = {}
    for template in view.templates if colon and view else ():
        if at := typing(template.uri_template, uri):
            given = await chat.engine.complete(server, "template", template.uri_template, at.name, at.value, at.others)
            found |= {at.with_value(value): f"{one_line(at.name, 40)} {one_line(value, 60)}" for value in given.values}
    return [Candidate(f"@{server}:{text}", note) for text, note in found.items() if text != uri]
