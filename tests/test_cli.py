"""The command line: what it understands, what it refuses, and how it ends."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fastchat_tui import crash
from fastchat_tui.cli import main, make_parser
from fastchat_tui.headless.exits import UsageError
from fastchat_tui.subcommands import message
from fastchat_tui.wire.text import clean

ENGINE = """
import contextlib, os, sys
from fastchat_tui import compose
from tests.headless.conftest import STARTED, ScriptedEngine, ready
from fastchat_tui.wire.commands import CallTool, CancelTurn, SendMessage
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.events import *
from fastchat_tui.wire.chat import TextPart
from fastchat_tui.wire.content import Text

def reply(text):
    return (StepStarted(turn="t1", step=1, model="m"), TextDelta(turn="t1", step=1, text=text),
            ReplyFinished(turn="t1", step=1, parts=(TextPart(text),)))

def script(command):
    match command:
        case SendMessage(text="crash"):
            secret = "a local secret"
            raise ZeroDivisionError(f"the key is {os.environ.get('OPENAI_API_KEY')}")
        case SendMessage(text="hang"):
            return TurnStarted(turn="t1", text="hang"), *reply("half")[:-1]
        case SendMessage(text=text):
            said = reply(f"You said: {text}")
            return TurnStarted(turn="t1", text=text), *said, TurnFinished(turn="t1", reason="done")
        case CancelTurn():
            return reply("half")[-1], TurnFinished(turn="t1", reason="cancelled")
        case CallTool():
            return (CallProposed(call="c", turn="", step=0, server="time", tool="now", arguments={}),
                    CallStarted(call="c"), CallFinished(call="c", outcome="ok", content=(Text("09:14"),)))
    return ()

@contextlib.asynccontextmanager
async def open_engine(options):
    if options.config == "bad.json":
        raise ConfigError("bad.json, line 3: expected a comma.", "Add it.")
    try:
        yield ScriptedEngine(script, (STARTED, *ready("time", "now")))
    finally:
        print("engine closed", file=sys.stderr)

compose.open_engine = open_engine
from fastchat_tui.cli import main
sys.exit(main())
"""


def start(*argv: str, stdin: int = subprocess.DEVNULL, **environ: str) -> subprocess.Popen[str]:
    Path("program.py").write_text(ENGINE)
    return subprocess.Popen(
        [sys.executable, "program.py", *argv],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environ},
    )


def finish(process: subprocess.Popen[str], text: str | None = None) -> tuple[int, str, str]:
    out, err = process.communicate(text, timeout=20)
    return process.returncode, out, err


def test_ask_answers_on_stdout_and_closes_the_engine() -> None:
    assert finish(start("ask", "hello", "you")) == (0, "You said: hello you\n", "engine closed\n")


def test_what_is_piped_in_follows_the_message() -> None:
    status, out, _ = finish(start("ask", "Sum this up:", stdin=subprocess.PIPE), "a long text\x1b[2J\n")
    assert (status, out) == (0, "You said: Sum this up:\n\na long text␛[2J\n")


def test_call_and_tools_print_data_only() -> None:
    assert finish(start("call", "time", "now"))[:2] == (0, "09:14\n")
    status, out, _ = finish(start("tools"))
    assert status == 0
    assert "time.now" in out


def test_a_configuration_error_is_status_4_and_no_traceback() -> None:
    status, out, err = finish(start("ask", "--config", "bad.json", "x"))
    assert (status, out) == (4, "")
    assert err == "fastchat-tui: bad.json, line 3: expected a comma.\n  Add it.\n"


def test_a_working_folder_that_is_gone_is_a_configuration_error(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = "import os; os.rmdir(os.getcwd()); from fastchat_tui.cli import main; raise SystemExit(main(['servers']))"
    command = [sys.executable, "-P", "-c", program]
    done = subprocess.run(command, cwd=gone, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4, done.stderr
    assert "The folder that you are in is gone." in done.stderr


def test_arguments_that_are_no_json_are_a_usage_error() -> None:
    status, _, err = finish(start("call", "time", "now", "{zone: UTC}"))
    assert status == 2
    assert "no JSON" in err


def test_an_unexpected_error_ends_in_a_private_report_without_secrets(home: Path) -> None:
    status, out, err = finish(start("ask", "crash", OPENAI_API_KEY="sk-0123456789abcdef0123"))
    assert (status, out) == (1, "")
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err
    (report,) = home.rglob("crash-*.txt")
    assert str(report) in err
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text()
    assert "Traceback" in text
    assert "0123456789" not in text + err
    assert "a local secret" not in text


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_the_turn_in_order_and_is_the_status(name: str, status: int) -> None:
    process = start("ask", "hang")
    assert process.stdout is not None
    assert process.stdout.read(4) == "half"
    process.send_signal(getattr(signal, name))
    returned, out, err = finish(process)
    assert (returned, out) == (status, "\n")
    assert "engine closed" in err


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    process = start("ask", "hello")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(20), err) == (141, "engine closed\n")


def test_a_pipe_is_no_place_for_the_full_screen() -> None:
    status, out, err = finish(start())
    assert (status, out) == (2, "")
    assert "needs a terminal" in err
    assert "fastchat-tui ask" in err


def test_a_dumb_terminal_is_told_so() -> None:
    master, slave = pty.openpty()
    environ = {**os.environ, "TERM": "dumb", "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-m", "fastchat_tui"], stdin=slave, stdout=slave, stderr=slave, env=environ
    )
    os.close(slave)
    assert process.wait(20) == 2
    assert "TERM is “dumb”" in os.read(master, 4096).decode()
    os.close(master)


def test_a_question_is_asked_on_the_terminal_and_not_answered_by_what_was_typed_before() -> None:
    program = """
