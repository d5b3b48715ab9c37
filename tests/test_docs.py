"""What the documents promise to other programs: their examples run, and every field that they name is there."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

import fastchat_tui
from fastchat_tui import events
from fastchat_tui.wire.doctor import Step
from fastchat_tui.wire.servers import SignInView

DOCS = Path(__file__).parents[1] / "docs"
TESTS = Path(__file__).parent
PACKAGE = Path(fastchat_tui.__file__).parent
FREE = ("arguments", "input_schema", "output_schema", "annotations", "structured")
"""Fields that hold what a server or a model says."""
EMPTY = dict.fromkeys(("left_out", "watched", "changed"))
"""Lists in which the demo has nothing."""


def python(*arguments: str, text: str = "") -> str:
    done = subprocess.run([sys.executable, *arguments], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def command(*arguments: str) -> Any:
    return json.loads(python("-m", "fastchat_tui", *arguments))


def example(heading: str) -> Any:
    text = (DOCS / "headless.md").read_text("utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n.*?^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return json.loads(found[1])


def shape(value: Any) -> Any:
    """Keys, however deep; of a list what its first item has."""
    match value:
        case dict():
            return {key: None if key in FREE else shape(inner) for key, inner in value.items()}
        case [first, *_]:
            return [shape(first)]
        case _:
            return None


# ── the library ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_example_of_the_library_does_what_it_says(tmp_path: Path) -> None:
    text = (DOCS / "library.md").read_text("utf-8")
    [program] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = python("-c", program).splitlines()
    assert lines[0] == "demo is ready"
    assert any(line.endswith("may get_time run with {'timezone': 'Asia/Tokyo'}? yes") for line in lines)
    assert "the call ended: ok" in lines
    assert any(line.startswith("- In Tokyo it is") for line in lines)
    assert lines[-1] == "the turn ended: done"


def test_every_public_name_is_there_and_no_other() -> None:
    for name in fastchat_tui.__all__:
        assert getattr(fastchat_tui, name) is not None
        assert name in dir(fastchat_tui)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        fastchat_tui.Nothing  # noqa: B018
    assert fastchat_tui.events is events


def test_the_import_alone_loads_nothing() -> None:
    program = "import sys, fastchat_tui; print([m for m in sys.modules if m.startswith('fastchat_tui.')])"
    assert python("-c", program) == "[]\n"
    program = "import sys, fastchat_tui; fastchat_tui.open_engine, fastchat_tui.events; print(*sys.modules)"
    assert not {"openai", "mcp", "keyring", "textual"} & set(python("-c", program).split())


# ── output for programs ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_as_json_is_as_documented() -> None:
    said = command("ask", "what time is it in Tokyo", "--demo", "--yes", "--output", "json")
    assert shape(said) == shape(example("ask --output json"))
    assert shape(command("call", "demo", "get_time", "--demo", "--json")) == shape(said["calls"][0])


def test_servers_and_tools_as_json_are_as_documented() -> None:
    [server] = command("servers", "--demo", "--json")
    assert shape(server) == shape(example("servers --json")) | {"options": shape(server["options"])} | EMPTY
    assert set(server["options"]) == set(example("servers --json")["options"])
    assert shape(command("tools", "--demo", "--json")[0]) == shape(example("tools --json"))


def test_resources_and_prompts_as_json_are_as_documented() -> None:
    [resource] = command("resources", "--demo", "--json")
    assert shape(resource) == shape(example("resources --json"))
    [prompt] = command("prompts", "demo", "--demo", "--json")
    assert shape(prompt) == shape(example("prompts --json"))
    [part] = command("read", "demo", resource["uri"], "--demo", "--json")
    assert shape(part) == shape(example("read --json"))
    [message] = command("prompt", "demo", prompt["name"], "topic=the clock", "--demo", "--json")
    assert shape(message) == shape(example("prompt --json"))
    assert "the clock" in message["content"]["text"]


def test_the_doctor_as_json_is_as_documented() -> None:
    said = command("doctor", "--demo", "--json")
    documented = example("doctor --json")
    assert said.keys() == documented.keys()
    assert shape(said["program"]) == shape(documented["program"]) == [{field.name: None for field in fields(Step)}]
    assert shape(said["servers"]["demo"]) == shape(documented["servers"]["files"])


def test_servers_of_other_programs_as_json_are_as_documented(home: Path) -> None:
    (home / ".cursor").mkdir()
    (home / ".cursor" / "mcp.json").write_text('{"mcpServers": {"x": {"command": "x", "env": {"A": "b"}}}}')
    [found] = command("servers", "import", "--json")
    assert found.keys() == example("servers import --json").keys()


def test_sign_ins_as_json_are_as_documented() -> None:
    assert example("auth status --json").keys() == {"server", *(field.name for field in fields(SignInView))}


def test_every_event_is_documented_with_its_fields() -> None:
    text = (DOCS / "headless.md").read_text("utf-8")
    documented = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    known = {
        next(field.default for field in fields(kind) if field.name == "kind"): " ".join(
            f"`{field.name}`" for field in fields(kind) if field.name != "kind"
        )
        for kind in get_args(events.Event)
    }
    assert documented == known
    assert set(example("ask --output jsonl")["event"]) == {"kind", "turn", "step", "text"}


def test_the_list_of_keys_is_the_table_of_keys() -> None:
    made = runpy.run_path(str(DOCS / "keys.py"))["text"]()
    assert made == (DOCS / "keys.md").read_text("utf-8")


# ── security ─────────────────────────────────────────────────────────────────────────────────────────────────────


def protections() -> list[tuple[str, str, str]]:
    """What holds, where, and the tests: the rows of the tables."""
    text = (DOCS / "security.md").read_text("utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [(what.strip(), where, tests) for what, where, tests in rows if what.strip() != "what holds"]


def test_every_protection_names_modules_and_tests_that_are_there() -> None:
    assert len(protections()) > 60
    for what, where, tests in protections():
        modules = re.findall("`(.+?)`", where)
        named = [test.split("::") for test in re.findall("`(.+?)`", tests)]
        assert modules, what
        assert named, what
        assert all((PACKAGE / module).exists() for module in modules), what
        for file, name in named:
            assert re.search(rf"^(?:async )?def {name}\(", (TESTS / file).read_text("utf-8"), re.MULTILINE), name
