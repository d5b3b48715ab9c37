"""What changed between two readings of a server's lists, in one line; tools that change under a user are told."""

from __future__ import annotations

from collections.abc import Mapping

from fastchat_tui.wire.events import CatalogueChanged
from fastchat_tui.wire.text import one_line

_MAX_NAMED = 10


def difference(old: CatalogueChanged, new: CatalogueChanged) -> str:
    """Empty when the tools are the same."""
    before = {tool.name: tool for tool in old.tools}
    after = {tool.name: tool for tool in new.tools}
    added, removed = _only(after, before), _only(before, after)
    changed = [name for name, tool in after.items() if name in before and before[name] != tool]
    kinds = (("new", added), ("gone", removed), ("changed", changed))
    parts = [f"{word} {_listed(names)}" for word, names in kinds if names]
    return f"Its tools have changed: {'; '.join(parts)}." if parts else ""


def _listed(names: list[str]) -> str:
    shown = ", ".join(one_line(name, 60) for name in names[:_MAX_NAMED])
    return f"{shown} …" if len(names) > _MAX_NAMED else shown


def _only(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    return [name for name in one if name not in other]
