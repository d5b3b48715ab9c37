"""A server with resources that change, templates, prompts and completion; ``die`` ends it, its tools then differ."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mcp.server.caching import CacheHint
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import Completion, PromptReference, ResourceTemplateReference

server = MCPServer("offering", cache_hints={"resources/read": CacheHint(ttl_ms=60_000)})
runs = Path(sys.argv[1])
run = len(runs.read_text()) if runs.exists() else 0
runs.write_text("x" * (run + 1))
readings = 0


@server.resource("note://today", mime_type="text/plain")
def today() -> str:
    return f"run {run}"


@server.resource("note://counter", mime_type="application/json")
def counter() -> str:
    global readings
    readings += 1
    return f'{{"readings": {readings}}}'


@server.resource("note://{day}/{hour}", mime_type="application/json")
def at(day: str, hour: str) -> str:
    return f'{{"day": "{day}", "hour": "{hour}"}}'


@server.prompt()
def greet(name: str, tone: str = "kind") -> str:
    return f"Greet {name}, be {tone}."


@server.completion()
async def complete(ref, argument, context):  # type: ignore[no-untyped-def]
    if isinstance(ref, PromptReference):
        found = [tone for tone in ("kind", "keen", "stern") if tone.startswith(argument.value)]
        return Completion(values=found, total=len(found), has_more=False)
    assert isinstance(ref, ResourceTemplateReference)
    day = (context.arguments or {}).get("day", "?") if context else "?"
    return Completion(values=[f"{day}-1", f"{day}-2"])


@server.tool(structured_output=False)
async def touch(ctx: Context, uri: str = "note://today") -> str:
    await ctx.notify_resource_updated(uri)
    return "touched"


@server.tool(structured_output=False)
async def die() -> str:
    os._exit(3)


if run:
    server.add_tool(lambda: "x", name="risen", description="Was not there before")
server.run("stdio")
