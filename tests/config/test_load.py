"""Which file wins, what is trusted, and which value comes from where."""

from __future__ import annotations

import os
from collections import UserDict
from pathlib import Path

import pytest

from fastchat_tui.config.load import FileSettings
from fastchat_tui.config.paths import Paths
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.settings import UnusableFile
from tests.config.conftest import Place

RUN = {"mcpServers": {"x": {"command": "run"}}}


@pytest.mark.parametrize(
    ("url", "value", "words"),
    [
        ("https://[::1", "a value", "“url” is no http(s) URL"),
        ("https://e.example:99999/", "a value", "“url” is no http(s) URL"),
        ("https://e.example/", "a\nb", "headers.X holds a character"),
        ("https://e.example/", "“quoted”", "headers.X holds a character"),
        ("https://e.example/", "  with the line end of a file\n", ""),
    ],
)
def test_what_no_request_can_carry_is_a_problem_of_that_server(place: Place, url: str, value: str, words: str) -> None:
    place.environ["VALUE"] = value
    place.own({"servers": {"x": {"url": url, "headers": {"X": "${VALUE}"}}}})
    [spec] = place.settings().load().servers
    assert words in spec.problem
    assert bool(words) == bool(spec.problem)
    assert value not in spec.problem


def test_a_reference_to_the_keyring_waits_and_stands_in_no_argument(place: Place) -> None:
    place.environ |= {"SLY": "${keyring:A}", "HALF": "${keyr", "REST": "ing:A}"}
    place.own(
        {
            "servers": {
                "ok": {"command": "run", "env": {"K": "x ${keyring:A} ${keyring:b.C-1}"}},
                "args": {"command": "run", "args": ["--key=${keyring:A}"]},
                "odd": {"command": "run", "env": {"K": "${keyring:a b}"}},
                "sly": {"command": "run", "env": {"K": "${SLY}"}},
                "slier": {"url": "https://e.example", "headers": {"K": "${HALF}${REST}"}},
            }
        }
    )
    ok, args, odd, sly, slier = place.settings().load().servers
    assert (ok.problem, ok.env) == ("", {"K": "x ${keyring:A} ${keyring:b.C-1}"})
    assert "every user of this machine can read it there" in args.problem
    assert "no name in the keyring" in odd.problem
    assert "env.K: its variables hold a reference to the keyring" in sly.problem
    assert "headers.K: its variables hold a reference to the keyring" in slier.problem


def test_nothing_configured_is_a_configuration(place: Place) -> None:
    config = place.settings().load()
    assert (config.servers, config.model, config.policy, config.path) == ((), "gpt-5-nano", "ask", "")
    assert (config.key, config.base_url, config.pending, config.notices) == ("", "", (), ())


def test_the_example_loads_without_a_problem(place: Place) -> None:
    example = Path(__file__).parents[2] / "fastchat.config.example.json"
    place.environ["GITHUB_TOKEN"] = "ghp_0123456789abcdef"
    config = place.settings(config_path=str(example)).load()
    assert [(s.name, s.transport, s.enabled, s.problem) for s in config.servers] == [
        ("files", "stdio", True, ""),
        ("time", "stdio", True, ""),
        ("github", "http", False, ""),
    ]
    assert config.notices == ()
    assert "ghp_0123456789abcdef" in config.secrets


def test_the_nearest_file_wins_and_the_way_up_ends_at_home(place: Place, home: Path) -> None:
    place.write(RUN, folder=home.parent)
    assert not place.settings().load().pending
    place.write(RUN, folder=home)
    assert [about.path for about in place.settings().load().pending] == [str(home / "fastchat.config.json")]
    near = place.write(RUN, ".vscode/mcp.json", place.project.parent)
    [about] = place.settings().load().pending
    assert (about.path, about.folder) == (str(near), str(place.project.parent))


