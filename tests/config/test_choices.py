"""What is remembered, and what happens to the file it is remembered in."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from fastchat_tui.config.files import write_atomically
from fastchat_tui.config.load import FileSettings
from fastchat_tui.config.state import State
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.ports import Rule
from fastchat_tui.wire.servers import ServerOptions, ServerSpec
from tests.config.conftest import Place


def test_switches_rules_origins_and_theme_come_back(place: Place) -> None:
    settings = place.settings()
    assert settings.enabled("x") is None
    settings.set_enabled("x", False)
    settings.set_tool_enabled("x.y", "t", False)
    settings.set_tool_enabled("x.y", "u", False)
    settings.set_tool_enabled("x.y", "u", True)
    settings.add_rule(Rule("x.t", "always"))
    settings.add_rule(Rule("x.u", "deny"))
    settings.allow_key_origin("https://e.example:443")
    again = place.settings()
    assert again.enabled("x") is False
    assert (again.tool_enabled("x.y", "t"), again.tool_enabled("x.y", "u")) == (False, True)
    assert [(rule.tool, rule.decision) for rule in again.rules()] == [("x.t", "always"), ("x.u", "deny")]
    assert again.key_origins() == ["https://e.example:443"]


def test_a_rule_counts_only_for_the_file_under_which_it_was_made(place: Place) -> None:
    first = place.write({"mcpServers": {"x": {"command": "good"}}}, "first.json")
    second = place.write({"mcpServers": {"x": {"command": "evil"}}}, "second.json")
    settings = place.settings(config_path=str(first))
    settings.load()
    settings.add_rule(Rule("x.t", "always"))
    assert settings.rules()
    other = place.settings(config_path=str(second))
    other.load()
    assert other.rules() == []


def test_choices_stay_with_the_file_that_goes_on_while_a_changed_one_waits(place: Place) -> None:
    mine = place.own({"mcpServers": {"x": {"command": "mine"}}})
    place.write({"mcpServers": {"x": {"command": "theirs"}}})
    settings = place.settings()
    settings.trust(settings.load().pending[0], remember=True)
    used = settings.load()
    settings.add_rule(Rule("x.theirs", "always"))
    place.write({"mcpServers": {"x": {"command": "changed"}}})
    found = settings.load()
    assert (found.path, [about.path for about in found.pending]) == (str(mine), [used.path])
    assert settings.rules() == []
    settings.keep(used)
    assert [rule.tool for rule in settings.rules()] == ["x.theirs"]
    with pytest.raises(ConfigError, match="has changed since you trusted it"):
        settings.remove_server("x")


def test_state_is_for_the_owner_only_and_keeps_what_it_does_not_know(place: Place) -> None:
    path = place.write('later = "kept"\n[servers]\nx = true\n', "state.toml", place.paths.state)
    place.settings().set_enabled("y", False)
    assert tomllib.loads(path.read_text()) == {"later": "kept", "servers": {"x": True, "": {"y": False}}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_chosen_for_a_server_holds_for_its_file_only(place: Place) -> None:
    one, two = (place.write({"servers": {"x": {"command": "run"}}}, name) for name in ("one.json", "two.json"))

    def of(path: Path) -> FileSettings:
        settings = place.settings(config_path=str(path))
        settings.load()
        return settings

    chosen = of(one)
    chosen.set_enabled("x", False)
    chosen.set_tool_enabled("x", "t", False)
    chosen.set_options("x", ServerOptions(sampling=True))
    assert [(s.enabled("x"), s.tool_enabled("x", "t"), s.options("x")) for s in (of(one), of(two))] == [
        (False, False, ServerOptions(sampling=True)),
        (None, True, None),
    ]


def test_new_folders_and_files_are_for_the_owner_only(place: Place) -> None:
    old = os.umask(0)
    try:
        place.settings().set_enabled("x", True)
        added = Path(place.settings().add_server("x", "run", ""))
    finally:
        os.umask(old)
    for path in (place.paths.state, place.paths.config):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (*place.paths.state.iterdir(), added):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_broken_state_is_said_set_aside_and_not_overwritten(place: Place) -> None:
    path = place.write("servers = [broken", "state.toml", place.paths.state)
    settings = place.settings()
    [(text, remedy)] = settings.load().notices
    assert "state.toml" in text
    assert "set aside" in remedy
    assert path.read_text() == "servers = [broken"
    settings.set_enabled("x", True)
    [aside] = place.paths.state.glob("state.broken-*.toml")
    assert aside.read_text() == "servers = [broken"
    assert place.settings().enabled("x") is True


def test_state_of_unexpected_shape_is_no_crash(place: Place) -> None:
    text = 'servers = 3\ntrust = "x"\nrules = [1]\nmodel = 7\ntheme = 9\n[tools_off]\nx = 3\n[keys]\norigins = "y"\n'
    place.write(text, "state.toml", place.paths.state)
    settings = place.settings()
    settings.load()
    assert (settings.enabled("x"), settings.tool_enabled("x", "t"), settings.rules()) == (None, True, [])
    assert settings.key_origins() == []
    settings.set_enabled("x", False)
    assert place.settings().enabled("x") is False


def test_where_nothing_can_be_written_choices_last_for_this_run_and_it_is_said(place: Place) -> None:
    place.paths.state.parent.mkdir(parents=True, exist_ok=True)
    place.paths.state.write_text("a file where the folder should be")
    settings = place.settings()
    settings.set_enabled("x", False)
    settings.set_tool_enabled("x", "t", False)
    assert settings.enabled("x") is False
    assert settings.tool_enabled("x", "t") is False
    [(text, remedy)] = settings.load().notices
    assert "cannot be written" in text
    assert "until you quit" in remedy
    assert settings.enabled("x") is False


def test_two_instances_do_not_undo_each_other(place: Place) -> None:
    one, two = place.settings(), place.settings()
    one.set_enabled("a", False)
    two.set_enabled("b", False)
    assert (place.settings().enabled("a"), place.settings().enabled("b")) == (False, False)
    one.load()
    assert one.enabled("b") is False


WRITER = """
import sys
from pathlib import Path
from fastchat_tui.config.state import State
for number in range(30):
    State(Path(sys.argv[1])).change(lambda table: table.update({f"{sys.argv[2]}{number}": number}))
