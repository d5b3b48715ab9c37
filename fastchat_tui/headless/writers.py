"""The forms of an answer on stdout (text, one JSON object, JSON lines), and the narration of its calls on stderr."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Protocol

from fastchat_tui.headless.remedies import without_screen
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.chat import TextPart
from fastchat_tui.wire.codec import encode
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.events import CallFinished, CallStarted, ReplyFinished, Stamped, TextDelta, TurnFinished
from fastchat_tui.wire.history import render
from fastchat_tui.wire.ledger import CallLedger, CallRecord
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.text import clean, human_time, one_line


class Writer(Protocol):
    def take(self, stamped: Stamped) -> None: ...
    def end(self, end: TurnFinished) -> None: ...


class TextWriter:
    """The model's words as they come, a blank line between the steps of a turn."""

    def __init__(self, engine: Engine, voice: Voice) -> None:
        self._voice = voice
        self._written = 0
        """Characters of the present step."""
        self._newlines = 2
        """At the end of what was written so far; nothing yet counts as a blank line."""

    def take(self, stamped: Stamped) -> None:
        match stamped.event:
            case TextDelta(text=text):
                self._write(text)
            case ReplyFinished() as reply:
                self._write(said(reply)[self._written :])
                self._written = 0
            case _:
                pass

    def end(self, end: TurnFinished) -> None:
        if not self._newlines:
            self._voice.write("\n")

    def _write(self, text: str) -> None:
        if text:
            gap = "" if self._written else "\n" * max(0, 2 - self._newlines)
            self._voice.write(gap + text)
            self._written += len(text)
            stripped = text.rstrip("\n")
            self._newlines = len(text) - len(stripped) + (0 if stripped else self._newlines)


class JsonWriter:
    """One object at the end: what was said, which calls were made, what it cost, and how to go on."""

    def __init__(self, engine: Engine, voice: Voice) -> None:
        self._engine = engine
        self._voice = voice
        self._ledger = CallLedger()
        self._texts: list[str] = []

    def take(self, stamped: Stamped) -> None:
        self._ledger.apply(stamped)
        if isinstance(stamped.event, ReplyFinished) and (text := said(stamped.event)):
            self._texts.append(text)

    def end(self, end: TurnFinished) -> None:
        now = self._engine.snapshot()
        usage = end.usage
        self._voice.print_json(
            {
                "text": "\n\n".join(self._texts),
                "reason": end.reason,
                "detail": end.detail,
                "remedy": without_screen(end.remedy),
                "calls": [call_object(record) for record in self._ledger if record.turn == end.turn],
                "usage": {
                    "input": usage.input,
                    "output": usage.output,
                    "cached": usage.cached,
                    "reasoning": usage.reasoning,
                    "cost": usage.cost,
                },
                "model": now.model.name,
                "session": now.session.id,
            }
        )


class JsonLinesWriter:
    """Every event with its place and time, one on each line."""

    def __init__(self, engine: Engine, voice: Voice) -> None:
        self._voice = voice

    def take(self, stamped: Stamped) -> None:
        line = encode(stamped).decode()
        if clean(line) == line:
            self._voice.print(line)
        else:
            self._voice.print_json(json.loads(line))

    def end(self, end: TurnFinished) -> None:
        pass


class Narrator:
    """Tells of each call when it starts and when it ends."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._ledger = CallLedger()

    def take(self, stamped: Stamped) -> None:
        record = self._ledger.apply(stamped)
        if record is None:
            return
        match stamped.event:
            case CallStarted():
                arguments = json.dumps(record.arguments, ensure_ascii=False)
                self._voice.narrate(f"⚙ {record.name}  {one_line(arguments)}")
            case CallFinished(outcome=outcome):
                took = human_time(record.duration(stamped.at)) if record.started_at is not None else ""
                why = "" if outcome == "ok" else one_line(render(record.content, record.structured))
                self._voice.narrate("  ".join(word for word in (f"⚙ {record.name}", outcome, took, why) if word))
            case _:
                pass


def said(reply: ReplyFinished) -> str:
    return "".join(part.text for part in reply.parts if isinstance(part, TextPart))


def call_object(record: CallRecord) -> Object:
    """A call as JSON. ``structured`` is decoded where it can be."""
    return {
        "call": record.call,
        "server": record.server,
        "tool": record.tool,
        "arguments": record.arguments,
        "outcome": record.outcome,
        "text": render(record.content),
        "structured": decoded(record.structured),
        "verdict": asdict(record.verdict) if record.verdict else None,
        "seconds": round(record.duration(record.finished_at or record.proposed_at), 6),
    }


def decoded(text: str) -> object:
    """JSON text as a value; None when it is empty or cannot be read."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