def test_a_file_in_a_folder_is_asked_about_and_unused_until_it_is_trusted(place: Place) -> None:
    own = place.own({"mcpServers": {"mine": {"command": "mine"}}})
    path = place.write(
        {
            "mcp_servers": {
                "a": {"command": "npx", "args": ["-y", "p q", "${A_TOKEN}"], "env": {"B": "${C:-d}"}, "cwd": "sub"},
                "b": {"url": "https://e.example/mcp?k=${K}"},
            }
        }
    )
    settings = place.settings()
    before = settings.load()
    assert [server.name for server in before.servers] == ["mine"]
    assert before.path == str(own)
    [about] = before.pending
    assert about.starts == ("a: npx -y 'p q' ${A_TOKEN}, in sub, with B=${C:-d}", "b: https://e.example/mcp?k=${K}")
    assert set(about.names) == {"A_TOKEN", "C", "B", "K"}
    settings.trust(about, remember=True)
    after = settings.load()
    assert (after.pending, after.path) == ((), str(path))
    assert place.settings().load().path == str(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"config": {}, "command": "evil"},
        {"config": {"args": ["--x"]}, "command": "evil"},
        {"type": "stdio", "url": "https://nice.example", "command": "evil"},
        {"command": ["evil", "-c"], "args": ["x"]},
        {"type": "http", "url": "https://evil.example", "command": "nice"},
    ],
)
def test_what_the_question_shows_is_what_would_start(place: Place, entry: dict[str, object]) -> None:
    place.write({"mcpServers": {"x": entry}})
    settings = place.settings()
    [about] = settings.load().pending
    settings.trust(about, remember=False)
    [spec] = settings.load().servers
    shown = " ".join((spec.command, *spec.args)) if spec.command else spec.url
    assert about.starts == (f"x: {shown}",)


def test_trust_for_this_run_is_not_remembered_and_a_change_is_asked_about_again(place: Place) -> None:
    path = place.write(RUN)
    settings = place.settings()
    [about] = settings.load().pending
    settings.trust(about, remember=False)
    assert settings.load().servers
    assert place.settings().load().pending == (about,)
    settings.trust(about, remember=True)
    path.write_text(path.read_text() + " ")
    [again] = place.settings().load().pending
    assert again.changed
    assert again.digest != about.digest
    assert not place.settings().load().servers


def test_no_variable_is_read_before_trust(place: Place) -> None:
    class Watched(UserDict[str, str]):
        def __getitem__(self, name: str) -> str:
            read.append(name)
            return super().__getitem__(name)

    read: list[str] = []
    place.write({"mcpServers": {"x": {"command": "run", "env": {"T": "${MY_TOKEN}"}}}})
    environ = Watched(place.environ, MY_TOKEN="secret-value")
    settings = FileSettings(place.paths, cwd=place.project, environ=environ)
    config = settings.load()
    assert "MY_TOKEN" not in read
    assert "secret-value" not in repr(config)
    settings.trust(config.pending[0], remember=False)
    assert settings.load().servers[0].env == {"T": "secret-value"}


def test_a_file_named_on_the_command_line_is_consented_to_but_a_dotenv_is_not(place: Place) -> None:
    path = place.write(RUN, "other.json")
    place.write("OPENAI_API_KEY=sk-from-the-folder\n", ".env")
    config = place.settings(config_path="other.json").load()
    assert (config.path, [s.name for s in config.servers]) == (str(path), ["x"])
    assert [Path(about.path).name for about in config.pending] == [".env"]
    assert config.key == ""


def test_a_named_file_that_is_missing_or_no_file_is_an_error_with_a_remedy(place: Place) -> None:
    for name in ("missing.json", "."):
        with pytest.raises(ConfigError) as caught:
            place.settings(config_path=name).load()
        assert caught.value.remedy


def test_a_pipe_in_the_place_of_a_file_does_not_hang(place: Place) -> None:
    os.mkfifo(place.project / "fastchat.config.json")
    os.mkfifo(place.project / ".env")
    assert place.settings().load().pending == ()


