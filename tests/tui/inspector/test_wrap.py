from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from fastchat_tui.tui.inspector import wrap
from fastchat_tui.tui.inspector.wrap import Passage, Wrapped
from fastchat_tui.wire.text import clean


def laid_out(*passages: Passage | str, width: int = 10) -> Wrapped:
    wrapped = Wrapped([Passage(p) if isinstance(p, str) else p for p in passages], width)
    while not wrapped.done:
        wrapped.work(1)
    return wrapped


def rows(wrapped: Wrapped) -> list[str]:
    return [wrapped.row(y)[0] for y in range(wrapped.height)]


@given(st.text(max_size=200), st.integers(min_value=2, max_value=30))
@settings(max_examples=200, deadline=None)
def test_rows_fit_and_hold_every_character(text: str, width: int) -> None:
    found = rows(laid_out(text, width=width))
    assert all(cell_len(row.rstrip(" ")) <= width for row in found)
    assert "".join(found).replace("\n", "") == clean(text).replace("\t", "    ").replace("\n", "")


@given(st.text(alphabet="ab \n漢\x1b", max_size=120))
@settings(max_examples=100, deadline=None)
def test_the_size_of_the_chunks_does_not_show(text: str) -> None:
    whole = rows(laid_out(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wrap, "_CHUNK", 7)
        assert rows(laid_out(text)) == whole


def test_lines_break_between_words_where_there_are_any() -> None:
    assert rows(laid_out("hello big world")) == ["hello big ", "world"]
    assert rows(laid_out("x" * 25)) == ["x" * 10, "x" * 10, "x" * 5]


def test_empty_lines_and_empty_passages_are_rows() -> None:
    assert rows(laid_out("a\n\nb", "", "c")) == ["a", "", "b", "", "c"]


def test_wide_characters_take_two_cells() -> None:
    assert rows(laid_out("漢字" * 4)) == ["漢字漢字漢", "字漢字"]


def test_each_passage_keeps_its_style() -> None:
    wrapped = laid_out(Passage("a", "text--bad"), Passage("b"))
    assert [wrapped.row(y)[1] for y in range(2)] == ["text--bad", ""]


def test_what_is_wrapped_hangs_below_its_beginning() -> None:
    wrapped = laid_out(Passage("key   what it does", hang=4), width=12)
    assert [(wrapped.row(y).indent, wrapped.row(y).text) for y in range(2)] == [(0, "key   what "), (4, "it does")]


@given(st.text(alphabet="ab \n漢", max_size=120), st.integers(min_value=0, max_value=30))
@settings(max_examples=100, deadline=None)
def test_rows_that_hang_fit_and_hold_every_character_whatever_the_chunks(text: str, hang: int) -> None:
    wrapped = laid_out(Passage(text, hang=hang))
    found = [wrapped.row(y) for y in range(wrapped.height)]
    assert all(row.indent + cell_len(row.text.rstrip(" ")) <= 10 for row in found)
    assert "".join(row.text for row in found) == clean(text).replace("\n", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wrap, "_CHUNK", 7)
        small = laid_out(Passage(text, hang=hang))
        assert [small.row(y) for y in range(small.height)] == found


def test_a_place_is_found_again_at_another_width() -> None:
    text = "\n".join(f"line {n} " + "word " * 20 for n in range(300))
    narrow, wide = laid_out(text, width=20), laid_out(text, width=80)
    row = 777
    found = wide.row_at(narrow.place(row))
    assert found is not None
    assert narrow.row(row)[0].strip() in wide.row(found)[0] + wide.row(found + 1)[0]
    assert wide.row_at(10**9) == wide.height - 1


def test_ten_megabytes_on_one_line_become_rows_bit_by_bit() -> None:
    wrapped = Wrapped([Passage("x" * 10_000_000)], 80)
    wrapped.work(0.0005)
    assert 0 < wrapped.height < 125_000
    while not wrapped.done:
        wrapped.work(1)
    assert wrapped.height == 125_000


def test_as_many_rows_as_are_needed_are_laid_out_and_hardly_more() -> None:
    wrapped = Wrapped([Passage("x" * 10_000_000)], 80)
    assert wrapped.reach(50) == 50
    assert not wrapped.done
    assert wrapped.height < 1_000
    assert Wrapped([Passage("x" * 100), Passage("")], 80).reach(50) == 3
