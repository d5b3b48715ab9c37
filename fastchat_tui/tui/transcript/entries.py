"""Entries of the conversation as documents: what each kind looks like, and what it is when it is copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from rich.segment import Segment

from fastchat_tui.tui.transcript.card import Density, brief, card, pretty, result_text, state_words
from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.inline import references
from fastchat_tui.tui.transcript.line import BLANK, Document, Line, Rows
from fastchat_tui.tui.transcript.stream import StreamDocument
from fastchat_tui.tui.transcript.wrap import wrap
from fastchat_tui.wire.ledger import CallLedger
from fastchat_tui.wire.text import human_count, human_time
from fastchat_tui.wire.transcript import CallEntry, EndEntry, Entry, ReplyEntry, ThoughtEntry, UserEntry

CUT = "⋯ cut off here"
_ENDS = {"cancelled": "Stopped", "failed": "The turn failed", "step_limit": "Stopped at the step limit", "done": "Done"}


@dataclass(frozen=True, slots=True)
class Look:
    """Everything but the entry that its picture depends on."""

    width: int
    ink: Ink
    density: Density
    ledger: CallLedger


def draw(entry: Entry, look: Look, *, now: float, unfolded: bool, thinking_time: float | None) -> Document:
    """The picture of an entry. Of a text that grows, ``feed`` and ``work`` keep it up to date."""
    width, ink = look.width, look.ink
    match entry:
        case UserEntry(retry=True):
            return Rows([Line((Segment("↻ Tried again", ink["muted"]),))])
        case UserEntry(text=text):
            ground = ink.on("user")
            bar = Segment("▌ ", ink["user-bar"])
            document = StreamDocument(width, ground, bar=bar, fill=ground.base, markdown=False)
            document.feed(text.strip("\n"))
            document.finish()
            return document
        case ThoughtEntry() if not unfolded:
            return Rows([thought_line(entry, ink, thinking_time)])
        case ThoughtEntry():
            title = [thought_line(entry, ink, thinking_time, "▾")]
            document = StreamDocument(width, ink.on("thought"), bar=Segment("┆ ", ink["quote-bar"]), title=title)
            return _fed(document, entry.text, entry.done)
        case ReplyEntry(done=True, cut=cut):
            text = entry.text
            document = StreamDocument(width, ink, references=references(text))
            document.feed(text)
            document.finish(cut_note(cut, width, ink, after=bool(text)))
            return document
        case ReplyEntry():
            return _fed(StreamDocument(width, ink), entry.text, False)
        case CallEntry(call=call):
            record = look.ledger.get(call)
            lines = card(record, look.density, width, ink, now) if record else [_unknown(call, ink)]
            return Rows(lines)
        case EndEntry():
            return Rows(end_lines(entry, width, ink))
        case _:
            assert_never(entry)


def _fed(document: StreamDocument, text: str, done: bool) -> StreamDocument:
    document.feed(text)
    if done:
        document.finish()
    return document


def _unknown(call: str, ink: Ink) -> Line:
    return Line((Segment("⚙ a call that is not in the log", ink["muted"]),))


def thought_line(entry: ThoughtEntry, ink: Ink, seconds: float | None, arrow: str = "▸") -> Line:
    """A thought on one line: how long it took, or how long it is where nobody looked at the clock."""
    if not entry.done:
        clock = f"  {human_time(seconds)}" if seconds and arrow == "▸" else ""
        text = f"Thinking…{clock}"
    elif seconds is not None:
        text = f"Thought for {human_time(seconds)}"
    else:
        text = f"Thought, {human_count(len(entry.text.split()))} words"
    return Line((Segment(f"{arrow} ", ink["muted"]), Segment(text, ink["thought"])))


def cut_note(cut: str, width: int, ink: Ink, *, after: bool) -> list[Line]:
    """That it is not complete; why, and what to do, is said by the end of the turn."""
    if not cut:
        return []
    lines = wrap([(CUT, ink["warning"])], width)
    return [BLANK, *lines] if after else lines


def end_lines(entry: EndEntry, width: int, ink: Ink) -> list[Line]:
    role = "error" if entry.reason == "failed" else "warning"
    sign = "✗" if entry.reason == "failed" else "■"
    said = f"{sign} {_ENDS[entry.reason]}"
    detail = entry.detail.strip()
    lines = wrap([(f"{said}: {detail}" if detail else f"{said}.", ink[role])], width)
    if entry.remedy:
        lines += wrap([(f"→ {entry.remedy}", ink["muted"])], width)
    return lines


def source_text(entry: Entry, ledger: CallLedger) -> str:
    """What ``y`` copies: the text as it was written, or the call with its arguments and result."""
    match entry:
        case UserEntry(text=text):
            return text
        case ThoughtEntry() | ReplyEntry():
            return entry.text
        case CallEntry(call=call):
            record = ledger.get(call)
            if record is None:
                return ""
            return "\n".join(filter(None, (record.name, pretty(record), result_text(record))))
        case EndEntry(detail=detail, remedy=remedy, reason=reason):
            return "\n".join(filter(None, (f"{_ENDS[reason]}: {detail}" if detail else _ENDS[reason], remedy)))
        case _:
            assert_never(entry)


def plain_text(entries: Iterable[Entry], ledger: CallLedger, now: float) -> str:
    """The whole conversation for a screen reader, a mail or a file: who spoke stands before what was said."""
    parts: list[str] = []
    for entry in entries:
        match entry:
            case UserEntry(retry=True):
                parts.append("You tried again.")
            case UserEntry(text=text):
                parts.append(f"You:\n{text}")
            case ThoughtEntry():
                parts.append(f"Thought:\n{entry.text}")
            case ReplyEntry(cut=cut):
                note = f"\n\n{CUT}" if cut else ""
                parts.append(f"Answer:\n{entry.text}{note}")
            case CallEntry(call=call):
                record = ledger.get(call)
                if record is not None:
                    result = result_text(record)
                    said = f"Call: {record.name}, {' '.join(state_words(record, now).split())}"
                    parts.append("\n".join(filter(None, (said, brief(record, 10_000), result))))
            case EndEntry():
                parts.append(source_text(entry, ledger))
            case _:
                assert_never(entry)
    return "\n\n".join(parts) + "\n" if parts else ""


def estimate(entry: Entry, look: Look, *, unfolded: bool) -> int:
    """About how many rows an entry takes, without drawing it."""
    match entry:
        case ThoughtEntry() if not unfolded:
            return 1
        case UserEntry(text=text) | ReplyEntry(text=text) | ThoughtEntry(text=text):
            return 1 + text.count("\n") + len(text) // look.width
        case CallEntry():
            return {"compact": 1, "normal": 4, "full": 10}[look.density]
        case _:
            return 2
