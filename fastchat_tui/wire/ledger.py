"""Tool calls folded from events: what the inspector shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from fastchat_tui.wire.content import Content, Object, Outcome, Verdict
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProgressed,
    CallProposed,
    CallStarted,
    Stamped,
)
from fastchat_tui.wire.questions import Approval, Decision

CallState = Literal["proposed", "asking", "running", "ok", "error", "denied", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call from proposal to answer. Times are Unix seconds (see ``Stamped.at``); None: has not happened."""

    call: str
    turn: str
    step: int
    server: str
    tool: str
    arguments: Object
    raw: str = ""
    edited: bool = False
    proposed_at: float
    question: str = ""
    """The open question about it; empty when nobody is asked."""
    asked_at: float | None = None
    answered_at: float | None = None
    decision: Decision | None = None
    decided_by: str = ""
    started_at: float | None = None
    first_progress_at: float | None = None
    done: float = 0.0
    total: float | None = None
    progress: str = ""
    finished_at: float | None = None
    outcome: Outcome | None = None
    content: tuple[Content, ...] = ()
    structured: str = ""
    verdict: Verdict | None = None

    @property
    def state(self) -> CallState:
        if self.outcome is not None:
            return self.outcome
        if self.question:
            return "asking"
        return "proposed" if self.started_at is None else "running"

    @property
    def name(self) -> str:
        """``server › tool``, as every view shows it."""
        return f"{self.server} › {self.tool}" if self.server else self.tool

    def duration(self, now: float) -> float:
        """Seconds on the server so far, 0 before it was started."""
        if self.started_at is None:
            return 0.0
        return (self.finished_at if self.finished_at is not None else now) - self.started_at


class CallLedger:
    """The records of a session in the order of their proposals."""

    def __init__(self) -> None:
        self._records: dict[str, CallRecord] = {}
        self._asking: dict[str, str] = {}

    def __getitem__(self, call: str) -> CallRecord:
        return self._records[call]

    def __contains__(self, call: object) -> bool:
        return call in self._records

    def __iter__(self) -> Iterator[CallRecord]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallLedger) and self._records == other._records

    def clear(self) -> None:
        self._records.clear()
        self._asking.clear()

    def prepend(self, older: CallLedger) -> None:
        """Puts the records of an earlier part of the session before these."""
        self._records = {**older._records, **self._records}
        self._asking = {**older._asking, **self._asking}

    def get(self, call: str) -> CallRecord | None:
        return self._records.get(call)

    def unfinished(self, turn: str) -> list[CallRecord]:
        return [record for record in self if record.turn == turn and record.outcome is None]

    def apply(self, stamped: Stamped) -> CallRecord | None:
        """Folds one event in; returns the record that it changed."""
        at = stamped.at
        match stamped.event:
            case CallProposed() as e:
                record = CallRecord(
                    call=e.call,
                    turn=e.turn,
                    step=e.step,
                    server=e.server,
                    tool=e.tool,
                    arguments=e.arguments,
                    raw=e.raw,
                    proposed_at=at,
                )
            case Asked(question=question, about=Approval(call=call)) if call in self._records:
                self._asking[question] = call
                record = replace(self._records[call], question=question, asked_at=at)
            case Answered(question=question) as e if question in self._asking:
                record = replace(
                    self._records[self._asking.pop(question)],
                    question="",
                    answered_at=at,
                    decision=e.decision,
                    decided_by=e.by,
                )
            case CallStarted(call=call, arguments=arguments) if call in self._records:
                record = replace(self._records[call], started_at=at)
                if arguments is not None:
                    record = replace(record, arguments=arguments, edited=True)
            case CallProgressed(call=call) as e if call in self._records:
                old = self._records[call]
                first = old.first_progress_at if old.first_progress_at is not None else at
                record = replace(old, done=e.done, total=e.total, progress=e.text, first_progress_at=first)
            case CallFinished(call=call) as e if call in self._records:
                record = replace(
                    self._records[call],
                    finished_at=at,
                    question="",
                    outcome=e.outcome,
                    content=e.content,
                    structured=e.structured,
                    verdict=e.verdict,
                )
            case _:
                return None
        self._records[record.call] = record
        return record
