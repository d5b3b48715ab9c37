"""Where other programs keep their MCP servers, and how each of them writes an entry. Pure: nothing is opened here.

A reader turns a whole document into entries of the form that ``schema`` reads; what it cannot use it leaves as it is,
so that ``schema`` says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastchat_tui.wire.content import Object

Entries = Mapping[str, Any]
Reader = Callable[[Object, Path], Entries]
"""Document and working folder in, entries by name out."""


@dataclass(frozen=True, slots=True)
class App:
    id: str
    name: str
    read: Reader
    user: Mapping[str, str]
    """Its files by platform (``linux``, ``darwin``, ``win32``; empty: everywhere); ``{…}`` stands for a folder."""
    project: tuple[str, ...] = ()
    """Its files in a project's folder."""

    def files(self, platform: str, folders: Mapping[str, Path], cwd: Path) -> Iterator[Path]:
        pattern = self.user.get(platform) or self.user.get("", "")
        for one in filter(None, pattern.split("|")):
            yield Path(one.format_map(folders))
        yield from (cwd / name for name in self.project)


def folders(environ: Mapping[str, str]) -> dict[str, Path]:
    """What the patterns speak of."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/nonexistent")

    def named(variable: str, default: Path) -> Path:
        return Path(value) if (value := environ.get(variable)) and Path(value).is_absolute() else default

    return {
        "home": home,
        "config": named("XDG_CONFIG_HOME", home / ".config"),
        "support": home / "Library" / "Application Support",
        "roaming": named("APPDATA", home / "AppData" / "Roaming"),
        "codex": named("CODEX_HOME", home / ".codex"),
        "claude": named("CLAUDE_CONFIG_DIR", home),
    }


# ── readers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _section(name: str) -> Reader:
    return lambda document, cwd: _table(document.get(name))


def _claude_code(document: Object, cwd: Path) -> Entries:
    """Those of the user, and those kept for the working folder, which go before."""
    own = _table(_table(_table(document.get("projects")).get(str(cwd))).get("mcpServers"))
    return {**_table(document.get("mcpServers")), **own}


def _codex(document: Object, cwd: Path) -> Entries:
    return {name: _of_codex(entry) for name, entry in _table(document.get("mcp_servers")).items()}


def _of_codex(entry: Any) -> Any:
    """Names of variables, where others write ``${NAME}``."""
    if not isinstance(entry, dict):
        return entry
    made = dict(entry)
    headers = dict(_table(made.pop("http_headers", None)))
    headers |= {name: f"${{{variable}}}" for name, variable in _table(made.pop("env_http_headers", None)).items()}
    if token := made.pop("bearer_token_env_var", None):
        headers["Authorization"] = f"Bearer ${{{token}}}"
    passed = made.pop("env_vars", None)
    names = [name for name in passed if isinstance(name, str)] if isinstance(passed, list) else []
    if env := {**{name: f"${{{name}}}" for name in names}, **_table(made.get("env"))}:
        made["env"] = env
    return {**made, **({"headers": headers} if headers else {})}


_DOLLAR = re.compile(r"\$([A-Za-z_]\w*)")


def _gemini(document: Object, cwd: Path) -> Entries:
    """``$NAME`` beside ``${NAME}``; a ``url`` is SSE where no type says otherwise."""
    found = {}
    for name, entry in _table(document.get("mcpServers")).items():
        made = _every_text(entry, lambda text: _DOLLAR.sub(r"${\1}", text))
        if isinstance(made, dict) and made.get("url") and not made.get("httpUrl") and not made.get("type"):
            made = {**made, "type": "sse"}
        found[name] = made
    return found


_BRACED = re.compile(r"\{env:([A-Za-z_]\w*)\}")


def _opencode(document: Object, cwd: Path) -> Entries:
    """``{env:NAME}``, and switches of servers that another file describes, which are no entries."""
    entries = _table(document.get("mcp"))
    return {
        name: _every_text(entry, lambda text: _BRACED.sub(r"${\1}", text))
        for name, entry in entries.items()
        if not isinstance(entry, dict) or entry.keys() != {"enabled"}
    }


def _every_text(value: Any, change: Callable[[str], str]) -> Any:
    """``value`` with each of its texts changed, two levels deep: an entry holds no more."""
    match value:
        case str():
            return change(value)
        case list():
            return [change(item) if isinstance(item, str) else item for item in value]
        case dict():
            return {
                key: _every_text(inner, change) if not isinstance(inner, dict) else _texts(inner, change)
                for key, inner in value.items()
            }
        case _:
            return value


def _texts(value: Object, change: Callable[[str], str]) -> Object:
    return {key: change(item) if isinstance(item, str) else item for key, item in value.items()}


def _table(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


APPS = (
    App(
        "claude-desktop",
        "Claude Desktop",
        _section("mcpServers"),
        {
            "linux": "{config}/Claude/claude_desktop_config.json",
            "darwin": "{support}/Claude/claude_desktop_config.json",
            "win32": "{roaming}/Claude/claude_desktop_config.json",
        },
    ),
    App("claude-code", "Claude Code", _claude_code, {"": "{claude}/.claude.json"}, (".mcp.json",)),
    App(
        "vscode",
        "VS Code",
        _section("servers"),
        {
            "linux": "{config}/Code/User/mcp.json",
            "darwin": "{support}/Code/User/mcp.json",
            "win32": "{roaming}/Code/User/mcp.json",
        },
        (".vscode/mcp.json",),
    ),
    App("cursor", "Cursor", _section("mcpServers"), {"": "{home}/.cursor/mcp.json"}, (".cursor/mcp.json",)),
    App("codex", "Codex", _codex, {"": "{codex}/config.toml"}, (".codex/config.toml",)),
    App("gemini", "Gemini CLI", _gemini, {"": "{home}/.gemini/settings.json"}, (".gemini/settings.json",)),
    App(
        "opencode",
        "opencode",
        _opencode,
        {"": "{config}/opencode/opencode.json|{config}/opencode/opencode.jsonc"},
        ("opencode.json", "opencode.jsonc"),
    ),
)