"""


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state" / "state.toml"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    state = State(path)
    state.refresh()
    assert len(state.table()) == 90
    assert not [name for name in os.listdir(path.parent) if name not in ("state.toml", ".state.toml.lock")]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "folder" / "x"
    write_atomically(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["x"]


def test_what_a_killed_writer_left_is_swept_and_a_living_one_is_let_be(tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    old, young, other = (
        tmp_path / ".state.toml.abcd1234",
        tmp_path / ".state.toml.efgh5678",
        tmp_path / ".state.toml.lock",
    )
    for each in (old, young, other):
        each.write_text("half")
    for each in (old, other):
        os.utime(each, (1, 1))
    write_atomically(path, b"whole")
    assert {each.name for each in tmp_path.iterdir() if each.is_file()} == {path.name, young.name, other.name}


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


# ── adding servers ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_server_is_added_to_the_users_own_file_and_unknown_keys_survive(place: Place) -> None:
    path = place.own({"db_conection": {"root_path": "x"}, "mcpServers": {"old": {"command": "é", "later": [1]}}})
    settings = place.settings()
    settings.load()
    assert settings.add_server("files", "npx -y 'a b' $HOME", "") == str(path)
    settings.add_server("web", "", "https://e.example/mcp")
    document = json.loads(path.read_text())
    assert document["db_conection"] == {"root_path": "x"}
    assert document["mcpServers"]["old"] == {"command": "é", "later": [1]}
    files, web = settings.load().servers[1:]
    assert (files.command, files.args) == ("npx", ("-y", "a b", "$HOME"))
    assert (web.transport, web.url) == ("http", "https://e.example/mcp")


def test_the_first_server_makes_the_file_in_our_own_dialect(place: Place) -> None:
    settings = place.settings()
    path = Path(settings.add_server("web", "", "https://e.example/mcp"))
    assert path == place.paths.config / "fastchat.config.json"
    expected = {"protocol": "httpstream", "httpstream-url": "https://e.example/mcp"}
    assert json.loads(path.read_text()) == {"mcp_servers": {"web": expected}}
    assert settings.load().servers[0].problem == ""


def test_a_server_added_to_a_trusted_project_keeps_it_trusted_and_its_mode(place: Place) -> None:
    path = place.write({"servers": {"x": {"command": "run"}}})
    path.chmod(0o644)
    settings = place.settings()
    settings.trust(settings.load().pending[0], remember=True)
    settings.load()
    assert settings.add_server("y", "run", "") == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [spec.name for spec in place.settings().load().servers] == ["x", "y"]
    assert sorted(os.listdir(place.project)) == ["fastchat.config.json"]


def test_adding_never_blesses_what_somebody_else_changed_meanwhile(place: Place) -> None:
    path = place.write({"servers": {"x": {"command": "run"}}})
    settings = place.settings()
    settings.trust(settings.load().pending[0], remember=True)
    settings.load()
    place.write({"servers": {"x": {"command": "evil"}}})
    with pytest.raises(ConfigError, match="has changed"):
        settings.add_server("y", "run", "")
    assert "y" not in json.loads(path.read_text())["servers"]
    assert place.settings().load().pending


@pytest.mark.parametrize(
    ("name", "command", "url", "words"),
    [
        ("", "run", "", "needs a name"),
        ("a\x1b[2J", "run", "", "needs a name"),
        ("x", "", "", "needs a command or a URL"),
        ("x", "run", "https://e.example", "needs a command or a URL"),
        ("x", "run 'open", "", "cannot be read"),
        ("x", "", "file:///etc/passwd", "no http(s) URL"),
        ("old", "run", "", "has a server “old” already"),
    ],
)
def test_what_cannot_be_added_is_said(place: Place, name: str, command: str, url: str, words: str) -> None:
    path = place.own({"mcpServers": {"old": {"command": "run"}}})
    before = path.read_bytes()
    settings = place.settings()
    settings.load()
    with pytest.raises(ConfigError) as caught:
        settings.add_server(name, command, url)
    assert words in caught.value.text
    assert caught.value.remedy
    assert path.read_bytes() == before


def test_a_file_with_comments_is_not_rewritten_but_the_entry_is_shown(place: Place) -> None:
    path = place.own('{ // mine\n "servers": {} }')
    settings = place.settings()
    settings.load()
    with pytest.raises(ConfigError, match="comments") as caught:
        settings.add_server("x", "run me", "")
    assert '"run"' in caught.value.remedy
    assert path.read_text().startswith("{ // mine")


def test_options_and_what_is_known_of_an_entry_come_back(place: Place) -> None:
    options = ServerOptions(sampling=True, sampling_budget=9, instructions=False, log_level="error", roots=("/a b",))
    entry = ServerSpec("x", "stdio", "run", ("--token", "s3cr3t-v4lue"))
    settings = place.settings()
    assert (settings.options("x"), settings.is_deaf(entry)) == (None, False)
    settings.set_options("x", options)
    settings.remember_deaf(entry)
    again = place.settings()
    assert again.options("x") == options
    assert again.is_deaf(entry)
    assert not again.is_deaf(replace(entry, args=("--other",)))
    (written,) = place.paths.state.rglob("state.toml")
    assert "s3cr3t" not in written.read_text()


def test_an_entry_says_what_its_server_may_do(place: Place) -> None:
    may = {"sampling": True, "sampling_budget": 5, "roots": ["/data"], "log_level": "debug", "instructions": False}
    place.own({"mcpServers": {"x": {"command": "run", **may}, "y": {"command": "run", "log_level": "loud"}}})
    x, y = place.settings().load().servers
    assert x.options == ServerOptions(True, 5, False, "debug", ("/data",))
    assert "“log_level” must be one of debug" in y.problem
