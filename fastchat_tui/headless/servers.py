"""``servers`` and ``tools``: what is configured, whether it came up, what it offers."""

from __future__ import annotations

from dataclasses import asdict

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.exits import Exit
from fastchat_tui.headless.reader import Reader, Servers
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.servers import ServerView
from fastchat_tui.wire.text import human_count

NONE = "No server is configured."
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


async def list_tools(
    engine: Engine, answers: Answers, voice: Voice, *, server: str = "", as_json: bool = False
) -> Exit:
    """Every tool of the servers that came up, or of one."""
    servers = await _settled(engine, answers, voice)
    if server:
        if server not in servers:
            voice.complain(f"There is no server “{server}”.", f"Known: {', '.join(servers) or 'none'}.")
            return Exit.SERVER
        servers = {server: servers[server]}
    tools = [tool for view in servers.values() for tool in view.tools]
    if as_json:
        voice.print_json([asdict(tool) for tool in tools])
    elif tools:
        rows = [
            (f"{tool.server}.{tool.name}", "on" if tool.enabled else "off", tool.problem or tool.description)
            for tool in tools
        ]
        voice.table([("TOOL", "OFFERED", "DESCRIPTION"), *rows])
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
