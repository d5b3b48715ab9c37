"""Names by which the model knows tools: they fit every API, never collide, and depend on nothing but themselves."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.wire.names import model_names

Pair = tuple[str, str]
part = st.text(st.sampled_from("ab_.-é/ 1\ud800"), max_size=6) | st.text(max_size=90)
pairs = st.lists(st.tuples(part, part), max_size=12)


@given(pairs, st.integers())
def test_names_fit_are_unique_and_do_not_depend_on_the_order(tools: list[Pair], seed: int) -> None:
    names = model_names(tools)
    assert names.keys() == set(tools)
    assert len(set(names.values())) == len(set(tools))
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name) for name in names.values())
    shuffled = list(tools)
    random.Random(seed).shuffle(shuffled)
    assert model_names(shuffled) == names


@given(pairs)
def test_a_name_stays_when_other_servers_come_and_go(tools: list[Pair]) -> None:
    names = model_names(tools)
    assert all(model_names([pair])[pair] == names[pair] for pair in tools)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("s", "a.b"), ("s", "a_b")),
        (("a", "b__c"), ("a__b", "c")),
        (("a_", "b"), ("a", "_b")),
        (("s", "x" * 80), ("s", "x" * 81)),
        (("s", "Á"), ("s", "Â")),
        (("", "a"), ("_", "a")),
    ],
)
def test_pairs_that_would_fall_together_are_told_apart(one: Pair, other: Pair) -> None:
    first, second = model_names([one, other]).values()
    assert first != second


def test_a_plain_name_is_kept_as_it_is() -> None:
    assert model_names([("time", "get_current_time")])["time", "get_current_time"] == "time__get_current_time"
