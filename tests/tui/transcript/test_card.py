from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from fastchat_tui.tui.transcript.card import DENSITIES, card, result_text
from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.wire.content import Audio, EmbeddedResource, Image, ResourceLink, Text, Verdict
from fastchat_tui.wire.ledger import CallRecord
from tests.tui.transcript.conftest import role_of, texts


def record(**changes: Any) -> CallRecord:
    fields: dict[str, Any] = {
        "call": "c1",
        "turn": "t1",
        "step": 1,
        "server": "files",
        "tool": "read",
        "arguments": {"path": "/data", "head": 3},
        "proposed_at": 0.0,
        "started_at": 1.0,
        "finished_at": 1.042,
        "outcome": "ok",
        "content": (Text("one\ntwo\n"),),
    }
    return CallRecord(**{**fields, **changes})


def test_a_compact_card_is_one_line(ink: Ink) -> None:
    assert texts(card(record(), "compact", 40, ink, 2.0)) == ["⚙ files › read                ok   42 ms"]


def test_a_result_that_the_tool_did_not_promise_is_marked(ink: Ink) -> None:
    fits, unfit = Verdict(True), Verdict(False, ("degrees: '3' is not of type 'number'",))
    lines = texts(card(record(verdict=unfit), "normal", 100, ink, 2.0))
    assert lines[-1] == "  ✗ not what the tool's output schema says: degrees: '3' is not of type 'number'"
    assert card(record(verdict=fits), "normal", 100, ink, 2.0) == card(record(), "normal", 100, ink, 2.0)


def test_a_normal_card_adds_arguments_and_the_head_of_the_result(ink: Ink) -> None:
    long = record(content=(Text("a\nb\nc\nd\ne\n"),))
    assert texts(card(long, "normal", 40, ink, 2.0))[1:] == [
        "  path: /data · head: 3",
        "  │ a",
        "  │ b",
        "  │ … 3 more lines",
    ]


def test_a_result_that_just_fits_is_whole(ink: Ink) -> None:
    assert texts(card(record(content=(Text("a\nb\nc"),)), "normal", 40, ink, 2.0))[2:] == ["  │ a", "  │ b", "  │ c"]


def test_a_full_card_shows_pretty_arguments_and_wraps_the_result(ink: Ink) -> None:
    lines = texts(card(record(content=(Text("x" * 50),)), "full", 40, ink, 2.0))
    assert lines[1:5] == ["  {", '    "path": "/data",', '    "head": 3', "  }"]
    assert lines[5:] == ["  │ " + "x" * 36, "  │ " + "x" * 14]


def test_a_full_card_says_what_it_leaves_out(ink: Ink) -> None:
    lines = texts(card(record(content=(Text("line\n" * 1_000),)), "full", 60, ink, 2.0))
    assert lines[-1] == "  │ … 961 more lines; Enter shows it whole"


def test_a_running_card_has_a_bar_and_a_clock(ink: Ink) -> None:
    running = record(outcome=None, finished_at=None, content=(), done=50, total=100)
    assert texts(card(running, "compact", 60, ink, 2.2))[0].endswith("▮▮▮▮▯▯▯▯  50%  1.2 s")


def test_an_asking_card_says_that_it_waits(ink: Ink) -> None:
    asking = record(outcome=None, finished_at=None, started_at=None, question="q", content=())
    lines = card(asking, "compact", 60, ink, 2.0)
    assert lines[0].text.endswith("waits for your answer")
    assert role_of(lines, "waits") == "asking"


def test_an_error_is_drawn_as_one(ink: Ink) -> None:
    lines = card(record(outcome="error", content=(Text("no such file"),)), "normal", 60, ink, 2.0)
    assert role_of(lines, "no such file") == "error"


def test_arguments_that_are_no_json_are_shown_as_written(ink: Ink) -> None:
    assert texts(card(record(arguments={}, raw='{"a": tru', content=()), "normal", 60, ink, 2.0))[1] == '  {"a": tru'


@pytest.mark.parametrize("density", DENSITIES)
def test_hostile_strings_are_harmless_everywhere(ink: Ink, density: Any) -> None:
    evil = "\x1b]52;c;aGk=\x07\x9b31m\u202e[bold]\x00\r\n"
    hostile = record(
        server=evil, tool=evil, arguments={evil: [evil, {evil: evil}]}, content=(Text(evil),), progress=evil
    )
    for shown in (hostile, record(arguments={}, raw=evil), record(outcome=None, finished_at=None, progress=evil)):
        for text in texts(card(shown, density, 60, ink, 2.0)):
            assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e" for c in text)


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("width", [8, 20, 200])
def test_no_row_is_wider_than_the_window(ink: Ink, density: Any, width: int) -> None:
    wide = record(
        server="服务器" * 20, tool="工具" * 20, content=(Text("你" * 300),), arguments={"你好" * 9: "世界" * 99}
    )
    assert all(cell_len(text) <= width for text in texts(card(wide, density, width, ink, 2.0)))


def test_a_huge_result_costs_no_more_than_a_small_one(ink: Ink) -> None:
    lines = texts(card(record(content=(Text("line\n" * 10_000_000),)), "normal", 60, ink, 2.0))
    assert lines[-1] == "  │ … 9,999,998 more lines"


def test_what_is_no_text_is_named_with_its_size() -> None:
    content = (
        Image("aGVsbG8=", "image/png"),
        Audio("aGVsbG8=", "audio/wav"),
        ResourceLink("file:///a", "a"),
        EmbeddedResource("file:///b", "text/plain", "inside"),
        EmbeddedResource("file:///c", "", "", "aGVsbG8="),
    )
    assert result_text(record(content=content)).split("\n") == [
        "[image: image/png, 5 B]",
        "[audio: audio/wav, 5 B]",
        "[resource: a] file:///a",
        "[resource: file:///b, text/plain]",
        "inside",
        "[resource: file:///c]",
        "[5 B]",
    ]


def test_structured_content_stands_in_for_missing_content() -> None:
    assert result_text(record(content=(), structured='{"a": 1}')) == '{"a": 1}'
