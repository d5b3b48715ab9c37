"""What a server answered, from raw JSON to our nouns. Total: an answer that breaks the protocol becomes words."""

from __future__ import annotations

import json
from typing import Any

from fastchat_tui.wire.content import (
    Audio,
    Completion,
    Content,
    EmbeddedResource,
    Image,
    Object,
    PromptMessage,
    ResourceLink,
    Text,
    ToolResult,
)
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.text import one_line

MAX_VALUES = 100
"""Values of a completion that the protocol allows."""


def tool_result(server: str, raw: Object) -> ToolResult:
    """Raises ServerError when ``raw`` is no result of a tool at all."""
    if raw.get("resultType", "complete") != "complete":
        what = one_line(str(raw["resultType"]), 40)
        raise ServerError(f"{server} wants something first that is not supported yet (“{what}”).")
    blocks = raw.get("content")
    structured = raw.get("structuredContent")
    if not isinstance(blocks, list) and structured is None:
        raise ServerError(f"{server} sent an answer that is not the result of a tool.", "Tell the server's author.")
    content = tuple(block(item) for item in blocks) if isinstance(blocks, list) else ()
    text = "" if structured is None else json.dumps(structured, ensure_ascii=False)
    return ToolResult(content, text, raw.get("isError") is True)


def resource_contents(server: str, raw: Object) -> tuple[EmbeddedResource, ...]:
    held = raw.get("contents")
    if not isinstance(held, list):
        raise ServerError(f"{server} sent an answer that is not a resource.", "Tell the server's author.")
    return tuple(
        EmbeddedResource(string(item, "uri"), string(item, "mimeType"), string(item, "text"), string(item, "blob"))
        for item in held
        if isinstance(item, dict)
    )


def prompt_messages(server: str, raw: Object) -> tuple[PromptMessage, ...]:
    said = raw.get("messages")
    if not isinstance(said, list):
        raise ServerError(f"{server} sent an answer that is not a prompt.", "Tell the server's author.")
    return tuple(
        PromptMessage("assistant" if item.get("role") == "assistant" else "user", block(item.get("content")))
        for item in said
        if isinstance(item, dict)
    )


def completion(raw: Object) -> Completion:
    found = raw.get("completion")
    values = found.get("values") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(values, list):
        return Completion()
    total = found.get("total")
    kept = tuple(value for value in values if isinstance(value, str))[:MAX_VALUES]
    return Completion(kept, total if isinstance(total, int) else 0, found.get("hasMore") is True)


def block(raw: Any) -> Content:
    match raw:
        case {"type": "text", "text": str(text)}:
            return Text(text)
        case {"type": "image", "data": str(data)}:
            return Image(data, string(raw, "mimeType"))
        case {"type": "audio", "data": str(data)}:
            return Audio(data, string(raw, "mimeType"))
        case {"type": "resource_link", "uri": str(uri)}:
            name = string(raw, "title") or string(raw, "name")
            return ResourceLink(uri, name, string(raw, "mimeType"), string(raw, "description"))
        case {"type": "resource", "resource": {"uri": str(uri)} as held}:
            return EmbeddedResource(uri, string(held, "mimeType"), string(held, "text"), string(held, "blob"))
        case {"type": str(kind)}:
            return Text(f"[content of a kind that is not known here: “{one_line(kind, 40)}”]\n{_json(raw)}")
        case _:
            return Text(f"[content that is not a content block]\n{_json(raw)}")


def string(raw: Object, key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def _json(raw: Any) -> str:
    text = json.dumps(raw, ensure_ascii=False)
    return text if len(text) <= 2000 else text[:2000] + "…"
