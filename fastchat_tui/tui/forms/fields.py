"""A JSON schema as fields to fill in. Pure; what a form cannot show well becomes one field of plain JSON.

Sources: JSON Schema 2020-12; MCP's ``PrimitiveSchemaDefinition`` (titled and multi-select enums).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from fastchat_tui.wire.content import Object

Kind = Literal["text", "number", "integer", "boolean", "choice", "choices", "lines", "group", "variant", "json"]
Path = tuple[str, ...]
DEEPEST = 4
"""Groups inside groups; what lies deeper is written as JSON."""
MOST_VARIANTS = 8
VARIANT = "\0"
"""Begins the mark of a variant, which no name does on a screen."""
_PLAIN: dict[str, Kind] = {"string": "text", "number": "number", "integer": "integer", "boolean": "boolean"}
_LIMITS = (
    ("format", "{}"),
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("minLength", "{} characters or more"),
    ("maxLength", "{} characters or fewer"),
    ("minItems", "{} or more"),
    ("maxItems", "{} or fewer"),
    ("pattern", "like {}"),
)


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Field:
    """``path`` is its place in the form: names, and inside of a variant the variant's mark. A ``variant`` is a choice
    of groups, its ``fields``."""

    path: Path
    kind: Kind
    title: str
    about: str = ""
    hint: str = ""
    required: bool = False
    default: Any = None
    options: tuple[Option, ...] = ()
    fields: tuple[Field, ...] = ()
    item: Literal["text", "number", "integer"] = "text"
    """What a line of ``lines`` is."""


def fields_of(schema: Object) -> tuple[Field, ...]:
    """The fields of an object's schema, in its order, the required ones first."""
    return _properties(_Reader(schema), schema, (), 0)


def names(path: Path) -> Path:
    """The place inside the whole object that a place in the form stands for."""
    return tuple(step for step in path if not step.startswith(VARIANT))


def every(fields: tuple[Field, ...]) -> Iterator[Field]:
    """All fields with those inside of them, outermost first."""
    for field in fields:
        yield field
        yield from every(field.fields)


@dataclass(frozen=True, slots=True)
class _Reader:
    whole: Object

    def resolve(self, schema: Any) -> Object:
        """Follows references inside the document, and takes what is optional for what it is when it is there."""
        for _ in range(16):
            if not isinstance(schema, dict):
                return {}
            if isinstance(reference := schema.get("$ref"), str):
                schema = {**self._at(reference), **{key: value for key, value in schema.items() if key != "$ref"}}
            elif isinstance(parts := schema.get("allOf"), list) and len(parts) == 1:
                schema = {**_object(parts[0]), **{key: value for key, value in schema.items() if key != "allOf"}}
            elif (only := _without_null(schema)) is not None:
                rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
                schema = {**only, **rest}
            else:
                return schema
        return {}

    def _at(self, reference: str) -> Object:
        place: Any = self.whole
        for step in reference.removeprefix("#").split("/")[1:] if reference.startswith("#") else ():
            place = _object(place).get(step.replace("~1", "/").replace("~0", "~"))
        return _object(place) if reference.startswith("#/") else {}


def _properties(reader: _Reader, schema: Object, path: Path, depth: int) -> tuple[Field, ...]:
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    fields = [
        replace(_field(reader, reader.resolve(inner), (*path, str(name)), depth), required=name in needed)
        for name, inner in _object(schema.get("properties")).items()
    ]
    return tuple(sorted(fields, key=lambda field: not field.required))


def _field(reader: _Reader, schema: Object, path: Path, depth: int) -> Field:
    found = Field(
        path=path,
        kind="json",
        title=str(schema.get("title") or (path[-1] if path else "")),
        about=str(schema.get("description") or ""),
        hint=" · ".join(words.format(schema[key]) for key, words in _LIMITS if key in schema),
        default=schema.get("default"),
    )
    type_ = _type(schema)
    if "const" in schema:
        return replace(found, kind="choice", options=(Option(str(schema["const"]), schema["const"]),))
    if options := _options(schema):
        return replace(found, kind="choice", options=options)
    if variants := _variants(reader, schema, path, depth):
        return replace(found, kind="variant", fields=variants)
    if type_ == "array":
        return _array(reader, schema, found)
    if type_ == "object" and depth < DEEPEST and (fields := _properties(reader, schema, path, depth + 1)):
        return replace(found, kind="group", fields=fields)
    return replace(found, kind=_PLAIN.get(type_, "json"))


def _array(reader: _Reader, schema: Object, found: Field) -> Field:
    items = reader.resolve(schema.get("items"))
    if options := _options(items):
        return replace(found, kind="choices", options=options)
    match _type(items):
        case "string":
            return replace(found, kind="lines", item="text")
        case "integer":
            return replace(found, kind="lines", item="integer")
        case "number":
            return replace(found, kind="lines", item="number")
        case _:
            return found


def _variants(reader: _Reader, schema: Object, path: Path, depth: int) -> tuple[Field, ...]:
    """A group for each of some object shapes; nothing when one of them is no object."""
    shapes = [reader.resolve(shape) for shape in schema.get("oneOf") or schema.get("anyOf") or ()]
    if not 2 <= len(shapes) <= MOST_VARIANTS or depth >= DEEPEST:
        return ()
    if any(_type(shape) != "object" or not shape.get("properties") for shape in shapes):
        return ()
    return tuple(
        Field(
            path=(*path, f"{VARIANT}{number}"),
            kind="group",
            title=str(shape.get("title") or ", ".join(map(str, _object(shape.get("properties"))))),
            about=str(shape.get("description") or ""),
            fields=_properties(reader, shape, (*path, f"{VARIANT}{number}"), depth + 1),
        )
        for number, shape in enumerate(shapes, 1)
    )


def _options(schema: Object) -> tuple[Option, ...]:
    """The values of an enum, with their titles where there are some."""
    if isinstance(values := schema.get("enum"), list) and values:
        names = schema.get("enumNames")
        labels = names if isinstance(names, list) and len(names) == len(values) else values
        return tuple(Option(str(label), value) for label, value in zip(labels, values, strict=True))
    titled = schema.get("oneOf") or schema.get("anyOf") or ()
    if titled and all(isinstance(one, dict) and "const" in one for one in titled):
        return tuple(Option(str(one.get("title") or one["const"]), one["const"]) for one in titled)
    return ()


def _without_null(schema: Object) -> Object | None:
    """The one shape beside ``null``, if there are exactly these two."""
    shapes = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(shapes, list):
        return None
    rest = [shape for shape in shapes if not (isinstance(shape, dict) and shape.get("type") == "null")]
    return _object(rest[0]) if len(rest) == 1 and len(shapes) == 2 else None


def _type(schema: Object) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        rest = [one for one in kind if one != "null"]
        kind = rest[0] if len(rest) == 1 else ""
    return kind if isinstance(kind, str) else "object" if "properties" in schema else ""


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}