import asyncio, fcntl, sys, termios
from fastchat_tui.headless.terminal import Terminal
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.stdin.readline()
print("answer:", asyncio.run(Terminal().ask("Sure\\x1b[2J? ")))
"""
    master, slave = pty.openpty()
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
    )
    os.close(slave)
    os.write(master, b"go\ny\ny\n")
    shown = b""
    deadline = time.monotonic() + 20
    answered = False
    while b"answer:" not in shown and time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            shown += os.read(master, 4096)
        if b"Sure" in shown and not answered:
            answered = True
            os.write(master, b"always\n")
    assert b"Sure\xe2\x90\x9b[2J? " in shown
    assert b"answer: always" in shown
    assert process.wait(20) == 0
    os.close(master)


@pytest.mark.parametrize("argv", [["--demo", "ask", "x"], ["ask", "--demo", "x"], ["ask", "x", "--demo"]])
def test_an_option_may_stand_before_and_after_the_command(argv: list[str]) -> None:
    arguments = make_parser().parse_args(argv)
    assert arguments.demo
    assert arguments.model == ""


@pytest.mark.parametrize("argv", [["servers", "--\x1b]52;c;UFc=\x07"], ["\x1b[2J"], ["ask", "--output", "\x9b2J"]])
def test_a_wrong_word_on_the_command_line_is_quoted_and_not_obeyed(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        make_parser().parse_args(argv)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "usage:" in said
    assert clean(said) == said


def test_to_continue_and_to_name_a_session_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_parser().parse_args(["--continue"]).session == "continue"
    assert make_parser().parse_args(["ask", "--session", "s1", "x"]).session == "s1"
    with pytest.raises(SystemExit):
        make_parser().parse_args(["--continue", "--session", "s1"])
    assert "not allowed with" in capsys.readouterr().err


def test_help_and_version_load_nothing_heavy(capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import sys; from fastchat_tui.cli import make_parser; make_parser().format_help();"
        "print({'asyncio', 'textual', 'openai', 'mcp', 'pydantic', 'keyring', 'subprocess'} & set(sys.modules))"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.check_output([sys.executable, "-c", code], env=environ, text=True) == "set()\n"
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("fastchat-tui ")


@pytest.mark.parametrize("argv", [["ask", "--help"], ["ask", "--…"], []])
def test_a_terminal_without_unicode_is_told_in_what_it_has(argv: list[str]) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "fastchat_tui", *argv]
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert "\\u20" in done.stdout + done.stderr


def test_no_message_at_all_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        message([], io.StringIO("  \n"))
    assert message(["-"], io.StringIO("from stdin")) == "from stdin"


def test_a_module_of_the_working_folder_is_not_imported() -> None:
    Path("argparse.py").write_text("raise SystemExit('hijacked')")
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-m", "fastchat_tui", "--version"], env=environ, capture_output=True, text=True
    )
    assert done.stdout.startswith("fastchat-tui ")


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "could not be written" in crash.told(ValueError("x"), tmp_path / "file")
