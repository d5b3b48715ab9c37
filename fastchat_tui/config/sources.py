"""Where configuration is found, and what of it may be used: files in a folder are data until that folder is trusted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastchat_tui.config import schema
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.values import Trust

NAME = "fastchat.config.json"
NAMES = (NAME, ".mcp.json")
DOTENV_NAMES = frozenset({"OPENAI_API_KEY", "OPENAI_BASE_URL", "DEFAULT_MODEL"})
MAX_SIZE = 4 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was found, with its content at that moment."""

    path: Path
    raw: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    def document(self) -> dict[str, Any]:
        """Raises ConfigError with line and column."""
        try:
            document = json.loads(self.raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.path} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from error
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise ConfigError(
                f"{self.path}, {where}: {error.msg}.", "JSON allows no comments and no last comma."
            ) from error
        except RecursionError as error:
            raise ConfigError(f"{self.path} is nested too deeply.") from error
        if not isinstance(document, dict):
            raise ConfigError(f'{self.path} must hold a JSON object, as {{"mcp_servers": {{…}}}}.')
        return document

    def trust(self, *, changed: bool) -> Trust:
        """The question whether this configuration may be used. Raises ConfigError."""
        entries = schema.entries(self.document(), str(self.path)).values()
        starts = tuple(schema.commands(entry) for entry in entries)
        names = tuple(sorted({name for entry in entries for name in schema.names(entry)}))
        return Trust(str(self.path), str(self.path.parent), self.digest, changed, starts, names)


def read(path: Path) -> Source | None:
    """None when there is no such file. Raises ConfigError when it cannot be read."""
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_SIZE:
            raise ConfigError(f"{path} is larger than {MAX_SIZE >> 20} MiB; that is no configuration.")
        return Source(path, path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error


def project(cwd: Path, home: Path) -> Source | None:
    """The configuration of the working folder or the nearest parent, up to the home folder."""
    for folder in _upwards(cwd, home):
        for name in NAMES:
            if source := read(folder / name):
                return source
    return None


def dotenv(source: Source) -> dict[str, str]:
    """The variables of a ``.env``, as a dict of their own; it is never put into the environment."""
    from io import StringIO

    from dotenv import dotenv_values

    text = source.raw.decode("utf-8-sig", "replace")
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def dangerous(name: str) -> bool:
    """Variables that make programs run other code or talk to others; a file in a folder may not set them."""
    upper = name.upper()
    return (
        upper in {"PATH", "BROWSER", "HOME", "SHELL", "EDITOR", "VISUAL"}
        or upper.startswith(("PYTHON", "LD_", "DYLD_", "SSL_", "NODE_", "XDG_", "GIT_"))
        or upper.endswith("_PROXY")
    )


def only(values: Mapping[str, str], wanted: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name in wanted and not dangerous(name)}


def _upwards(cwd: Path, home: Path) -> Iterator[Path]:
    for folder in (cwd, *cwd.parents):
        if folder == home and folder != cwd:
            return
        yield folder
