"""The commands as scripts use them: the real program, pipes, a server, and nothing on stdout but the answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fastchat_tui.wire import codec
from fastchat_tui.wire.events import TextDelta, TurnFinished
from tests.e2e.scene import KEY, alive, asks_for, config, environ, faulty
from tests.fakes.openai_api import FakeOpenAI, serving

pytestmark = pytest.mark.e2e
TIMEOUT = 60


def start(*argv: str, api: FakeOpenAI | None = None, **streams: Any) -> subprocess.Popen[str]:
    given = {**os.environ, **(environ(api) if api else {})}
    piped: dict[str, Any] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE) | {"stdin": subprocess.DEVNULL}
    command = [sys.executable, "-m", "fastchat_tui", *argv]
    return subprocess.Popen(command, env=given, text=True, start_new_session=True, **piped | streams)


def run(*argv: str, api: FakeOpenAI | None = None, text: str | None = None, **streams: Any) -> tuple[int, str, str]:
    if text is not None:
        streams["stdin"] = subprocess.PIPE
    with start(*argv, api=api, **streams) as process:
        out, err = process.communicate(text, timeout=TIMEOUT)
        assert "Traceback" not in err
        assert KEY not in (out or "") + err
        return process.returncode, out or "", err


@pytest.mark.parametrize("wire", ["chat", "responses"])
def test_an_answer_with_a_tool_as_one_object(home: Path, wire: str) -> None:
    settings = home / ".config" / "fastchat-tui" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'wire = "{wire}"\n')
    servers = config(good=faulty(""))
    with serving(asks_for("use it", "good__echo", "it said hi", text="hi")) as api:
        status, out, err = run(
            *("ask", "use it", "--output", "json", "--config", servers, "--allow", "good.echo"), api=api
        )
        (_, headers, _), _ = api.requests
        assert headers["authorization"] == f"Bearer {KEY}"
    said = json.loads(out)
    assert (status, out.count("\n"), said["text"], said["reason"]) == (0, 1, "it said hi", "done")
    [call] = said["calls"]
    assert (call["server"], call["tool"], call["arguments"], call["outcome"]) == ("good", "echo", {"text": "hi"}, "ok")
    assert "⚙ good › echo" in err


def test_every_event_on_its_own_line_and_what_is_piped_in_is_the_message() -> None:
    with serving([{"text": "two words"}]) as api:
        status, out, _ = run("ask", "--no-tools", "--output", "jsonl", api=api, text="from a pipe\n")
        assert api.requests[0][2]["messages"][-1]["content"] == "from a pipe\n"
    events = [codec.decode(line).event for line in out.splitlines()]
    assert status == 0
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "two words"
    assert isinstance(events[-1], TurnFinished)


def test_without_consent_a_call_is_denied_and_a_found_file_and_a_found_endpoint_are_not_used() -> None:
    servers = config(good=faulty(""))
    with serving(asks_for("use it", "good__echo", "as you like", text="hi")) as api:
        status, out, err = run("ask", "use it", "--config", servers, api=api)
        assert (status, out) == (3, "as you like\n")
        assert "--allow good.echo, or" in err
        results = [message["content"] for message in api.requests[1][2]["messages"] if message["role"] == "tool"]
        assert results == ["The user denied this call. The reason: nobody was there to approve it."]
        Path("fastchat.config.json").write_text(Path(servers).read_text())
        status, out, err = run("ask", "hello", api=api)
        assert (status, out) == (3, "")
        assert "fastchat.config.json is not trusted yet" in err
        Path("fastchat.config.json").unlink()
        Path(".env").write_text("OPENAI_BASE_URL=http://127.0.0.1:9/v1\nDEFAULT_MODEL=theirs\n")
        assert run("ask", "hello", api=api)[:2] == (3, "")
        assert len(api.requests) == 2


def test_a_failure_of_the_model_has_its_status_and_a_remedy_for_the_command_line() -> None:
    with serving([{"fault": "404"}]) as api:
        status, out, err = run("ask", "hello", "--no-tools", api=api)
    assert (status, out) == (5, "")
    assert "has no model “gpt-5-nano”" in err
    assert "Choose another with --model." in err


def test_ctrl_c_ends_it_and_the_next_one_goes_on_there() -> None:
    with serving([{"text": "these words came and these did not", "hold": 3}, {"text": "so we go on"}]) as api:
        with start("ask", "tell me", "--no-tools", api=api) as process:
            assert process.stdout is not None
            assert process.stdout.read(16) == "these words came"
            for _ in range(3):  # as a shell, timeout(1) and the guardians do between them
                os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, out) == (130, "\n")
        assert "Traceback" not in err
        api.release()
        status, out, _ = run("ask", "go on", "--no-tools", "--continue", api=api)
        assert (status, out) == (0, "so we go on\n")
        said = [(message["role"], message["content"]) for message in api.requests[-1][2]["messages"][1:]]
    assert said == [("user", "tell me"), ("assistant", "these words came"), ("user", "go on")]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_ends_a_command_that_waits_for_servers_without_a_word_too_many(
    number: signal.Signals, status: int, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    servers = config(slow=faulty("slow-start", "--pids", str(pids), "--until", str(tmp_path / "never")))
    with start("servers", "--config", servers) as process:
        assert process.stderr is not None
        while not pids.exists():
            assert process.poll() is None
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (status, "")
    assert "Traceback" not in err


def test_where_stdout_goes_nowhere_it_ends_without_noise() -> None:
    with serving([{"text": "a word", "repeat": True}]) as api:
        with start("ask", "hello", "--no-tools", "--output", "jsonl", api=api) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.stderr is not None
            assert process.stderr.read() == ""
            assert process.wait(TIMEOUT) == 141
        with open("/dev/full", "w") as full:
            status, _, err = run("ask", "hello", "--no-tools", api=api, stdout=full)
        assert (status, err.splitlines()[0]) == (
            1,
            "fastchat-tui: The answer cannot be written: No space left on device.",
        )


def test_closed_streams_are_no_fault_of_the_program() -> None:
    with serving([{"text": "a word", "repeat": True}]) as api:
        command = f"{sys.executable} -m fastchat_tui ask hello --no-tools"
        for closed, status, out in (("<&-", 0, "a word\n"), ("2>&-", 0, "a word\n"), (">&-", 2, "")):
            done = subprocess.run(
                f"{command} {closed}", shell=True, env={**os.environ, **environ(api)}, capture_output=True, text=True
            )
            assert (done.returncode, done.stdout) == (status, out)
    assert list(Path.home().rglob("crash-*")) == []


@pytest.mark.parametrize("argv", [("servers",), ("tools",), ("call", "hangs", "act"), ("doctor", "hangs")])
def test_a_stopped_command_says_so_in_one_line_and_leaves_nobody(tmp_path: Path, argv: tuple[str, ...]) -> None:
    os.mkfifo(pids := tmp_path / "pids")
    servers = config(hangs=faulty("hangs-at-initialize", "--pids", str(pids), connect_timeout=600))
    with start(*argv, "--config", servers) as process:
        with pids.open() as started:
            pid = int(started.readline())
        process.terminate()
        _, err = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, err) == (143, "fastchat-tui was stopped by SIGTERM.\n")
    assert not alive({pid})


def test_a_call_starts_the_server_that_it_needs_and_no_other(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    servers = config(good=faulty(""), other=faulty("", "--pids", str(pids)))
    status, out, _ = run("call", "good", "echo", '{"text": "alone"}', "--config", servers)
    assert (status, out) == (0, "alone\n")
    status, out, _ = run("tools", "good", "--config", servers)
    assert status == 0
    assert "good.echo" in out
    assert not pids.exists()


def test_a_tool_by_hand_and_a_server_that_is_not_there() -> None:
    servers = config(good=faulty(""), bad={"command": "no-such-program"})
    status, out, err = run("call", "good", "echo", '{"text": "hi"}', "--json", "--config", servers)
    assert (status, json.loads(out)["outcome"]) == (0, "ok")
    assert run("call", "good", "echo", "-", "--config", servers, text='{"text": "from a pipe"}')[0] == 0
    status, out, err = run("call", "bad", "echo", "--config", servers)
    assert (status, out) == (6, "")
    assert "no-such-program" in err
    status, out, _ = run("servers", "--json", "--config", servers)
    assert status == 6
    assert {view["name"]: view["state"] for view in json.loads(out)} == {"good": "ready", "bad": "failed"}
