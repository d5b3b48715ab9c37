"""Servers made with the package ``mcp-oauth``, which takes user name and password in a form; it wants an older SDK, and
so an environment of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastchat_tui.config.schema import server
from fastchat_tui.wire.servers import OAuth
from tests.auth.windows import window
from tests.fakes.world import MemoryVault

AUTHORITY = """
import sys
from mcp_oauth import QuickOAuthServerHost
QuickOAuthServerHost(oauth_port=int(sys.argv[1]), superusername="ada", superuserpassword="pass-4711").run_oauth_server()
"""
SERVER = """
import contextlib, sys, uvicorn
from mcp.server.auth.settings import AuthSettings
from mcp.server.fastmcp import FastMCP
from mcp_oauth import IntrospectionTokenVerifier
from starlette.applications import Starlette
from starlette.routing import Mount
port, authority, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
here, there = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{authority}"
settings = AuthSettings(issuer_url=there, required_scopes=["user"], resource_server_url=f"{here}{folder or '/mcp'}")
mcp = FastMCP("x", auth=settings, token_verifier=IntrospectionTokenVerifier(f"{there}/introspect", here))
@mcp.tool()
async def wait() -> str:
    "Waits."
    return "waited"
app = mcp.streamable_http_app()
if folder:
    @contextlib.asynccontextmanager
    async def life(_):
        async with mcp.session_manager.run():
            yield
    app = Starlette(routes=[Mount(folder, app)], lifespan=life)
uvicorn.run(app, port=port, log_level="critical")
"""


@pytest.fixture
def python() -> str:
    """The interpreter of an environment that has the package."""
    found = os.environ.get("FASTCHAT_TEST_MCP_OAUTH", "")
    if not Path(found).is_file():
        pytest.skip("needs mcp-oauth with mcp<2: set FASTCHAT_TEST_MCP_OAUTH to such a python (.ci/run does)")
    return found


@pytest.fixture(params=["", "/example-server"], ids=["at the root", "mounted in a folder"])
def made(python: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The URL of a server that the package protects, and its issuer."""
    ports = [_free(), _free()]
    authority, resource = map(str, ports)
    commands = [[AUTHORITY, authority], [SERVER, resource, authority, request.param]]
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen([python, "-c", *command], **silent) for command in commands]  # type: ignore[call-overload]
    try:
        for port in ports:
            _answers(port)
        yield f"http://127.0.0.1:{resource}{request.param}/mcp", f"http://127.0.0.1:{authority}"
    finally:
        for process in processes:
            process.kill()
            process.wait()


def configured(url: str, issuer: str, password: str) -> OAuth:
    """As ``fastchat.config.json`` says it. Mounted in a folder, a server's metadata is not where it says it is, so the
    issuer must be named."""
    auth = {"required": True, "post_body": {"username": "ada", "password": password}}
    named = {"issuer": issuer} if "/example-server/" in url else {}
    entry = {"protocol": "httpstream", "httpstream-url": url, "auth": auth, "oauth": named}
    return server("x", entry, Path("fastchat.config.json")).oauth


async def test_a_password_of_the_configuration_signs_in_there_and_a_wrong_one_is_said(
    made: tuple[str, str], tmp_path: Path
) -> None:
    url, issuer = made
    async with window(url, MemoryVault(), tmp_path, configured(url, issuer, "wrong")) as it:
        assert "not accepted (HTTP 401)" in (await it.state("needs_login", "failed")).detail
    async with window(url, MemoryVault(), tmp_path, configured(url, issuer, "pass-4711")) as it:
        await it.state("ready")
        assert await it.call() == "ok"


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _answers(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
