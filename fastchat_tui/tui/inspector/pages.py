"""What the tabs of a call show, as plain data: records, frames and log lines → passages and JSON texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from fastchat_tui.tui.inspector.json_levels import Root
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.wire.content import Audio, Content, EmbeddedResource, Image, ResourceLink, Text
from fastchat_tui.wire.events import FrameSeen, ServerLogged
from fastchat_tui.wire.ledger import CallRecord
from fastchat_tui.wire.text import clean, human_size, human_time, one_line, size_of_base64

Mode = Literal["tree", "text", "raw"]

_METHOD = re.compile(r'"method"\s*:\s*"([^"\\]{1,80})"')
_ANSWER = re.compile(r'"(result|error)"\s*:')
_LEVELS = {"debug": "text--muted", "info": "", "warning": "text--warning", "error": "text--bad"}


def pretty(value: Any) -> str:
    """Indented JSON, hidden and control characters made visible."""
    return clean(json.dumps(value, indent=2, ensure_ascii=False))


def clock(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M:%S.%f")[:-3]


# ── arguments ────────────────────────────────────────────────────────────────────────────────────────────────────


def arguments(record: CallRecord) -> list[Root]:
    """The arguments as one JSON text; what the model wrote where that was no JSON object."""
    return [Root(record.raw or json.dumps(record.arguments, ensure_ascii=False))]


def arguments_text(record: CallRecord) -> str:
    return clean(record.raw) if record.raw else pretty(record.arguments)


# ── result ───────────────────────────────────────────────────────────────────────────────────────────────────────


def result_root(record: CallRecord) -> Root | None:
    """The JSON in the result: the structured part, else the only text when it begins like a JSON container."""
    if record.structured:
        return Root(record.structured)
    texts = [block.text for block in record.content if isinstance(block, Text)]
    if len(texts) == 1 and texts[0][:64].lstrip()[:1] in ("{", "["):
        return Root(texts[0])
    return None


def result_raw(record: CallRecord) -> str:
    """The result as the JSON object that a server sends; the structured part keeps its own wording."""
    content = json.dumps([_plain(block) for block in record.content], ensure_ascii=False)
    structured = f', "structuredContent": {record.structured}' if record.structured else ""
    failed = ', "isError": true' if record.state == "error" else ""
    return f'{{"content": {content}{structured}{failed}}}'


def result_text(record: CallRecord) -> list[Passage]:
    """The content as a person reads it: texts as they are, everything else as a note of type and size."""
    passages = [_block(block) for block in record.content]
    if record.structured and not passages:
        passages.append(Passage(record.structured))
    return passages or [Passage(_no_result(record), "text--muted")]


def _plain(block: Content) -> dict[str, Any]:
    fields = asdict(block)
    kind = fields.pop("kind")
    if isinstance(block, Image | Audio):
        return {"type": kind, "data": block.data, "mimeType": block.mime_type}
    if isinstance(block, EmbeddedResource):
        body = {"blob": block.blob} if block.blob else {"text": block.text}
        return {"type": kind, "resource": {"uri": block.uri, "mimeType": block.mime_type, **body}}
    if isinstance(block, ResourceLink):
        fields["mimeType"] = fields.pop("mime_type")
    return {"type": kind, **{name: value for name, value in fields.items() if value or name == "text"}}


def _block(block: Content) -> Passage:
    match block:
        case Text(text=text):
            return Passage(text)
        case Image(data=data, mime_type=mime):
            return Passage(f"[image · {mime} · {size_of_base64(data)}]", "text--accent")
        case Audio(data=data, mime_type=mime):
            return Passage(f"[audio · {mime} · {size_of_base64(data)}]", "text--accent")
        case ResourceLink(uri=uri, name=name, mime_type=mime, description=description):
            words = " · ".join(word for word in ("link", name, mime, uri, description) if word)
            return Passage(f"[{words}]", "text--accent")
        case EmbeddedResource(uri=uri, mime_type=mime, text=text, blob=blob):
            size = size_of_base64(blob) if blob else human_size(len(text))
            note = " · ".join(word for word in ("resource", mime, size, uri) if word)
            return Passage(f"[{note}]\n{text}" if text else f"[{note}]", "" if text else "text--accent")


def _no_result(record: CallRecord) -> str:
    match record.state:
        case "proposed":
            return "Not started yet."
        case "asking":
            return "Waiting for your answer."
        case "running":
            return f"Running. {clean(record.progress)}".rstrip() or "Running."
        case "denied":
            by = f" ({clean(record.decided_by)})" if record.decided_by else ""
            return f"Denied{by}: the server never saw this call."
        case "cancelled":
            return "Cancelled before an answer came."
        case _:
            return "The server answered without any content."


# ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────


def frame_roots(frames: Iterable[FrameSeen]) -> list[Root]:
    return [_frame_root(frame) for frame in frames]


def _frame_root(frame: FrameSeen) -> Root:
    arrow = "→" if frame.direction == "sent" else "←"
    head = frame.frame[:2000]
    method, answer = _METHOD.search(head), _ANSWER.search(head)
    what = method[1] if method else answer[1] if answer else "message"
    kept = len(frame.frame)
    note = f"  kept {human_size(kept)}" if frame.size > kept else ""
    label = f"{arrow} {clock(frame.at)} {one_line(what)} {human_size(frame.size)}{note}"
    missing = f"Shortened: {human_size(kept)} of {human_size(frame.size)} were kept." if note else ""
    return Root(frame.frame, label, missing, frame.direction)


def frames_text(frames: Iterable[FrameSeen]) -> str:
    return "\n".join(f"{'→' if f.direction == 'sent' else '←'} {clock(f.at)} {f.frame}" for f in frames)


# ── log ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def log_passages(record: CallRecord, logs: Sequence[tuple[float, ServerLogged]], now: float) -> list[Passage]:
    """The server's lines from a second before the proposal to a second after the end."""
    first = record.proposed_at - 1
    last = (record.finished_at if record.finished_at is not None else now) + 1
    lines = [
        Passage(f"{clock(at)} {line.source:<6} {line.text.rstrip()}", _LEVELS[line.level], 4)
        for at, line in logs
        if first <= at <= last
    ]
    return lines or [Passage("The server logged nothing while this call was open.", "text--muted")]


