"""Secrets of any length as entries of a keyring whose entries may be short, as those of Windows are.

A secret that is too long for one is written as the parts of a new generation first; one index entry then switches to
it. So a kill in between leaves the old secret or the new one, never a mixture.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from typing import Protocol

SERVICE = "fastchat-tui"
LIMITS = {"keyring.backends.Windows": 1200}
"""Characters of one entry, by backend; Windows takes 1,280. The others take megabytes."""
ELSEWHERE = 1 << 20
_INDEX = '{"parts":'


class Backend(Protocol):
    """What we use of a ``keyring`` backend."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class NotKept(Exception):
    """The backend took the secret, and gives back another one."""


def read(backend: Backend, name: str) -> str | None:
    value = backend.get_password(SERVICE, name)
    if value is None or not value.startswith(_INDEX):
        return value
    found = [backend.get_password(SERVICE, part) for part in _parts(name, value)]
    parts = [part for part in found if part is not None]
    return "".join(parts) if parts and len(parts) == len(found) else None


def write(backend: Backend, name: str, secret: str) -> None:
    """Raises NotKept, and whatever the backend raises; the secret of before is then still there."""
    before = backend.get_password(SERVICE, name)
    index, chunks = secret, dict[str, str]()
    limit = LIMITS.get(type(backend).__module__, ELSEWHERE)
    if len(secret) > limit or secret.startswith(_INDEX):
        count = -(-len(secret) // limit)
        index = json.dumps({"parts": count, "generation": secrets.token_hex(4)}, separators=(",", ":"))
        starts = range(0, len(secret), limit)
        chunks = {part: secret[at : at + limit] for part, at in zip(_parts(name, index), starts, strict=True)}
    try:
        for part, chunk in chunks.items():
            backend.set_password(SERVICE, part, chunk)
        backend.set_password(SERVICE, name, index)
        if read(backend, name) != secret:
            raise NotKept
    except Exception:
        _restore(backend, name, before, list(chunks))
        raise
    _remove(backend, _parts(name, before))


def erase(backend: Backend, name: str) -> None:
    value = backend.get_password(SERVICE, name)
    if value is not None:
        _remove(backend, [name, *_parts(name, value)])


def _parts(name: str, index: str | None) -> list[str]:
    """The names of the entries that an index speaks of."""
    if index is None or not index.startswith(_INDEX):
        return []
    try:
        known = json.loads(index)
        return [f"{name}#{known['generation']}.{number}" for number in range(known["parts"])]
    except (ValueError, KeyError, TypeError):
        return []


def _restore(backend: Backend, name: str, before: str | None, parts: list[str]) -> None:
    with suppress(Exception):  # the backend failed already: that failure is the one to be told
        if before is not None and backend.get_password(SERVICE, name) != before:
            backend.set_password(SERVICE, name, before)
        _remove(backend, parts if before is not None else [name, *parts])


def _remove(backend: Backend, names: list[str]) -> None:
    for name in names:
        if backend.get_password(SERVICE, name) is not None:
            backend.delete_password(SERVICE, name)
