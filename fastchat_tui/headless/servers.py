"""``servers``, ``tools``, ``resources``, ``prompts``: what is configured, whether it came up, what it offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Literal, TypeAlias

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.exits import Exit, no_such_server, of_error
from fastchat_tui.headless.reader import Reader, Servers
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.servers import Offer, PromptTemplate, Resource, ResourceTemplate, ServerView, Tool
from fastchat_tui.wire.text import human_count

NONE = "No server is configured."
Kind: TypeAlias = Literal["tools", "resources", "prompts"]
REMEDY = "Write a fastchat.config.json (the README shows its forms), or try --demo."


async def list_servers(engine: Engine, answers: Answers, voice: Voice, *, as_json: bool = False) -> Exit:
    """Every server and its state, as soon as none is connecting any more."""
    servers = await _settled(engine, answers, voice)
    if as_json:
        voice.print_json([_object(view) for view in servers.values()])
    elif servers:
        rows = [
            (view.name, view.state.replace("_", " "), str(len(view.tools)), human_count(view.tokens), _about(view))
            for view in servers.values()
        ]
        voice.table([("SERVER", "STATE", "TOOLS", "TOKENS", "DETAIL"), *rows])
    else:
        voice.complain(NONE, REMEDY)
    return _exit(servers)


async def list_offers(
    engine: Engine, kind: Kind, answers: Answers, voice: Voice, *, server: str = "", as_json: bool = False
) -> Exit:
    """Everything of one kind that the servers that came up offer, or one of them."""
    servers = await _settled(engine, answers, voice)
    if server:
        if server not in servers:
            error = no_such_server(server, servers)
            voice.complain(error.text, error.remedy)
            return of_error(error)
        servers = {server: servers[server]}
    columns, offers = KINDS[kind]
    found = [offer for view in servers.values() for offer in offers(view)]
    if as_json:
        voice.print_json([asdict(offer) for offer in found])
    elif found:
        voice.table([columns, *map(_row, found)])
    elif not servers:
        voice.complain(NONE, REMEDY)
    return _exit(servers)


async def _settled(engine: Engine, answers: Answers, voice: Voice) -> Servers:
    reader = Reader(engine, answers, voice)
    try:
        return await reader.settle()
    finally:
        reader.close()


def _about(view: ServerView) -> str:
    return view.detail if view.state != "ready" else f"{view.transport} {view.destination}"


def _object(view: ServerView) -> dict[str, object]:
    shown = asdict(view)
    shown["tools"] = [tool.name for tool in view.tools]
    for name in ("resources", "templates", "prompts"):
        shown[name] = len(getattr(view, name))
    return {**shown, "tokens": view.tokens}


def _exit(servers: Servers) -> Exit:
    """OK when every server that is switched on is ready."""
    return Exit.OK if all(view.state in ("ready", "off") for view in servers.values()) else Exit.SERVER


def _row(offer: Offer) -> Sequence[str]:
    match offer:
        case Tool():
            on = "on" if offer.enabled else "off"
            return f"{offer.server}.{offer.name}", on, offer.problem or offer.description
        case Resource():
            return f"{offer.server}:{offer.uri}", offer.mime_type, offer.description or offer.name
        case ResourceTemplate():
            return f"{offer.server}:{offer.uri_template}", offer.mime_type, offer.description or offer.name
        case PromptTemplate():
            arguments = (one.name if one.required else f"[{one.name}]" for one in offer.arguments)
            return f"{offer.server}:{offer.name}", " ".join(arguments), offer.description


KINDS: Mapping[Kind, tuple[Sequence[str], Callable[[ServerView], Sequence[Offer]]]] = {
    "tools": (("TOOL", "OFFERED", "DESCRIPTION"), lambda view: view.tools),
    "resources": (("RESOURCE", "TYPE", "DESCRIPTION"), lambda view: (*view.resources, *view.templates)),
    "prompts": (("PROMPT", "ARGUMENTS", "DESCRIPTION"), lambda view: view.prompts),
}
