"""The open session as the screen holds it: folds of its log, from the end up to where the reader has come.

The log is read in pages that begin with a turn, so that no turn is shown without its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastchat_tui.wire.chat import NO_USAGE
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProgressed,
    CallStarted,
    ReplyFinished,
    Stamped,
    TurnStarted,
)
from fastchat_tui.wire.ledger import CallLedger, CallRecord
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.transcript import Change, Entry, Transcript

PAGE = 200
LATE = (Asked, Answered, CallStarted, CallProgressed, CallFinished)
"""Events of a call that may come after the turn that proposed it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one event changed."""

    changes: Sequence[Change]
    record: CallRecord | None


class Conversation:
    """``ledger`` stays the same object for good; ``transcript`` is another one for each session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.ledger = CallLedger()
        self.transcript = Transcript()
        self.total = self.last = NO_USAGE
        """Tokens and cost of what is loaded, and of the latest request."""
        self.seen = 0
        """Events up to this one are folded in."""
        self._early: list[Stamped] = []
        """What was told of calls that were proposed before the loaded part."""
        self._above: int | None = None
        """Where the loaded part begins; None when all is loaded."""

    @property
    def whole(self) -> bool:
        return self._above is None

    @property
    def running(self) -> Sequence[CallRecord]:
        return [record for record in self.ledger if record.state == "running"]

    def apply(self, stamped: Stamped) -> Drawn:
        self.seen = max(self.seen, stamped.seq)
        if isinstance(stamped.event, ReplyFinished) and stamped.event.usage != NO_USAGE:
            self.last = stamped.event.usage
            self.total += self.last
        record = self.ledger.apply(stamped)
        if record is None and not self.whole and isinstance(stamped.event, LATE):
            self._early.append(stamped)
        return Drawn(self.transcript.apply(stamped), record)

    async def open(self) -> None:
        """Reads the session that the engine has open, from its end."""
        page = await self._read(None)
        self.ledger.clear()
        self.transcript = Transcript()
        self.total = self.last = NO_USAGE
        self.seen, self._early = 0, []
        for stamped in page:
            self.apply(stamped)

    async def older(self) -> list[Entry]:
        """The entries before those that are loaded; the ledger then holds their calls, too."""
        if self._above is None:
            return []
        page = await self._read(self._above)
        transcript, ledger = Transcript(), CallLedger()
        for stamped in page:
            transcript.apply(stamped)
            ledger.apply(stamped)
            if isinstance(stamped.event, ReplyFinished):
                self.total += stamped.event.usage
        self._early = [stamped for stamped in self._early if ledger.apply(stamped) is None]
        self.ledger.prepend(ledger)
        return transcript.entries

    async def _read(self, before: int | None) -> Sequence[Stamped]:
        """The last page before ``before``, from the first turn that begins in it; longer where none does."""
        limit = PAGE
        while True:
            page = await self._engine.page(before, limit)
            if len(page) < limit:
                self._above = None
                return page
            for place, stamped in enumerate(page):
                if isinstance(stamped.event, TurnStarted):
                    self._above = stamped.seq
                    return page[place:]
            limit *= 4
