from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from fastchat_tui.tui.inspector.call_list import CallList, state_words
from fastchat_tui.tui.inspector.detail import TABS, CallDetail
from fastchat_tui.tui.inspector.reader import Reader
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.tree_view import TreeView
from fastchat_tui.tui.tab_line import TabLine
from fastchat_tui.wire.content import Image, Text, Verdict
from fastchat_tui.wire.events import FrameSeen, ServerLogged
from fastchat_tui.wire.ledger import CallRecord
from tests.tui.patience import until

Make = Callable[..., CallRecord]
ZERO = 1_700_000_000.0
HOSTILE = "[bold]x[/] [/nope] [@click=app.quit]q[/] \x1b[31m\x1b]52;c;QUFB\x07 \u202eevil \u200b\x9b1m \x00"


async def settled(pilot: Pilot[None]) -> None:
    """All slices are done and drawn."""
    for view in (*pilot.app.query(TreeView), *pilot.app.query(TextView)):
        while view.busy:
            view.slice()
    await pilot.pause()


def selected(app) -> str:
    record = app.query_one(CallList).selected
    return record.call if record else ""


async def test_an_empty_inspector_says_what_will_appear(app) -> None:
    async with app.run_test(size=(40, 20)):
        assert "No calls yet" in app.text


async def test_a_new_call_is_selected_until_the_user_moves_away(app, make: Make) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        app.inspector.focus()
        for number in (1, 2, 3):
            app.inspector.show(make(number))
        assert selected(app) == "c3"
        await pilot.press("k")
        assert selected(app) == "c2"
        app.inspector.show(make(4))
        assert selected(app) == "c2"
        await pilot.press("G")
        app.inspector.show(make(5))
        assert selected(app) == "c5"
        await pilot.press("g")
        assert selected(app) == "c1"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict(True), "✓ fits the tool's output schema"),
        (Verdict(False, ("x: 3 is no text", "y")), "✗ not what the tool's output schema says: x: 3 is no text; y"),
        (Verdict(None, ("Not checked: [bold]x.",)), "? Not checked: [bold]x."),
        (None, ""),
    ],
)
async def test_the_verdict_on_a_result_stands_above_it_and_nowhere_else(
    app, make: Make, verdict: Verdict | None, words: str
) -> None:
    async with app.run_test(size=(100, 20)) as pilot:
        app.inspector.show(make(outcome="ok", finished_at=ZERO + 1, structured='{"x": 3}', verdict=verdict))
        detail, line = app.query_one(CallDetail), app.query_one("#call-verdict", Static)
        assert not line.display
        detail.tab = "result"
        await pilot.pause()
        assert line.display is bool(words)
        assert not words or str(line.render()) == words


async def test_enter_asks_for_the_card_and_select_comes_back(app, make: Make) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        app.inspector.load([make(number) for number in range(1, 4)])
        app.inspector.focus()
        app.inspector.select("c2")
        app.inspector.select("unknown")
        await pilot.press("enter")
        assert app.selected == ["c2"]


def test_the_state_is_told_in_words_from_long_to_short(make: Make) -> None:
    assert state_words(make(), ZERO) == ("proposed",)
    assert state_words(make(question="q"), ZERO)[0] == "ask  y/n/e"
    assert state_words(make(started_at=ZERO), ZERO + 1.2) == ("running 1.2 s", "1.2 s")
    assert state_words(make(started_at=ZERO, done=61, total=100), ZERO + 1.2)[0] == "▮▮▯▯ 61% 1.2 s"
    assert state_words(make(started_at=ZERO, done=900, total=100), ZERO)[1] == "▮▮▮▮ 100%"
    assert state_words(make(started_at=ZERO, finished_at=ZERO + 0.042, outcome="ok"), ZERO)[0] == "ok  42 ms"
    assert state_words(make(outcome="denied"), ZERO) == ("denied",)


