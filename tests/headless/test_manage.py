"""``servers add``, ``remove``, ``enable``, ``disable`` as the real program, over real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def run(*argv: str, stdin: str | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "fastchat_tui", *argv], input=stdin or "", capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def own(home: Path) -> Path:
    return home / ".config" / "fastchat-tui" / "fastchat.config.json"


def test_a_command_is_added_word_by_word_and_no_shell_reads_it(own: Path) -> None:
    status, out, err = run("servers", "add", "files", "--env", "A=b=c", "--", "run", "-y", "a b; $(x)", "--json")
    assert (status, out, err) == (0, f"files is added to {own}\n", "")
    assert json.loads(own.read_text()) == {
        "mcp_servers": {
            "files": {
                "protocol": "stdio",
                "config": {"command": "run", "args": ["-y", "a b; $(x)", "--json"], "env": {"A": "b=c"}},
            }
        }
    }
    assert own.stat().st_mode & 0o777 == 0o600


def test_a_url_is_added_with_its_headers_and_unknown_keys_survive(own: Path) -> None:
    own.parent.mkdir(parents=True)
    own.write_text('{"theirs": [1], "mcpServers": {"a": {"command": "x", "odd": true}}}')
    header = "Authorization=Bearer ${T}"
    assert run("servers", "add", "web", "--header", header, "https://e.example/mcp")[0] == 0
    kept = json.loads(own.read_text())
    assert kept["theirs"] == [1]
    assert kept["mcpServers"]["a"] == {"command": "x", "odd": True}
    assert kept["mcpServers"]["web"] == {
        "type": "http",
        "url": "https://e.example/mcp",
        "headers": {"Authorization": "Bearer ${T}"},
    }


def test_what_cannot_be_added_changes_nothing(own: Path) -> None:
    assert run("servers", "add", "x", "run")[0] == 0
    before = own.read_bytes()
    status, _, err = run("servers", "add", "x", "other")
    assert (status, own.read_bytes()) == (4, before)
    assert "has a server “x” already.\n  Choose another name." in err
    assert run("servers", "add", "y", "--header", "A=b", "run")[0] == 2
    assert run("servers", "add", "y", "--env", "A", "run")[0] == 2
    assert run("servers", "add", "y")[0] == 2
    assert own.read_bytes() == before


def test_a_key_among_the_arguments_is_warned_of_and_not_repeated() -> None:
    status, out, err = run("servers", "add", "x", "--", "run", "--api-key", "hunter2hunter2")
    assert status == 0
    assert "A key stands in the arguments of x" in err
    assert "hunter2" not in out + err


@pytest.mark.parametrize(
    "given", [("--header", "Authorization=Bearer hunter2hunter2"), ("--header", "X=${HUNTER2_KEY}")]
)
def test_a_secret_that_is_written_down_is_warned_of_and_not_repeated(given: tuple[str, str]) -> None:
    status, out, err = run("servers", "add", "x", "https://e.example/mcp", *given)
    assert status == 0
    assert ("A secret of x now stands in the file in plain text" in err) == ("Bearer" in given[1])
    assert "hunter2" not in out + err


def test_a_server_is_removed_from_the_file_that_is_in_use(own: Path) -> None:
    Path("named.json").write_text('{"servers": {"a": {"command": "x"}, "b": {"command": "y"}}, "inputs": []}')
    assert run("--config", "named.json", "servers", "remove", "a")[0] == 0
    assert json.loads(Path("named.json").read_text()) == {"servers": {"b": {"command": "y"}}, "inputs": []}
    status, _, err = run("--config", "named.json", "servers", "remove", "a")
    assert (status, err) == (6, "fastchat-tui: There is no server “a”.\n  Known: b.\n")
    assert not own.exists()


def test_a_file_with_comments_is_not_written_and_no_secret_is_shown() -> None:
    path = Path("named.json")
    path.write_text('{"servers": {"a": {"command": "x"}}} // mine')
    before = path.read_text()
    status, _, err = run("--config", "named.json", "servers", "add", "w", "http://127.0.0.1/", "--header", "K=hunter2")
    assert status == 4
    assert "has comments" in err
    assert "hunter2" not in err
    assert run("--config", "named.json", "servers", "remove", "a")[0] == 4
    assert path.read_text() == before


def test_a_switch_is_remembered_and_the_file_untouched(own: Path) -> None:
    assert run("servers", "add", "x", "/nowhere/at/all")[0] == 0
    before = own.read_bytes()
    assert run("servers", "disable", "x")[:2] == (0, "x is switched off\n")
    status, out, _ = run("servers", "--json")
    assert (status, [(one["name"], one["state"]) for one in json.loads(out)]) == (0, [("x", "off")])
    assert run("servers", "enable", "x")[0] == 0
    assert run("servers")[0] == 6
    assert run("servers", "enable", "z")[0] == 6
    assert own.read_bytes() == before


def test_a_project_that_nobody_agreed_to_is_not_written(own: Path) -> None:
    Path("fastchat.config.json").write_text('{"mcp_servers": {}}')
    status, _, err = run("servers", "add", "x", "run")
    assert status == 0
    assert "nobody has agreed to it yet" in err
    assert Path("fastchat.config.json").read_text() == '{"mcp_servers": {}}'
    assert own.exists()


def test_import_shows_first_and_writes_only_when_told(own: Path, home: Path) -> None:
    theirs = home / ".cursor" / "mcp.json"
    theirs.parent.mkdir()
    theirs.write_text(
        '{"mcpServers": {"web": {"url": "https://e.example/mcp", "headers": {"X-Key": "hunter2hunter2"}}}}'
    )
    status, out, err = run("servers", "import")
    assert status == 0
    assert "web     new       Cursor  https://e.example/mcp (with X-Key)" in out
    assert str(theirs) in out
    assert "Nothing was changed" in err
    assert not own.exists()
    [offered] = json.loads(run("servers", "import", "--json", "--from", "cursor")[1])
    assert (offered["name"], offered["standing"], offered["headers"]) == ("web", "new", ["X-Key"])
    status, out, err = run("servers", "import", "--write")
    assert f"Added to {own}: web" in err
    assert "hunter2" not in out + err
    assert json.loads(own.read_text())["mcp_servers"]["web"]["headers"] == {"X-Key": "hunter2hunter2"}
    assert "Nothing new is among them." in run("servers", "import", "--write")[2]
    assert run("servers", "import", "--from", "emacs")[0] == 2