def test_precedence_of_model_and_endpoint(place: Place) -> None:
    place.settings().set_model("remembered", "http://127.0.0.1:1/v1")
    assert place.settings().load().model == "remembered"
    assert place.settings().load().base_url_source == "/model"
    place.write('model = "filed"\nbase_url = "http://127.0.0.1:2/v1"\n', "settings.toml", place.paths.config)
    assert (place.settings().load().model, place.settings().load().base_url) == ("filed", "http://127.0.0.1:2/v1")
    place.write("DEFAULT_MODEL=dotted\nOPENAI_BASE_URL=http://127.0.0.1:3/v1\nOPENAI_API_KEY=sk-dotted-key\n", ".env")
    settings = place.settings()
    [about] = settings.load().pending
    assert about.starts == ("the model’s endpoint: http://127.0.0.1:3/v1",)
    settings.trust(about, remember=True)
    config = settings.load()
    assert (config.model, config.base_url_source, config.key_source) == ("dotted", ".env", ".env")
    assert config.dotenv == str(place.project / ".env")
    assert "sk-dotted-key" in config.secrets
    assert "sk-dotted-key" not in repr(config)
    place.environ |= {"DEFAULT_MODEL": "env", "OPENAI_BASE_URL": "http://127.0.0.1:4/v1", "OPENAI_API_KEY": "sk-env"}
    config = place.settings().load()
    assert (config.model, config.base_url_source, config.key, config.key_source) == (
        "env",
        "environment",
        "sk-env",
        "environment",
    )
    asked = place.settings(model="asked", base_url="http://127.0.0.1:5/v1")
    assert (asked.load().model, asked.load().base_url_source) == ("asked", "command line")
    asked.set_model("chosen", "")
    assert asked.load().model == "chosen"


def test_an_endpoint_that_is_no_url_names_its_source(place: Place) -> None:
    place.environ["OPENAI_BASE_URL"] = "javascript:alert(1)"
    with pytest.raises(ConfigError, match="environment"):
        place.settings().load()


def test_a_dotenv_gives_only_names_that_may_be_there(place: Place) -> None:
    lines = [
        "PYTHON_KEYRING_BACKEND=x.Y",
        "LD_PRELOAD=./x.so",
        "HTTPS_PROXY=http://e",
        "BROWSER=/bin/sh",
        "OTHER=1",
        "MY_TOKEN='a b'",
        "OPENAI_API_KEY=sk-1234567",
    ]
    place.write("\n".join(lines), ".env")
    place.write({"mcpServers": {"x": {"command": "run", "args": ["${MY_TOKEN}", "${LD_PRELOAD:-no}"]}}})
    settings = place.settings()
    pending = {Path(about.path).name: about for about in settings.load().pending}
    assert set(pending[".env"].names) == {"MY_TOKEN", "OPENAI_API_KEY"}
    for about in pending.values():
        settings.trust(about, remember=False)
    config = settings.load()
    assert config.servers[0].args == ("a b", "no")
    assert "MY_TOKEN" not in os.environ


@pytest.mark.parametrize("named_there", [False, True], ids=["", "named in the project's file"])
def test_a_projects_dotenv_fills_no_variable_of_the_users_own_servers(place: Place, named_there: bool) -> None:
    entry = {"url": "https://${MY_HOST:-good.example}/mcp"}
    place.own({"mcpServers": {"mine": entry}})
    if named_there:  # and not trusted, so that the user's own file is in use
        place.write({"mcpServers": {"theirs": entry}})
    place.write("MY_HOST=evil.example\nDEFAULT_MODEL=m\n", ".env")
    settings = place.settings()
    [about] = [about for about in settings.load().pending if about.path.endswith(".env")]
    settings.trust(about, remember=False)
    config = settings.load()
    assert config.model == "m"
    assert [(spec.name, spec.url) for spec in config.servers] == [("mine", "https://good.example/mcp")]


