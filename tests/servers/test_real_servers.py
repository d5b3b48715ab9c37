"""Servers that we did not write, over both transports and in both eras."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fastchat_tui.wire.content import Audio, EmbeddedResource, Image, ResourceLink
from fastchat_tui.wire.events import CatalogueChanged
from fastchat_tui.wire.servers import ServerSpec
from tests.servers.conftest import LIMIT, Bench, Progressed, texts


def program(name: str) -> str:
    """An npm server's program: in FASTCHAT_TEST_NPM, in the repository's node_modules, or on the PATH."""
    folders = [os.environ.get("FASTCHAT_TEST_NPM", ""), str(Path(__file__).parents[2] / "node_modules" / ".bin")]
    for folder in folders:
        if folder and (found := shutil.which(name, path=folder)):
            return found
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}: set FASTCHAT_TEST_NPM to a node_modules/.bin folder that has it (.ci/run does)")
    return found


async def test_server_everything_over_stdio(bench: Bench) -> None:
    server, heard = bench.start(ServerSpec("all", "stdio", program("mcp-server-everything"), ("stdio",)))
    ready = await heard.settled()
    assert (ready.state, ready.era) == ("ready", "2025-11-25"), ready.detail
    names = {tool.name for tool in heard.catalogue.tools}
    assert {"echo", "get-sum", "trigger-long-running-operation"} <= names
    assert heard.catalogue.resources
    assert heard.catalogue.templates
    assert heard.catalogue.prompts
    assert heard.catalogue.left_out == ()
    assert [tool.name for tool in heard.catalogue.tools if tool.as_task] == ["simulate-research-query"]
    assert not any(tool.problem for tool in heard.catalogue.tools)
    progress = Progressed()
    result = await server.call("c1", "trigger-long-running-operation", {"duration": 1, "steps": 4}, progress)
    assert "completed" in texts(result)[0]
    assert progress[-1][:2] == (4.0, 4.0)
    image = await server.call("c2", "get-tiny-image", {}, Progressed())
    assert any(isinstance(block, Image) and block.mime_type == "image/png" for block in image.content)
    links = await server.call("c3", "get-resource-links", {"count": 2}, Progressed())
    assert sum(isinstance(block, ResourceLink) for block in links.content) == 2
    held = await server.call("c4", "get-resource-reference", {"resourceType": "Text", "resourceId": 1}, Progressed())
    assert any(isinstance(block, EmbeddedResource | Audio) for block in held.content)
    data = await server.call("c5", "get-structured-content", {"location": "New York"}, Progressed())
    assert '"temperature"' in data.structured
    bad = await server.call("c6", "get-sum", {"a": "x"}, Progressed())
    assert bad.is_error


@asynccontextmanager
async def everything_over_http(kind: str = "streamableHttp", path: str = "mcp") -> AsyncIterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        program("mcp-server-everything"),
        kind,
        env=env,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(LIMIT):
            while b"port" not in (line := await process.stderr.readline()):
                assert line, "the server ended"
        yield f"http://127.0.0.1:{port}/{path}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_server_everything_over_streamable_http(bench: Bench) -> None:
    async with everything_over_http() as url:
        server, heard = bench.start(ServerSpec("all", "http", url=url))
        ready = await heard.settled()
        assert ready.state == "ready", ready.detail
        progress = Progressed()
        long = server.call("c1", "trigger-long-running-operation", {"duration": 1, "steps": 4}, progress)
        echo = server.call("c2", "echo", {"message": "hi"}, Progressed())
        slow, quick = await asyncio.gather(long, echo)
        assert texts(quick) == ["Echo: hi"]
        assert "completed" in texts(slow)[0]
        assert progress[-1][:2] == (4.0, 4.0)
        await server.stop()


async def test_server_filesystem(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "note.txt").write_text("hello")
    server, heard = bench.start(ServerSpec("files", "stdio", program("mcp-server-filesystem"), (str(folder),)))
    ready = await heard.settled()
    assert ready.state == "ready", ready.detail
    read = await server.call("c1", "read_text_file", {"path": str(folder / "note.txt")}, Progressed())
    assert texts(read) == ["hello"]
    denied = await server.call("c2", "read_text_file", {"path": "/etc/passwd"}, Progressed())
    assert denied.is_error


async def test_mcp_server_time(bench: Bench) -> None:
    if importlib.util.find_spec("mcp_server_time") is None:
        pytest.skip("needs mcp-server-time from the dev extra")
    spec = ServerSpec("time", "stdio", sys.executable, ("-P", "-m", "mcp_server_time", "--local-timezone", "UTC"))
    server, heard = bench.start(spec)
    ready = await heard.settled()
    assert (ready.state, ready.era) == ("ready", "2026-07-28"), ready.detail
    assert [tool.name for tool in heard.of(CatalogueChanged)[0].tools] == ["get_current_time", "convert_time"]
    result = await server.call("c1", "get_current_time", {"timezone": "Asia/Tokyo"}, Progressed())
    assert "Asia/Tokyo" in texts(result)[0]
    assert not result.is_error


async def test_the_demo_server(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    (tmp_path / "root-evil").mkdir()
    (tmp_path / "root-evil" / "b.txt").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "root-evil")
    spec = ServerSpec("demo", "stdio", sys.executable, ("-P", "-m", "fastchat_tui.demo.server", str(folder)))
    server, heard = bench.start(spec)
    ready = await heard.settled()
    assert ready.state == "ready", ready.detail
    assert len(heard.catalogue.tools) == 7
    assert all(tool.description for tool in heard.catalogue.tools)
    assert len(heard.catalogue.resources) == len(heard.catalogue.prompts) == 1

    async def call(tool: str, **arguments: object) -> tuple[bool, str]:
        result = await server.call(tool, tool, arguments, Progressed())
        return result.is_error, texts(result)[0]

    assert (await call("list_files"))[1].startswith("a.txt  5 bytes\nlink  ")
    assert await call("read_file", path="a.txt") == (False, "hello")
    for path in ("../root-evil/b.txt", "link/b.txt", "/etc/passwd", "a.txt/../../root-evil/b.txt", "\0"):
        failed, text = await call("read_file", path=path)
        assert failed, path
        assert "secret" not in text
    assert await call("remember", title="Train", text="leaves at 9") == (False, "Kept as note 1.")
    assert await call("search_notes", query="train 9") == (False, "1. Train\nleaves at 9")
    assert await call("search_notes", query="100%") == (False, "No note holds that.")
    assert (await call("get_time", timezone="Nowhere/X"))[0]
    failed, text = await call("always_fails", reason="of a test")
    assert failed
    assert "of a test" in text
    progress = Progressed()
    result = await server.call("c", "count_slowly", {"steps": 3, "seconds": 0.3}, progress)
    assert texts(result) == ["Counted to 3."]
    assert progress[-1] == (3.0, 3.0, "counted to 3")


CHANGING = """
import sys
from mcp.server.mcpserver import Context, MCPServer
server = MCPServer("changing")

