"""``ask``: one message in; out comes the answer while it is given, one JSON object, or every event."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.exits import Exit, UsageError
from fastchat_tui.headless.offers import written_out
from fastchat_tui.headless.reader import Reader, heard_cancel
from fastchat_tui.headless.voice import Voice
from fastchat_tui.headless.writers import JsonLinesWriter, JsonWriter, Narrator, TextWriter, Writer
from fastchat_tui.wire.commands import CancelTurn, SendMessage
from fastchat_tui.wire.errors import CommandError
from fastchat_tui.wire.events import Stamped, TurnFinished, TurnStarted
from fastchat_tui.wire.ports import Engine

WRITERS: Mapping[str, type[TextWriter | JsonWriter | JsonLinesWriter]] = {
    "text": TextWriter,
    "json": JsonWriter,
    "jsonl": JsonLinesWriter,
}
GRACE = 3.0
"""Seconds that a cancelled turn has to end."""


async def ask(
    engine: Engine, text: str, answers: Answers, voice: Voice, *, output: str = "text", session: str = ""
) -> Exit:
    """Sends ``text``, and what it names of the servers, when none of them is connecting any more; follows its turn.

    ``session`` is the id that was asked for, or ``continue``, if any. Raises UsageError when another one is open.
    """
    turn = _Turn(engine, Reader(engine, answers, voice), WRITERS[output](engine, voice), Narrator(voice))
    try:
        end = await turn.run(text, session)
    except asyncio.CancelledError:
        await turn.cancel()
        return Exit.INTERRUPTED
    finally:
        turn.reader.close()
    match end.reason:
        case "failed":
            voice.complain(end.detail, end.remedy)
            return Exit.MODEL
        case "cancelled":
            return Exit.INTERRUPTED
        case "step_limit":
            voice.complain(end.detail, end.remedy)
            return Exit.FAILED
        case "done":
            return Exit.CONSENT if answers.unasked else Exit.OK


class _Turn:
    """The one turn of the command. The writer hears every event, and the end exactly once if there was a turn."""

    def __init__(self, engine: Engine, reader: Reader, writer: Writer, narrator: Narrator) -> None:
        self.reader = reader
        self._engine = engine
        self._writer = writer
        self._narrator = narrator
        self._sent = False
        self._turn = ""

    async def run(self, text: str, session: str) -> TurnFinished:
        await self.reader.settle(hear=self._hear)
        if session and not await self._is_open(session):
            which = "last session" if session == "continue" else f"session “{session}”"
            text = f"The {which} could not be opened, so nothing was sent."
            raise UsageError(text, "Name a saved session, or take --continue for the last one.")
        async with self.reader.meanwhile(self._hear):
            text = await written_out(self._engine, text)
        self._sent = True
        await self._engine.send(SendMessage(text))
        return await self._follow()

    async def _is_open(self, session: str) -> bool:
        """Also where there is none yet to continue."""
        now = self._engine.snapshot().session.id
        if session != "continue":
            return now == session
        saved = [info.id for info in await self._engine.sessions() if info.messages]
        return now in saved or not saved

    async def cancel(self) -> None:
        heard_cancel()
        if self._sent:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await self._engine.send(CancelTurn())
                    await self._follow()

    async def _follow(self) -> TurnFinished:
        async for stamped in self.reader:
            self._hear(stamped)
            match stamped.event:
                case TurnStarted(turn=turn) if not self._turn:
                    self._turn = turn
                case TurnFinished(turn=turn) as end if turn == self._turn:
                    self._writer.end(end)
                    return end
        raise CommandError("The engine ended before the answer did.")

    def _hear(self, stamped: Stamped) -> None:
        self._writer.take(stamped)
        self._narrator.take(stamped)
