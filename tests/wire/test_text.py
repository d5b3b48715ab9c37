"""Whatever text comes in: nothing in it is obeyed or hidden afterwards, and nothing of it is lost."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastchat_tui.wire.text import CONTROL, clean, head_and_tail, one_line, unsafe

ANY = st.text(st.characters(codec=None)) | st.text("\x1b[]0;52c\x07\x9b\r\n\t ab\u202e\u200b\U000e0041\ud800")


@given(ANY)
@example("\r\n\r\r\n")
def test_nothing_that_is_obeyed_or_hidden_is_left(text: str) -> None:
    shown = clean(text)
    assert unsafe().search(shown) is None
    assert clean(shown) == shown
    shown.encode()


@given(ANY, ANY)
def test_no_sequence_forms_again_from_pieces(first: str, second: str) -> None:
    assert CONTROL.search(clean(first) + clean(second)) is None


@given(ANY)
def test_what_is_harmless_stays(text: str) -> None:
    kept = [char for char in text.replace("\r\n", "\n") if not unsafe().match(char)]
    shown = iter(clean(text))
    assert all(char in shown for char in kept), "in this order"


@pytest.mark.parametrize(
    "text",
    ["plain", "a\n\tb", "👩\u200d👩\u200d👧", "می\u200cخواهم", "e\u0301", "日本語", "🇩🇪", "❤\ufe0f", "co\u00adop"],
)
def test_text_of_every_language_is_untouched(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;QQ==\x07", "␛]52;c;QQ==␇"),
        ("\x9b31m\x7f\x00", "<9B>31m␡␀"),
        ("abc\u202etxt", "abc<U+202E>txt"),
        ("hi\U000e0041\U000e007f", "hi<U+E0041><U+E007F>"),
        ("\ufeff\u200b\u2066\ud83d", "<U+FEFF><U+200B><U+2066><U+D83D>"),
        ("a\rb\r\nc", "a␍b\nc"),
        ("x\ufe00\ufe0d\U000e0100\u034f", "x<U+FE00><U+FE0D><U+E0100><U+034F>"),
    ],
)
def test_what_is_not_is_named(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(max_size=60), st.integers(2, 30))
def test_one_line_is_one_and_fits(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in line)


@given(st.text(max_size=60), st.integers(4, 30))
def test_head_and_tail_are_there_and_what_is_left_out_is_counted(text: str, limit: int) -> None:
    kept = head_and_tail(text, limit)
    if len(text) <= limit:
        assert kept == text
    else:
        assert kept.startswith(text[: limit * 3 // 4])
        assert kept.endswith(text[len(text) - limit + limit * 3 // 4 :])
        assert f"{len(text) - limit:,} characters left out" in kept
