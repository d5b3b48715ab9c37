"""What a schema of a server says of a value. A schema is hostile, too: nothing is fetched for it, and a pattern that
could take for ever to match is not tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastchat_tui.wire.content import Object
from fastchat_tui.wire.text import one_line

MAX_FAULTS = 5
_QUANTIFIER = re.compile(r"[*+{]|\\[1-9]")
_MAX_MATCHED = 10_000


def filled(schema: Object, content: Object) -> Object:
    """``content`` with the defaults of what it leaves out."""
    properties = schema.get("properties")
    defaults = {
        name: inner["default"]
        for name, inner in (properties.items() if isinstance(properties, dict) else ())
        if isinstance(inner, dict) and "default" in inner and name not in content
    }
    return {**content, **defaults}


def faults(schema: Object, value: Any) -> list[str]:
    """Where ``value`` is not what ``schema`` asks for, in words; the first few. A schema that cannot be used is told
    by ValueError."""
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import extend, validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    make: Any = extend  # its stub says no types
    found: list[str] = []
    try:
        kind = validator_for(schema, _draft())
        kind.check_schema(schema)
        tame = make(kind, {"pattern": _pattern, "patternProperties": _nothing})
        for error in tame(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER).iter_errors(value):
            where = ".".join(str(step) for step in error.absolute_path)
            found.append(
                f"{one_line(where, 60)}: {one_line(error.message, 160)}" if where else one_line(error.message, 160)
            )
            if len(found) == MAX_FAULTS:
                break
    except (SchemaError, Unresolvable, RecursionError) as error:
        raise ValueError(f"the schema cannot be used: {one_line(str(error), 120)}") from error
    return found


def _draft() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator


def _pattern(validator: Any, pattern: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Only patterns with at most one quantifier are tried: they cannot explode."""
    from jsonschema import ValidationError

    if not isinstance(value, str) or not isinstance(pattern, str):
        return
    if len(_QUANTIFIER.findall(pattern)) > 1 or len(value) > _MAX_MATCHED:
        return
    try:
        fits = re.search(pattern, value)
    except re.error:
        return
    if fits is None:
        yield ValidationError(f"it does not match {pattern}")


def _nothing(validator: Any, patterns: Any, value: Any, schema: Any) -> Iterator[Any]:
    return iter(())
