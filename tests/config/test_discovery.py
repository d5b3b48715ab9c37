"""Servers of other programs: every form is read, each in its place, and nothing of theirs is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fastchat_tui import cli
from fastchat_tui.config.apps import APPS
from fastchat_tui.config.discovery import discover
from fastchat_tui.wire.discovery import Discovery, FoundServer
from fastchat_tui.wire.servers import ServerSpec
from tests.config.conftest import Place

STDIO: dict[str, Any] = {"command": "run", "args": ["-y", "pkg@1"], "env": {"A": "b"}}
LINUX = {
    "claude-desktop": (".config/Claude/claude_desktop_config.json", {"mcpServers": {"it": STDIO}}),
    "claude-code": (".claude.json", {"numStartups": 3, "mcpServers": {"it": {"type": "stdio", **STDIO}}}),
    "vscode": (".config/Code/User/mcp.json", {"inputs": [], "servers": {"it": {"type": "stdio", **STDIO}}}),
    "cursor": (".cursor/mcp.json", {"mcpServers": {"it": STDIO}}),
    "gemini": (".gemini/settings.json", {"theme": "x", "mcpServers": {"it": STDIO}}),
    "opencode": (
        ".config/opencode/opencode.json",
        {"mcp": {"it": {"type": "local", "command": ["run", "-y", "pkg@1"], "environment": {"A": "b"}}}},
    ),
}


def put(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def look(place: Place, platform: str = "linux", app: str = "", known: tuple[ServerSpec, ...] = ()) -> Discovery:
    return discover(place.environ, place.project, platform, known, app)


def only(discovery: Discovery) -> FoundServer:
    assert discovery.troubles == ()
    [found] = discovery.found
    return found


def test_the_command_line_knows_every_program() -> None:
    assert tuple(app.id for app in APPS) == cli.APPS


@pytest.mark.parametrize("app", LINUX)
def test_a_server_of_each_program_is_found_with_its_origin(place: Place, home: Path, app: str) -> None:
    name, document = LINUX[app]
    path = put(home / name, document)
    found = only(look(place))
    assert (found.app, found.standing, found.spec.origin) == (app, "new", str(path))
    assert (found.spec.command, found.spec.args, found.spec.env) == ("run", ("-y", "pkg@1"), {"A": "b"})
    assert found.shown == "run -y pkg@1 (with A)"


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        ("darwin", "Library/Application Support/Claude/claude_desktop_config.json"),
        ("win32", "AppData/Roaming/Claude/claude_desktop_config.json"),
        ("darwin", "Library/Application Support/Code/User/mcp.json"),
        ("win32", "AppData/Roaming/Code/User/mcp.json"),
    ],
)
def test_each_platform_has_its_folders(place: Place, home: Path, platform: str, name: str) -> None:
    put(home / name, {"mcpServers" if "Claude" in name else "servers": {"it": STDIO}})
    assert only(look(place, platform)).spec.command == "run"
    assert look(place).found == ()


@pytest.mark.parametrize(
    ("name", "key"),
    [(".mcp.json", "mcpServers"), (".vscode/mcp.json", "servers"), (".cursor/mcp.json", "mcpServers")],
)
def test_a_projects_own_files_are_read_too(place: Place, name: str, key: str) -> None:
    put(place.project / name, {key: {"it": STDIO}})
    assert only(look(place)).spec.command == "run"


def test_codex_names_variables_where_others_write_references(place: Place, home: Path) -> None:
    put(
        home / ".codex" / "config.toml",
        """
        model = "x"
        [mcp_servers.web]
        url = "https://e.example/mcp"
        bearer_token_env_var = "TOKEN"
        http_headers = { "X-Plain" = "p" }
        env_http_headers = { "X-Team" = "TEAM" }
        [mcp_servers.local]
        command = "run"
        env_vars = ["HOME_KEY"]
        enabled = false
        startup_timeout_sec = 20
        """,
    )
    web, local = look(place).found
    assert web.spec.headers == {"X-Plain": "p", "X-Team": "${TEAM}", "Authorization": "Bearer ${TOKEN}"}
    assert local.spec.env == {"HOME_KEY": "${HOME_KEY}"}
    assert (local.spec.enabled, local.note) == (False, "switched off there, and so here")


def test_gemini_and_opencode_have_their_own_variables_and_transports(place: Place, home: Path) -> None:
    put(
        home / ".gemini" / "settings.json",
        {"mcpServers": {"old": {"url": "http://h/x", "headers": {"K": "$K"}}, "new": {"httpUrl": "http://h/y"}}},
    )
    put(
        place.project / "opencode.jsonc",
        '{"mcp": {"far": {"type": "remote", "url": "https://h/z", "headers": {"K": "{env:KEY}"}}, // mine\n'
        ' "elsewhere": {"enabled": false},}}',
    )
    old, new, far = look(place).found
    assert (old.spec.transport, old.spec.headers) == ("sse", {"K": "${K}"})
    assert new.spec.transport == "http"
    assert (far.spec.transport, far.spec.headers) == ("http", {"K": "${KEY}"})


def test_claude_code_keeps_servers_for_one_folder(place: Place, home: Path) -> None:
    projects = {str(place.project): {"mcpServers": {"here": STDIO}}, "/other": {"mcpServers": {"there": STDIO}}}
    put(home / ".claude.json", {"projects": projects})
    assert only(look(place)).spec.name == "here"


def test_the_same_name_twice_is_told(place: Place, home: Path) -> None:
    put(home / ".cursor" / "mcp.json", {"mcpServers": {"a": STDIO, "b": STDIO, "c": STDIO}})
    put(home / ".gemini" / "settings.json", {"mcpServers": {"a": STDIO, "b": {"command": "other"}}})
    known = (ServerSpec("c", "stdio", "mine", ("--token", "hunter2")),)
    found = look(place, known=known).found
    assert [(one.app, one.spec.name, one.standing) for one in found] == [
        ("cursor", "a", "new"),
        ("cursor", "b", "new"),
        ("cursor", "c", "conflict"),
        ("gemini", "a", "same"),
        ("gemini", "b", "conflict"),
    ]
    assert "is in your configuration: mine --token •••; rename" in found[2].note
    assert f"Cursor ({home}/.cursor/mcp.json)" in found[4].note
    assert {one.app for one in look(place, app="gemini").found} == {"gemini"}


def test_what_cannot_be_read_or_used_costs_only_itself(place: Place, home: Path) -> None:
    put(home / ".cursor" / "mcp.json", '{"mcpServers": {')
    put(home / ".codex" / "config.toml", "[mcp_servers\n")
    put(home / ".claude.json", {"mcpServers": {"bad": {"args": []}, "worse": 3, "good": STDIO}, "projects": []})
    discovery = look(place)
    assert [(one.spec.name, one.standing) for one in discovery.found] == [
        ("bad", "unusable"),
        ("worse", "unusable"),
        ("good", "new"),
    ]
    (cursor, remedy), (codex, _) = discovery.troubles
    assert cursor.startswith(f"Cursor: {home}/.cursor/mcp.json, line 1")
    assert remedy
    assert codex.startswith("Codex: ")


def test_secrets_are_never_shown(place: Place, home: Path) -> None:
    put(
        home / ".cursor" / "mcp.json",
        {
            "mcpServers": {
                "a": {"command": "run", "args": ["--api-key", "hunter2", "sk-0123456789abcdef"]},
                "b": {"url": "https://u:passpass@h/x?token=hunter2", "headers": {"Authorization": "Bearer hunter2"}},
            }
        },
    )
    shown = " ".join(one.shown for one in look(place).found)
    for secret in ("hunter2", "passpass", "0123456789"):
        assert secret not in shown
    assert "hunter2" not in repr(look(place))


def test_taking_them_over_writes_our_own_file_only(place: Place, home: Path) -> None:
    theirs = put(home / ".cursor" / "mcp.json", {"mcpServers": {"a": STDIO, "b": {**STDIO, "disabled": True}}})
    before = theirs.read_bytes()
    settings = place.settings()
    settings.load()
    own = Path(settings.take(settings.discover().fresh))
    assert own == place.paths.config / "fastchat.config.json"
    assert [(spec.name, spec.command, spec.enabled) for spec in place.settings().load().servers] == [
        ("a", "run", True),
        ("b", "run", False),
    ]
    assert theirs.read_bytes() == before
    assert settings.discover().fresh == ()
