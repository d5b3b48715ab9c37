"""What a server sends, read item by item from raw JSON: one malformed tool must not cost the other eleven."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from fastchat_tui.wire.text import one_line
from fastchat_tui.wire.values import (
    Audio,
    Content,
    EmbeddedResource,
    Image,
    PromptArgument,
    PromptTemplate,
    Resource,
    ResourceLink,
    ResourceTemplate,
    Text,
    Tool,
    ToolResult,
)

T = TypeVar("T")
Raw = dict[str, Any]


class Malformed(ValueError):
    """Says what is wrong with one item."""


def read_items(
    server: str, kind: str, raw: list[Any], read: Callable[[str, Raw], T]
) -> tuple[tuple[T, ...], list[str]]:
    """The items that can be used, and a line for each that cannot."""
    items: dict[str, T] = {}
    left_out: list[str] = []
    for number, entry in enumerate(raw, 1):
        label = (
            one_line(str(entry.get("name", entry.get("uri", number))), 60) if isinstance(entry, dict) else str(number)
        )
        try:
            if not isinstance(entry, dict):
                raise Malformed("it is no JSON object")
            item = read(server, entry)
        except Malformed as error:
            left_out.append(f"{kind} {label}: {error}")
            continue
        key = str(getattr(item, "uri", "") or getattr(item, "uri_template", "") or getattr(item, "name", ""))
        if key in items:
            left_out.append(f"{kind} {label}: the name is used twice")
            continue
        items[key] = item
    return tuple(items.values()), left_out


def tool(server: str, raw: Raw) -> Tool:
    schema = raw.get("inputSchema")
    if not isinstance(schema, dict):
        raise Malformed("inputSchema is no JSON object")
    output = raw.get("outputSchema")
    annotations = raw.get("annotations")
    hints = annotations if isinstance(annotations, dict) else {}
    return Tool(
        server=server,
        name=_name(raw),
        title=_text(raw, "title") or _text(hints, "title"),
        description=_text(raw, "description"),
        input_schema=schema,
        output_schema=output if isinstance(output, dict) else None,
        annotations=hints,
    )


def resource(server: str, raw: Raw) -> Resource:
    uri = _name(raw, "uri")
    return Resource(
        server, uri, _text(raw, "title") or _text(raw, "name"), _text(raw, "description"), _text(raw, "mimeType")
    )


def template(server: str, raw: Raw) -> ResourceTemplate:
    uri = _name(raw, "uriTemplate")
    return ResourceTemplate(server, uri, _text(raw, "name"), _text(raw, "description"), _text(raw, "mimeType"))


def prompt(server: str, raw: Raw) -> PromptTemplate:
    arguments = raw.get("arguments")
    listed = [a for a in arguments if isinstance(a, dict)] if isinstance(arguments, list) else []
    return PromptTemplate(
        server,
        _name(raw),
        _text(raw, "description"),
        tuple(PromptArgument(_text(a, "name"), _text(a, "description"), a.get("required") is True) for a in listed),
    )


def result(raw: Raw) -> ToolResult:
    """A ``CallToolResult``; blocks of an unknown kind are kept as their JSON."""
    if raw.get("resultType") == "input_required":
        asks = "The server asks for more input before it can answer, which this version cannot give yet."
        return ToolResult((Text(asks),), is_error=True)
    blocks = raw.get("content")
    content = tuple(_block(block) for block in blocks) if isinstance(blocks, list) else ()
    structured = raw.get("structuredContent")
    return ToolResult(
        content,
        "" if structured is None else json.dumps(structured, ensure_ascii=False),
        raw.get("isError") is True,
    )


def _block(raw: Any) -> Content:
    match raw:
        case {"type": "text", "text": str(text)}:
            return Text(text)
        case {"type": "image", "data": str(data)}:
            return Image(data, _text(raw, "mimeType"))
        case {"type": "audio", "data": str(data)}:
            return Audio(data, _text(raw, "mimeType"))
        case {"type": "resource_link", "uri": str(uri)}:
            return ResourceLink(uri, _text(raw, "name"), _text(raw, "mimeType"), _text(raw, "description"))
        case {"type": "resource", "resource": {"uri": str(uri)} as inner}:
            return EmbeddedResource(uri, _text(inner, "mimeType"), _text(inner, "text"), _text(inner, "blob"))
        case _:
            return Text(json.dumps(raw, ensure_ascii=False))


def _name(raw: Raw, key: str = "name") -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"it has no {key}")
    if len(value) > 1000:
        raise Malformed(f"its {key} has {len(value):,} characters")
    return value


def _text(raw: Raw, key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
