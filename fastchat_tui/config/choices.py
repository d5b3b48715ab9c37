"""The user's choices, each one kept in the state file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastchat_tui.config.state import State, Table
from fastchat_tui.wire.settings import Rule

if TYPE_CHECKING:
    from fastchat_tui.wire.questions import Decision
    from fastchat_tui.wire.servers import ServerOptions, ServerSpec

_DECISIONS: dict[str, Decision] = {"allow": "always", "deny": "deny"}


class Choices:
    """The half of ``wire.ports.Settings`` that remembers. What concerns a server is remembered for the configuration
    file in use: in another one the same name is another server."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._state.refresh()
        self._in_use = ""
        """The configuration file that won."""
        self._chosen: Mapping[str, str] = {}
        """Model and endpoint, as chosen while the program runs."""

    def enabled(self, server: str) -> bool | None:
        value = self._state.table("servers", self._in_use).get(server)
        return value if isinstance(value, bool) else None

    def set_enabled(self, server: str, on: bool) -> None:
        self._state.change(lambda state: made(state, "servers", self._in_use).update({server: on}))

    def options(self, server: str) -> ServerOptions | None:
        from fastchat_tui.config.options import read_options

        return read_options(self._state.table("options", self._in_use, server))

    def set_options(self, server: str, options: ServerOptions) -> None:
        from fastchat_tui.config.options import written

        self._state.change(lambda state: made(state, "options", self._in_use).update({server: written(options)}))

    def is_deaf(self, spec: ServerSpec) -> bool:
        from fastchat_tui.config.options import fingerprint

        return fingerprint(spec) in texts(self._state.table(), "deaf_servers")

    def remember_deaf(self, spec: ServerSpec) -> None:
        from fastchat_tui.config.options import fingerprint

        def edit(state: Table) -> None:
            state["deaf_servers"] = sorted({*texts(state, "deaf_servers"), fingerprint(spec)})

        self._state.change(edit)

    def tool_enabled(self, server: str, tool: str) -> bool:
        return tool not in texts(self._state.table("tools_off", self._in_use), server)

    def set_tool_enabled(self, server: str, tool: str, on: bool) -> None:
        def edit(state: Table) -> None:
            off = made(state, "tools_off", self._in_use)
            names = set(texts(off, server))
            off[server] = sorted(names - {tool} if on else names | {tool})

        self._state.change(edit)

    def rules(self) -> Sequence[Rule]:
        """Those made while this configuration file was in use."""
        remembered = self._state.table("rules", self._in_use)
        return [
            Rule(pattern, decision, "your choice")
            for word, decision in _DECISIONS.items()
            for pattern in texts(remembered, word)
        ]

    def add_rule(self, rule: Rule) -> None:
        word = "deny" if rule.decision == "deny" else "allow"

        def edit(state: Table) -> None:
            rules = made(state, "rules", self._in_use)
            rules[word] = sorted({*texts(rules, word), rule.tool})

        self._state.change(edit)

    def key_origins(self) -> Sequence[str]:
        return texts(self._state.table("keys"), "origins")

    def allow_key_origin(self, origin: str) -> None:
        def edit(state: Table) -> None:
            keys = made(state, "keys")
            keys["origins"] = sorted({*texts(keys, "origins"), origin})

        self._state.change(edit)

    def set_model(self, model: str, base_url: str) -> None:
        endpoint = {"base_url": base_url} if base_url else {}
        self._chosen = {**self._chosen, "model": model, **endpoint}
        self._state.change(lambda state: made(state, "model").update({"name": model, **endpoint}))


def made(table: Table, *keys: str) -> Table:
    """The table at ``keys``, one within the other, made where there is none."""
    for key in keys:
        inner = table.get(key)
        if not isinstance(inner, dict):
            inner = table[key] = {}
        table = inner
    return table


def texts(table: Table, key: str) -> list[str]:
    value = table.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
