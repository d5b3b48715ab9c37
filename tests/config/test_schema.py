"""Every shape of configuration that people already have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fastchat_tui.config import jsonc
from fastchat_tui.config.schema import servers
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.servers import ServerSpec

PATH = Path("some.json")


def one(entry: Any, section: str = "mcp_servers") -> ServerSpec:
    [spec] = servers({section: {"x": entry}}, PATH)
    return spec


def test_our_own_shape_with_config_and_httpstream_url() -> None:
    local, remote = servers(
        {
            "mcp_servers": {
                "local": {
                    "protocol": "stdio",
                    "name": "my-local",
                    "config": {"command": "npx", "args": ["-y", "p"], "env": {"A": "1"}, "cwd": "/w"},
                },
                "remote": {
                    "protocol": "httpstream",
                    "httpstream-url": "https://e.example/mcp",
                    "name": "remote",
                    "description": "Far away.",
                    "headers": {"Authorization": "Bearer x"},
                },
            }
        },
        PATH,
    )
    assert (local.transport, local.command, local.args, local.env, local.cwd) == (
        "stdio",
        "npx",
        ("-y", "p"),
        {"A": "1"},
        "/w",
    )
    assert local.description == "my-local"
    assert (remote.transport, remote.url, remote.description) == ("http", "https://e.example/mcp", "Far away.")
    assert remote.headers == {"Authorization": "Bearer x"}
    assert not remote.sse_fallback


@pytest.mark.parametrize("section", ["mcp_servers", "mcpServers", "mcp-servers", "servers"])
def test_each_name_of_the_section_is_understood(section: str) -> None:
    assert one({"command": "run"}, section).command == "run"


@pytest.mark.parametrize(
    ("entry", "transport", "fallback"),
    [
        ({"command": "run"}, "stdio", False),
        ({"url": "https://e.example/mcp"}, "http", True),
        ({"url": "https://e.example/sse"}, "sse", False),
        ({"url": "https://e.example/sse/?a=1"}, "sse", False),
        ({"httpUrl": "https://e.example/mcp"}, "http", False),
        ({"type": "sse", "url": "http://e.example/x"}, "sse", False),
        ({"type": "http", "url": "http://e.example/sse"}, "http", False),
        ({"transport": "streamable_http", "url": "http://e.example/x"}, "http", False),
        ({"transport_type": "stdio", "config": {"command": "run"}}, "stdio", False),
        ({"type": "local", "command": ["run", "-v"]}, "stdio", False),
    ],
)
def test_the_transport_is_named_or_inferred(entry: Any, transport: str, fallback: bool) -> None:
    spec = one(entry)
    assert (spec.problem, spec.transport, spec.sse_fallback) == ("", transport, fallback)


def test_a_command_may_be_written_as_a_list() -> None:
    spec = one({"command": ["run", "-v"], "args": ["x"]})
    assert (spec.command, spec.args) == ("run", ("-v", "x"))


def test_env_beside_and_inside_of_config_is_merged() -> None:
    spec = one({"env": {"A": "out", "B": "out"}, "config": {"command": "run", "env": {"A": "in", "N": 1, "T": True}}})
    assert spec.env == {"A": "in", "B": "out", "N": "1", "T": "true"}


@pytest.mark.parametrize(
    ("entry", "enabled"),
    [({}, True), ({"enabled": False}, False), ({"disabled": True}, False), ({"disabled": False}, True)],
)
def test_enabled_and_disabled(entry: Any, enabled: bool) -> None:
    assert one({"command": "run", **entry}).enabled is enabled


@pytest.mark.parametrize(
    ("entry", "connect", "call"),
    [
        ({}, 30, 120),
        ({"timeout": 45}, 30, 45),
        ({"timeout": 60000}, 30, 60),
        ({"connect_timeout": 5, "call_timeout": 3600}, 5, 3600),
    ],
)
def test_timeouts_are_seconds_and_large_foreign_ones_milliseconds(entry: Any, connect: float, call: float) -> None:
    spec = one({"command": "run", **entry})
    assert (spec.connect_timeout, spec.call_timeout) == (connect, call)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (5, "must be an object"),
        ({}, "Neither “command” nor “url”"),
        ({"type": "stdio", "url": "http://e.example"}, "“command” is missing"),
        ({"type": "http", "command": "run"}, "“url” is missing"),
        ({"protocol": "ws", "url": "wss://e.example"}, "“ws” is not known"),
        ({"type": 7, "command": "run"}, "“7” is not known"),
        ({"command": 7}, "“command” must be a text"),
        ({"command": "run", "args": "x"}, "“args” must be a list of texts"),
        ({"command": "run", "args": [None]}, "“args” must be a list of texts"),
        ({"command": "run", "env": ["A=1"]}, "“env” must be an object of texts"),
        ({"command": "run", "config": "x"}, "“config” must be an object"),
        ({"command": "run", "timeout": 0}, "“timeout” must be a positive number"),
        ({"command": "run", "connect_timeout": 10**400}, "“connect_timeout” must be a positive number"),
        ({"command": "run", "timeout": float("nan")}, "“timeout” must be a positive number"),
        ({"command": "run", "enabled": "no"}, "“enabled” must be true or false"),
        ({"command": "run", "era": "1999"}, "“era” must be one of"),
        ({"command": []}, "Neither “command” nor “url”"),
    ],
)
def test_a_bad_entry_is_a_problem_of_that_server_only(entry: Any, words: str) -> None:
    bad, good = servers({"servers": {"bad": entry, "good": {"command": "run"}}}, PATH)
    assert words in bad.problem
    assert (good.problem, good.command) == ("", "run")


def test_a_section_of_the_wrong_type_is_named() -> None:
    with pytest.raises(ConfigError, match="“mcpServers” must be an object"):
        servers({"mcpServers": []}, PATH)


def test_comments_and_trailing_commas_are_read_but_not_inside_of_texts() -> None:
    text = '{ // a\n "a": "x // y, ]", /* b\n */ "b": [1, 2,], }'
    assert jsonc.parse(text, PATH) == {"a": "x // y, ]", "b": [1, 2]}
    assert not jsonc.is_strict(text)
    assert jsonc.is_strict('{"a": "// x"}')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: expected “,”"),
        ('{ /* x\n */ "a" 1}', "line 2, column 9: expected “:”"),
        ("[]", "expected an object"),
        ("", "line 1, column 1: expected a value"),
        ('{"a": NaN}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_syntax_error_names_file_line_and_column(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"some\.json") as caught:
        jsonc.parse(text, PATH)
    assert words in caught.value.text
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("entry", "wrap", "words"),
    [
        ({"command": "run", "wrap": ["bwrap", "--x"]}, ("bwrap", "--x"), ""),
        ({"command": "run"}, (), ""),
        ({"command": "run", "wrap": "bwrap"}, (), "“wrap” must be a list"),
        ({"command": "run", "wrap": [" "]}, (), "“wrap” must be the command"),
        ({"url": "https://e.example", "wrap": ["bwrap"]}, (), "“wrap” must be the command"),
    ],
)
def test_a_wrapper_that_cannot_be_used_is_a_problem_and_not_left_out(
    entry: dict[str, object], wrap: tuple[str, ...], words: str
) -> None:
    [spec] = servers({"mcpServers": {"x": entry}}, Path("x.json"))
    assert spec.wrap == wrap
    assert words in spec.problem
    assert bool(words) == bool(spec.problem)
