"""Rules: deny before allow, nothing that spans servers, and a name that a server chose is no pattern."""

from __future__ import annotations

import pytest

from fastchat_tui.engine.policy import Rules
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.ports import Rule
from fastchat_tui.wire.questions import Policy
from fastchat_tui.wire.settings import rule_name


@pytest.mark.parametrize(
    ("rules", "tool", "policy"),
    [
        ([], "read", "ask"),
        ([("files.read", "always")], "read", "allow"),
        ([("files.read", "session")], "reader", "ask"),
        ([("files.read*", "always")], "reader", "allow"),
        ([("files.*", "always")], "write", "allow"),
        ([("file.*", "always")], "read", "ask"),
        ([("files.*", "always"), ("files.write", "deny")], "write", "deny"),
        ([("files.write", "deny"), ("files.write", "always")], "write", "deny"),
    ],
)
def test_a_rule_speaks_of_what_it_names(rules: list[tuple[str, str]], tool: str, policy: Policy) -> None:
    made = Rules("ask", [Rule(pattern, decision) for pattern, decision in rules])  # type: ignore[arg-type]
    assert made.decide("files", tool).policy == policy


@pytest.mark.parametrize(
    "pattern", ["*", "*.*", "files", "files.", ".read", "fi*.read", "files.r*d", "files.*read", ""]
)
def test_a_pattern_that_could_reach_further_is_refused_with_how_to_write_it(pattern: str) -> None:
    with pytest.raises(ConfigError, match="is no rule") as caught:
        Rules("ask", [Rule(pattern, "always")])
    assert "server.tool" in caught.value.remedy


def test_the_reason_is_the_users_or_the_rule() -> None:
    rules = Rules("ask", [Rule("a.b", "deny", "too dear"), Rule("a.c", "deny"), Rule("a.d", "always")])
    assert [rules.decide("a", tool).why for tool in "bcd"] == [
        "too dear",
        "a rule denies a.c",
        "a rule allows a.d",
    ]
    assert rules.decide("a", "e").why == "no rule speaks of a.e; the policy is ask"


def test_a_star_or_a_dot_in_a_name_that_a_server_chose_is_only_itself() -> None:
    rules = Rules("ask", [Rule(rule_name("files", "rea*"), "always"), Rule(rule_name("a.b", "c"), "always")])
    assert rules.decide("files", "rea*").policy == "allow"
    assert rules.decide("files", "read").policy == "ask"
    assert rules.decide("a.b", "c").policy == "allow"
    assert rules.decide("a", "b.c").policy == "ask"
