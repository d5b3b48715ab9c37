"""What a server offers: every page of every list, read item by item, so that one bad item never costs the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from fastchat_tui.servers.content import string
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import CatalogueChanged
from fastchat_tui.wire.servers import PromptArgument, PromptTemplate, Resource, ResourceTemplate, Tool
from fastchat_tui.wire.text import one_line

MAX_PAGES = 100
MAX_ITEMS = 10_000

Request = Callable[[str, Object], Awaitable[Object]]
Item = TypeVar("Item")


class Malformed(Exception):
    """Why an item cannot be used, in words."""


async def read_catalogue(server: str, capabilities: Object, request: Request) -> CatalogueChanged:
    """Asks only for what the server declares. A list that fails is named in ``left_out``; never raises for it."""
    left_out: list[str] = []

    async def read(capability: str, method: str, key: str, make: Callable[[str, Any], Item]) -> tuple[Item, ...]:
        if not isinstance(capabilities.get(capability), dict):
            return ()
        optional = method == "resources/templates/list"
        raw = await _pages(method, key, request, left_out, optional)
        return tuple(_items(server, key, raw, make, left_out))

    tools, resources, templates, prompts = await asyncio.gather(
        read("tools", "tools/list", "tools", _tool),
        read("resources", "resources/list", "resources", _resource),
        read("resources", "resources/templates/list", "resourceTemplates", _template),
        read("prompts", "prompts/list", "prompts", _prompt),
    )
    return CatalogueChanged(
        server=server,
        tools=_unique(tools, left_out),
        resources=resources,
        templates=templates,
        prompts=prompts,
        left_out=tuple(left_out),
    )


async def _pages(method: str, key: str, request: Request, left_out: list[str], optional: bool) -> list[Any]:
    items: list[Any] = []
    seen: set[str] = set()
    cursor = ""
    for _ in range(MAX_PAGES):
        try:
            page = await request(method, {"cursor": cursor} if cursor else {})
        except ServerError as error:
            if not optional:
                left_out.append(f"{key}: the list could not be read: {error.text}")
            return items
        found = page.get(key)
        if not isinstance(found, list):
            left_out.append(f"{key}: the answer to {method} holds no list")
            return items
        items += found
        cursor = string(page, "nextCursor")
        if not cursor:
            return items
        if cursor in seen:
            left_out.append(f"{key}: the server repeats a page for ever; the first {len(items):,} are used")
            return items
        if len(items) >= MAX_ITEMS:
            break
        seen.add(cursor)
    left_out.append(f"{key}: the list has no end; the first {len(items):,} are used")
    return items


def _items(
    server: str, key: str, raw: Iterable[Any], make: Callable[[str, Any], Item], left_out: list[str]
) -> Iterable[Item]:
    for number, item in enumerate(raw, 1):
        try:
            yield make(server, item)
        except Malformed as why:
            name = one_line(str(item.get("name", "")), 60) if isinstance(item, dict) else ""
            left_out.append(f"{key[:-1]} {f'“{name}”' if name else f'number {number}'}: {why}")


def _unique(tools: Iterable[Tool], left_out: list[str]) -> tuple[Tool, ...]:
    kept: dict[str, Tool] = {}
    for tool in tools:
        if tool.name in kept:
            left_out.append(f"tool “{one_line(tool.name, 60)}”: the name is listed twice; the first one is used")
        else:
            kept[tool.name] = tool
    return tuple(kept.values())


def _named(raw: Any, key: str = "name") -> str:
    if not isinstance(raw, dict):
        raise Malformed("it is not an object")
    name = raw.get(key)
    if not isinstance(name, str) or not name:
        raise Malformed(f"it has no {key}")
    return name


def _tool(server: str, raw: Any) -> Tool:
    name = _named(raw)
    schema = raw.get("inputSchema")
    if not isinstance(schema, dict):
        raise Malformed("its inputSchema is not an object")
    output = raw.get("outputSchema")
    annotations = raw.get("annotations")
    annotations = annotations if isinstance(annotations, dict) else {}
    return Tool(
        server=server,
        name=name,
        title=string(raw, "title") or string(annotations, "title"),
        description=string(raw, "description"),
        input_schema=schema,
        output_schema=output if isinstance(output, dict) else None,
        annotations=annotations,
        as_task=_as_task(raw),
        problem=_not_for_models(raw),
    )


def _as_task(raw: Object) -> bool:
    execution = raw.get("execution")
    return isinstance(execution, dict) and execution.get("taskSupport") == "required"


def _not_for_models(raw: Object) -> str:
    """Why the model had better not see a tool that is well-formed."""
    meta = raw.get("_meta")
    ui = meta.get("ui") if isinstance(meta, dict) else None
    if isinstance(ui, dict) and ui.get("visibility") == ["app"]:
        return "it is meant for an app on the screen, not for the model"
    return ""


def _resource(server: str, raw: Any) -> Resource:
    uri = _named(raw, "uri")
    return Resource(
        server, uri, string(raw, "title") or string(raw, "name"), string(raw, "description"), string(raw, "mimeType")
    )


def _template(server: str, raw: Any) -> ResourceTemplate:
    uri = _named(raw, "uriTemplate")
    return ResourceTemplate(
        server, uri, string(raw, "title") or string(raw, "name"), string(raw, "description"), string(raw, "mimeType")
    )


def _prompt(server: str, raw: Any) -> PromptTemplate:
    name = _named(raw)
    listed = raw.get("arguments")
    arguments = tuple(
        PromptArgument(string(item, "name"), string(item, "description"), item.get("required") is True)
        for item in (listed if isinstance(listed, list) else ())
        if isinstance(item, dict) and string(item, "name")
    )
    return PromptTemplate(server, name, string(raw, "description") or string(raw, "title"), arguments)