async def test_the_clock_ticks_only_while_something_runs(app, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    async with app.run_test(size=(60, 20)):
        calls = app.query_one(CallList)
        drawn: list[int] = []
        monkeypatch.setattr(calls, "refresh_line", drawn.append)

        def ticked(record: CallRecord) -> list[int]:
            app.inspector.show(record)
            drawn.clear()
            calls.tick()
            return list(drawn)

        assert ticked(make(1)) == []
        assert ticked(make(1, started_at=ZERO)) == [0]
        assert ticked(make(1, started_at=ZERO, finished_at=ZERO, outcome="ok")) == []


async def test_the_filter_hides_calls_and_escape_brings_them_back(app, make: Make) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        app.inspector.load([make(number) for number in range(1, 31)])
        app.inspector.focus()
        await pilot.press("slash", *"tool_2", "enter")
        calls = app.query_one(CallList)
        assert calls.shown == 11
        await pilot.press("j")
        app.inspector.show(make(222))
        assert calls.shown == 12
        await pilot.press("escape")
        assert calls.shown == 31
        assert calls.has_focus


async def test_ten_thousand_calls_load_and_move_without_a_widget_each(app, make: Make) -> None:
    records = [make(number) for number in range(10_000)]
    async with app.run_test(size=(60, 20)) as pilot:
        app.inspector.load(records)
        app.inspector.focus()
        await pilot.press("g", "j", "G", "k")
        assert selected(app) == "c9998"
        assert len(list(app.query("*"))) < 30


async def test_tabs_show_arguments_result_frames_timing_and_log(app, make: Make) -> None:
    app.frames = [
        FrameSeen(server="files", direction="sent", frame='{"method":"tools/call"}', size=23, call="c1", at=ZERO),
        FrameSeen(server="files", direction="received", frame='{"result":{"x":1}}', size=18, call="c1", at=ZERO),
        FrameSeen(server="files", direction="sent", frame='{"method":"other"}', size=18, call="c2", at=ZERO),
    ]
    app.logs = [(ZERO, ServerLogged(server="files", source="stderr", level="info", text="a line"))]
    async with app.run_test(size=(80, 24)) as pilot:
        app.inspector.show(make(1, started_at=ZERO, finished_at=ZERO + 1, outcome="ok", structured='{"answer": 42}'))
        app.inspector.focus()
        await settled(pilot)
        assert 'path: "/data"' in app.text
        await pilot.press("right")
        await settled(pilot)
        assert "answer: 42" in app.text
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert "→" in app.text
        assert "tools/call" in app.text
        assert "other" not in app.text
        await pilot.press("l")
        await settled(pilot)
        assert "finished" in app.text
        await pilot.press("l")
        await settled(pilot)
        assert "a line" in app.text
        await pilot.press("l", "h")
        assert TABS[app.query_one(TabLine).chosen] == "log"


async def test_m_cycles_tree_text_and_raw(app, make: Make) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.inspector.show(make(1, started_at=ZERO, outcome="ok", content=(Text("said"),), structured='{"n": 1}'))
        app.inspector.focus()
        await pilot.press("m")
        assert app.query_one(TabLine).mode == "tree"
        await pilot.press("m")
        await settled(pilot)
        assert app.query_one(TabLine).mode == "text"
        assert "said" in app.text
        await pilot.press("m")
        await settled(pilot)
        assert "structuredContent" in app.text
        await pilot.press("m")
        assert app.query_one(TabLine).mode == "tree"


async def test_a_result_without_json_has_text_and_raw_only(app, make: Make) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.inspector.show(make(1, started_at=ZERO, outcome="ok", content=(Text("plain"), Image("aGk=", "image/png"))))
        app.inspector.focus()
        seen = []
        for _ in range(4):
            await pilot.press("m")
            seen.append(app.query_one(TabLine).mode)
        assert seen == ["text", "raw", "text", "raw"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("y", '{\n  "path": "/data"\n}'),
        ("l y", json.dumps({"rows": list(range(5000))})),
        ("l m y", "the text"),
        ("l l y", '→ {at} {"method":"tools/call"}'),
    ],
)
async def test_y_copies_the_whole_of_what_the_tab_is_about(app, make: Make, keys: str, expected: str) -> None:
    app.frames = [
        FrameSeen(server="files", direction="sent", frame='{"method":"tools/call"}', size=23, call="c1", at=ZERO)
    ]
    structured = json.dumps({"rows": list(range(5000))})
    async with app.run_test(size=(40, 12)) as pilot:
        app.inspector.show(make(1, outcome="ok", content=(Text("the text"),), structured=structured))
        app.inspector.focus()
        await pilot.press(*keys.split())
        if "{at}" in expected:
            assert app.copied[0].startswith("→ ")
            assert app.copied[0].endswith('{"method":"tools/call"}')
        else:
            assert app.copied == [expected]


async def test_the_result_appears_when_the_call_ends_and_keeps_its_folds_when_others_change(app, make: Make) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        running = make(1, started_at=ZERO)
        app.inspector.show(running)
        app.inspector.focus()
        await pilot.press("l")
        assert "Running" in app.text
        done = replace(running, finished_at=ZERO + 1, outcome="ok", structured='{"a": {"b": 1}}')
        app.inspector.show(done)
        await settled(pilot)
        assert "b: 1" in app.text
        await pilot.press("tab", "j", "left")
        await pilot.pause()
        assert "b: 1" not in app.text
        app.inspector.show(replace(done))
        await pilot.pause()
        assert "b: 1" not in app.text


