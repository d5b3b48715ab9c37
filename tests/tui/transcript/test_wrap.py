from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from fastchat_tui.tui.transcript import wrap as wrapping
from fastchat_tui.tui.transcript.wrap import Flow, rows, wrap

BOLD = Style(bold=True)
PLAIN = Style()


def split(text: str, width: int, *, words: bool = True) -> list[str]:
    return [text[start:end] for start, end, _ in rows(text, width, words=words)]


def test_lines_break_at_spaces_and_the_space_is_swallowed() -> None:
    assert split("one two three", 8) == ["one two", "three"]


def test_a_word_that_is_too_long_is_cut() -> None:
    assert split("aaaaaaaaaa bb", 4) == ["aaaa", "aaaa", "aa", "bb"]


def test_a_word_whose_style_changes_stays_whole() -> None:
    lines = wrap([("some w", PLAIN), ("or", BOLD), ("d", PLAIN)], 7)
    assert [line.text for line in lines] == ["some", "word"]


def test_wide_characters_take_two_cells_and_break_anywhere() -> None:
    assert split("你好世界", 5) == ["你好", "世界"]


def test_a_joined_emoji_is_never_torn() -> None:
    farmer = "🧑\u200d🌾"
    assert all(row.count("\u200d") == row.count("🌾") for row in split(farmer * 10, 5))


def test_a_combining_accent_stays_with_its_letter() -> None:
    assert split("e\u0301" * 6, 4) == ["e\u0301" * 4, "e\u0301" * 2]


def test_a_character_that_is_wider_than_the_window_is_still_shown() -> None:
    assert split("你好", 1) == ["你", "好"]


@pytest.mark.parametrize("mark", ["\u0301", "\u200d", "\ufe0f", "\u0301\ufe0f"])
def test_a_flood_of_marks_is_measured_once(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = 0

    def counting(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return cell_len(text)

    monkeypatch.setattr(wrapping, "cell_len", counting)
    text = "e" + mark * 5_000
    assert "".join(split(text, 40)) == text
    assert measured < 100 * len(text)


@given(st.text(alphabet="ab 你é\u0301\u200d🌾❤\ufe0f\n", max_size=200), st.integers(2, 30), st.booleans())
def test_rows_fit_and_lose_nothing(text: str, width: int, words: bool) -> None:
    found = list(rows(text, width, words=words))
    assert "".join(text[start:end] + glue for start, end, glue in found) in (text, text + "\n")
    assert all(cell_len(text[start:end]) <= width for start, end, _ in found)


@given(st.text(alphabet="ab 你\n", max_size=200), st.integers(2, 30), st.lists(st.integers(1, 9), max_size=60))
def test_a_flow_wraps_as_if_all_had_come_at_once(text: str, width: int, sizes: list[int]) -> None:
    whole, pieces = Flow(width, PLAIN), Flow(width, PLAIN)
    expected = [*whole.take(text), whole.rest]
    got = []
    for size in sizes:
        got += pieces.take(text[:size])
        text = text[size:]
    got += pieces.take(text)
    assert [line.text for line in [*got, pieces.rest]] == [line.text for line in expected]
