"""Servers of many authors, from npm and PyPI, connected at once: each is ready, and each is used in one turn."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scene import alive, allow_all, becomes, config, environ, offspring, say, shows_flat, shows_in
from tests.e2e.terminal import Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]


@dataclass(frozen=True)
class Foreign:
    """A server that we did not write; ``tool`` is empty where calling one would want a network, a key or a browser."""

    package: str
    program: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    answer: str = ""


MEMORY = {"entities": [{"name": "Tokyo", "entityType": "city", "observations": ["wants an umbrella"]}]}
SERVERS = {
    "memory": Foreign(
        "@modelcontextprotocol/server-memory",
        "mcp-server-memory",
        env={"MEMORY_FILE_PATH": "{work}/memory.jsonl"},
        tool="create_entities",
        arguments=MEMORY,
        answer="wants an umbrella",
    ),
    "browser": Foreign("@playwright/mcp", "playwright-mcp", ("--headless", "--isolated")),
    "eslint": Foreign(
        "@eslint/mcp", "mcp", tool="lint-files", arguments={"filePaths": ["{work}/no.js"]}, answer="No files matching"
    ),
    "context7": Foreign("@upstash/context7-mcp", "context7-mcp"),
    "notion": Foreign("@notionhq/notion-mcp-server", "notion-mcp-server", env={"NOTION_TOKEN": "none"}),
    "commands": Foreign(
        "mcp-server-commands",
        "mcp-server-commands",
        tool="run_command",
        arguments={"command": "echo of g0t4"},
        answer="of g0t4",
    ),
    "sums": Foreign(
        "mcp-server-calculator",
        "mcp-server-calculator",
        tool="calculate",
        arguments={"expression": "6*7"},
        answer="42",
    ),
    "shell": Foreign(
        "mcp-shell-server",
        "mcp-shell-server",
        env={"ALLOW_COMMANDS": "echo"},
        tool="shell_execute",
        arguments={"command": ["echo", "of tumf"]},
        answer="of tumf",
    ),
    "tables": Foreign(
        "mcp-alchemy",
        "mcp-alchemy",
        env={"DB_URL": "sqlite:///{work}/x.db"},
        tool="execute_query",
        arguments={"query": "select 40 + 2 as answer"},
        answer="answer: 42",
    ),
    "excel": Foreign(
        "excel-mcp-server",
        "excel-mcp-server",
        ("stdio",),
        tool="create_workbook",
        arguments={"path": "{work}/book.xlsx"},
        answer="book.xlsx",
    ),
    "time": Foreign(
        "mcp-server-time",
        sys.executable,
        ("-P", "-m", "mcp_server_time", "--local-timezone", "UTC"),
        tool="get_current_time",
        arguments={"timezone": "Asia/Tokyo"},
        answer="Asia/Tokyo",
    ),
}


def found(program: str, npm: Path) -> str:
    """From npm, or from one of the environments that ``.ci/run`` makes for servers from PyPI."""
    pypi = os.environ.get("FASTCHAT_TEST_PYPI", "")
    folders = os.pathsep.join([str(npm), *(str(place / "bin") for place in sorted(Path(pypi).glob("*")) if pypi)])
    if (path := shutil.which(program, path=folders)) is None:
        pytest.skip(f"needs {program}: FASTCHAT_TEST_NPM and FASTCHAT_TEST_PYPI name where (.ci/run installs it)")
    return path


def at(place: Path, value: Any) -> Any:
    match value:
        case str():
            return value.replace("{work}", str(place))
        case dict():
            return {key: at(place, item) for key, item in value.items()}
        case list():
            return [at(place, item) for item in value]
        case _:
            return value


def test_servers_of_eleven_authors_are_connected_and_used_at_once(opened: Opened, home: Path, npm: Path) -> None:
    allow_all(home)
    work = Path.cwd()
    entries = {
        name: {"command": found(one.program, npm), "args": list(one.args), "env": at(work, one.env)}
        for name, one in SERVERS.items()
    }
    used = {name: one for name, one in SERVERS.items() if one.tool}
    calls = [
        {"id": f"call_{name}", "name": f"{name}__{one.tool}", "arguments": at(work, one.arguments)}
        for name, one in used.items()
    ]
    script = [{"results": False, "calls": calls}, {"results": True, "text": "all of them have answered"}]
    with serving(script) as api:
        terminal = opened("--config", config(**entries), size=(160, 60), environ=environ(api))
        for name in SERVERS:
            becomes(terminal, name, "● ")
        say(terminal, "use them all")
        shows_flat(terminal, "all of them have answered")
        for name, one in used.items():
            shows_in(terminal, "Calls", f"{name} › {one.tool}")
        answers = {
            message["tool_call_id"]: message["content"]
            for message in api.requests[-1][2]["messages"]
            if message["role"] == "tool"
        }
        for name, one in used.items():
            assert one.answer in answers[f"call_{name}"]
        everyone = offspring(terminal.child.pid)
        assert len(everyone) > len(SERVERS)
        assert terminal.end() == 0
        terminal.until(lambda: not alive(everyone))
    assert (work / "book.xlsx").exists()


def test_the_documents_name_them() -> None:
    text = (Path(__file__).parents[2] / "docs" / "servers.md").read_text()
    for one in SERVERS.values():
        assert f"`{one.package}`" in text
