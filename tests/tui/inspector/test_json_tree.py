from __future__ import annotations

import json
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastchat_tui.tui.inspector.json_levels import Root, Spot
from fastchat_tui.tui.inspector.json_scan import decoded, entries, kind_at
from fastchat_tui.tui.inspector.json_tree import JsonTree

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


def open_tree(text: str, note: str = "") -> JsonTree:
    tree = JsonTree([Root(text, note=note)])
    finish(tree)
    return tree


def finish(tree: JsonTree) -> None:
    while tree.busy:
        tree.work(1)


def rows(tree: JsonTree) -> list[str]:
    found = [tree.row(tree.spot(y)) for y in range(tree.height)]
    return [f"{'  ' * row.depth}{row.fold}{row.name}:{row.value}" for row in found]


@given(st.lists(values) | st.dictionaries(st.text(), values), st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_children_that_the_scan_finds_are_those_that_json_loads(value: object, indent: int, plain: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=plain)
    found = [entry for entry in entries(text, 0) if entry is not None]
    if isinstance(value, list):
        assert [json.loads(text[begin:end]) for _, begin, end in found] == value
    else:
        assert {decoded(text, name, 10_000)[0]: json.loads(text[begin:end]) for name, begin, end in found} == value


@given(values)
@settings(max_examples=80, deadline=None)
def test_every_row_has_one_place_and_every_place_one_row(value: object) -> None:
    tree = open_tree(json.dumps([value, value]))
    assert [tree.row_of(tree.spot(y)) for y in range(tree.height)] == list(range(tree.height))


@given(st.text(alphabet='{}[]",:\\ a1\n', max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_opened(text: str) -> None:
    tree = open_tree(text)
    for y in range(tree.height):
        tree.row(tree.spot(y))
        tree.value_text(tree.spot(y))


def test_small_texts_are_unfolded_with_types_and_order_kept() -> None:
    text = '{"b": [1, 2.50, null], "a": "x\\ny", "b": 12345678901234567890123}'
    assert rows(open_tree(text)) == [
        "▾:3 keys",
        "  ▾b:3 items",
        "    0:1",
        "    1:2.50",
        "    2:null",
        '  a:"x↵y"',
        "  b:12345678901234567890123",
    ]


def test_a_large_text_is_folded_below_its_first_level() -> None:
    tree = open_tree(json.dumps([{"n": n} for n in range(5000)]))
    assert tree.height == 5001
    assert rows(tree)[1] == '  ▸0:{"n": 0}'


def test_folding_takes_all_rows_below_away_and_unfolding_brings_them() -> None:
    tree = open_tree('{"a": {"b": {"c": 1}}, "z": 2}')
    assert tree.height == 5
    spot = tree.spot(1)
    assert tree.fold(spot)
    assert rows(tree) == ["▾:2 keys", '  ▸a:{"b": {"c": 1}}', "  z:2"]
    assert tree.unfold(spot)
    finish(tree)
    assert tree.height == 5
    assert not tree.unfold(tree.spot(4))


def test_folding_stops_a_scan_that_is_under_way() -> None:
    tree = JsonTree([Root("[" + "1," * 100_000 + "1]")])
    tree.fold(Spot(tree.top, 0))
    assert not tree.busy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, b: 2}', "a name in quotes at character 10"),
        ('{"a" 1}', "“:”"),
        ("[1 2]", "“,” or “]” at character 4"),
        ('["abc', "the end of a string"),
        ("[[1, 2", "“}” or “]”"),
        ("[1,]", "a value"),
    ],
)
def test_text_that_is_no_json_says_where_and_what_was_expected(text: str, words: str) -> None:
    assert words in rows(open_tree(text))[-1]


def test_a_shortened_text_says_so_instead_of_blaming_the_sender() -> None:
    assert rows(open_tree('{"a": 1, "b', note="Shortened: 12 B of 1 MB were kept."))[-1].endswith("were kept.")


def test_names_and_values_are_cleaned_and_folded() -> None:
    tree = open_tree(json.dumps({"[bold]\u202e": "\x1b[31m" + "x" * 1000}))
    row = tree.row(tree.spot(1))
    assert row.name == "[bold]<U+202E>"
    assert row.value.startswith('"␛[31mxxx')
    assert row.cut
    assert len(row.value) < 300
    assert tree.value_text(tree.spot(1))[1] == "\x1b[31m" + "x" * 1000


def test_words_and_numbers_that_are_none_are_marked() -> None:
    kinds = [kind_at(text, 0, len(text)) for text in ("true", "nul", "01", "-1.5e9", "NaN")]
    assert kinds == ["word", "malformed", "malformed", "number", "malformed"]


HUGE = {
    "objects": json.dumps([{"id": n, "name": f"n{n}", "tags": ["a", "b"]} for n in range(60_000)]),
    "one string": json.dumps(["x" * 4_000_000]),
    "escapes": '["' + "\\n" * 2_000_000 + '"]',
    "deep": "[" * 1_000_000 + "]" * 1_000_000,
    "open string": '["' + "x" * 4_000_000,
    "backslashes": '["' + "\\\\" * 1_000_000,
    "nested strings": '[{"a":"' + '\\"' * 1_000_000 + '"}]',
}


@pytest.mark.parametrize("name", HUGE)
def test_no_slice_of_a_huge_text_holds_the_loop(name: str) -> None:
    tree = JsonTree([Root(HUGE[name])])
    slices = []
    while tree.busy:
        before = thread_time()
        tree.work(0.004)
        slices.append(thread_time() - before)
    assert sorted(slices)[-max(2, len(slices) // 20)] < 0.05  # the bulk: what is collected meanwhile counts, too
    assert tree.height >= 2


def test_more_texts_can_follow_without_disturbing_what_is_unfolded() -> None:
    first, second = Root('{"a": 1}', "one"), Root('{"b": 2}', "two")
    tree = JsonTree([first, second])
    tree.unfold(tree.spot(0))
    finish(tree)
    assert tree.extend([first, second, Root("3", "three")])
    assert [row.split(":")[0] for row in rows(tree)] == ["▾one", "  a", "▸two", "three"]
    assert not tree.extend([second])
