"""The open session: its place in the store, its history, and the mending of what a crash left open."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fastchat_tui.wire.chat import SessionInfo, TextPiece, ThoughtPiece, spoken
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.errors import CommandError
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProposed,
    Event,
    ReplyFinished,
    SessionTitled,
    Stamped,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.history import History
from fastchat_tui.wire.ports import SessionStore
from fastchat_tui.wire.text import one_line

LOOK_BACK = 50
"""Events among which the end of the last turn is looked for; a title or a call by hand may follow it."""
INTERRUPTED = "The program ended before this did."


class Session:
    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self.info = SessionInfo("")
        self.history = History()
        self.unfinished = ""
        """The last turn, when it did not end well: what a retry tries again."""
        self._turn = ""
        self._unread = False

    def start(self) -> None:
        """A new session; nothing is stored until its first turn."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        self._become(SessionInfo(f"{stamp}-{secrets.token_hex(3)}"), unread=False)

    async def resume(self, session: str) -> int:
        """An earlier session; returns its last ``seq``. What was open when it was left is closed in the log.

        Raises CommandError when there is no such session, or another window has it open."""
        known = {info.id: info for info in await self._store.sessions()}
        if session not in known:
            raise CommandError(f"There is no session “{session}”.", "Ctrl+S lists the sessions.")
        if not await self._store.claim(session):
            raise CommandError(
                f"“{known[session].title or session}” is open in another window.", "Close it there, or start a new one."
            )
        if left_open := await self._store.left_open(session):
            last = await self._store.last_seq(session)
            ends = enumerate(closing(left_open), start=last + 1)
            await self._store.append(session, [Stamped(seq, left_open[-1].at, event) for seq, event in ends])
        self._become(known[session], unread=True)
        for stamped in await self._store.read(session, limit=LOOK_BACK):
            self._note_end(stamped.event)
        return await self._store.last_seq(session)

    async def read(self) -> None:
        """Folds the stored past into the history, once, before it is needed."""
        if self._unread:
            self._unread = False
            for stamped in await self._store.read(self.info.id):
                self.history.apply(stamped)

    def apply(self, stamped: Stamped) -> None:
        self.history.apply(stamped)
        match stamped.event:
            case TurnStarted(turn=turn):
                self._turn = turn
            case SessionTitled(title=title):
                self.info = replace(self.info, title=title)
            case event:
                self._note_end(event)

    def title_from(self, text: str) -> str:
        """The title that the first message gives, empty when there is a title already."""
        return "" if self.info.title else one_line(text, 60)

    def _become(self, info: SessionInfo, *, unread: bool) -> None:
        self.info, self.history, self.unfinished, self._unread = info, History(), "", unread

    def _note_end(self, event: Event) -> None:
        if isinstance(event, TurnFinished):
            self.unfinished = "" if event.reason == "done" else event.turn


def closing(events: Iterable[Stamped]) -> Sequence[Event]:
    """What ends all that was left open: each question, reply, call, and the turn itself, once."""
    turn = ""
    step: StepStarted | None = None
    pieces: list[TextPiece | ThoughtPiece] = []
    calls: dict[str, None] = {}
    questions: dict[str, None] = {}
    for stamped in events:
        match stamped.event:
            case TurnStarted(turn=turn):
                pass
            case StepStarted() as started:
                step, pieces = started, []
            case ThoughtDelta(text=text):
                pieces.append(ThoughtPiece(text))
            case TextDelta(text=text):
                pieces.append(TextPiece(text))
            case ReplyFinished():
                step = None
            case CallProposed(call=call):
                calls[call] = None
            case CallFinished(call=call):
                calls.pop(call, None)
            case Asked(question=question):
                questions[question] = None
            case Answered(question=question):
                questions.pop(question, None)
            case _:
                pass
    ends: list[Event] = [Answered(question=question, decision="deny", by="cancel") for question in questions]
    if step is not None:
        ends.append(ReplyFinished(turn=turn, step=step.step, parts=tuple(spoken(pieces)), cut=INTERRUPTED))
    ends += [CallFinished(call=call, outcome="cancelled", content=(Text(INTERRUPTED),)) for call in calls]
    if turn:
        ends.append(TurnFinished(turn=turn, reason="cancelled", detail=INTERRUPTED, remedy="F5 tries again."))
    return ends
