"""The shapes of configuration files, read into one: fastchat's own, Claude's, VS Code's, and their relatives.

An entry that cannot be used becomes a server with a ``problem``; it costs neither the file nor the other servers.
Nothing is expanded here: what this module returns is still only data.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.servers import NO_OAUTH, USUAL, Era, Grant, Level, OAuth, ServerOptions, ServerSpec, Transport

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
_OAUTH_KEYS: dict[str, str] = {
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "clientMetadataUrl": "client_metadata_url",
    "scope": "scopes",
    "callbackPort": "port",
    "callback_port": "port",
}


class Wrong(Exception):
    """A value that is not what it must be; the text names the key and what was expected."""


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
    words = list(_strings(merged, "args"))
    if isinstance(command, list):
        command, *before = _strings(merged, "command") or [""]
        words = [*before, *words]
    if not isinstance(command, str):
        raise Wrong("“command” must be a text.")
    url = next((_text(merged, key) for key in URLS if merged.get(key)), "")
    transport = _transport(merged, command, url)
    if transport == "stdio" and not command.strip():
        raise Wrong("“command” is missing: what starts this server?")
    if transport != "stdio" and not url.strip():
        raise Wrong("“url” is missing: where is this server?")
    label = _text(merged, "name")
    environment = entry.get("environment")
    return ServerSpec(
        name=name,
        transport=transport,
        command=command if transport == "stdio" else "",
        args=tuple(words) if transport == "stdio" else (),
        env={
            **_mapping({"environment": environment}, "environment"),
            **_mapping(entry, "env"),
            **_mapping(inner, "env"),
        },
        cwd=_text(merged, "cwd"),
        url=url if transport != "stdio" else "",
        headers=_mapping(merged, "headers"),
        description=_text(merged, "description") or (label if label != name else ""),
        enabled=_flag(merged, "enabled", True) and not _flag(merged, "disabled", False),
        protocol=_era(merged),
        connect_timeout=_seconds(merged, ("connect_timeout", "startup_timeout_sec"), 30.0),
        call_timeout=_seconds(merged, ("call_timeout", "tool_timeout_sec", "timeout"), 120.0),
        origin=origin,
        options=_options(merged),
        oauth=_oauth(merged),
        sse_fallback=transport == "http" and _named(merged) is None and "httpUrl" not in merged,
    )


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
        sampling=_flag(entry, "sampling", USUAL.sampling),
        sampling_budget=budget,
        instructions=_flag(entry, "instructions", USUAL.instructions),
        log_level=levels[level],
        roots=tuple(_strings(entry, "roots")),
    )


def _oauth(entry: Object) -> OAuth:
    given = entry.get("oauth", {})
    if not isinstance(given, dict):
        raise Wrong("“oauth” must be an object with client_id, scopes and the like.")
    named: Object = {_OAUTH_KEYS.get(str(key), str(key)): value for key, value in given.items()}
    grants: dict[object, Grant] = {grant: grant for grant in get_args(Grant)}
    grant = named.get("grant", NO_OAUTH.grant)
    if not isinstance(grant, str) or grant not in grants:
        raise Wrong(f"“oauth.grant” must be one of {', '.join(get_args(Grant))}.")
    port = named.get("port", 0)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port < 65536:
        raise Wrong("“oauth.port” must be the number of a port.")
    scopes = named.get("scopes", "")
    texts = {
        key: _text(named, key)
        for key in ("client_id", "client_secret", "private_key", "signing_algorithm", "client_metadata_url", "issuer")
        if key in named
    }
    if grants[grant] == "client_credentials" and not texts.get("client_id"):
        raise Wrong("“oauth.client_id” is missing: client credentials belong to a client.")
    words = scopes if isinstance(scopes, str) else " ".join(_strings(named, "scopes"))
    auth = entry.get("auth")
    form = _mapping(auth, "post_body") if isinstance(auth, dict) else {}
    return OAuth(grant=grants[grant], port=port, scopes=words, form=form, **texts)


def _seconds(entry: Object, keys: tuple[str, ...], default: float) -> float:
    """The first key that is there. ``timeout`` is milliseconds in some hosts: from 1000 on it is taken for that."""
    for key in keys:
        if (value := entry.get(key)) is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise Wrong(f"“{key}” must be a positive number of seconds.")
        return value / 1000 if key == "timeout" and value >= 1000 else float(value)
    return default


def _text(entry: Object, key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise Wrong(f"“{key}” must be a text.")
    return value


def _flag(entry: Object, key: str, default: bool) -> bool:
    value = entry.get(key, default)
    if not isinstance(value, bool):
        raise Wrong(f"“{key}” must be true or false.")
    return value


def _strings(entry: Object, key: str) -> list[str]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(_is_scalar(item) for item in value):
        raise Wrong(f"“{key}” must be a list of texts.")
    return [_as_text(item) for item in value]


def _mapping(entry: Object, key: str) -> dict[str, str]:
    value = entry.get(key) or {}
    if not isinstance(value, dict) or not all(_is_scalar(item) for item in value.values()):
        raise Wrong(f"“{key}” must be an object of texts.")
    return {name: _as_text(item) for name, item in value.items()}


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def passwords(document: Object) -> Iterator[str]:
    """Values of ``auth.post_body``, which are never to be shown."""
    for section in SECTIONS:
        entries = document.get(section)
        for entry in entries.values() if isinstance(entries, dict) else ():
            auth = entry.get("auth") if isinstance(entry, dict) else None
            body = auth.get("post_body") if isinstance(auth, dict) else None
            if isinstance(body, dict):
                yield from (value for key, value in body.items() if isinstance(value, str) and key != "username")
