"""The shapes in which people already write down their servers, read into ``ServerSpec``.

Ours (``mcp_servers`` with ``protocol``, ``httpstream-url``, ``config``), Claude's and Cursor's ``mcpServers``, VS
Code's ``servers`` and the ``transport_type`` form. A bad entry costs that server only: its ``problem`` says key and reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastchat_tui.config.expand import Expander, Missing, variables
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.values import ServerSpec, Transport

TABLES = ("mcp_servers", "mcpServers", "mcp-servers", "servers")
TRANSPORTS: dict[str, Transport] = {
    "stdio": "stdio",
    "local": "stdio",
    "http": "http",
    "httpstream": "http",
    "streamable-http": "http",
    "streamable_http": "http",
    "streamablehttp": "http",
    "remote": "http",
    "sse": "sse",
}
URLS = ("url", "httpstream-url", "httpUrl", "serverUrl", "mcp_url")
SECRET = re.compile(r"(?i)(token|secret|passw|api[-_]?key|authorization|bearer|sk-[A-Za-z0-9])")

Entry = Mapping[str, Any]


class Bad(ValueError):
    """A value that is not what its key needs."""


def entries(document: Mapping[str, Any], path: str) -> dict[str, Entry]:
    """The server entries of a whole document, by name. Raises ConfigError."""
    found: dict[str, Entry] = {}
    for key in TABLES:
        table = document.get(key)
        if table is None:
            continue
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {key} must be an object of servers by name, not {_kind(table)}.")
        for name, entry in table.items():
            found.setdefault(str(name), entry if isinstance(entry, dict) else {"__not_an_object__": _kind(entry)})
    return found


def spec(name: str, entry: Entry, origin: str, expander: Expander) -> ServerSpec:
    """One server. Never raises: what is wrong with it is its ``problem``."""
    blank = ServerSpec(name, "stdio", origin=origin)
    try:
        if kind := entry.get("__not_an_object__"):
            raise Bad(f"the entry must be an object, not {kind}")
        return _spec(name, entry, origin, expander)
    except Bad as error:
        return replace(blank, problem=f"{error}.")
    except Missing as error:
        field = next((key for key, text in _texts(entry) if error.args[0] in variables(text)), "the entry")
        why = f"the variable {error.args[0]}, used in {field}, is not set."
        return replace(blank, transport=_transport(entry)[0], problem=why)


def commands(entry: Entry) -> str:
    """What the entry would start or contact, whole and unexpanded."""
    config = entry.get("config")
    inner = config if isinstance(config, dict) else entry
    url = next((str(entry[key]) for key in URLS if entry.get(key)), "")
    arguments = inner.get("args")
    words = [str(inner.get("command", "")), *(map(str, arguments) if isinstance(arguments, list) else [])]
    return url or " ".join(words)


def names(entry: Entry) -> list[str]:
    """The variables that the entry reads, and those it sets."""
    config = entry.get("config")
    env = (config.get("env") if isinstance(config, dict) else None) or entry.get("env") or {}
    read = [name for _, text in _texts(entry) for name in variables(text)]
    return sorted({*read, *(env if isinstance(env, dict) else {})})


def looks_secret(text: str) -> bool:
    return SECRET.search(text) is not None


def _spec(name: str, entry: Entry, origin: str, expander: Expander) -> ServerSpec:
    config = entry.get("config", {})
    if not isinstance(config, dict):
        raise Bad(f"config must be an object, not {_kind(config)}")
    inner = {**entry, **config}
    inner["env"] = {**_strings(entry, "env"), **_strings(config, "env")}
    transport, inferred = _transport(entry)
    url = next((_text(entry, key) for key in URLS if entry.get(key)), "")
    command = inner.get("command", "")
    if isinstance(command, list):  # opencode and Kit write the whole command line as a list
        command, inner["args"] = (command[0] if command else ""), [*command[1:], *inner.get("args", [])]
    args = inner.get("args", [])
    if not isinstance(args, list) or not all(isinstance(arg, str | int | float) for arg in args):
        raise Bad("args must be a list of strings")
    if not isinstance(command, str):
        raise Bad(f"command must be a string, not {_kind(command)}")
    if transport == "stdio" and not command.strip():
        raise Bad("it has neither a command nor a url")
    if transport != "stdio":
        if not url:
            raise Bad("it has no url")
        if not expander.expand(url).startswith(("http://", "https://")):
            raise Bad("its url must begin with http:// or https://")
    disabled = entry.get("disabled") is True or entry.get("enabled") is False
    return ServerSpec(
        name,
        transport,
        command=expander.expand(command),
        args=tuple(expander.expand(str(arg)) for arg in args),
        env={key: expander.expand(value) for key, value in inner["env"].items()},
        cwd=expander.expand(_text(inner, "cwd")),
        url=expander.expand(url),
        headers={key: expander.expand(value) for key, value in _strings(entry, "headers").items()},
        description=_text(entry, "description") or (_text(entry, "name") if entry.get("name") != name else ""),
        enabled=not disabled,
        protocol=_protocol(entry),
        connect_timeout=_seconds(entry, ("connect_timeout", "startup_timeout_sec"), 30.0),
        call_timeout=_seconds(entry, ("call_timeout", "tool_timeout_sec", "timeout"), 120.0),
        origin=origin,
        sse_fallback=inferred and transport == "http",
    )


def _transport(entry: Entry) -> tuple[Transport, bool]:
    """The transport, and whether it had to be inferred."""
    for key in ("protocol", "type", "transport", "transport_type"):
        named = entry.get(key)
        if isinstance(named, str) and named.lower() in TRANSPORTS:
            return TRANSPORTS[named.lower()], False
        if named is not None and key != "protocol":
            raise Bad(f"{key} is “{named}”; expected stdio, http or sse")
    url = next((str(entry[key]) for key in URLS if entry.get(key)), "")
    if not url:
        return "stdio", True
    return ("sse" if url.rstrip("/").endswith("/sse") else "http"), True


def _protocol(entry: Entry) -> Any:
    era = entry.get("era", entry.get("protocol_version", "auto"))
    if era not in ("auto", "legacy", "2026-07-28"):
        raise Bad(f"era is “{era}”; expected auto, legacy or 2026-07-28")
    return era


def _seconds(entry: Entry, keys: tuple[str, ...], default: float) -> float:
    for key in keys:
        value = entry.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise Bad(f"{key} must be a number of seconds above 0")
        return value / 1000 if value >= 1000 else float(value)  # other hosts write milliseconds
    return default


def _strings(entry: Entry, key: str) -> dict[str, str]:
    table = entry.get(key) or {}
    if not isinstance(table, dict):
        raise Bad(f"{key} must be an object of strings, not {_kind(table)}")
    for name, value in table.items():
        if not isinstance(value, str | int | float):
            raise Bad(f"{key}.{name} must be a string, not {_kind(value)}")
    return {name: str(value) for name, value in table.items()}


def _text(entry: Entry, key: str) -> str:
    value = entry.get(key) or ""
    if not isinstance(value, str):
        raise Bad(f"{key} must be a string, not {_kind(value)}")
    return value


def _texts(entry: Entry, prefix: str = "") -> list[tuple[str, str]]:
    """Every string in the entry with the path of its key."""
    found: list[tuple[str, str]] = []
    for key, value in entry.items():
        here = f"{prefix}{key}"
        if isinstance(value, str):
            found.append((here, value))
        elif isinstance(value, dict):
            found += _texts(value, f"{here}.")
        elif isinstance(value, list):
            found += [(here, item) for item in value if isinstance(item, str)]
    return found


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
