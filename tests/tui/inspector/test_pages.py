from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fastchat_tui.tui.inspector import pages
from fastchat_tui.wire.content import Audio, EmbeddedResource, Image, ResourceLink, Text
from fastchat_tui.wire.events import FrameSeen, ServerLogged
from fastchat_tui.wire.ledger import CallRecord

Make = Callable[..., CallRecord]
ZERO = 1_700_000_000.0


def test_content_is_text_or_a_note_of_type_and_size(make: Make) -> None:
    record = make(
        outcome="ok",
        content=(
            Text("hello"),
            Image("aGVsbG8=", "image/png"),
            Audio("aGVsbG8=", "audio/wav"),
            ResourceLink("file:///x", "x"),
            EmbeddedResource("file:///y", "text/plain", text="inside"),
            EmbeddedResource("file:///z", blob="aGVsbG8="),
        ),
    )
    assert [passage.text for passage in pages.result_text(record)] == [
        "hello",
        "[image · image/png · 5 B]",
        "[audio · audio/wav · 5 B]",
        "[link · x · file:///x]",
        "[resource · text/plain · 6 B · file:///y]\ninside",
        "[resource · 5 B · file:///z]",
    ]


def test_raw_is_the_result_as_a_json_object(make: Make) -> None:
    content = (Text("a"), Image("aGk=", "image/png"), EmbeddedResource("file:///z", text="t"))
    raw = json.loads(pages.result_raw(make(outcome="error", content=content, structured='{"n": 1}')))
    assert raw["structuredContent"] == {"n": 1}
    assert raw["isError"] is True
    assert raw["content"][:2] == [
        {"type": "text", "text": "a"},
        {"type": "image", "data": "aGk=", "mimeType": "image/png"},
    ]
    assert raw["content"][2]["resource"]["text"] == "t"


def test_json_inside_the_only_text_is_a_tree(make: Make) -> None:
    assert pages.result_root(make(content=(Text(' {"a": 1}'),))) is not None
    assert pages.result_root(make(content=(Text("plain"),))) is None
    assert pages.result_root(make(content=(Text("{"), Text("}")))) is None
    root = pages.result_root(make(content=(Text("{}"),), structured="[1]"))
    assert root is not None
    assert root.text == "[1]"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Not started"),
        ({"question": "q"}, "your answer"),
        ({"started_at": ZERO, "progress": "half \x1b"}, "Running. half ␛"),
        ({"outcome": "denied", "decided_by": "rule"}, "Denied (rule)"),
        ({"outcome": "cancelled"}, "Cancelled"),
        ({"outcome": "ok", "started_at": ZERO}, "without any content"),
    ],
)
def test_a_call_without_a_result_says_why(make: Make, changes: dict[str, object], words: str) -> None:
    assert words in pages.result_text(make(**changes))[0].text


def test_a_frame_is_headed_by_direction_time_method_and_size() -> None:
    sent = FrameSeen(server="s", direction="sent", frame='{"method":"tools/call","id":1}', size=30, at=ZERO)
    cut = FrameSeen(server="s", direction="received", frame='{"id":1,"result":{"a', size=5_000_000, at=ZERO)
    first, second = pages.frame_roots([sent, cut])
    assert first.label.startswith("→ ")
    assert first.label.endswith("tools/call 30 B")
    assert "result 5.0 MB  kept 20 B" in second.label
    assert second.note == "Shortened: 20 B of 5.0 MB were kept."


def test_the_log_shows_the_lines_from_a_second_before_to_a_second_after(make: Make) -> None:
    def line(at: float, text: str) -> tuple[float, ServerLogged]:
        return at, ServerLogged(server="files", source="stderr", level="warning", text=text)

    logs = [line(ZERO - 2, "early"), line(ZERO - 0.5, "before"), line(ZERO + 2.5, "after"), line(ZERO + 9, "late")]
    found = pages.log_passages(make(finished_at=ZERO + 2), logs, ZERO + 100)
    assert [passage.text.split()[-1] for passage in found] == ["before", "after"]
    assert found[0].style == "text--warning"


def test_timing_names_each_step_with_its_offset_and_draws_bars_of_the_width(make: Make) -> None:
    record = make(
        asked_at=ZERO + 0.1,
        answered_at=ZERO + 1.1,
        decision="once",
        decided_by="user",
        started_at=ZERO + 1.2,
        first_progress_at=ZERO + 1.5,
        finished_at=ZERO + 2.2,
        outcome="ok",
    )
    for width in (30, 60, 100):
        lines = [passage.text for passage in pages.timing_passages(record, ZERO + 50, width)]
        assert [line[:14].strip() for line in lines[:6]] == [
            "proposed",
            "asked",
            "allowed",
            "started",
            "first progress",
            "finished",
        ]
        assert "+1.1 s  once by user" in lines[2]
        assert lines[-1].startswith("server")
        assert lines[-1].endswith("1.0 s")
        assert all(len(line) <= width for line in lines[7:])