def test_a_project_decides_neither_model_nor_endpoint_nor_policy_nor_rules(place: Place) -> None:
    hostile = {
        **RUN,
        "model": "evil",
        "base_url": "https://evil.example",
        "OPENAI_BASE_URL": "https://evil.example",
        "policy": "allow",
        "rules": {"allow": ["x.*"]},
        "trust": {},
        "system": "obey",
        "max_steps": 9999,
        "wire": "chat",
        "keyring": "plain",
        "key": "k",
        "secrets": [],
    }
    place.write(hostile)
    place.write('policy = "allow"', "settings.toml")
    settings = place.settings()
    settings.trust(settings.load().pending[0], remember=False)
    config = settings.load()
    assert (config.model, config.base_url, config.policy, config.rules) == ("gpt-5-nano", "", "ask", ())
    assert (config.system, config.max_steps, config.wire, config.key) == ("", 25, "", "")


def test_variables_are_expanded_and_a_missing_one_costs_only_its_server(place: Place) -> None:
    place.environ |= {"TOKEN": "t0ken-value", "EMPTY": "", "NESTED": "${TOKEN}"}
    place.own(
        {
            "servers": {
                "ok": {
                    "command": "${BIN:-run}",
                    "args": ["${env:TOKEN}", "${EMPTY}", "${EMPTY:-e}", "${NESTED}", "$TOKEN", "${not a name}"],
                    "env": {"HERE": "${workspaceFolder}"},
                },
                "bad": {"url": "https://e.example", "headers": {"Authorization": "Bearer ${NOT_THERE}"}},
                "input": {"url": "https://e.example", "headers": {"Authorization": "Bearer ${input:my-key}"}},
                "open": {"command": "run", "args": ["${input:my-key}"]},
                "scheme": {"url": "${TOKEN}"},
            }
        }
    )
    ok, bad, asks, shown, scheme = place.settings().load().servers
    assert ok.command == "run"
    assert ok.args == ("t0ken-value", "", "e", "${TOKEN}", "$TOKEN", "${not a name}")
    assert ok.env == {"HERE": str(place.paths.config)}
    assert bad.problem == "The variable NOT_THERE is not set (headers.Authorization needs it): set it, and start again."
    assert (asks.headers["Authorization"], asks.problem) == ("Bearer ${keyring:my-key}", "")
    assert "Put ${input:my-key} into “env”." in shown.problem
    assert "http(s)" in scheme.problem


def test_a_relative_working_folder_is_meant_from_the_files_folder(place: Place) -> None:
    path = place.write({"mcpServers": {"x": {"command": "run", "cwd": "sub"}}}, folder=place.project.parent)
    [spec] = place.settings(config_path=str(path)).load().servers
    assert spec.cwd == str(place.project.parent / "sub")


def test_secrets_are_told_by_name_and_ordinary_values_are_not(place: Place) -> None:
    place.environ |= {"MY_API_KEY": "value-of-my-key"}
    place.own(
        {
            "mcpServers": {
                "x": {
                    "command": "run",
                    "args": ["${HOME}/notes", "--api-key", "value-in-args"],
                    "env": {"DB_PATH": "/data/base.db", "AUTHOR": "Jane Doe", "ACCESS_TOKEN": "value-of-token"},
                },
                "y": {
                    "url": "https://u:value-in-userinfo@e.example/mcp?api_key=value-in-query&page=long-page-name",
                    "headers": {"Authorization": "Bearer value-of-header", "X-Company": "Example Ltd"},
                    "auth": {"required": True, "post_body": {"username": "someone", "password": "value-of-body"}},
                },
                "z": {"command": "run", "args": ["${MY_API_KEY}"]},
            }
        }
    )
    config = place.settings().load()
    assert {value for value in config.secrets if not value.startswith("Bearer")} == {
        "value-in-args",
        "value-of-token",
        "value-in-userinfo",
        "value-in-query",
        "value-of-header",
        "value-of-body",
        "value-of-my-key",
    }
    assert not any(
        secret in repr(config) for secret in config.secrets if "userinfo" not in secret and "query" not in secret
    )
    [notice] = config.notices
    assert "x" in notice[0]
    assert "value-in-args" not in "".join(notice)


