"""Is a structured result what the tool's output schema says? Found out beside the loop, and never for long."""

from __future__ import annotations

import asyncio
import json

from fastchat_tui.engine.forms import faults
from fastchat_tui.wire.content import Object, ToolResult, Verdict
from fastchat_tui.wire.text import human_size, human_time

MAX_CHECKED = 1 << 20
PATIENCE = 2.0
"""Seconds for a schema that is made to take for ever."""


async def judged(schema: Object | None, result: ToolResult) -> Verdict | None:
    """None when there is nothing to judge: no schema, or a result that reports a failure."""
    if schema is None or result.is_error:
        return None
    if not result.structured:
        return Verdict(False, ("The result has no structured content.",))
    if len(result.structured) > MAX_CHECKED:
        return Verdict(None, (f"Not checked: larger than {human_size(MAX_CHECKED)}.",))
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(_judge, schema, result.structured)
    except TimeoutError:
        return Verdict(None, (f"Not checked: it took longer than {human_time(PATIENCE)}.",))


def _judge(schema: Object, structured: str) -> Verdict:
    try:
        wrong = faults(schema, json.loads(structured))
    except ValueError as error:
        return Verdict(None, (f"Not checked: {error}.",))
    return Verdict(not wrong, tuple(wrong))