@server.tool(structured_output=False)
async def act(ctx: Context) -> str:
    server.add_tool(lambda: "x", name="added", description="Was not there before")
    await ctx.notify_tools_changed()
    return "changed"

server.run("stdio")
"""


async def test_a_changed_list_is_heard_of_in_the_later_era(bench: Bench) -> None:
    server, heard = bench.start(ServerSpec("new", "stdio", sys.executable, ("-P", "-c", CHANGING)))
    ready = await heard.settled()
    assert (ready.state, ready.era) == ("ready", "2026-07-28"), ready.detail
    await heard.until(lambda e: e.kind == "frame_seen" and "subscriptions/acknowledged" in e.frame)
    result = await server.call("c1", "act", {}, Progressed())
    assert texts(result) == ["changed"]
    await heard.until(lambda e: isinstance(e, CatalogueChanged) and any(t.name == "added" for t in e.tools))


async def test_server_everything_over_sse_is_found_by_fallback(bench: Bench) -> None:
    async with everything_over_http("sse", "sse") as url:
        server, heard = bench.start(ServerSpec("all", "http", url=url, sse_fallback=True))
        ready = await heard.settled()
        assert (ready.state, ready.transport) == ("ready", "sse"), ready.detail
        assert texts(await server.call("c1", "echo", {"message": "hi"}, Progressed())) == ["Echo: hi"]
        await server.stop()
