from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastchat_tui.tui.modals.arguments import editable, parse, schema_problem
from fastchat_tui.wire.text import clean

SCHEMA = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "deep": {"type": "array", "items": {"type": "integer", "minimum": 1}}},
    "required": ["path"],
    "additionalProperties": False,
}


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
@settings(max_examples=150, deadline=None)
def test_editable_text_shows_everything_and_reads_back_as_the_same(arguments: dict[str, object]) -> None:
    text = editable(arguments)
    assert clean(text) == text
    assert parse(text) == arguments


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1, column 1"),
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ("[1]", "a JSON object"),
        ('{"a": NaN}', "NaN is no JSON value"),
        ('{"a": 1, "a": 2}', "'a' is there twice"),
        ('{"a":' * 100_000, "too deeply"),
        ('{"a": ' + "1" * 10_000 + "}", "digits"),
    ],
)
def test_what_is_no_json_object_is_refused_with_place_and_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"path": "/x", "deep": [1, 2]}, ""),
        ({"path": 5}, "$.path: 5 is not of type 'string'"),
        ({}, "$: 'path' is a required property"),
        ({"path": "/x", "deep": [1, 0]}, "$.deep[1]: 0 is less than the minimum of 1"),
    ],
)
def test_the_schema_names_path_and_expectation(arguments: dict[str, object], problem: str) -> None:
    assert schema_problem(arguments, SCHEMA) == problem


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/never"},
        {"$ref": "#"},
        {"type": "nonsense"},
        {"properties": 5},
        {"pattern": "("},
    ],
)
def test_a_schema_that_cannot_be_used_is_said_to_be_so_or_does_not_matter(schema: dict[str, object]) -> None:
    problem = schema_problem({"a": "b"}, schema)
    assert problem == "" or problem.startswith("the tool's schema cannot be used")


def test_a_pattern_that_could_run_for_ever_is_left_to_the_server() -> None:
    slow = {"properties": {"a": {"pattern": "^(a+)+$"}, "b": {"pattern": "^[a-z]+$"}}}
    assert schema_problem({"a": "a" * 60 + "!"}, slow) == ""
    assert schema_problem({"b": "1"}, slow).startswith("$.b")
    assert schema_problem({"a" * 60 + "!": 1}, {"patternProperties": {"^(a+)+$": {"type": "string"}}}) == ""
