"""A tool call in the chat, in three densities. Arguments come as they were sent, so they are cleaned here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Literal

from rich.cells import set_cell_size
from rich.segment import Segment

from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.line import Line, cells, indented
from fastchat_tui.tui.transcript.wrap import wrap
from fastchat_tui.wire.content import Audio, Content, EmbeddedResource, Image, ResourceLink, Text
from fastchat_tui.wire.ledger import CallRecord
from fastchat_tui.wire.text import clean, human_time, one_line, size_of_base64

Density = Literal["compact", "normal", "full"]
DENSITIES: tuple[Density, ...] = ("compact", "normal", "full")

_BAR = 8
_WIDEST = 100
"""However wide the pane, the state stays where the eye finds it."""
_LEAST = 8
"""So many cells of the title are left for the name and the gap after it."""
_SHORT, _FULL = 3, 40
"""Rows of a result that normal and full cards show; what went wrong is wrapped, other results are cut at the edge."""
_READ = 20_000
"""Characters of a text that a card looks at; the inspector shows all."""
_STATES = {"asking": "waits for your answer", "proposed": "proposed", "denied": "denied", "cancelled": "cancelled"}


def card(record: CallRecord, density: Density, width: int, ink: Ink, now: float) -> list[Line]:
    lines = [_title(record, width, ink, now)]
    if density == "compact":
        return lines
    margin = (Segment("  ", ink.base),)
    room = max(1, width - 2)
    data = ink["card-data"]
    if density == "normal":
        arguments = brief(record, room)
        body = [Line((Segment(arguments, data),))] if arguments else []
    else:
        written = pretty(record)
        body = _body(written, written.count("\n") + 1, room, _FULL, ink, "card-data", whole=True)
    role = "error" if record.outcome == "error" else "muted"
    full = density == "full"
    text = result_text(record, _READ)
    whole = full or role == "error"
    result = _body(text, _count(record), max(1, room - 2), _FULL if full else _SHORT, ink, role, whole=whole)
    bar = (Segment("│ ", ink[role if role == "error" else "table-line"]),)
    unfit = f"✗ {clean(record.verdict.words)}" if record.verdict and record.verdict.fits is False else ""
    judged = _body(unfit, 1, room, _SHORT, ink, "error", whole=True)
    return lines + indented([*body, *indented(result, bar, bar, 2), *judged], margin, margin, 2)


def _title(record: CallRecord, width: int, ink: Ink, now: float) -> Line:
    width = min(width, _WIDEST) - 2
    server, tool = one_line(record.server), one_line(record.tool)
    state = _fitted(state_words(record, now), max(0, width - _LEAST))
    room = width - (cells(state) + 2 if state else 0)
    prefix = f"{server} › " if server else ""
    if cells(prefix + tool) > room:
        prefix = _fitted(prefix, max(0, room - cells(tool)))
    tool = _fitted(tool, room - cells(prefix))
    role = "failed" if record.state == "error" else record.state
    return Line(
        (
            Segment("⚙ ", ink[role]),
            Segment(prefix, ink["card-server"]),
            Segment(tool, ink["card-tool"]),
            Segment(" " * (width - cells(prefix + tool) - cells(state)), ink.base),
            Segment(state, ink[role]),
        )
    )


def state_words(record: CallRecord, now: float) -> str:
    match record.state:
        case "running":
            clock = human_time(record.duration(now))
            text = f"{one_line(record.progress, 24)}  " if record.progress else ""
            if not record.total:
                return f"{text}running  {clock}"
            part = max(0.0, min(1.0, record.done / record.total))
            full = round(part * _BAR)
            return f"{text}{'▮' * full}{'▯' * (_BAR - full)} {part:4.0%}  {clock}"
        case "ok" | "error" if record.started_at is not None:
            return f"{record.state}  {human_time(record.duration(now)):>6}"
        case state:
            return _STATES.get(state, state)


def brief(record: CallRecord, width: int) -> str:
    """The arguments on one line."""
    if record.raw:
        return _fitted(one_line(record.raw, width), width)
    pairs = (f"{name}: {_value(value)}" for name, value in islice(record.arguments.items(), 12))
    return _fitted(one_line(" · ".join(pairs), 2 * width), width)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value[:200] if value and value.isprintable() else _json(value[:200])
    if isinstance(value, dict | list) and len(value) > 20:
        return f"{{… {len(value)} keys}}" if isinstance(value, dict) else f"[… {len(value)} items]"
    return _json(value)[:200]


def pretty(record: CallRecord) -> str:
    """The arguments whole, for reading."""
    if record.raw:
        return clean(record.raw)
    return clean(_json(record.arguments, indent=2)) if record.arguments else "no arguments"


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def result_text(record: CallRecord, limit: int | None = None) -> str:
    """What came back, as text."""
    parts = "\n".join(_texts(record.content, limit))
    return parts or clean(record.structured[:limit])


def _texts(content: Sequence[Content], limit: int | None) -> Iterator[str]:
    for part in content:
        match part:
            case Text(text=text):
                yield clean(text[:limit])
            case Image(data=data, mime_type=mime) | Audio(data=data, mime_type=mime):
                yield f"[{part.kind}: {one_line(mime, 60)}, {size_of_base64(data)}]"
            case ResourceLink(uri=uri, name=name):
                yield f"[resource: {one_line(name or uri, 80)}] {one_line(uri) if name else ''}".rstrip()
            case EmbeddedResource(uri=uri, text=text, blob=blob, mime_type=mime):
                yield f"[resource: {one_line(uri)}{f', {one_line(mime, 60)}' if mime else ''}]"
                yield f"[{size_of_base64(blob)}]" if blob else clean(text[:limit])


def _body(text: str, total: int, width: int, limit: int, ink: Ink, role: str, *, whole: bool) -> list[Line]:
    """At most ``limit`` rows of a text of ``total`` lines, wrapped if ``whole``, or else cut at the width."""
    if not text:
        return []
    style = ink[role]
    out: list[Line] = []
    shown = 0
    for line in text.replace("\t", "    ").rstrip("\n").split("\n"):
        rows = wrap([(line, style)], width, words=role == "error")
        out += rows if whole else [Line((Segment(_fitted(line, width), style),))]
        if len(out) > limit:
            break
        shown += len(out) < limit or shown + 1 == total
    if len(out) > limit or shown < total:
        more = max(1, total - shown)
        hint = "; Enter shows it whole" if whole else ""
        note = f"… {more:,} more line{'' if more == 1 else 's'}{hint}"
        out[limit - 1 :] = [Line((Segment(_fitted(note, width), ink["muted"]),))]
    return out


def _count(record: CallRecord) -> int:
    """How many lines the result has."""
    if not record.content:
        return record.structured.rstrip("\n").count("\n") + 1
    total = 0
    for part in record.content:
        text = part.text if isinstance(part, Text | EmbeddedResource) else ""
        total += text.count("\n") + 1 + isinstance(part, EmbeddedResource)
    return total - (isinstance(record.content[-1], Text) and record.content[-1].text.endswith("\n"))


def _fitted(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, with an ellipsis where it does not fit."""
    if len(text) <= width and cells(text) <= width:
        return text
    text = text[: width + 1]
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…" if width > 0 else ""
