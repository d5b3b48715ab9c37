"""May this call run? Rules decide, deny before allow; where none speaks, the policy does (``ask`` by default).

A server's own annotations are never asked: they are claims of the one who is to be judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.ports import Rule
from fastchat_tui.wire.questions import Policy
from fastchat_tui.wire.settings import rule_name


@dataclass(frozen=True, slots=True)
class Verdict:
    policy: Policy
    why: str


class Rules:
    def __init__(self, default: Policy = "ask", rules: Iterable[Rule] = ()) -> None:
        self.default: Policy = default
        self._rules = [checked(rule) for rule in rules]

    def add(self, rule: Rule) -> None:
        self._rules.append(checked(rule))

    def decide(self, server: str, tool: str) -> Verdict:
        name = rule_name(server, tool)
        speaking = [rule for rule in self._rules if _matches(rule.tool, name)]
        for rule in speaking:
            if rule.decision == "deny":
                return Verdict("deny", rule.why or f"a rule denies {rule.tool}")
        if speaking:
            return Verdict("allow", speaking[0].why or f"a rule allows {speaking[0].tool}")
        return Verdict(self.default, f"no rule speaks of {name}; the policy is {self.default}")


def checked(rule: Rule) -> Rule:
    """Raises ConfigError for a pattern that could reach beyond one server."""
    server, dot, tool = rule.tool.partition(".")
    if not dot or not server or not tool or "*" in server or "*" in tool[:-1]:
        raise ConfigError(
            f"“{rule.tool}” is no rule for tools.",
            "Write server.tool, or server.prefix* with the star at the end; no rule spans all servers.",
        )
    return rule


def _matches(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
