"""A client for the official conformance suite, made of our engine: connect, list, call, answer what is asked.

The suite starts it with the URL of its server as the last argument and says the rest in the environment. It uses what
any front end uses, and no SDK of its own. Its exit status tells whether the server could be connected to.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from fastchat_tui import Options, open_engine
from fastchat_tui.wire.commands import Answer, CallTool, Login
from fastchat_tui.wire.events import Asked, CallFinished, ServerChanged
from fastchat_tui.wire.ports import Engine, Subscription
from fastchat_tui.wire.questions import About, Elicitation, SignIn
from fastchat_tui.wire.servers import ServerView, Tool

SERVER = "suite"
STUBS: dict[str, Any] = {"string": "x", "integer": 2, "number": 3, "boolean": False, "object": {}, "array": []}
SETTLED = ("ready", "failed", "closed", "needs_login")


async def exercise(url: str, context: dict[str, Any]) -> bool:
    """Connects, calls every tool (or those that the suite names), and returns whether there was a connection."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "servers.json"
        entry = {"type": "http", "url": url, "oauth": oauth(url, context)}
        config.write_text(json.dumps({"mcpServers": {SERVER: entry}}))
        async with open_engine(Options(config=str(config), policy="allow", tools=False)) as engine:
            events = engine.subscribe()
            engine.begin()
            view = await _connected(engine, events)
            for name, arguments in _plan(view, context):
                await engine.send(CallTool(SERVER, name, arguments))
                outcome = await _until_finished(engine, events)
                print(name, outcome.outcome, *(getattr(block, "text", "") for block in outcome.content))
            return view.state == "ready"


async def _connected(engine: Engine, events: Subscription) -> ServerView:
    invitations = 2  # a server may ask anew once, when it has moved to another authorization server
    async for stamped in events:
        match stamped.event:
            case ServerChanged(server=name, state=state, detail=detail) if name == SERVER:
                print(state, detail)
                if state == "needs_login" and invitations:
                    invitations -= 1
                    await engine.send(Login(SERVER))
                elif state in SETTLED:
                    return engine.snapshot().servers[SERVER]
            case Asked() as asked:
                if (given := await answer(asked)) is not None:
                    await engine.send(given)
            case _:
                pass
    raise RuntimeError("the engine ended")


async def _until_finished(engine: Engine, events: Subscription) -> CallFinished:
    async for stamped in events:
        match stamped.event:
            case CallFinished() as finished:
                return finished
            case Asked() as asked:
                if (given := await answer(asked)) is not None:
                    await engine.send(given)
            case _:
                pass
    raise RuntimeError("the engine ended")


async def answer(asked: Asked) -> Answer | None:
    """Yes to everything; a form gets what it requires, and for the rest its defaults. A sign-in goes its own way."""
    about: About = asked.about
    if isinstance(about, SignIn):
        browsing = asyncio.create_task(asyncio.to_thread(urlopen, about.url, timeout=100))  # redirected to the program
        browsing.add_done_callback(lambda done: print("browser:", done.exception() or done.result().status))
        return None
    if isinstance(about, Elicitation):
        return Answer(asked.question, "accept", content=stub(about.schema) if about.schema else None)
    return Answer(asked.question, "once")


def oauth(url: str, context: dict[str, Any]) -> dict[str, Any]:
    """What a user would have configured for the scenario."""
    if token := context.get("valid_jwt") or context.get("idp_id_token"):
        return by_token(url, token, context)
    known = {key: context[key] for key in ("client_id", "client_secret", "signing_algorithm") if context.get(key)}
    if key := context.get("private_key_pem"):
        known["private_key"] = key
    if os.environ.get("MCP_CONFORMANCE_SCENARIO", "").startswith("auth/client-credentials"):
        known["grant"] = "client_credentials"
    return known if known else {"client_metadata_url": "https://conformance-test.local/client-metadata.json"}


def by_token(url: str, token: str, context: dict[str, Any]) -> dict[str, Any]:
    """A workload's token, or a person's of the company's sign-in. Whoever configures it knows the issuer."""
    with urlopen(url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp"), timeout=100) as document:
        (issuer,) = json.load(document)["authorization_servers"]
    entry = {"grant": "jwt_bearer", "client_id": context["client_id"], "issuer": issuer, "assertion": token}
    if "client_secret" in context:
        entry["client_secret"] = context["client_secret"]
    if "idp_token_endpoint" in context:
        at = {"token_endpoint": context["idp_token_endpoint"], "client_id": context["idp_client_id"]}
        entry["identity_provider"] = at
    return entry


def stub(schema: dict[str, Any]) -> dict[str, Any]:
    """A value for every required property that has no default."""
    properties = schema.get("properties", {})
    return {
        name: inner["enum"][0] if "enum" in inner else STUBS.get(str(inner.get("type")), "x")
        for name in schema.get("required", [])
        if "default" not in (inner := properties.get(name, {}))
    }


def _plan(view: ServerView, context: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    tools = {tool.name: tool for tool in view.tools}
    named = context.get("toolCalls")
    if named:
        return [(call["name"], dict(call.get("arguments") or {})) for call in named if call["name"] in tools]
    return [(name, _arguments(tool, tools)) for name, tool in tools.items()]


def _arguments(tool: Tool, tools: dict[str, Tool]) -> dict[str, Any]:
    if tool.name == "json_schema_echo" and (kept := tools.get("json_schema_2020_12_tool")):
        return {"schema": kept.input_schema}  # the suite compares it with what it listed
    return stub(tool.input_schema)


def main(url: str) -> int:
    with tempfile.TemporaryDirectory(prefix="conformance-") as home:
        os.environ.update(dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), home))
        context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
        return 0 if asyncio.run(exercise(url, context)) else 1
