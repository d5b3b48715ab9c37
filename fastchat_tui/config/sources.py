"""A file that was found, with its content at that moment: what is shown, judged and used is the same content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fastchat_tui.config import files, jsonc, schema
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.servers import ServerSpec
from fastchat_tui.wire.text import one_line


@dataclass(frozen=True)
class Source:
    path: Path
    raw: bytes

    @classmethod
    def at(cls, path: Path) -> Source:
        """Raises ConfigError when there is no such file, or it cannot be read."""
        return cls(path, files.read(path))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def folder(self) -> Path:
        """The folder of which the file speaks."""
        return self.path.parent.parent if self.path.parent.name == ".vscode" else self.path.parent

    @cached_property
    def text(self) -> str:
        return files.decoded(self.raw, self.path)

    @cached_property
    def document(self) -> Object:
        return jsonc.parse(self.text, self.path)

    @cached_property
    def servers(self) -> list[ServerSpec]:
        """Its entries, nothing expanded. Raises ConfigError."""
        return schema.servers(self.document, self.path)

    @property
    def advice(self) -> list[tuple[str, str]]:
        """Where it seems to hold servers, and none is found: (text, remedy)."""
        if not (names := schema.strange(self.document)):
            return []
        known, found = "”, “".join(schema.SECTIONS), "”, “".join(one_line(name, 40) for name in names)
        return [(f"{self.path} names no servers: it has “{found}”, and none of “{known}”.", "Rename it, then reload.")]
