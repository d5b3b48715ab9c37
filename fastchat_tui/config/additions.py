"""Adding a server to a configuration file: in the file's own dialect, everything else in it kept."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from fastchat_tui.config import files, jsonc
from fastchat_tui.config.schema import SECTIONS, servers
from fastchat_tui.config.settings import check_url
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ConfigError


def with_server(raw: bytes, path: Path, name: str, command: str, url: str) -> bytes:
    """The file's new content; ``raw`` is empty for a new file. Raises ConfigError."""
    name, url, text = name.strip(), url.strip(), files.decoded(raw, path)
    document = jsonc.parse(text, path) if text.strip() else {}
    section = next((key for key in SECTIONS if isinstance(document.get(key), dict)), "mcp_servers")
    entry = _entry(name, command, url, native=section == "mcp_servers")
    if text.strip() and not jsonc.is_strict(text):
        shown = json.dumps({name: entry}, ensure_ascii=False)
        raise ConfigError(f"{path} has comments, which writing it would lose.", f"Add this to “{section}”: {shown}")
    if any(spec.name == name for spec in servers(document, path)):
        raise ConfigError(f"{path} has a server “{name}” already.", "Choose another name.")
    document[section] = {**document.get(section, {}), name: entry}
    try:
        written = json.dumps(document, indent=2, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only escape
        written = json.dumps(document, indent=2).encode()
    return written + b"\n"


def _entry(name: str, command: str, url: str, *, native: bool) -> Object:
    if not name or not name.isprintable():
        raise ConfigError("A server needs a name.", "Choose a short one, such as “files”.")
    if bool(command.strip()) == bool(url):
        raise ConfigError(f"“{name}” needs a command or a URL.", "Give exactly one of the two.")
    if url:
        check_url(url, "This")
        return {"protocol": "httpstream", "httpstream-url": url} if native else {"type": "http", "url": url}
    try:
        program, *arguments = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"The command cannot be read: {error}.", "Close every quote.") from error
    start: Object = {"command": program, "args": arguments}
    return {"protocol": "stdio", "config": start} if native else {"type": "stdio", **start}
