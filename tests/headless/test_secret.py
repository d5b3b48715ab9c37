"""A secret is piped in or typed unseen, kept where the settings say, and goes to the server that wants it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal

SAYS = "import os, sys; sys.stderr.write('given ' + os.environ['KEY'][::-1]); sys.exit(1)"


def run(*arguments: str, stdin: str = "", passphrase: str = "correct horse") -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "FASTCHAT_PASSPHRASE": passphrase}
    command = [sys.executable, "-m", "fastchat_tui", *arguments]
    return subprocess.run(command, input=stdin, env=environ, capture_output=True, text=True, timeout=60)


@pytest.fixture
def kept_in_a_file(home: Path) -> Path:
    settings = home / ".config" / "fastchat-tui" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text('secrets = "file"\n')
    return settings


def test_what_is_piped_in_reaches_the_server_and_can_be_forgotten(kept_in_a_file: Path, home: Path) -> None:
    entry = {"command": sys.executable, "args": ["-c", SAYS], "env": {"KEY": "${keyring:box.key}"}}
    Path("servers.json").write_text(json.dumps({"mcpServers": {"box": entry}}))
    done = run("secret", "box.key", stdin="s3cr3t of the box\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "${keyring:box.key}" in done.stdout
    assert "given xob eht fo t3rc3s" in run("servers", "--config", "servers.json").stdout
    assert not [path for path in home.rglob("*") if path.is_file() and b"s3cr3t of" in path.read_bytes()]
    assert run("secret", "box.key", "--forget").stdout == "box.key is forgotten\n"
    assert "fastchat-tui secret box.key" in run("servers", "--config", "servers.json").stdout


def test_what_is_typed_is_not_shown(kept_in_a_file: Path) -> None:
    terminal = Terminal("secret", "typed", environ={"FASTCHAT_PASSPHRASE": "correct horse"})
    try:
        terminal.shows("typed: ")
        terminal.child.sendline("never to be seen")
        terminal.until(lambda: terminal.child.flag_eof)
        assert "is kept" in terminal.text
        assert b"never to be seen" not in terminal.raw
    finally:
        terminal.close()


def test_what_cannot_be_kept_is_said(kept_in_a_file: Path) -> None:
    assert run("secret", "no name", stdin="x").returncode == 2
    assert "There is no value." in run("secret", "empty", stdin=" \n").stderr
    assert "passphrase" in run("secret", "x", stdin="y", passphrase="").stderr
    kept_in_a_file.write_text('secrets = "memory"\n')
    done = run("secret", "x", stdin="y")
    assert done.returncode == 4
    assert "for the run only" in done.stderr