# ── timing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _after(at: float, zero: float) -> str:
    return f"+{human_time(at - zero)}" if at != zero else clock(at)


def timing_passages(record: CallRecord, now: float, width: int) -> list[Passage]:
    """When each step came, counted from the proposal, and a bar chart of where the time went."""
    zero = record.proposed_at
    answered = {"deny": "denied", None: "answered"}.get(record.decision, "allowed")
    by = " by ".join(word for word in (record.decision or "", clean(record.decided_by)) if word)
    steps: list[tuple[str, float | None, str]] = [
        ("proposed", zero, ""),
        ("asked", record.asked_at, ""),
        (answered, record.answered_at, by),
        ("started", record.started_at, "arguments edited" if record.edited else ""),
        ("first progress", record.first_progress_at, ""),
        ("finished", record.finished_at, record.outcome or ""),
    ]
    passages = [
        Passage(f"{name:<14}{_after(at, zero):>12}  {note}".rstrip(), "" if at != zero else "text--heading", 28)
        for name, at, note in steps
        if at is not None
    ]
    end = record.finished_at if record.finished_at is not None else max(now, zero)
    bars = [
        ("answer", record.asked_at, record.answered_at or end, "text--warning"),
        ("server", record.started_at, end, "text--bad" if record.outcome == "error" else "text--good"),
    ]
    room = max(4, width - 20)
    whole = max(end - zero, 1e-6)
    passages.append(Passage(""))
    for name, start, stop, style in [("all", zero, end, "text--muted"), *bars]:
        if start is not None:
            left = min(round((start - zero) / whole * room), room - 1)
            size = max(1, min(round((stop - start) / whole * room), room - left))
            bar = f"{' ' * left}{'━' * size}{' ' * (room - left - size)}"
            passages.append(Passage(f"{name:<7}{bar} {human_time(stop - start):>10}", style))
    return passages
