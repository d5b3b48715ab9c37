"""The conversation as a reader sees it: entries folded from events. Looks (folds, scroll, density) are not here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from fastchat_tui.wire.chat import StopReason, TextPart, ThoughtPart, Usage
from fastchat_tui.wire.events import (
    CallProposed,
    ReplyFinished,
    Stamped,
    TextDelta,
    ThoughtDelta,
    TurnFinished,
    TurnStarted,
)


@dataclass(slots=True)
class UserEntry:
    key: str
    text: str
    retry: bool = False


@dataclass(slots=True)
class Growing:
    """Text that arrives in fragments; joined only when somebody reads it."""

    key: str
    fragments: list[str] = field(default_factory=list)
    done: bool = False

    @property
    def text(self) -> str:
        if len(self.fragments) > 1:
            self.fragments[:] = ["".join(self.fragments)]
        return self.fragments[0] if self.fragments else ""


@dataclass(slots=True)
class ThoughtEntry(Growing):
    """What the model thought before it spoke."""


@dataclass(slots=True)
class ReplyEntry(Growing):
    cut: str = ""
    """Why it is not complete; empty when it is."""


@dataclass(slots=True)
class CallEntry:
    """A tool call; its record is in the ledger under ``call``."""

    key: str
    call: str


@dataclass(slots=True)
class EndEntry:
    """How a turn ended, where that is worth a line: not for ``done``."""

    key: str
    turn: str
    reason: StopReason
    detail: str
    remedy: str
    usage: Usage


Spoken: TypeAlias = ThoughtEntry | ReplyEntry
Entry: TypeAlias = UserEntry | ThoughtEntry | ReplyEntry | CallEntry | EndEntry


@dataclass(frozen=True, slots=True)
class Change:
    """What one event did to the transcript."""

    entry: Entry
    new: bool = False
    added: str | None = None
    """The text that was appended to the entry; None when the entry is to be drawn anew."""


class Transcript:
    """The entries of a session, in order; each has a ``key`` that is stable across replays."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._by_key: dict[str, Entry] = {}

    def apply(self, stamped: Stamped) -> list[Change]:
        """Folds one event in; returns what it changed, in order."""
        match stamped.event:
            case TurnStarted(turn=turn, text=text, retries=retries):
                return [self._add(UserEntry(f"{turn}/user", text, bool(retries)))]
            case ThoughtDelta(turn=turn, step=step, text=text):
                return [self._grow(ThoughtEntry(f"{turn}/{step}/thought"), text)]
            case TextDelta(turn=turn, step=step, text=text):
                return [self._grow(ReplyEntry(f"{turn}/{step}/reply"), text)]
            case ReplyFinished(turn=turn, step=step, parts=parts, cut=cut):
                whole: dict[str, str] = {}
                for part in parts:
                    if isinstance(part, TextPart | ThoughtPart):
                        whole[part.kind] = whole.get(part.kind, "") + part.text
                return [
                    self._finish(
                        ReplyEntry(f"{turn}/{step}/reply", cut=cut)
                        if kind == "text"
                        else ThoughtEntry(f"{turn}/{step}/thought"),
                        text,
                    )
                    for kind, text in whole.items()
                    if text  # what cut a reply before its first word is said by the turn's end
                ]
            case CallProposed(call=call):
                return [self._add(CallEntry(f"call/{call}", call))]
            case TurnFinished(turn=turn, reason=reason, detail=detail, remedy=remedy, usage=usage):
                if reason == "done":
                    return []
                return [self._add(EndEntry(f"{turn}/end", turn, reason, detail, remedy, usage))]
            case _:
                return []

    def _add(self, entry: Entry) -> Change:
        self.entries.append(entry)
        self._by_key[entry.key] = entry
        return Change(entry, new=True)

    def _grow(self, blank: Spoken, text: str) -> Change:
        entry, new = self._spoken(blank)
        entry.fragments.append(text)
        return Change(entry, new=new, added=text)

    def _finish(self, whole: Spoken, text: str) -> Change:
        entry, new = self._spoken(whole)
        entry.done = True
        if isinstance(entry, ReplyEntry) and isinstance(whole, ReplyEntry):
            entry.cut = whole.cut
        same = entry.text == text
        if not same:
            entry.fragments[:] = [text]
        return Change(entry, new=new, added="" if same and not new else None)

    def _spoken(self, blank: Spoken) -> tuple[Spoken, bool]:
        """The entry with the key of ``blank``, and whether it had to be added."""
        entry = self._by_key.get(blank.key)
        if isinstance(entry, ThoughtEntry | ReplyEntry):
            return entry, False
        self._add(blank)
        return blank, True
