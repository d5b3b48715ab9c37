"""Entries of a configuration file, written in the file's own dialect; everything else in it is kept.

Pure: bytes in, bytes out. A file with comments is refused, as writing it back would lose them.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fastchat_tui.config import files, jsonc
from fastchat_tui.config.schema import SECTIONS, URLS, servers
from fastchat_tui.config.settings import check_url
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.masks import MASK
from fastchat_tui.wire.servers import ServerSpec

_PLACE = ("protocol", "transport", "transport_type", "type", "command", "args", "cwd", "headers", *URLS)
_ENVIRONMENT = ("env", "environment")
"""Keys that say where a server is and what it is given: an entry that is replaced loses these, and no others."""


def spec_of(
    name: str, command: str, url: str, headers: Mapping[str, str] | None = None, env: Mapping[str, str] | None = None
) -> ServerSpec:
    """What was typed as an entry; the command line is split as a POSIX shell would. Raises ConfigError."""
    name, command, url = name.strip(), command.strip(), url.strip()
    if bool(command) == bool(url) and name:
        raise ConfigError(f"“{name}” needs a command or a URL.", "Give exactly one of the two.")
    if url:
        return ServerSpec(name, "http", url=url, headers=dict(headers or {}))
    try:
        program, *arguments = shlex.split(command) or [""]
    except ValueError as error:
        raise ConfigError(f"The command cannot be read: {error}.", "Close every quote.") from error
    return ServerSpec(name, "stdio", program, tuple(arguments), env=dict(env or {}))


def with_servers(raw: bytes, path: Path, specs: Iterable[ServerSpec], instead: str = "") -> bytes:
    """The file's new content; ``raw`` is empty for a new file. A spec takes the place of the entry ``instead``, where
    that is named. Raises ConfigError."""
    text = files.decoded(raw, path)
    document = jsonc.parse(text, path) if text.strip() else {}
    section = _section(document, instead)
    native = section == "mcp_servers"
    fresh = {spec.name: _entry(spec, native=native) for spec in specs}
    _refuse_comments(text, path, f"Add this to “{section}”: {json.dumps(_masked(fresh), ensure_ascii=False)}")
    taken = {spec.name for spec in servers(document, path)} - {instead}
    if clash := next((name for name in fresh if name in taken), ""):
        raise ConfigError(f"{path} has a server “{clash}” already.", "Choose another name.")
    entries = document.get(section, {})
    if instead:
        if instead not in entries:
            raise ConfigError(f"{path} has no server “{instead}”.", "Reload: the file has changed.")
        [(name, entry)] = fresh.items()
        renamed = {name if key == instead else key: value for key, value in entries.items()}
        document[section] = {**renamed, name: _merged(entries[instead], entry)}
    else:
        document[section] = {**entries, **fresh}
    return _written(document)


def without_server(raw: bytes, path: Path, name: str) -> bytes:
    """Raises ConfigError."""
    text = files.decoded(raw, path)
    document = jsonc.parse(text, path)
    section = _section(document, name)
    if name not in document.get(section, {}):
        raise ConfigError(f"{path} has no server “{name}”.", "`fastchat-tui servers` lists them.")
    _refuse_comments(text, path, f"Take “{name}” out of “{section}” yourself.")
    del document[section][name]
    return _written(document)


def _section(document: Object, name: str) -> str:
    """The one that holds ``name``, else the first that is there."""
    there = [key for key in SECTIONS if isinstance(document.get(key), dict)]
    return next((key for key in there if name in document[key]), there[0] if there else "mcp_servers")


def _refuse_comments(text: str, path: Path, remedy: str) -> None:
    if text.strip() and not jsonc.is_strict(text):
        raise ConfigError(f"{path} has comments, which writing it would lose.", remedy)


def _entry(spec: ServerSpec, *, native: bool) -> Object:
    if not spec.name.strip() or not spec.name.isprintable():
        raise ConfigError("A server needs a name.", "Choose a short one, such as “files”.")
    entry: Object = {} if spec.enabled else {"enabled": False}
    if spec.transport != "stdio":
        if "${" not in spec.url:
            check_url(spec.url, "This")
        if spec.transport == "http" and native:
            entry |= {"protocol": "httpstream", "httpstream-url": spec.url}
        else:
            entry |= {"protocol" if native else "type": spec.transport, "url": spec.url}
        return {**entry, **({"headers": dict(spec.headers)} if spec.headers else {})}
    if not spec.command.strip():
        raise ConfigError(f"“{spec.name}” needs a command.", "Name the program that starts it.")
    start: Object = {"command": spec.command, "args": list(spec.args)}
    if spec.env:
        start["env"] = dict(spec.env)
    if spec.cwd:
        start["cwd"] = spec.cwd
    return {"protocol": "stdio", "config": start, **entry} if native else {"type": "stdio", **start, **entry}


def _merged(old: Any, new: Object) -> Object:
    """``new``, with what only ``old`` knew."""
    if not isinstance(old, dict):
        return new
    inner = old.get("config")
    gone = (*_PLACE, *_ENVIRONMENT)
    kept = {key: value for key, value in old.items() if key not in (*gone, "config")}
    deep = {key: value for key, value in inner.items() if key not in gone} if isinstance(inner, dict) else {}
    merged = {**kept, **new}
    if deep:
        merged["config"] = {**deep, **new.get("config", {})}
    return merged


def _masked(entries: Object) -> Object:
    """Only to be shown: values of headers and variables are hidden."""
    return {
        name: {
            key: dict.fromkeys(value, MASK) if key in ("headers", "env") else _masked({"": value})[""]
            for key, value in entry.items()
        }
        if isinstance(entry, dict)
        else entry
        for name, entry in entries.items()
    }


def _written(document: Object) -> bytes:
    try:
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only escape
        return json.dumps(document, indent=2).encode() + b"\n"