async def test_the_tree_is_walked_with_keys_and_a_long_value_opens_whole(app, make: Make) -> None:
    long = "word " * 500 + "the end"
    async with app.run_test(size=(60, 20)) as pilot:
        app.inspector.show(make(1, arguments={"list": [1, 2], "long": long}))
        app.query_one(TreeView).focus()
        await settled(pilot)
        tree = app.query_one(TreeView)
        await pilot.press("j", "space")
        assert tree.height_now == 3
        await pilot.press("right", "right")
        await settled(pilot)
        assert tree.cursor_row == 2
        await pilot.press("left", "left", "j", "enter")
        assert isinstance(app.screen, Reader)
        await pilot.press("y", "G")
        await settled(pilot)
        assert "the end" in app.text
        assert app.copied == [long]
        await pilot.press("escape")
        assert not isinstance(app.screen, Reader)


async def test_frames_that_come_later_do_not_disturb_the_reader(app, make: Make) -> None:
    def frame(number: int) -> FrameSeen:
        text = f'{{"id":{number},"method":"m{number}"}}'
        return FrameSeen(server="files", direction="sent", frame=text, size=len(text), call="c1", at=ZERO)

    app.frames = [frame(1), frame(2)]
    async with app.run_test(size=(60, 24)) as pilot:
        app.inspector.show(make(1, started_at=ZERO))
        app.query_one(CallDetail).tab = "frames"
        tree = app.query_one(TreeView)
        tree.focus()
        await pilot.press("j", "right")
        await settled(pilot)
        app.frames.append(frame(3))
        app.inspector.show(make(1, started_at=ZERO, done=1))
        await settled(pilot)
        assert tree.height_now == 5
        assert tree.cursor_row == 1
        assert "m3" in app.text


@pytest.mark.parametrize("size", [(20, 5), (30, 8), (40, 12), (80, 24), (100, 40), (1, 1)])
async def test_hostile_text_is_shown_as_text_at_every_size(app, make: Make, size: tuple[int, int]) -> None:
    app.logs = [(ZERO, ServerLogged(server="s", source="stderr", level="error", text=HOSTILE))]
    app.frames = [
        FrameSeen(server="s", direction="sent", frame=json.dumps({"method": HOSTILE}), size=5, call="c1", at=ZERO)
    ]
    async with app.run_test(size=size) as pilot:
        app.inspector.show(
            make(
                1,
                server=HOSTILE,
                tool=HOSTILE,
                arguments={HOSTILE: HOSTILE},
                started_at=ZERO,
                progress=HOSTILE,
                outcome="error",
                decided_by=HOSTILE,
                content=(Text(HOSTILE), Image("aGk=", HOSTILE)),
            )
        )
        app.inspector.focus()
        for _ in range(6):
            await settled(pilot)
            assert not any(code in app.text for code in "\x1b\x07\x9b\x00\u202e\u200b")
            await pilot.press("right_square_bracket")
        assert app.is_running


async def test_resizing_keeps_the_place_in_a_long_text(app, make: Make) -> None:
    text = "\n".join(f"line {number} " + "word " * 12 for number in range(2000))
    async with app.run_test(size=(80, 30)) as pilot:
        app.inspector.show(make(1, outcome="ok", content=(Text(text),)))
        app.query_one(CallDetail).tab = "result"
        view = app.query_one(TextView)
        view.focus()
        await settled(pilot)
        view.go_to(500)
        await pilot.pause()
        first = view._wrapped.row(view.scroll_offset.y)[0].strip()
        for width in (40, 100, 60):
            await pilot.resize_terminal(width, 30)
            await pilot.pause()
            await settled(pilot)
        y = view.scroll_offset.y
        assert first[:30] in " ".join(view._wrapped.row(y + n)[0] for n in range(4))


async def test_reset_empties_everything(app, make: Make) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        app.inspector.show(make(1))
        app.inspector.reset()
        await pilot.pause()
        assert "No calls yet" in app.text
        app.inspector.show(make(2))
        await pilot.pause()
        assert "tool_2" in app.text


@pytest.mark.parametrize("rows", [200, 60_000])
async def test_a_tree_that_comes_after_a_text_is_read_to_its_end_and_scrolls(app, make: Make, rows: int) -> None:
    short, long = '{"a": 1}', json.dumps([{"id": number} for number in range(rows)])
    async with app.run_test(size=(60, 20)) as pilot:
        app.inspector.focus()
        app.query_one(CallDetail).tab = "result"
        for number, given in enumerate((short, "", long), 1):
            app.inspector.show(replace(make(number), structured=given, content=(Text("words"),)))
            await pilot.pause()
        tree = app.query_one(TreeView)
        await until(pilot, lambda: not tree.busy, lambda: app.text)
        await until(pilot, lambda: tree.max_scroll_y > rows - 20, lambda: app.text)
