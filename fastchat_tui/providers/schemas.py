"""Tool definitions as the models' APIs take them: altered as little as possible, set aside when that is not enough."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from fastchat_tui.wire.values import Object, Tool

MAX_SCHEMA = 200_000
DROPPED = frozenset({"$schema", "$id", "$comment"})
ROOT_CHOICES = ("anyOf", "oneOf", "allOf", "enum", "not")
MAX_DEPTH = 60
_CULPRIT = (
    re.compile(r"tools\[(\d+)\]"),
    re.compile(r"tools\.(\d+)\."),
    re.compile(r"function_declarations\[(\d+)\]"),
)
_NAMED = re.compile(r"function '([A-Za-z0-9_-]{1,64})'|tool '([A-Za-z0-9_-]{1,64})'")


def weigh(tool: Tool) -> tuple[int, str]:
    """Estimated tokens of the definition in each request (characters / 4), and why it cannot be offered."""
    try:
        definition = json.dumps(parameters(tool.input_schema))
    except (TypeError, ValueError, RecursionError) as error:
        return 0, f"its input schema cannot be used ({error or type(error).__name__})"
    size = len(tool.model_name or tool.name) + len(tool.description) + len(definition)
    if len(definition) > MAX_SCHEMA:
        return size // 4, f"its input schema has {len(definition):,} characters"
    return size // 4 + 8, ""


def parameters(schema: Object) -> Object:
    """An input schema that every wire takes. Raises ValueError for one that is no object schema."""
    kind = schema.get("type", "object")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        raise ValueError(f"its type is {kind!r}, not object")
    if not isinstance(schema.get("properties", {}), dict):
        raise ValueError("its properties are no object")
    made: Object = _clean(schema, 0)
    made["type"] = "object"
    made.setdefault("properties", {})
    for key in ROOT_CHOICES:  # refused at the root by OpenAI; the server checks them itself
        made.pop(key, None)
    return made


def culprit(text: str, names: Sequence[str]) -> str:
    """The model-facing name of the tool that a 400 complains of, empty when it names none."""
    for pattern in _CULPRIT:
        if (match := pattern.search(text)) and int(match[1]) < len(names):
            return names[int(match[1])]
    if match := _NAMED.search(text):
        name = match[1] or match[2]
        return name if name in names else ""
    return ""


def _clean(schema: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    if isinstance(schema, list):
        return [_clean(item, depth + 1) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made: Object = {}
    for key in sorted(schema):
        value = schema[key]
        if key in DROPPED:
            continue
        if key in ("properties", "$defs", "definitions", "patternProperties") and isinstance(value, dict):
            made[key] = {name: {} if inner is True else _clean(inner, depth + 1) for name, inner in value.items()}
        else:
            made[key] = _clean(value, depth + 1) if key not in ("default", "const", "enum", "examples") else value
    if made.get("type") == "array":
        items = made.get("items")
        made["items"] = items if isinstance(items, dict) else {}
    required = made.get("required")
    if isinstance(required, list) and isinstance(made.get("properties"), dict):
        made["required"] = [name for name in required if name in made["properties"]]
    return made
