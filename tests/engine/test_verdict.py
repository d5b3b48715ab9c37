"""The verdict on a structured result."""

from __future__ import annotations

import json

import pytest

from fastchat_tui.engine.verdict import MAX_CHECKED, judged
from fastchat_tui.wire.commands import CallTool
from fastchat_tui.wire.content import Object, Text, ToolResult, Verdict
from fastchat_tui.wire.events import CallFinished, CatalogueChanged, EngineStarted
from fastchat_tui.wire.ledger import CallLedger
from fastchat_tui.wire.ports import OnProgress
from fastchat_tui.wire.servers import Tool
from tests.fakes.world import World

SCHEMA: Object = {"type": "object", "properties": {"degrees": {"type": "number"}}, "required": ["degrees"]}


@pytest.mark.parametrize(
    ("schema", "structured", "fits", "words"),
    [
        (SCHEMA, '{"degrees": 3}', True, ""),
        (SCHEMA, '{"degrees": "3"}', False, "degrees: '3' is not of type 'number'"),
        (SCHEMA, "{}", False, "'degrees' is a required property"),
        (SCHEMA, "", False, "no structured content"),
        ({"$ref": "https://example.test/x"}, "{}", None, "Not checked: the schema cannot be used"),
        (SCHEMA, json.dumps({"degrees": 1, "x": "x" * MAX_CHECKED}), None, "larger than"),
    ],
)
async def test_a_result_fits_differs_or_could_not_be_checked(
    schema: Object, structured: str, fits: bool | None, words: str
) -> None:
    verdict = await judged(schema, ToolResult(structured=structured))
    assert verdict is not None
    assert verdict.fits is fits
    assert words in " ".join(verdict.faults)


async def test_there_is_no_verdict_without_a_schema_or_on_a_failure() -> None:
    assert await judged(None, ToolResult(structured="{}")) is None
    assert await judged(SCHEMA, ToolResult(structured="{}", is_error=True)) is None


async def test_the_verdict_reaches_the_event_and_the_record() -> None:
    async def wrong(tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        return ToolResult((Text("cold"),), structured='{"degrees": "cold"}')

    world = World(handler=wrong)
    async with world.open() as engine:
        await world.until(EngineStarted)
        world.servers[0].offer(CatalogueChanged(server="demo", tools=(Tool("demo", "echo", output_schema=SCHEMA),)))
        await engine.send(CallTool("demo", "echo", {}))
        finished = await world.until(CallFinished)
    assert isinstance(finished, CallFinished)
    assert finished.outcome == "ok"
    ledger = CallLedger()
    for stamped in world.heard:
        ledger.apply(stamped)
    (record,) = ledger
    assert record.verdict == finished.verdict == Verdict(False, ("degrees: 'cold' is not of type 'number'",))
