"""The parts of the composer that need no screen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.tui.composer import external
from fastchat_tui.tui.composer.completion import Candidate, Vocabulary, Word, from_folder, from_vocabulary, word_before
from fastchat_tui.tui.composer.history import History
from fastchat_tui.tui.composer.history_file import KEPT, LONGEST
from fastchat_tui.tui.composer.pastes import Pastes, tidy
from fastchat_tui.wire.errors import CommandError


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("/mo", Word("command", 0, "/mo")),
        ("/", Word("command", 0, "/")),
        ("call #fi", Word("tool", 5, "#fi")),
        ("read ./no", Word("path", 5, "./no")),
        ("read ~/", Word("path", 5, "~/")),
        ("/etc/pa", Word("path", 0, "/etc/pa")),
        ("/model x", None),
        ("plain", None),
        ("and/or", None),
        ("", None),
    ],
)
def test_the_word_before_the_cursor(line: str, word: Word | None) -> None:
    assert word_before(line, len(line), first_line=True) == word


def test_a_slash_in_a_later_line_is_a_path() -> None:
    assert word_before("/mo", 3, first_line=False) == Word("path", 0, "/mo")


def test_names_that_begin_so_come_first() -> None:
    vocabulary = Vocabulary(tools={"a:files": "x\ny", "files:read": "", "b": ""})
    found = from_vocabulary(Word("tool", 0, "#Files"), vocabulary)
    assert found == [Candidate("#files:read"), Candidate("#a:files", "x y")]


def test_a_folder_lists_folders_first_and_hides_dot_files_and_hostile_names() -> None:
    Path("b").mkdir()
    for name in ("a", ".hidden", "with space", "esc\x1b[31m"):
        Path(name).write_text("")
    assert [candidate.text for candidate in from_folder("./")] == ["./b/", "./a"]
    assert [candidate.text for candidate in from_folder("./.h")] == ["./.hidden"]
    assert from_folder("./missing/") == []
    assert from_folder("~nobody-of-this-name/") == []


def test_home_is_kept_as_it_was_typed(home: Path) -> None:
    (home / "notes").mkdir()
    assert [candidate.text for candidate in from_folder("~/n")] == ["~/notes/"]


@given(st.text(max_size=40), st.text(min_size=1, max_size=20), st.text(max_size=40))
def test_a_folded_paste_comes_back_whole(before: str, piece: str, after: str) -> None:
    pastes = Pastes()
    text = piece * 5_000
    token = pastes.fold(text)
    assert len(token) < 40
    assert pastes.expand(f"{before}{token}{after}") == f"{before}{text}{after}"
    assert pastes.fold(text) == token


def test_a_paste_that_holds_a_token_is_not_expanded_twice() -> None:
    pastes = Pastes()
    first = pastes.fold("a" * 6_000)
    second = pastes.fold(first + "b" * 6_000)
    assert pastes.expand(second) == first + "b" * 6_000


def test_short_text_is_left_alone_and_many_lines_are_folded() -> None:
    pastes = Pastes()
    assert pastes.fold("short") == "short"
    assert pastes.fold("x\n" * 100) == "[pasted 200 B #1]"
    assert tidy("a\r\nb\rc\x00") == "a\nb\nc␀"


def test_history_is_kept_in_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.jsonl"
    history = History(path)
    for text in ("one", "two\nlines", "two\nlines", "x" * (LONGEST + 1)):
        history.add(text)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert History(path).entries == ["one", "two\nlines"]
    assert history.entries[-1] == "x" * (LONGEST + 1)


def test_a_history_file_that_is_damaged_or_unreadable_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'"good"\n{"not": "text"}\n"cut\n\xff\xfe\n"also good"\n')
    assert History(path).entries == ["good", "also good"]
    folder = History(tmp_path)
    folder.add("kept in memory")
    assert folder.entries == ["kept in memory"]


def test_a_long_history_file_is_cut_back(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text("".join(f"{json.dumps(str(number))}\n" for number in range(2 * KEPT + 1)))
    assert len(History(path).entries) == KEPT
    assert path.read_text().splitlines()[-1] == json.dumps(str(2 * KEPT))
    assert len(path.read_text().splitlines()) == KEPT


def test_two_windows_write_into_one_history(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    one, other = History(path), History(path)
    one.add("from one")
    other.add("from the other")
    assert History(path).entries == ["from one", "from the other"]


def test_every_word_must_be_in_an_entry_that_is_found() -> None:
    history = History(entries=["time in Tokyo", "Tokyo", "time in Paris", "time in Tokyo"])
    assert history.search("TOKYO time") == ["time in Tokyo"]
    assert history.search("") == ["time in Tokyo", "time in Paris", "Tokyo"]


def script(text: str) -> list[str]:
    path = Path("editor.sh")
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return [str(path.resolve())]


def test_what_the_editor_leaves_is_the_text_and_no_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert external.edit("before", script('cat "$1" > seen; stat -c %a "$1" >> seen; echo after > "$1"')) == "after"
    assert Path("seen").read_text() == "before600\n"
    assert not list(tmp_path.glob("fastchat-tui-*"))


def test_an_editor_that_fails_or_is_missing_is_told() -> None:
    with pytest.raises(CommandError, match="status 3"):
        external.edit("before", script("exit 3"))
    with pytest.raises(CommandError, match="could not be run"):
        external.edit("before", ["./no-such-editor"])
    with pytest.raises(CommandError, match="No editor"):
        external.editor_command({"EDITOR": "'unfinished"})


def test_the_editor_may_have_arguments() -> None:
    assert external.editor_command({"EDITOR": "code --wait", "VISUAL": ""}) == ["code", "--wait"]
    assert external.editor_command({**os.environ, "EDITOR": "x", "VISUAL": "emacs -nw"}) == ["emacs", "-nw"]
