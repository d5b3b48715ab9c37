"""However the program dies, in whatever way its children resist: nothing stays, and the terminal is whole."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

PROGRAM = """
import fcntl, json, os, signal, subprocess, sys, termios, time, tty
from fastchat_tui import guardian

outer = os.getpid()
way = sys.argv[1]
fcntl.ioctl(0, termios.TIOCSCTTY, 0)

def stop(*_):
    os.kill(os.getpid(), signal.SIGSTOP)

def run():
    inner = os.getppid()
    if way == "polite":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if way == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTSTP, stop)
    signal.signal(signal.SIGCONT, lambda *_: open("continued", "w").close())
    tty.setraw(0)
    os.write(1, b"\\x1b[?1049h\\x1b[?1000h")
    resist = "trap '' TERM HUP; echo $$ >> pids; sleep 1000"
    children = [
        subprocess.Popen(["sh", "-c", "echo $$ >> pids; exec sleep 1000"], stdin=subprocess.PIPE),
        subprocess.Popen(["sh", "-c", resist], stdin=subprocess.PIPE, start_new_session=True),
        subprocess.Popen(["sh", "-c", f'setsid sh -c "{resist.replace("$$", chr(92) + "$" + chr(92) + "$")}" &']),
    ]
    children[-1].wait()
    while not os.path.exists("pids") or len(open("pids").read().split()) < 3:
        time.sleep(0.005)
    known = {"outer": outer, "inner": inner, "program": os.getpid(), "others": list(map(int, open("pids")))}
    with open("known.new", "w") as file:
        json.dump(known, file)
    os.rename("known.new", "known")
    match way:
        case "return 0": return 0
        case "return 1": return 1
        case "raise": raise ValueError("a bug")
        case "exit": os._exit(3)
        case "abort": os.abort()
    while True:
        signal.pause()

sys.exit(guardian.guard(run, full_screen=True))
"""


class Victim:
    """The program above, on a terminal of its own."""

    def __init__(self, way: str) -> None:
        Path("program.py").write_text(PROGRAM)
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(self.master)
        environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        self.process = subprocess.Popen(
            [sys.executable, "program.py", way],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ,
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        self.output = b""
        until(Path("known").exists, 20)
        known = json.loads(Path("known").read_text())
        self.pids: dict[str, int] = {name: known[name] for name in ("outer", "inner", "program")}
        self.everyone = [*self.pids.values(), *known["others"]]

    def kill(self, who: str, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pids[who], number)

    def read(self) -> bytes:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                self.output += data
        return self.output

    def close(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def status(self) -> int:
        return self.process.wait(8)

    def assert_nothing_is_left(self) -> None:
        until(lambda: not [pid for pid in self.everyone if alive(pid)], 5)

    def assert_the_terminal_is_whole(self) -> None:
        until(lambda: termios.tcgetattr(self.master) == self.before, 5)


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.fixture
def start() -> Iterator[Callable[[str], Victim]]:
    victims: list[Victim] = []

    def start(way: str = "wait") -> Victim:
        victims.append(Victim(way))
        return victims[-1]

    yield start
    for victim in victims:
        for pid in victim.everyone:
            with contextlib.suppress(ProcessLookupError):
                if alive(pid):
                    os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            victim.process.wait(5)
        victim.close()


Start = Callable[[str], Victim]


@pytest.mark.parametrize(("way", "status"), [("return 0", 0), ("return 1", 1), ("raise", 1), ("exit", 3)])
def test_an_end_of_its_own_leaves_nothing_and_keeps_the_status(start: Start, way: str, status: int) -> None:
    victim = start(way)
    assert victim.status() == status
    victim.assert_nothing_is_left()
    victim.assert_the_terminal_is_whole()
    assert b"was stopped" not in victim.read()


def test_an_abort_leaves_nothing(start: Start) -> None:
    victim = start("abort")
    assert victim.status() == 128 + signal.SIGABRT
    victim.assert_nothing_is_left()
    victim.assert_the_terminal_is_whole()


@pytest.mark.parametrize("who", ["program", "inner", "outer"])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL"])
def test_a_signal_to_any_of_the_three_leaves_nothing(start: Start, who: str, name: str) -> None:
    victim = start("wait")
    number = getattr(signal, name)
    victim.kill(who, number)
    status = victim.status()
    assert status == (-number if (who, name) == ("outer", "SIGKILL") else 128 + number)
    victim.assert_nothing_is_left()
    victim.assert_the_terminal_is_whole()
    until(lambda: b"\x1b[?1049l" in victim.read(), 5)
    assert victim.output.count(b"was stopped") == 1
    assert b"fastchat-tui --continue" in victim.output


def test_a_closed_terminal_leaves_nothing(start: Start) -> None:
    victim = start("wait")
    victim.close()
    assert victim.status() == 128 + signal.SIGHUP
    victim.assert_nothing_is_left()


def test_a_program_that_ends_by_itself_at_sigterm_is_reported_as_stopped(start: Start) -> None:
    victim = start("polite")
    victim.kill("outer", signal.SIGTERM)
    assert victim.status() == 128 + signal.SIGTERM
    victim.assert_nothing_is_left()
    assert b"\x1b[?1049l" not in victim.read(), "it left its screen by itself"


def test_a_program_that_is_deaf_to_sigterm_is_killed(start: Start) -> None:
    victim = start("deaf")
    victim.kill("outer", signal.SIGTERM)
    assert victim.status() == 128 + signal.SIGTERM
    victim.assert_nothing_is_left()
    victim.assert_the_terminal_is_whole()


def test_a_job_stops_as_a_whole_and_goes_on_as_a_whole(start: Start) -> None:
    victim = start("wait")
    victim.kill("outer", signal.SIGTSTP)
    _, status = os.waitpid(victim.pids["outer"], os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert not Path("continued").exists()
    victim.kill("outer", signal.SIGCONT)
    until(Path("continued").exists, 5)
    victim.kill("program", signal.SIGTERM)
    assert victim.status() == 128 + signal.SIGTERM
    victim.assert_nothing_is_left()


SPY = """
import ctypes, os, subprocess, sys
from fastchat_tui import guardian

def run():
    os.listdir("/proc/self/fd"), open("/proc/self/stat").close()
    return subprocess.run(["sh", "-c", "cat /proc/$PPID/environ > /dev/null 2>&1"]).returncode

if os.getuid() == 0:  # root may read everything
    os.setuid(65534)
    guardian._prctl(guardian.PR_SET_DUMPABLE, 1)
sys.exit(guardian.guard(run) if sys.argv[1] == "guarded" else run())
"""


@pytest.mark.parametrize(("how", "status"), [("guarded", 1), ("bare", 0)])
def test_no_other_process_of_the_user_reads_the_environment_of_a_guarded_program(how: str, status: int) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", SPY, how], env=environ, cwd="/").returncode == status
