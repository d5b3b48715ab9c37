"""``call``: one tool by hand, without a model."""

from __future__ import annotations

import asyncio
import difflib
import json
from collections.abc import Sequence

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.exits import Exit, UsageError, of_outcome
from fastchat_tui.headless.reader import Reader, Servers, heard_cancel, usable
from fastchat_tui.headless.voice import Voice
from fastchat_tui.headless.writers import call_object
from fastchat_tui.wire.commands import CallTool
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import CommandError, ServerError
from fastchat_tui.wire.events import CallFinished, CallProgressed, CallProposed
from fastchat_tui.wire.history import render
from fastchat_tui.wire.ledger import CallLedger, CallRecord
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.text import one_line

SHOWN = 10
"""Names that are listed where none is close to the one that was given."""


async def call(
    engine: Engine,
    server: str,
    tool: str,
    arguments: Object,
    answers: Answers,
    voice: Voice,
    *,
    as_json: bool = False,
) -> Exit:
    """Waits for the one server that is needed, calls its tool, and prints the result."""
    reader = Reader(engine, answers, voice)
    try:
        _check(await reader.settle(server), server, tool)
        await engine.send(CallTool(server, tool, arguments))
        record = await _finished(reader, voice)
    except asyncio.CancelledError:
        heard_cancel()
        return Exit.INTERRUPTED
    finally:
        reader.close()
    if record.verdict is not None and not record.verdict.fits:
        voice.narrate(f"The result: {record.verdict.words}")
    if as_json:
        voice.print_json(call_object(record))
    elif text := render(record.content, record.structured):
        voice.print(text)
    return of_outcome(record.outcome or "error")


def read_arguments(text: str) -> Object:
    """The JSON object on the command line. Raises UsageError saying where it is wrong."""
    try:
        value = json.loads(text or "{}")
    except RecursionError:
        raise UsageError("The arguments are nested too deeply.") from None
    except ValueError as error:
        raise UsageError(
            f"The arguments are no JSON: {error}.", """Write them as one object: '{"name": 1}'."""
        ) from None
    if not isinstance(value, dict):
        raise UsageError("The arguments are no JSON object.", """Write them as one object: '{"name": 1}'.""")
    return value


def _check(servers: Servers, server: str, tool: str) -> None:
    names = [known.name for known in usable(servers, server).tools]
    if tool not in names:
        raise ServerError(f"{server} offers no tool “{one_line(tool, 80)}”.", _instead(tool, names))


def _instead(tool: str, names: Sequence[str]) -> str:
    if near := [one_line(name, 80) for name in difflib.get_close_matches(tool, names, 3)]:
        return f"Did you mean {' or '.join(near)}?"
    shown = ", ".join(one_line(name, 80) for name in names[:SHOWN])
    more = f" … and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"It offers: {shown or 'none'}{more}."


async def _finished(reader: Reader, voice: Voice) -> CallRecord:
    """The record of our call, when it has its answer."""
    ledger = CallLedger()
    ours = ""
    async for stamped in reader:
        record = ledger.apply(stamped)
        match stamped.event:
            case CallProposed(call=proposed, turn="") if not ours:
                ours = proposed
            case CallProgressed(call=running, done=done, total=total, text=text) if running == ours:
                share = f"{done:g} of {total:g}" if total else f"{done:g}"
                voice.narrate(f"{share}  {one_line(text)}".rstrip())
            case CallFinished(call=finished) if finished == ours and record is not None:
                return record
            case _:
                pass
    raise CommandError("The engine ended before the call did.")
