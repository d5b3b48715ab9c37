"""A server that asks its client for everything that a server may ask for, in whichever era it is spoken to."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Elicit, ElicitationResult, ListRoots, MCPServer, Resolve, Sample
from mcp_types import CreateMessageResult, ListRootsResult, SamplingMessage, TextContent
from pydantic import BaseModel

server = MCPServer("asking", instructions="Ask nicely.")


class Seat(BaseModel):
    row: int
    window: bool = True


def which_seat() -> Elicit[Seat]:
    return Elicit("Which seat?", Seat)


def a_rhyme() -> Sample:
    words = SamplingMessage(role="user", content=TextContent(type="text", text="A rhyme on cat"))
    return Sample([words], max_tokens=20, system_prompt="Be brief.")


def the_roots() -> ListRoots:
    return ListRoots()


@server.tool(structured_output=False)
async def book(seat: Annotated[ElicitationResult[Seat], Resolve(which_seat)]) -> str:
    return seat.model_dump_json()


@server.tool(structured_output=False)
async def rhyme(said: Annotated[CreateMessageResult, Resolve(a_rhyme)]) -> str:
    return said.model_dump_json()


@server.tool(structured_output=False)
async def roots(known: Annotated[ListRootsResult, Resolve(the_roots)]) -> str:
    return " ".join(str(root.uri) for root in known.roots) or "none"


if __name__ == "__main__":
    server.run("stdio")
