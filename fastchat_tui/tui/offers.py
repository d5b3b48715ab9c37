"""What servers offer besides tools: prompts (``/server:prompt``) and resources (``@server:uri``)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastchat_tui.tui.composer.completion import Vocabulary
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.choose import ChooseScreen, Row
from fastchat_tui.tui.modals.form import Field, FormScreen
from fastchat_tui.tui.modals.page import PageScreen
from fastchat_tui.wire.content import Audio, Content, EmbeddedResource, Image, PromptMessage, ResourceLink, Text
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.servers import PromptTemplate, ServerView
from fastchat_tui.wire.text import clean, head_and_tail, human_size, one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen

ATTACHED = re.compile(r"(?<!\S)@([^\s:]+):(\S+)")
MOST = 100_000
"""Characters of one resource that are attached; what is cut is said."""


def vocabulary(servers: Mapping[str, ServerView]) -> Vocabulary:
    """What the composer completes."""
    from fastchat_tui.tui.commands import COMMANDS

    tools = {
        f"{view.name}:{tool.name}": tool.description.strip().partition("\n")[0][:200]
        for view in servers.values()
        if view.state == "ready"
        for tool in view.tools
    }
    commands = {name: row.text for name, row in COMMANDS.items()} | prompts(servers)
    return Vocabulary(commands, tools, resources(servers))


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


async def choose_prompt(chat: ChatScreen, argument: str) -> None:
    """``/prompts``"""
    rows = [Row(name, one_line(name, 60), text) for name, text in prompts(chat.engine.snapshot().servers).items()]
    chosen = await chat.app.push_screen_wait(
        ChooseScreen("Prompts", rows, empty="No server that is ready offers a prompt.")
    )
    if chosen is not None:
        await use_prompt(chat, chosen[0], "")


async def use_prompt(chat: ChatScreen, name: str, argument: str) -> bool:
    """Puts a server's prompt into the composer, to be read and sent; its arguments are asked for. False: no such."""
    server, _, wanted = name.partition(":")
    view = chat.engine.snapshot().servers.get(server)
    known = next((prompt for prompt in view.prompts if prompt.name == wanted), None) if view else None
    if known is None:
        return False
    arguments = await _filled_in(chat, known, argument)
    if arguments is None:
        return True
    try:
        messages = await chat.engine.prompt(server, known.name, arguments)
    except FastchatError as error:
        chat.toast(error.text, error.remedy, "error")
        return True
    chat.composer.restore(spoken(messages))
    chat.action_focus_composer()
    return True


async def _filled_in(chat: ChatScreen, prompt: PromptTemplate, argument: str) -> dict[str, str] | None:
    """The arguments; what is written behind the command is the first of them. None: given up."""
    fields = [
        Field(f"a{place}", _label(one.name, one.description, one.required), argument if place == 0 else "")
        for place, one in enumerate(prompt.arguments)
    ]
    missing = ""
    while fields:
        title = f"{one_line(prompt.server, 40)} · {one_line(prompt.name, 60)}"
        given = await chat.app.push_screen_wait(FormScreen(title, fields, missing or prompt.description))
        if given is None:
            return None
        fields = [field._replace(value=given[field.key]) for field in fields]
        left = [
            one.name for one, field in zip(prompt.arguments, fields, strict=True) if one.required and not field.value
        ]
        if not left:
            break
        missing = f"Still needed: {', '.join(left)}."
    return {one.name: field.value for one, field in zip(prompt.arguments, fields, strict=True) if field.value}


def _label(name: str, description: str, required: bool) -> str:
    about = f"  {one_line(description, 100)}" if description else ""
    return f"{one_line(name, 60)}{' (needed)' if required else ''}{about}"


def spoken(messages: Sequence[PromptMessage]) -> str:
    """A prompt as one message of the user; who else speaks in it is named."""
    return "\n\n".join(
        f"{'' if message.role == 'user' else f'{one_line(message.role, 20).capitalize()}: '}{said(message.content)}"
        for message in messages
    )


def said(content: Content) -> str:
    match content:
        case Text(text=text):
            return text
        case EmbeddedResource(uri=uri, text=text, blob=blob, mime_type=kind):
            size = human_size(len(blob) * 3 // 4)
            return f"--- {uri}\n{head_and_tail(text, MOST)}\n---" if text or not blob else f"[{uri}: {kind}, {size}]"
        case ResourceLink(uri=uri):
            return uri
        case Image(mime_type=kind) | Audio(mime_type=kind):
            return f"[{kind}: it cannot be sent as text]"


async def attach(chat: ChatScreen, text: str) -> str | None:
    """``text``, and below it what every ``@server:uri`` in it holds. None when one cannot be read, which is said."""
    servers = chat.engine.snapshot().servers
    found = [(server, uri) for server, uri in ATTACHED.findall(text) if server in servers]
    parts = [text]
    for server, uri in dict.fromkeys(found):
        try:
            parts += [said(resource) for resource in await chat.engine.read(server, uri)]
        except FastchatError as error:
            chat.toast(f"@{server}:{uri} cannot be attached. {error.text}", error.remedy, "error")
            return None
    return "\n\n".join(parts)


async def show_resource(chat: ChatScreen, argument: str) -> None:
    """``/read @server:uri``"""
    server, _, uri = argument.strip().removeprefix("@").partition(":")
    try:
        held = await chat.engine.read(server, uri)
    except FastchatError as error:
        chat.toast(error.text, error.remedy or "Write /read @server:uri.", "error")
        return
    passages: list[Passage] = []
    for resource in held:
        passages += [Passage(f"{resource.uri}  {resource.mime_type}", "text--muted"), Passage(clean(said(resource)))]
    await chat.app.push_screen(PageScreen(one_line(f"{server}:{uri}", 60), passages))
