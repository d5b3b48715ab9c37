"""What is pasted stays text, however hostile it is and however the terminal cuts it."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from textual import events

from fastchat_tui.tui.paste_parser import END, ESC, SHOWN, START, PasteGuard, PasteParser

HOSTILE = f"a{ESC}[31m{'x' * 40}\r\x07{ESC}\x0e{ESC}[20{ESC}"


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces = []
    for size in sizes:
        pieces.append(text[:size])
        text = text[size:]
    return [piece for piece in [*pieces, text] if piece]


@given(st.lists(st.integers(1, 7), max_size=40))
def test_no_character_of_a_paste_is_a_key(sizes: list[int]) -> None:
    parser = PasteParser()
    told = [
        message for piece in cut(f"k{START}{HOSTILE}{END}l{START}{ESC}{END}", sizes) for message in parser.feed(piece)
    ]
    assert [m.key for m in told if isinstance(m, events.Key)] == ["k", "l"]
    assert [m.text for m in told if isinstance(m, events.Paste)] == [HOSTILE.replace(ESC, SHOWN), SHOWN]


@given(st.text(alphabet=f"{ESC}[201~a", max_size=60), st.lists(st.integers(1, 5), max_size=40))
def test_what_is_typed_passes_unchanged_at_once(text: str, sizes: list[int]) -> None:
    assume(START not in text)
    guard = PasteGuard()
    assert [guard.feed(piece) for piece in cut(text, sizes)] == cut(text, sizes)
