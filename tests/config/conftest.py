"""A project folder, a user's folders, and settings over both."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fastchat_tui.config.load import FileSettings
from fastchat_tui.config.paths import Paths


@dataclass
class Place:
    project: Path
    paths: Paths
    environ: dict[str, str] = field(default_factory=dict)

    def settings(self, **asked: Any) -> FileSettings:
        return FileSettings(self.paths, cwd=self.project, environ=self.environ, **asked)

    def write(self, document: Any, name: str = "fastchat.config.json", folder: Path | None = None) -> Path:
        path = (folder or self.project) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    def own(self, document: Any) -> Path:
        """The user's own configuration."""
        return self.write(document, folder=self.paths.config)


@pytest.fixture
def place(home: Path) -> Place:
    project = home / "code" / "project"
    project.mkdir(parents=True)
    environ = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_STATE_HOME": str(home / ".state")}
    environ["XDG_DATA_HOME"] = str(home / ".data")
    return Place(project, Paths.of(environ), environ)
