"""The shapes of configuration files, read into one: fastchat's own, Claude's, VS Code's, and their relatives.

An entry that cannot be used becomes a server with a ``problem``; it costs neither the file nor the other servers.
Nothing is expanded here: what this module returns is still only data.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from fastchat_tui.config.oauth import oauth
from fastchat_tui.config.values import Wrong, flag, mapping, seconds, strings, text
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.servers import USUAL, Era, Level, ServerOptions, ServerSpec, Transport

SECTIONS = ("mcp_servers", "mcpServers", "mcp-servers", "servers")

_TRANSPORTS: dict[str, Transport] = {
    "stdio": "stdio",
    "local": "stdio",
    "http": "http",
    "httpstream": "http",
    "streamablehttp": "http",
    "remote": "http",
    "sse": "sse",
}
URLS = ("url", "httpstream-url", "httpstream_url", "httpUrl", "serverUrl", "mcp_url")


def servers(document: Object, path: Path) -> list[ServerSpec]:
    """Every entry of the file, in its order. Raises ConfigError when a section itself is malformed."""
    found: dict[str, ServerSpec] = {}
    for section in SECTIONS:
        entries = document.get(section, {})
        if not isinstance(entries, dict):
            raise ConfigError(f"{path}: “{section}” must be an object of servers.", 'Write {"name": {…}}.')
        for name, entry in entries.items():
            found.setdefault(name, server(name, entry, path))
    return list(found.values())


def strange(document: Object) -> list[str]:
    """Where no key for servers is there, the keys that may be meant for one."""
    if any(section in document for section in SECTIONS):
        return []
    return [key for key, value in document.items() if isinstance(value, dict)]


def app_name(document: Object) -> str:
    name = document.get("app_name")
    return name if isinstance(name, str) else ""


def server(name: str, entry: Any, path: Path) -> ServerSpec:
    """One entry; with a ``problem`` when it cannot be used."""
    origin = str(path)
    if not name.strip():
        return ServerSpec(name, "stdio", origin=origin, problem="A server needs a name.")
    try:
        return _read(name, entry, origin)
    except Wrong as wrong:
        enabled = not (isinstance(entry, dict) and (entry.get("enabled") is False or entry.get("disabled") is True))
        return ServerSpec(name, "stdio", enabled=enabled, origin=origin, problem=str(wrong))


def _read(name: str, entry: Any, origin: str) -> ServerSpec:
    if not isinstance(entry, dict):
        raise Wrong("The entry must be an object, {…}.")
    inner = entry.get("config", {})
    if not isinstance(inner, dict):
        raise Wrong("“config” must be an object with command and args.")
    merged: Object = {**entry, **inner}
    command = merged.get("command", "")
    words = list(strings(merged, "args"))
    if isinstance(command, list):
        command, *before = strings(merged, "command") or [""]
        words = [*before, *words]
    if not isinstance(command, str):
        raise Wrong("“command” must be a text.")
    url = next((text(merged, key) for key in URLS if merged.get(key)), "")
    transport = _transport(merged, command, url)
    if transport == "stdio" and not command.strip():
        raise Wrong("“command” is missing: what starts this server?")
    if transport != "stdio" and not url.strip():
        raise Wrong("“url” is missing: where is this server?")
    label = text(merged, "name")
    environment = entry.get("environment")
    return ServerSpec(
        name=name,
        transport=transport,
        command=command if transport == "stdio" else "",
        args=tuple(words) if transport == "stdio" else (),
        env={
            **mapping({"environment": environment}, "environment"),
            **mapping(entry, "env"),
            **mapping(inner, "env"),
        },
        cwd=text(merged, "cwd"),
        wrap=_wrap(merged, transport),
        url=url if transport != "stdio" else "",
        headers=mapping(merged, "headers"),
        description=text(merged, "description") or (label if label != name else ""),
        enabled=flag(merged, "enabled", True) and not flag(merged, "disabled", False),
        protocol=_era(merged),
        connect_timeout=seconds(merged, ("connect_timeout", "startup_timeout_sec"), 30.0),
        call_timeout=seconds(merged, ("call_timeout", "tool_timeout_sec", "timeout"), 120.0),
        origin=origin,
        options=_options(merged),
        oauth=oauth(merged),
        sse_fallback=transport == "http" and _named(merged) is None and "httpUrl" not in merged,
    )


def _wrap(entry: Object, transport: Transport) -> tuple[str, ...]:
    words = tuple(strings(entry, "wrap"))
    if words and (transport != "stdio" or not words[0].strip()):
        raise Wrong("“wrap” must be the command that runs this server's command, such as a sandbox with its options.")
    return words


def _named(entry: Object) -> str | None:
    """The transport that the entry names, in whichever of the keys."""
    return next((entry[key] for key in ("protocol", "transport", "transport_type", "type") if entry.get(key)), None)


def _transport(entry: Object, command: str, url: str) -> Transport:
    named = _named(entry)
    if named is None:
        if command:
            return "stdio"
        if not url:
            raise Wrong("Neither “command” nor “url” is there: one of them must say where the server is.")
        return "sse" if url.split("?")[0].rstrip("/").endswith("/sse") else "http"
    known = _TRANSPORTS.get(str(named).lower().replace("-", "").replace("_", ""))
    if known is None:
        raise Wrong(f"The transport “{named}” is not known: use stdio, http or sse.")
    return known


def _era(entry: Object) -> Era:
    value = entry.get("era", entry.get("protocol_version", "auto"))
    known: dict[object, Era] = {era: era for era in get_args(Era)}
    if not isinstance(value, str) or value not in known:
        raise Wrong(f"“era” must be one of {', '.join(get_args(Era))}.")
    return known[value]


def _options(entry: Object) -> ServerOptions:
    budget = entry.get("sampling_budget", USUAL.sampling_budget)
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 0:
        raise Wrong("“sampling_budget” must be a number of tokens.")
    levels: dict[object, Level] = {level: level for level in get_args(Level)}
    level = entry.get("log_level", USUAL.log_level)
    if not isinstance(level, str) or level not in levels:
        raise Wrong(f"“log_level” must be one of {', '.join(get_args(Level))}.")
    return ServerOptions(
        sampling=flag(entry, "sampling", USUAL.sampling),
        sampling_budget=budget,
        instructions=flag(entry, "instructions", USUAL.instructions),
        log_level=levels[level],
        roots=tuple(strings(entry, "roots")),
    )


def passwords(document: Object) -> Iterator[str]:
    """Values of ``auth.post_body``, which are never to be shown."""
    for section in SECTIONS:
        entries = document.get(section)
        for entry in entries.values() if isinstance(entries, dict) else ():
            auth = entry.get("auth") if isinstance(entry, dict) else None
            body = auth.get("post_body") if isinstance(auth, dict) else None
            if isinstance(body, dict):
                yield from (value for key, value in body.items() if isinstance(value, str) and key != "username")
