"""Arguments of a call as text that a person edits: out, back in, and checked against the tool's schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastchat_tui.wire.content import Object
from fastchat_tui.wire.text import clean, one_line

_SLOW = re.compile(r"\)\s*[*+{]|\\[1-9]")
"""A repeated group or a back reference: what lets a hostile pattern run for ever. Such patterns are left to the
server."""


def editable(arguments: Object) -> str:
    """Indented JSON that reads back as exactly these arguments; hidden and control characters are JSON escapes."""
    text = json.dumps(arguments, indent=2, ensure_ascii=False)
    return re.sub(r"[^\n\x20-\x7e]", lambda m: m[0] if clean(m[0]) == m[0] else json.dumps(m[0])[1:-1], text)


def parse(text: str) -> Object:
    """Raises ValueError with the place and the expectation."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("arguments are a JSON object: { … }")
    return value


def schema_problem(arguments: Object, schema: Object) -> str:
    """Where the arguments break the schema and what was expected; empty when they fit. Blocks: call it in a thread.

    Never reaches for the network: a ``$ref`` to another document counts as a schema that cannot be used.
    """
    from jsonschema import validators
    from jsonschema.exceptions import best_match
    from referencing import Registry

    try:
        base = validators.validator_for(schema, default=validators.Draft202012Validator)
        checks = {"pattern": _pattern(base.VALIDATORS), "patternProperties": _patterns(base.VALIDATORS)}
        extend: Any = validators.extend
        checker = extend(base, checks)(schema, registry=Registry())
        error = best_match(checker.iter_errors(arguments))
    except Exception as error:  # a server's schema may break the checker in any way
        return f"the tool's schema cannot be used to check this: {one_line(str(error) or type(error).__name__)}"
    return f"{error.json_path}: {one_line(error.message)}" if error is not None else ""


def _once(pairs: list[tuple[str, Any]]) -> Object:
    found: Object = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {one_line(name, 40)!r} is there twice")
        found[name] = value
    return found


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")


def _pattern(checks: Mapping[Any, Any]) -> Any:
    def check(validator: Any, pattern: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if not _SLOW.search(str(pattern)) and "pattern" in checks:
            yield from checks["pattern"](validator, pattern, instance, schema) or ()

    return check


def _patterns(checks: Mapping[Any, Any]) -> Any:
    def check(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
        quick = {pattern: rule for pattern, rule in patterns.items() if not _SLOW.search(pattern)}
        if "patternProperties" in checks:
            yield from checks["patternProperties"](validator, quick, instance, schema) or ()

    return check
