"""``doctor`` as the real program, with real processes: what is wrong, what to do, and the status."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.fakes.openai_api import serving
from tests.headless.test_manage import run

FAULTY = Path(__file__).parents[1] / "fakes" / "faulty_server.py"


def configure(**servers: Any) -> tuple[str, str]:
    Path("named.json").write_text(json.dumps({"mcp_servers": servers}))
    return "--config", "named.json"


def faulty(fault: str = "", *more: str) -> dict[str, Any]:
    return {"command": sys.executable, "args": [str(FAULTY), "--fault", fault, *more]}


def test_all_that_works_is_said_and_is_status_0() -> None:
    named = configure(good=faulty(), off={"command": "x", "enabled": False})
    with serving([]) as api:
        status, out, _ = run(*named, "--base-url", api.url, "doctor")
    assert status == 0, out
    lines = out.splitlines()
    assert lines[0].startswith("✓ config ")
    assert "named.json: 2 servers" in lines[0]
    assert any(line.startswith("! keyring ") and "There is no keyring" in line for line in lines)
    assert any(line.startswith("✓ model TCP") for line in lines)
    assert any(line.startswith("✓ key ") and "local endpoint" in line for line in lines)
    assert any(line.startswith("✓ protocol ") and "2025-11-25" in line for line in lines)
    assert any(line.startswith("✓ lists ") and line.endswith("2 tools") for line in lines)
    assert "it is switched off" in out


def test_a_failing_server_is_status_6_and_no_secret_is_shown() -> None:
    named = configure(bad=faulty("exits-at-start", "--pids", "/dev/null", "--api-key=hunter2hunter2"), ok=faulty())
    status, out, err = run(*named, "doctor", "bad")
    assert status == 6
    assert "✗ first bytes" in out
    assert "→ Run the command in a terminal" in out
    assert "· lists" in out
    assert "hunter2" not in out + err
    assert "\nok\n" not in out


def test_as_json_every_step_has_its_verdict_and_time() -> None:
    named = configure(gone={"command": "no-such-command"})
    status, out, _ = run(*named, "--base-url", "http://127.0.0.1:9/v1", "doctor", "--json")
    found = json.loads(out)
    [command, *skipped] = found["servers"]["gone"]
    assert (command["name"], command["verdict"]) == ("command", "failed")
    assert "Install it" in command["remedy"]
    assert {step["verdict"] for step in skipped} == {"skipped"}
    model = next(step for step in found["program"] if step["name"] == "model TCP")
    assert (model["verdict"], model["remedy"]) == ("failed", "Is the server running, and is this its port?")
    assert status == 5


def test_a_broken_configuration_is_status_4_with_its_line() -> None:
    Path("named.json").write_text("{\n  nonsense\n}")
    status, out, _ = run("--config", "named.json", "doctor")
    assert status == 4
    assert "✗ config" in out
    assert "line 2" in out


def test_a_server_that_is_not_there_is_named_with_those_that_are() -> None:
    status, _, err = run(*configure(good=faulty()), "doctor", "goof")
    assert (status, err) == (6, "fastchat-tui: There is no server “goof”.\n  Known: good.\n")


def test_the_demo_is_whole() -> None:
    status, out, _ = run("--demo", "doctor")
    assert status == 0, out
    assert "scripted: it needs neither key nor network" in out
    assert list(Path().iterdir()) == []
