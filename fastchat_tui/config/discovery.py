"""Servers that other programs on this machine are configured with, as an offer. Read-only; nothing is expanded."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from fastchat_tui.config import advice, files, jsonc, schema
from fastchat_tui.config.apps import APPS, App, folders
from fastchat_tui.config.search import is_file
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.discovery import Discovery, FoundServer
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.masks import MASK, Masker
from fastchat_tui.wire.servers import ServerSpec

LIMIT = 32 << 20
"""Claude Code keeps the history of all projects beside its servers."""


def discover(
    environ: Mapping[str, str], cwd: Path, platform: str, known: Iterable[ServerSpec], app: str = ""
) -> Discovery:
    """All of them, or those of one ``app``, each compared with the ``known`` ones and with those found before it."""
    met = {spec.name: (spec, "your configuration") for spec in known}
    found: list[FoundServer] = []
    troubles: list[tuple[str, str]] = []
    for one in APPS:
        for path in one.files(platform, folders(environ), cwd) if app in ("", one.id) else ():
            if not is_file(path):
                continue
            try:
                entries = one.read(_document(path), cwd)
            except ConfigError as error:
                troubles.append((f"{one.name}: {error.text}", error.remedy))
                continue
            for name, entry in entries.items():
                spec = schema.server(name, entry, path)
                found.append(_compared(spec, one, met))
                if not spec.problem:
                    met.setdefault(name, (spec, f"{one.name} ({path})"))
    return Discovery(tuple(found), tuple(troubles))


def _document(path: Path) -> Object:
    text = files.decoded(files.read(path, LIMIT), path)
    if path.suffix != ".toml":
        return jsonc.parse(text, path) if text.strip() else {}
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}.", "Mend that line in the program that wrote it.") from error


def _compared(spec: ServerSpec, app: App, met: Mapping[str, tuple[ServerSpec, str]]) -> FoundServer:
    made = FoundServer(spec, app.id, app.name, shown(spec))
    if spec.problem:
        return replace(made, standing="unusable", note=spec.problem)
    if spec.name not in met:
        return replace(made, note="" if spec.enabled else "switched off there, and so here")
    other, where = met[spec.name]
    if _content(other) == _content(spec):
        return replace(made, standing="same", note=f"the same is in {where}")
    return replace(
        made, standing="conflict", note=f"another “{spec.name}” is in {where}: {shown(other)}; rename one of them"
    )


def _content(spec: ServerSpec) -> tuple[object, ...]:
    return (spec.transport, spec.command, spec.args, spec.env, spec.cwd, spec.wrap, spec.url, spec.headers)


def shown(spec: ServerSpec) -> str:
    """Where the server is, its secrets masked; of variables and headers the names only."""
    text = spec.url or shlex.join((*spec.wrap, spec.command, *spec.args))
    hidden = {value for value in advice.secrets(spec) if len(value) > 2 and not value.startswith("${")}
    for value in sorted(hidden, key=len, reverse=True):
        text = text.replace(value, MASK)
    names = ", ".join((*spec.env, *spec.headers))
    return Masker().mask_shapes(text) + (f" (with {names})" if names else "")
