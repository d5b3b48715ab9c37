"""Whole conversations with a model's API that we did not write: @copilotkit/aimock, on both wires."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scene import KEY, allow_all, becomes, config, faulty, say, shows_flat
from tests.e2e.terminal import F5, Terminal

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
WIRES = {"chat": "/v1/chat/completions", "responses": "/v1/responses"}
LONG = "Far away, behind the word mountains, there live the blind texts, and they never come to an end. " * 20


def answer(asked: str, content: str, *, results: bool | None = None, **more: Any) -> dict[str, Any]:
    match: dict[str, Any] = {"userMessage": asked} | ({} if results is None else {"hasToolResult": results})
    return {"match": match, "response": {"content": content}, **more}


def refusal(asked: str, status: int, message: str, code: str, **match: Any) -> dict[str, Any]:
    error = {"message": message, "type": "invalid_request_error", "code": code}
    return {
        "match": {"userMessage": asked, **match},
        "response": {"error": error, "status": status, "retryAfter": 2},
    }


def calls(asked: str, *wanted: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    made = [{"name": name, "arguments": arguments} for name, arguments in wanted]
    return {"match": {"userMessage": asked, "hasToolResult": False}, "response": {"toolCalls": made}}


FIXTURES = [
    calls("both", ("red__echo", {"text": "one"}), ("blue__echo", {"text": "two"})),
    {
        "match": {"userMessage": "both", "hasToolResult": True},
        "response": {"reasoning": "Two results, side by side.", "content": "Red said one, blue said two."},
    },
    refusal("too often", 429, "Rate limited", "rate_limit_exceeded", sequenceIndex=0),
    answer("too often", "Patience was rewarded."),
    refusal("too long", 400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
    answer("cut", LONG, latency=20, truncateAfterChunks=30),
    answer("drop", LONG, latency=20, disconnectAfterMs=700),
    answer("go on", "All is well again."),
]


@contextmanager
def aimock(npm: Path, fixtures: list[dict[str, Any]]) -> Iterator[str]:
    """Its base URL."""
    program = shutil.which("llmock", path=npm)
    if program is None:
        pytest.skip(f"needs @copilotkit/aimock in {npm} (.ci/run installs it)")
    path = Path("fixtures.json").absolute()
    path.write_text(json.dumps({"fixtures": fixtures}))
    command = [program, "-p", "0", "-f", str(path), "--validate-on-load", "--log-level", "info"]
    environment = {**os.environ, "PATH": f"{npm}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            assert process.stdout is not None
            while b"listening on " not in (line := process.stdout.readline()):
                assert line, "aimock ended"
            yield line.decode().rpartition("listening on ")[2].strip() + "/v1"
        finally:
            process.kill()


def speaking(home: Path, wire: str, url: str) -> dict[str, str]:
    allow_all(home)
    with (home / ".config" / "fastchat-tui" / "settings.toml").open("a") as settings:
        settings.write(f'wire = "{wire}"\n')
    return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url}


@pytest.mark.parametrize("wire", list(WIRES))
def test_on_the_screen_parallel_tools_and_every_failure(opened: Opened, npm: Path, home: Path, wire: str) -> None:
    servers = config(red=faulty(""), blue=faulty(""))
    with aimock(npm, FIXTURES) as url:
        terminal = opened("--config", servers, size=(120, 50), environ=speaking(home, wire, url))
        for server in ("red", "blue"):
            becomes(terminal, server, "● 2")
        say(terminal, "ask both of them")
        shows_flat(terminal, "Red said one, blue said two.")
        for words in ("red › echo", "blue › echo", "one", "two"):
            shows_flat(terminal, words)
        say(terminal, "you ask too often")
        terminal.shows("tries again in")
        shows_flat(terminal, "Patience was rewarded.")
        say(terminal, "this is too long")
        shows_flat(terminal, "The conversation is too long")
        say(terminal, "drop the line")
        shows_flat(terminal, "The answer was cut off")
        shows_flat(terminal, "Far away, behind the word mountains")
        terminal.child.send(F5)
        terminal.until(lambda: terminal.text.count("F5 tries again") + terminal.text.count("cut off") > 1)
        say(terminal, "now go on")
        shows_flat(terminal, "All is well again.")
        assert terminal.end() == 0
    assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize("wire", list(WIRES))
def test_without_the_screen_with_a_server_that_we_did_not_write_either(npm: Path, home: Path, wire: str) -> None:
    files = shutil.which("mcp-server-filesystem", path=npm)
    if files is None:
        pytest.skip(f"needs mcp-server-filesystem in {npm} (.ci/run installs it)")
    folder = Path("notes").absolute()
    folder.mkdir()
    (folder / "a.txt").write_text("the first note")
    (folder / "b.txt").write_text("the second note")
    read = [("files__read_text_file", {"path": str(folder / name)}) for name in ("a.txt", "b.txt")]
    fixtures = [
        calls("notes", *read),
        answer("notes", "There are two.", results=True),
        answer("cut", LONG, truncateAfterChunks=30, latency=5),
    ]

    def ask(message: str, *more: str) -> tuple[int, dict[str, Any], str]:
        command = [sys.executable, "-m", "fastchat_tui", "ask", message, "--output", "json", *more]
        given = {**os.environ, **environment}
        done = subprocess.run(
            command, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, json.loads(done.stdout), done.stderr

    servers = config(files={"command": files, "args": [str(folder)]})
    with aimock(npm, fixtures) as url:
        environment = speaking(home, wire, url)
        status, said, _ = ask("what do my notes say?", "--config", servers)
        assert (status, said["text"], said["reason"]) == (0, "There are two.", "done")
        assert [(call["tool"], call["outcome"]) for call in said["calls"]] == [("read_text_file", "ok")] * 2
        assert sorted(call["text"] for call in said["calls"]) == ["the first note", "the second note"]
        status, said, narrated = ask("cut it", "--no-tools")
        assert (status, said["reason"]) == (5, "failed")
        assert said["text"].startswith("Far away")
        assert "cut off" in said["detail"]
        assert "Run it again" in narrated
