"""Servers that we did not write, as a person uses them: ask, allow, read; switch off and on; bring one back."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.scene import (
    Entry,
    alive,
    allows,
    asks_for,
    becomes,
    config,
    environ,
    flat,
    go_to,
    kill,
    offspring,
    running,
    say,
    shows_flat,
)
from tests.e2e.terminal import Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
CONVERT = {"source_timezone": "Asia/Tokyo", "time": "12:00", "target_timezone": "UTC"}


@pytest.fixture
def clock() -> Entry:
    if importlib.util.find_spec("mcp_server_time") is None:
        pytest.skip("needs mcp-server-time from the dev extra")
    return {"command": sys.executable, "args": ["-P", "-m", "mcp_server_time", "--local-timezone", "UTC"]}


def program(npm: Path, name: str) -> str:
    if found := shutil.which(name, path=npm):
        return found
    pytest.skip(f"needs {name} in {npm} (.ci/run installs it)")


@contextmanager
def everything_over_http(command: str) -> Iterator[str]:
    """``server-everything`` on a port of loopback; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PORT": str(port)}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        [command, "streamableHttp"], env=environment, stdout=quiet, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stderr is not None
            while b"port" not in (line := process.stderr.readline()):
                assert line, "the server ended"
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()


def asks_and_allows(terminal: Terminal, message: str, *shown: str) -> None:
    """A message, the question about the call, consent; and what of the call then stands in the chat."""
    say(terminal, message)
    allows(terminal)
    for words in shown:
        shows_flat(terminal, words)


def switch(terminal: Terminal, number: int) -> None:
    go_to(terminal, number)
    terminal.child.send(" ")


def test_the_time_server_is_asked_switched_off_and_brought_back(opened: Opened, clock: Entry) -> None:
    script = [
        *asks_for("what time", "time__get_current_time", "so late already", timezone="Asia/Tokyo"),
        *asks_for("once more", "time__get_current_time", "still late", timezone="Europe/Berlin"),
        *asks_for("and again", "time__convert_time", "later there", **CONVERT),
    ]
    with serving(script) as api:
        terminal = opened("--config", config(time=clock), environ=environ(api))
        becomes(terminal, "time", "● 2")
        asks_and_allows(terminal, "what time", "Asia/Tokyo", "so late already", "get_current_time ok")

        servers = running(offspring(terminal.child.pid), "mcp_server_time")
        assert servers
        switch(terminal, 0)
        becomes(terminal, "time", "○ off")
        terminal.until(lambda: not alive(servers))
        switch(terminal, 0)
        becomes(terminal, "time", "● 2")
        asks_and_allows(terminal, "once more", "Europe/Berlin", "still late")

        kill(running(offspring(terminal.child.pid), "mcp_server_time"))
        becomes(terminal, "time", "✗")
        go_to(terminal, 0)
        terminal.child.send("r")
        becomes(terminal, "time", "● 2")
        asks_and_allows(terminal, "and again", "later there")
        everyone = offspring(terminal.child.pid)
        assert terminal.end() == 0
        assert not alive(everyone)


def test_the_everything_server_works_over_both_transports(opened: Opened, npm: Path) -> None:
    command = program(npm, "mcp-server-everything")
    script = [
        *asks_for("over stdio", "near__echo", "it echoed near", message="hello next door"),
        *asks_for("over http", "far__get-sum", "it added far", a=19, b=23),
        *asks_for("long work", "near__trigger-long-running-operation", "it was done", duration=1, steps=4),
        *asks_for("a picture", "far__get-tiny-image", "it was tiny"),
    ]
    with serving(script) as api, everything_over_http(command) as url:
        servers = config(near={"command": command, "args": ["stdio"]}, far={"url": url})
        terminal = opened("--config", servers, size=(140, 45), environ=environ(api))
        becomes(terminal, "near", "● ")
        becomes(terminal, "far", "● ")
        asks_and_allows(terminal, "over stdio", "Echo: hello next door", "it echoed near")
        asks_and_allows(terminal, "over http", "42", "it added far")
        asks_and_allows(terminal, "long work", "it was done", "Long running operation completed")
        asks_and_allows(terminal, "a picture", "[image: image/png", "it was tiny")

        nodes = running(offspring(terminal.child.pid), "mcp-server-everything")
        assert nodes
        switch(terminal, 0)
        becomes(terminal, "near", "○ off")
        terminal.until(lambda: not alive(nodes))
        switch(terminal, 1)
        becomes(terminal, "far", "○ off")
        switch(terminal, 1)
        becomes(terminal, "far", "● ")
        switch(terminal, 0)
        becomes(terminal, "near", "● ")
        assert terminal.end() == 0


def test_the_file_server_reads_what_it_may_and_says_what_it_may_not(opened: Opened, npm: Path, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "tokyo.md").write_text("pack the blue umbrella")
    command = program(npm, "mcp-server-filesystem")
    script = [
        *asks_for("read it", "files__read_text_file", "an umbrella, then", path=str(folder / "tokyo.md")),
        *asks_for("spy", "files__read_text_file", "it may not", path="/etc/passwd"),
    ]
    with serving(script) as api:
        servers = config(files={"command": command, "args": [str(folder)]})
        terminal = opened("--config", servers, size=(140, 45), environ=environ(api))
        becomes(terminal, "files", "● ")
        asks_and_allows(terminal, "read it", "pack the blue umbrella", "an umbrella, then")
        asks_and_allows(terminal, "spy", "Access denied", "it may not")
        assert "root:" not in flat(terminal)
        nodes = running(offspring(terminal.child.pid), "mcp-server-filesystem")
        assert nodes
        switch(terminal, 0)
        becomes(terminal, "files", "○ off")
        terminal.until(lambda: not alive(nodes))
        switch(terminal, 0)
        becomes(terminal, "files", "● ")
        kill(running(offspring(terminal.child.pid), "mcp-server-filesystem"))
        becomes(terminal, "files", "✗")
        go_to(terminal, 0)
        terminal.child.send("r")
        becomes(terminal, "files", "● ")
        assert terminal.end() == 0
