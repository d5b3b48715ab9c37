"""``settings.toml`` in the user's own folder: what no project may decide. Keys, theme and mouse are in ``looks``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fastchat_tui.config.looks import looks_in
from fastchat_tui.config.toml import read_toml
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.settings import Rule


@dataclass(frozen=True, slots=True)
class UserSettings:
    model: str = ""
    base_url: str = ""
    wire: str = ""
    system: str = ""
    policy: str = ""
    max_steps: int = 25
    secrets: str = ""
    """Where secrets are kept: ``keyring`` (also when empty), ``file`` (encrypted) or ``memory``."""
    rules: tuple[Rule, ...] = ()


def read_settings(path: Path) -> UserSettings:
    """Raises ConfigError naming the file, the line or the key, and what was expected."""
    table = read_toml(path)
    rules = table.table("rules")
    looks_in(table)
    if base_url := table.text("base_url"):
        check_url(base_url, f"{path}: “base_url”")
    return UserSettings(
        model=table.text("model"),
        base_url=base_url,
        wire=table.choice("wire", ("chat", "responses")),
        system=table.text("system"),
        policy=table.choice("policy", ("ask", "allow", "deny")),
        max_steps=table.count("max_steps", 25),
        secrets=table.choice("secrets", ("keyring", "file", "memory")),
        rules=(
            *(Rule(pattern, "deny", "settings.toml denies it") for pattern in rules.texts("deny")),
            *(Rule(pattern, "always", "settings.toml allows it") for pattern in rules.texts("allow")),
        ),
    )


def check_url(url: str, where: str) -> None:
    """Raises ConfigError unless it is an http(s) URL with a host."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or not url.isprintable() or " " in url:
        raise ConfigError(f"{where} is no http(s) URL.", "Expected something like https://example.com/v1.")
