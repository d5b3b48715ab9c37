"""What is typed arrives whole and in order; what is pasted is text and presses no key, whatever bytes are in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
KEYS = "\x1b\x07 \x1b[31mred \x1b[0m\x1bOP \x1by \x1b[27u \x1b[200~ \x1b]52;c;UFc=\x07 \x1b[<0;1;1M"
"""Ctrl+G (the editor), F1, Alt+Y, Escape, a mouse button: what a paste that is obeyed would press."""


def test_what_is_typed_before_there_is_a_screen_stands_in_its_first_frame(opened: Opened) -> None:
    terminal = opened("--demo")
    terminal.child.send("too airly\x7f\x7f\x7f\x7f\x7fearly")
    terminal.shows("F1 help")
    terminal.shows("│ too early")
    assert terminal.end() == 0


def test_a_burst_of_keys_acts_as_if_it_had_come_slowly(opened: Opened) -> None:
    terminal = opened("--demo")
    terminal.shows("7 tools")
    terminal.child.send("gone\x15hello\rand \x1b[D\x1b[Dmo\x1b[3~re\x05.")
    terminal.shows("anmore .")
    terminal.shows("hello")
    assert terminal.end() == 0


def test_a_paste_with_escape_characters_presses_no_key(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "editor").write_text("#!/bin/sh\ntouch opened\n")
    (tmp_path / "editor").chmod(0o700)
    terminal = opened("--demo", environ={"EDITOR": str(tmp_path / "editor")})
    terminal.shows("Ask anything.")
    terminal.child.send(f"\x1b[200~before {KEYS} after\x1b[201~ typed")
    terminal.shows("after typed")
    assert "before ␛␇ ␛[31mred" in terminal.text
    assert "(you are here)" not in terminal.text  # F1
    assert not Path("opened").exists()
    assert terminal.end() == 0


def test_a_paste_that_is_cut_anywhere_on_its_way_is_one_paste(opened: Opened) -> None:
    terminal = opened("--demo")
    terminal.shows("Ask anything.")
    for piece in ("\x1b[20", "0~one \x1b", "[31mtwo\x1b[2", "01~ three"):
        terminal.child.send(piece)
    terminal.shows("one ␛[31mtwo three")
    assert terminal.end() == 0


def test_bytes_that_are_no_text_end_nothing(opened: Opened) -> None:
    terminal = opened("--demo")
    terminal.shows("Ask anything.")
    terminal.child.send(b"a\xff\xfe\xc3(b")
    terminal.child.send("c")
    terminal.until(lambda: "(bc" in terminal.text)
    assert terminal.end() == 0


def test_a_paste_answers_no_question(opened: Opened) -> None:
    terminal = opened("--demo")
    terminal.shows("7 tools")
    terminal.child.send("what time is it in Tokyo\r")
    terminal.shows("run this call?")
    pasted_until = time.monotonic() + 2.5  # with more than the quiet between them that a key needs to count
    terminal.until(lambda: time.monotonic() > pasted_until, keys="\x1b[200~\x1byyy\x1b\r\x1b[201~")
    assert "run this call?" in terminal.text
    terminal.shows("In Tokyo it is", keys="y")
    assert terminal.end() == 0
