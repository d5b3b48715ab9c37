"""Tool definitions as the models' APIs take them: altered as little as possible, set aside when that is not enough.

Whatever is done here, each argument object that the original schema allows stays allowed; the server checks the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from fastchat_tui.providers.references import Unresolved, inlined
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.servers import Tool

MAX_SCHEMA = 200_000
"""Characters that one input schema may cost in every request."""
MAX_DEPTH = 60
MAX_NOTE = 1000
DROPPED = frozenset({"$schema", "$id", "$comment", "$anchor"})
PLAIN = frozenset({"default", "const", "enum", "examples", "example"})
"""Keywords whose values are data, not schemas."""
NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
CHOICES = ("anyOf", "oneOf", "allOf")
TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_AT = re.compile(r"(?:tools|function_declarations)(?:\[(\d+)\]|\.(\d+)\b)")
_NAME = re.compile(r"\b(?:function|tool)s?(?: named| with name)?:? ['\"`“]([A-Za-z0-9_-]{1,128})['\"`”]", re.IGNORECASE)


def weigh(tool: Tool) -> tuple[int, str]:
    """Estimated tokens of the definition in each request, and why it cannot be offered (empty when it can)."""
    problem = usable(tool.input_schema)
    return (0, problem) if problem else (estimate_tokens(tool), "")


def usable(schema: Object) -> str:
    """Why no request could carry this input schema, empty when one can."""
    try:
        size = len(json.dumps(parameters(schema), allow_nan=False))
    except (TypeError, ValueError) as error:
        return f"its input schema cannot be used: {error}"
    except RecursionError:
        return "its input schema cannot be used: it is nested too deeply"
    return f"its input schema is too large ({size:,} characters)" if size > MAX_SCHEMA else ""


def estimate_tokens(tool: Tool) -> int:
    """A quarter of the characters of its definition; only the endpoint knows the true count."""
    named = {"name": tool.model_name or tool.name, "description": tool.description}
    definition = {"type": "function", "function": named | {"parameters": parameters(tool.input_schema)}}
    return len(json.dumps(definition, ensure_ascii=False)) // 4


def parameters(schema: Object) -> Object:
    """An input schema that every wire takes. Raises ValueError for one that no object can satisfy."""
    try:
        schema = inlined(schema, MAX_SCHEMA)
    except Unresolved as why:
        raise ValueError(str(why)) from why
    kind = schema.get("type", "object")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        raise ValueError(f"its type is {kind!r}, not object")
    if not isinstance(schema.get("properties") or {}, dict):
        raise ValueError("its properties are not an object")
    made = _schema({**schema, "type": "object", "properties": schema.get("properties") or {}}, 0)
    return _without_choices(made)


def culprit(text: str, names: Sequence[str]) -> str:
    """The model-facing name of the tool that a refusal complains of, empty when it names none."""
    for match in _NAME.finditer(text):
        if match[1] in names:
            return match[1]
    for match in _AT.finditer(text):
        if (number := int(match[1] or match[2])) < len(names):
            return names[number]
    return ""


def _schema(schema: Any, depth: int, *, branch: bool = False) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if not isinstance(schema, dict):
        return schema
    made: Object = {}
    for key in sorted(schema):
        value = schema[key]
        if key in DROPPED:
            continue
        if key in PLAIN or (key == "additionalProperties" and isinstance(value, bool)):
            made[key] = value
        elif key in NAMED and isinstance(value, dict):
            made[key] = {name: _schema(inner, depth + 1) for name, inner in value.items()}
        elif isinstance(value, list) and key not in ("required", "type"):
            made[key] = [_schema(inner, depth + 1, branch=key in CHOICES) for inner in value]
        elif isinstance(value, dict) or key in ("items", "not", "contains"):
            made[key] = _schema(value, depth + 1)
        else:
            made[key] = value
    if not branch:  # a branch of a choice may require what stands beside it
        _require_known(made)
    return _one_type(made)


def _require_known(made: Object) -> None:
    """``required`` names every property once, and none that is not described."""
    if "required" not in made:
        return
    required, known = made.pop("required"), made.get("properties")
    if isinstance(required, list) and isinstance(known, dict):
        made["required"] = sorted(_names(required) & known.keys())


def _one_type(made: Object) -> Object:
    """``type`` as one word, with alternatives in ``anyOf``; arrays say what their items are."""
    kinds = made.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds] if "type" in made else []:
        if not isinstance(kind, str) or kind not in TYPES:
            raise ValueError(f"there is no type {str(kind)!r:.40}")
    if isinstance(kinds, list):
        if len(kinds) == 1:
            made["type"] = kinds[0]
        elif "anyOf" not in made:
            items = made.pop("items", {}) if "array" in kinds else {}
            made["anyOf"] = [{"type": kind} | ({"items": items} if kind == "array" else {}) for kind in kinds]
            del made["type"]
    if made.get("type") == "array" and not isinstance(made.get("items"), dict):
        made["items"] = {}
    return made


def _without_choices(made: Object) -> Object:
    """At the root, OpenAI takes no choice between forms: their properties are joined, and the choice put in words."""
    taken = {key: made.pop(key) for key in (*CHOICES, "not", "enum", "const", "if", "then", "else") if key in made}
    for key in CHOICES:
        choices = taken.get(key)
        branches = [branch for branch in choices if isinstance(branch, dict)] if isinstance(choices, list) else []
        for branch in branches:
            properties = branch.get("properties")
            for name, inner in (properties if isinstance(properties, dict) else {}).items():
                known = made["properties"].get(name)
                if known is None:
                    made["properties"][name] = inner
                elif known != inner and key != "allOf":
                    made["properties"][name] = {"anyOf": [*_forms(known), inner]}
        needed = [_names(branch.get("required")) for branch in branches]
        if needed:
            both = set.union(*needed) if key == "allOf" else set.intersection(*needed)
            made["required"] = sorted(both.union(_names(made.get("required"))) & made["properties"].keys())
    if taken:
        note = f"The arguments must also satisfy this JSON Schema: {json.dumps(taken, ensure_ascii=False)}"
        if len(note) <= MAX_NOTE:
            made["description"] = f"{made.get('description', '')}\n{note}".strip()
    return made


def _names(required: Any) -> set[str]:
    return {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()


def _forms(schema: Any) -> list[Any]:
    return schema["anyOf"] if isinstance(schema, dict) and schema.keys() == {"anyOf"} else [schema]
