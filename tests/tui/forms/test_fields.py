"""Schemas as fields, and fields as objects: nothing is lost on the way, and what is wrong names its field."""

from __future__ import annotations

from typing import Any

import pytest

from fastchat_tui.tui.forms.fields import Field, every, fields_of, names
from fastchat_tui.tui.forms.values import FieldError, collect, spread


def one(schema: dict[str, Any], *, required: bool = False, **more: Any) -> Field:
    whole = {"type": "object", "properties": {"x": schema}, "required": ["x"] if required else [], **more}
    return fields_of(whole)[0]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": ["string", "null"]}, "text"),
        ({"type": "number"}, "number"),
        ({"type": "integer"}, "integer"),
        ({"type": "boolean"}, "boolean"),
        ({"enum": ["a", 1, None]}, "choice"),
        ({"const": 7}, "choice"),
        ({"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]}, "choice"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "choices"),
        ({"type": "array", "items": {"anyOf": [{"const": "a", "title": "A"}]}}, "choices"),
        ({"type": "array", "items": {"type": "string"}}, "lines"),
        ({"type": "array", "items": {"type": "object"}}, "json"),
        ({"type": "array"}, "json"),
        ({"type": "object", "properties": {"y": {"type": "string"}}}, "group"),
        ({"type": "object"}, "json"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "json"),
        ({"$ref": "#/$defs/Name"}, "text"),
        ({"allOf": [{"$ref": "#/$defs/Name"}], "description": "d"}, "text"),
        ({"$ref": "https://elsewhere.example/schema"}, "json"),
        ({"$ref": "#/$defs/Loop"}, "json"),
        (True, "json"),
        ({"type": 5}, "json"),
        ({}, "json"),
    ],
)
def test_each_schema_becomes_the_field_that_fits(schema: Any, kind: str) -> None:
    defs = {"Name": {"type": "string"}, "Loop": {"$ref": "#/$defs/Loop"}}
    assert one(schema, **{"$defs": defs}).kind == kind


def test_a_field_says_what_its_schema_says() -> None:
    field = one({"type": "integer", "title": "Count", "description": "How many", "minimum": 1, "default": 3})
    assert (field.title, field.about, field.hint, field.default) == ("Count", "How many", "at least 1", 3)


def test_required_fields_come_first() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["b"]}
    assert [field.path for field in fields_of(schema)] == [("b",), ("a",)]


def test_a_schema_that_contains_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "value": {"type": "string"}}}
    fields = fields_of({"type": "object", "properties": {"n": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}})
    assert len(list(every(fields))) < 20


SHAPES = {
    "type": "object",
    "properties": {
        "shape": {
            "oneOf": [
                {"title": "circle", "type": "object", "properties": {"r": {"type": "number"}}, "required": ["r"]},
                {"title": "square", "type": "object", "properties": {"r": {"type": "string"}}},
            ]
        },
        "name": {"type": "string"},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "where": {"type": "object", "properties": {"x": {"type": "number"}, "on": {"type": "boolean"}}},
        "kinds": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        "any": {},
    },
    "required": ["shape"],
}


def test_what_is_filled_in_is_the_object_and_the_object_fills_it_in_again() -> None:
    fields = fields_of(SHAPES)
    raw = {
        ("shape",): 0,
        ("shape", "\0001", "r"): "2.5",
        ("shape", "\0002", "r"): "not the chosen one",
        ("name",): " as typed ",
        ("sizes",): "1\n\n2",
        ("where", "x"): "1e3",
        ("where", "on"): False,
        ("kinds",): (0, 2),
        ("any",): '{"deep": [1]}',
    }
    found = collect(fields, raw)
    assert found == {
        "shape": {"r": 2.5},
        "name": " as typed ",
        "sizes": [1, 2],
        "where": {"x": 1000, "on": False},
        "kinds": ["a", "c"],
        "any": {"deep": [1]},
    }
    again = spread(fields, found)
    assert collect(fields, {**again, ("shape",): 0}) == found


def test_what_is_left_empty_is_left_out() -> None:
    assert collect(fields_of({"properties": {name: {"type": "string"} for name in "abc"}}), {}) == {}


@pytest.mark.parametrize(
    ("schema", "raw", "words"),
    [
        ({"type": "string"}, "", "is needed"),
        ({"type": "integer"}, "1.5", "whole number"),
        ({"type": "integer"}, "", "is needed"),
        ({"type": "number"}, "nan", "no number"),
        ({"type": "number"}, "inf", "no number"),
        ({"type": "array", "items": {"type": "integer"}}, "1\nx", "whole number"),
        ({"enum": ["a", "b"]}, None, "choose one"),
        ({}, "{", "no JSON"),
        ({}, "[" * 100_000, "no JSON"),
    ],
)
def test_what_cannot_be_sent_names_its_field(schema: dict[str, Any], raw: Any, words: str) -> None:
    fields = fields_of({"properties": {"x": schema}, "required": ["x"]})
    with pytest.raises(FieldError, match=words) as raised:
        collect(fields, {("x",): raw})
    assert names(raised.value.path) == ("x",)


def test_an_empty_text_can_be_said() -> None:
    assert collect(fields_of({"properties": {"x": {"type": "string"}}, "required": ["x"]}), {("x",): '""'}) == {"x": ""}


def test_a_default_is_sent_as_it_stands_there() -> None:
    schema = {"properties": {"x": {"type": "boolean", "default": True}, "y": {"enum": ["a", "b"], "default": "b"}}}
    fields = fields_of(schema)
    assert collect(fields, spread(fields, None)) == {"x": True, "y": "b"}
