"""Tool definitions: what every API takes, without forbidding what the server allows."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.providers.schemas import culprit, estimate_tokens, parameters, usable, weigh
from fastchat_tui.wire.servers import Tool

EMPTY = {"type": "object", "properties": {}}
TEXT = {"type": "string"}


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"properties": None}, {"$schema": "x", "$id": "y"}])
def test_a_schema_without_properties_gets_them(schema: dict[str, Any]) -> None:
    assert parameters(schema) == EMPTY


def test_arrays_get_items_booleans_become_objects_and_several_types_a_choice() -> None:
    properties = {"a": {"type": "array"}, "b": True, "c": {"type": ["string", "null"], "minLength": 1}}
    assert parameters({"properties": properties})["properties"] == {
        "a": {"type": "array", "items": {}},
        "b": {},
        "c": {"anyOf": [{"type": "string"}, {"type": "null"}], "minLength": 1},
    }


def test_required_names_only_what_is_described_and_once() -> None:
    assert parameters({"properties": {"b": TEXT, "a": TEXT}, "required": ["b", "x", "b", "a"]})["required"] == [
        "a",
        "b",
    ]
    assert "required" not in parameters({"properties": {"a": {"required": True}}})["properties"]["a"]


def test_properties_may_be_named_like_keywords() -> None:
    properties = {name: {"type": "string"} for name in ("$schema", "type", "items", "required", "$ref", "anyOf")}
    assert parameters({"properties": properties})["properties"] == properties


def test_references_are_put_in_place() -> None:
    schema = {
        "$ref": "#/definitions/Root",
        "definitions": {
            "Root": {"type": "object", "properties": {"n": {"$ref": "#/definitions/N", "description": "d"}}},
            "N": {"type": "number"},
        },
    }
    assert parameters(schema) == {
        "type": "object",
        "properties": {"n": {"type": "number", "description": "d"}},
    }


def test_a_reference_to_nothing_allows_anything() -> None:
    properties = {"a": {"$ref": "#/$defs/lost"}, "b": {"$ref": "https://elsewhere.example/s.json"}}
    assert parameters({"properties": properties})["properties"] == {"a": {}, "b": {}}


def test_a_schema_that_refers_to_itself_keeps_its_references() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    made = parameters({"properties": {"first": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}})
    assert made["$defs"] == {"Node": node}
    assert made["properties"]["first"] == {"$ref": "#/$defs/Node"}


def test_references_that_double_at_each_step_do_not_explode() -> None:
    defs = {f"d{n}": {"properties": {k: {"$ref": f"#/$defs/d{n + 1}"} for k in "ab"}} for n in range(40)}
    assert usable({"properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": defs}) == ""


def test_a_choice_at_the_root_becomes_properties_and_words() -> None:
    made = parameters(
        {
            "type": "object",
            "properties": {"all": TEXT},
            "required": ["all"],
            "oneOf": [
                {"properties": {"id": TEXT, "how": TEXT}, "required": ["id", "how"]},
                {"properties": {"id": {"type": "integer"}, "name": TEXT}, "required": ["name", "how"]},
            ],
        }
    )
    assert set(made["properties"]) == {"all", "id", "how", "name"}
    assert made["properties"]["id"] == {"anyOf": [TEXT, {"type": "integer"}]}
    assert made["required"] == ["all", "how"]
    assert "oneOf" not in made
    assert "must also satisfy" in made["description"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "not object"),
        ({"properties": [1]}, "properties"),
        ({"properties": {"x": {"type": 7}}}, "no type '7'"),
        ({"properties": {"x": {"default": float("nan")}}}, "JSON"),
        ({"properties": {"x": {"description": "x" * 300_000}}}, "too large"),
    ],
)
def test_a_schema_that_cannot_be_used_says_why(schema: dict[str, Any], words: str) -> None:
    assert words in usable(schema)
    assert weigh(Tool("s", "t", input_schema=schema)) == (0, usable(schema))


def test_a_schema_nested_without_end_is_named_so() -> None:
    schema: dict[str, Any] = {}
    for _ in range(3000):
        schema = {"type": "array", "items": schema}
    assert "nested too deeply" in usable({"properties": {"x": schema}})


def test_a_tool_costs_about_a_quarter_of_its_characters() -> None:
    tool = Tool("s", "t", "s__t", description="d" * 400, input_schema=EMPTY)
    assert 100 < estimate_tokens(tool) < 160


NAMES = ["s__a", "s__b", "s__c"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Invalid schema for function 's__b': schema must be an object", "s__b"),
        ("Invalid 'tools[2].function.parameters'", "s__c"),
        ("tools.0.custom.input_schema: JSON schema is invalid", "s__a"),
        ("GenerateContentRequest.tools[0].function_declarations[1].parameters", "s__a"),
        ("function_declarations[1].parameters.properties: bad", "s__b"),
        ('tool "s__c" has a bad schema', "s__c"),
        ("function 'other' is bad, see tools[1]", "s__b"),
        ("tools[9] is bad", ""),
        ("bad request", ""),
    ],
)
def test_the_culprit_of_a_refusal_is_found(text: str, name: str) -> None:
    assert culprit(text, NAMES) == name


# ── whatever the schema, nothing that was allowed is forbidden ───────────────────────────────────────────────────

scalars = st.sampled_from(
    [
        TEXT,
        {"type": "integer"},
        {"type": ["string", "null"]},
        {"type": ["array", "integer"]},
        {"enum": [1, "a", None]},
        True,
        {"$ref": "#/$defs/shared"},
        {"$ref": "#/$defs/self"},
    ]
)
inner = st.recursive(
    scalars,
    lambda deeper: (
        st.builds(lambda s: {"type": "array", "items": s}, deeper)
        | st.builds(lambda s: {"type": "object", "properties": {"x": s}, "required": ["x"]}, deeper)
        | st.builds(lambda a, b: {"anyOf": [a, b]}, deeper, deeper)
    ),
    max_leaves=6,
)
branch = st.builds(
    lambda s, needed: {"properties": {"a": s}, "required": needed},
    inner,
    st.lists(st.sampled_from(["a", "b"]), unique=True),
)
roots = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3)},
    optional={
        "anyOf": st.lists(branch, min_size=1, max_size=3),
        "allOf": st.lists(branch, min_size=1, max_size=2),
        "oneOf": st.lists(branch, min_size=1, max_size=2),
        "required": st.lists(st.sampled_from("abc"), unique=True),
    },
)
DEFS = {
    "shared": {"type": "object", "properties": {"x": {"type": "integer"}}},
    "self": {"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/$defs/self"}}]},
}
values = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from(["", "a"]),
    lambda deeper: st.lists(deeper, max_size=2) | st.dictionaries(st.just("x"), deeper, max_size=1),
    max_leaves=4,
)


@given(roots, st.dictionaries(st.sampled_from("abc"), values, max_size=3))
def test_arguments_that_the_server_allows_stay_allowed(schema: dict[str, Any], arguments: dict[str, Any]) -> None:
    schema = {**schema, "$defs": DEFS}
    made = parameters(schema)
    assert json.loads(json.dumps(made)) == made
    assert not made.keys() & {"anyOf", "oneOf", "allOf", "not", "enum"}
    if jsonschema.Draft202012Validator(schema).is_valid(arguments):
        jsonschema.validate(arguments, made, jsonschema.Draft202012Validator)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(["array", "object", "#", "#/a"]),
    lambda deeper: (
        st.lists(deeper, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "required", "anyOf", "allOf", "$ref", "$defs", "not", "a"]),
            deeper,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["type", "properties", "required", "anyOf", "allOf", "$ref", "a"]), anything))
def test_no_schema_of_any_shape_breaks_it(schema: dict[str, Any]) -> None:
    if not usable(schema):
        json.dumps(parameters(schema))
