"""The tools of all servers, with what only the host knows of them, and those that the model is offered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace

from fastchat_tui.engine.sanitise import legible
from fastchat_tui.wire.errors import CommandError
from fastchat_tui.wire.events import CatalogueChanged, Noticed
from fastchat_tui.wire.names import model_names
from fastchat_tui.wire.ports import Emit, Settings
from fastchat_tui.wire.servers import Tool

Weigh = Callable[[Tool], tuple[int, str]]
"""Tokens that a tool's definition costs, and why it cannot be offered (empty when it can)."""

MANY_TOOLS = 128
"""More than that the APIs of many models refuse."""


class Toolbox:
    def __init__(self, settings: Settings, weigh: Weigh, ready: Collection[str], emit: Emit) -> None:
        """``ready`` are the servers that can be called now."""
        self._settings = settings
        self._weigh = weigh
        self._ready = ready
        self._emit = emit
        self._said: dict[str, CatalogueChanged] = {}
        """As the servers said it."""
        self._catalogues: dict[str, CatalogueChanged] = {}
        """As it was published: with what only the host knows."""
        self._set_aside: dict[tuple[str, str], str] = {}
        self._many = 0

    def publish(self, catalogue: CatalogueChanged) -> None:
        """Adds what only the host knows of each tool: switch, model-facing name, cost, problem."""
        self._said[catalogue.server] = catalogue
        names = model_names((tool.server, tool.name) for tool in catalogue.tools)
        tools = []
        for tool in map(legible, catalogue.tools):
            tokens, problem = self._weigh(tool)
            tools.append(
                replace(
                    tool,
                    model_name=names[tool.server, tool.name],
                    enabled=self._settings.tool_enabled(tool.server, tool.name),
                    tokens=tokens,
                    problem=self._set_aside.get((tool.server, tool.name), tool.problem or problem),
                )
            )
        self._catalogues[catalogue.server] = known = replace(catalogue, tools=tuple(tools))
        self._emit(known)

    def forget(self, server: str) -> None:
        self._said.pop(server, None)
        self._catalogues.pop(server, None)

    async def enable(self, server: str, tool: str, on: bool) -> None:
        if self.tool(server, tool) is None:
            raise CommandError(f"{server} offers no tool “{tool}”.")
        await asyncio.to_thread(self._settings.set_tool_enabled, server, tool, on)
        self._set_aside.pop((server, tool), None)
        self.publish(self._said[server])

    def set_aside(self, model_name: str, why: str) -> Tool | None:
        """Offers a tool no longer, because its definition made the model's API refuse the request."""
        tool = self.find(model_name)
        if tool is not None:
            self._set_aside[tool.server, tool.name] = why
            self.publish(self._said[tool.server])
        return tool

    def warn_of_many(self) -> None:
        """Once, when they become too many."""
        many = len(self.tools())
        if many > MANY_TOOLS >= self._many:
            text = f"{many:,} tools are switched on; many models take {MANY_TOOLS} at most."
            self._emit(Noticed(level="warning", text=text, remedy="Switch servers or tools off with Space (F2)."))
        self._many = many

    def tools(self) -> tuple[Tool, ...]:
        """What the model is offered now, in an order that does not change without need (prompt caches)."""
        usable = (
            tool
            for name in self._ready
            if (catalogue := self._catalogues.get(name))
            for tool in catalogue.tools
            if tool.enabled and not tool.problem
        )
        return tuple(sorted(usable, key=lambda tool: tool.model_name))

    def find(self, model_name: str) -> Tool | None:
        """The tool that the model calls so, whether it can be called now or not."""
        for catalogue in self._catalogues.values():
            for tool in catalogue.tools:
                if tool.model_name == model_name:
                    return tool
        return None

    def tool(self, server: str, name: str) -> Tool | None:
        catalogue = self._catalogues.get(server)
        return next((tool for tool in catalogue.tools if tool.name == name), None) if catalogue else None
