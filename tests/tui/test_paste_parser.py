"""What is pasted stays text, however hostile it is and however the terminal cuts it."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

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


@pytest.mark.parametrize(
    "answer",
    [
        f"{ESC}]52;c;yyy\x07",
        f"{ESC}]11;rgb:aaaa/yyyy/ssss{ESC}\\",
        f"{ESC}P1$ry{ESC}\\",
        f"{ESC}P>|XTerm(y){ESC}\\",
        f"{ESC}_Gi=1;y{ESC}\\",
        f"{ESC}^y{ESC}\\",
        f"{ESC}[?1;2y",
        f"{ESC}[?65;1;9c",
        f"{ESC}[>1;10;0c",
        f"{ESC}[?1u",
        f"{ESC}[?2026;2$y",
    ],
)
def test_what_a_terminal_answers_is_no_key(answer: str) -> None:
    told = list(PasteParser().feed(f"k{answer}l"))
    assert [message.key for message in told if isinstance(message, events.Key)] == ["k", "l"]


@pytest.mark.parametrize(
    "typed", ["P", "]", "_", "^", "X", "[A", "OP", "[15~", "[97;5u", "y", "[I", "[<0;1;1M", "[8;1;1t"]
)
def test_what_is_no_answer_is_read_as_ever(typed: str) -> None:
    def read(parser: XTermParser) -> list[str]:
        return [repr(message) for message in parser.feed(f"k{ESC}{typed}lm")]

    assert read(PasteParser()) == read(XTermParser())
