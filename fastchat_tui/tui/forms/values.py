"""What was typed into fields ⇄ the JSON object that it stands for. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastchat_tui.tui.forms.fields import Field, Path
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.text import one_line

Raw = str | bool | int | tuple[int, ...] | None
"""Text of a line or an area; a switch; the number of the chosen option or variant; those of several."""
Form = Mapping[Path, Raw]
"""By the place of the field."""


class FieldError(ValueError):
    """What is wrong with one field."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(problem)
        self.path = path


def collect(fields: tuple[Field, ...], raw: Form) -> Object:
    """The object that the fields spell; what is left empty and not required is left out. Raises FieldError."""
    found: Object = {}
    for field in fields:
        for name, value in _value(field, raw):
            found[name] = value
    return found


def _value(field: Field, raw: Form) -> Iterator[tuple[str, Any]]:
    name = field.path[-1] if field.path else ""
    given = raw.get(field.path)
    match field.kind:
        case "group":
            inner = collect(field.fields, raw)
            if inner or field.required:
                yield name, inner
        case "variant":
            if isinstance(given, int) and not isinstance(given, bool):
                yield name, collect(field.fields[given].fields, raw)
            elif field.required:
                raise FieldError(field.path, "choose one")
        case "boolean":
            if isinstance(given, int):
                yield name, bool(given)
            elif field.required:
                yield name, False
        case "choice":
            if isinstance(given, int):
                yield name, field.options[given].value
            elif field.required:
                raise FieldError(field.path, "choose one")
        case "choices":
            chosen = [field.options[index].value for index in given] if isinstance(given, tuple) else []
            if chosen or field.required:
                yield name, chosen
        case _:
            text = given if isinstance(given, str) else ""
            if text.strip():
                yield name, _parsed(field, text)
            elif field.required and field.kind == "lines":
                yield name, []
            elif field.required:
                empty = '; "" stands for an empty text' if field.kind == "text" else ""
                raise FieldError(field.path, f"is needed{empty}")


def _parsed(field: Field, text: str) -> Any:
    match field.kind:
        case "text":
            return "" if text == '""' else text
        case "integer" | "number":
            return _number(field, text, field.kind)
        case "lines":
            lines = [line for line in text.splitlines() if line.strip()]
            return lines if field.item == "text" else [_number(field, line, field.item) for line in lines]
        case _:
            try:
                return json.loads(text)
            except (ValueError, RecursionError) as error:
                raise FieldError(field.path, f"is no JSON: {error}") from None


def _number(field: Field, text: str, kind: str) -> int | float:
    try:
        return int(text) if kind == "integer" else _whole(float(text))
    except ValueError:
        whole = "whole " if kind == "integer" else ""
        raise FieldError(field.path, f"{one_line(text, 40)!r} is no {whole}number") from None


def _whole(value: float) -> int | float:
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def spread(fields: tuple[Field, ...], given: Object | None) -> dict[Path, Raw]:
    """What the fields show at first: ``given``, and the schema's defaults where it is silent."""
    found: dict[Path, Raw] = {}
    _spread(fields, given if given is not None else {}, found)
    return found


def _spread(fields: tuple[Field, ...], given: Object, found: dict[Path, Raw]) -> None:
    for field in fields:
        name = field.path[-1] if field.path else ""
        value = given.get(name, field.default)
        match field.kind:
            case "group":
                _spread(field.fields, value if isinstance(value, dict) else {}, found)
            case "variant":
                for group in field.fields:
                    _spread(group.fields, value if isinstance(value, dict) else {}, found)
            case _ if value is not None:
                if (raw := _raw(field, value)) is not None:
                    found[field.path] = raw
            case _:
                pass


def _raw(field: Field, value: Any) -> Raw:
    values = [option.value for option in field.options]
    match field.kind:
        case "boolean":
            return value if isinstance(value, bool) else None
        case "choice":
            return values.index(value) if value in values else None
        case "choices":
            return tuple(values.index(one) for one in value if one in values) if isinstance(value, list) else None
        case "lines" if isinstance(value, list):
            return "\n".join(str(one) for one in value)
        case "text":
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)