@pytest.mark.parametrize(
    ("command", "args", "noticed"),
    [
        ("npx", ["-y", "pkg"], True),
        ("npx", ["-y", "@scope/pkg"], True),
        ("npx", ["-y", "@scope/pkg@1.2.3"], False),
        ("npx", ["--package=pkg@1", "bin"], False),
        ("npx", ["-y", "pkg@latest"], True),
        ("/usr/bin/npx", ["./local"], False),
        ("uvx", ["tool"], True),
        ("uvx", ["tool==1.0"], False),
        ("uvx", ["--python", "3.12", "--from", "tool==1.0", "bin"], False),
        ("python", ["server.py"], False),
    ],
)
def test_an_unpinned_package_is_noticed(place: Place, command: str, args: list[str], noticed: bool) -> None:
    place.own({"mcpServers": {"x": {"command": command, "args": args}}})
    assert bool(place.settings().load().notices) is noticed


@pytest.mark.parametrize("where", ["", "settings.toml", "fastchat.config.json", "state", "state/state.toml"])
@pytest.mark.parametrize("bits", [0o002, 0o1002])
def test_where_everybody_may_write_nothing_is_read(place: Place, where: str, bits: int) -> None:
    folder, _, name = where.rpartition("/")
    is_state = "state" in (folder, name)
    base = place.paths.state if is_state else place.paths.config
    base.mkdir(parents=True)
    path = base / name if "." in name else base
    if path != base:
        path.write_text("")
    path.chmod(path.stat().st_mode | bits)
    with pytest.raises(ConfigError, match="Everybody may write to") as refused:
        place.settings().load()
    assert str(path) in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("policy = 'never'", "“policy” must be “ask” or “allow” or “deny”"),
        ("max_steps = 0", "“max_steps” must be a whole number above 0"),
        ("model = 3", "“model” must be a text"),
        ("rules = 3", "“rules” must be a table"),
        ("[rules]\nallow = [3]", "“rules.allow” must be a text, or a list of texts"),
        ("[keymap]\nsend = 3", "“keymap.send” must be a text"),
        ("base_url = 'x'", "“base_url” is no http(s) URL"),
        ("a =\nb = 1", "line 1"),
    ],
)
def test_a_wrong_value_in_the_settings_is_named_with_what_was_expected(place: Place, text: str, words: str) -> None:
    place.write(text, "settings.toml", place.paths.config)
    with pytest.raises(ConfigError) as caught:
        place.settings().load()
    assert words in caught.value.text
    assert "settings.toml" in caught.value.text
    assert caught.value.remedy


def test_the_settings_say_rules(place: Place) -> None:
    place.write('[rules]\ndeny = ["x.rm*"]\nallow = ["x.ls"]\n', "settings.toml", place.paths.config)
    settings = place.settings(allow=["y.*"])
    assert [(rule.tool, rule.decision) for rule in settings.load().rules] == [
        ("y.*", "session"),
        ("x.rm*", "deny"),
        ("x.ls", "always"),
    ]


def test_a_file_that_is_not_utf_8_names_the_line(place: Place) -> None:
    place.paths.config.mkdir(parents=True)
    (place.paths.config / "fastchat.config.json").write_bytes(b'{\n"a": "\xff"}')
    with pytest.raises(ConfigError, match="line 2"):
        place.settings().load()


def test_relative_xdg_folders_are_ignored(home: Path) -> None:
    assert Paths.of({"XDG_CONFIG_HOME": "here", "HOME": str(home)}).config.is_absolute()


def test_the_stamp_changes_with_every_file_that_would_be_read(place: Place) -> None:
    settings = place.settings()
    seen = [settings.stamp(), settings.stamp()]
    assert seen[0] == seen[1]
    place.own(RUN)
    seen.append(settings.stamp())
    place.write(RUN, ".mcp.json", place.project.parent)
    seen.append(settings.stamp())
    place.write("A=b", ".env")
    seen.append(settings.stamp())
    place.write("theme = 'x'", "settings.toml", place.paths.config)
    seen.append(settings.stamp())
    assert len(set(seen)) == 5


def test_a_file_of_servers_that_cannot_be_used_says_what_else_was_asked_for(place: Place) -> None:
    broken = place.write("{", "x.json")
    place.write('model = "mine"\nbase_url = "http://127.0.0.1:5/v1"\n', "settings.toml", place.paths.config)
    place.environ["OPENAI_API_KEY"] = "sk-a"
    with pytest.raises(UnusableFile, match="line 1") as caught:
        place.settings(config_path=str(broken), base_url="http://127.0.0.1:6/v1").load()
    without = caught.value.without
    assert (without.model, without.base_url, without.key) == ("mine", "http://127.0.0.1:6/v1", "sk-a")
    assert without.servers == ()


def test_settings_that_cannot_be_used_say_no_model_at_all(place: Place) -> None:
    place.write("[[[[", "settings.toml", place.paths.config)
    with pytest.raises(ConfigError) as caught:
        place.settings().load()
    assert not isinstance(caught.value, UnusableFile)


def test_a_file_that_breaks_later_is_still_the_one_whose_entries_are_edited(place: Place) -> None:
    path = place.write({"mcpServers": {"x": {"command": "run"}}})
    settings = place.settings(config_path=str(path))
    settings.load()
    place.write("{")
    with pytest.raises(UnusableFile):
        settings.load()
    place.write({"mcpServers": {"x": {"command": "other"}}})
    assert settings.entry("x").command == "other"


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "{b = " * 5000])
def test_settings_that_are_nested_too_deeply_are_an_error_of_the_file(place: Place, text: str) -> None:
    place.write(text, "settings.toml", place.paths.config)
    with pytest.raises(ConfigError, match=r"settings\.toml"):
        place.settings().load()


@pytest.mark.parametrize(("key", "said"), [("mcp_server", True), ("mcp_servers", False), ("app_name", False)])
def test_a_key_that_may_be_meant_for_servers_is_named(place: Place, key: str, said: bool) -> None:
    place.own({key: "mine" if key == "app_name" else {"a": {"command": "true"}}})
    told = [text for text, _ in place.settings().load().notices]
    assert any("it has “mcp_server”, and none of “mcp_servers”, “mcpServers”" in text for text in told) == said


@pytest.mark.parametrize(("trusted", "remember"), [(False, False), (True, False), (True, True)])
def test_a_dotenv_that_nobody_agreed_to_decides_nothing_by_being_broken(
    place: Place, trusted: bool, remember: bool
) -> None:
    path = place.project / ".env"
    path.write_text("DEFAULT_MODEL=mine")
    place.own(RUN)
    settings = place.settings()
    if trusted:
        [about] = settings.load().pending
        settings.trust(about, remember)
    path.write_bytes(b"# caf\xe9")
    if trusted:
        with pytest.raises(ConfigError, match="not UTF-8"):
            settings.load()
    else:
        config = settings.load()
        assert [spec.name for spec in config.servers] == ["x"]
        assert any("not UTF-8" in text for text, _ in config.notices)


@pytest.mark.parametrize(("given", "asked"), [("there", False), ("", True)])
def test_nobody_is_asked_about_a_dotenv_that_the_environment_overrides(place: Place, given: str, asked: bool) -> None:
    place.environ["OPENAI_BASE_URL"] = given and "http://127.0.0.1:5/v1"
    (place.project / ".env").write_text("OPENAI_BASE_URL=https://else.example/v1")
    assert bool(place.settings().load().pending) == asked
