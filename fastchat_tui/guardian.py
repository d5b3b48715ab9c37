"""The parent that outlives the program: however the program dies, no process of it stays and the terminal is whole.

``guard`` forks twice, so that each of the three processes (two guardians, one inside the other, and the program) may
be killed at any moment and another is left to clean up: on Linux a guardian adopts every orphan below it, even one
with a session of its own. Standard library only, and imported before anything heavy: a guardian stays small.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

SPARED = "FASTCHAT_TUI_SPARED"
_TOKEN = os.urandom(16).hex()
GRACE = 3.0
"""Seconds that a program has to end after SIGTERM or SIGHUP before it is killed."""
SWEEP = 0.5
"""Seconds that left processes have between SIGTERM and SIGKILL, and to be gone after that."""

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36

RESET = (
    b"\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[?2004l\x1b[?2026l\x1b[?2048l"
    b"\x1b[<u\x1b[?7h\x1b[?25h\x1b[0m\r\n"
)
"""Leaves the alternate screen; mouse, focus, paste, sync, resize and key modes off; wrapping and cursor on."""


def guard(run: Callable[[], int], *, full_screen: bool = False) -> int:
    """Runs ``run`` in a child process; returns the exit status, in the guardians as in the child.

    128 + the signal's number when a signal stopped the program. Without ``fork`` it just runs.
    """
    if not hasattr(os, "fork"):
        return run()
    _prctl(PR_SET_DUMPABLE, 0)  # keys are in our memory and environment: no other process of this user may read them
    return _watch(lambda: _watch(run, GRACE, full_screen), GRACE + 3 * SWEEP, full_screen, outer=True)


def spared(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that is the user's own as soon as it runs, as a browser is: it may stay. The token
    is known to nobody else, so no server can stay by this."""
    return {**environ, SPARED: _TOKEN}


def _watch(run: Callable[[], int], grace: float, full_screen: bool, *, outer: bool = False) -> int:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    me = os.getpid()
    terminal = _Terminal()
    with _Signals() as signals:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        child = os.fork()
        if child:
            status, asked = _wait(child, signals, grace)
            died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            terminal.restore(RESET if died and full_screen else b"")
            if died or (asked and not outer):  # the inner guardian speaks, the outer one only when the inner cannot
                terminal.say(_farewell(asked or died, full_screen))
            _sweep(me)
            signals.forget()
            return 128 + (asked or died) if asked or died else os.WEXITSTATUS(status)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return run() if os.getppid() == me else 128 + signal.SIGTERM


def _wait(child: int, signals: _Signals, grace: float) -> tuple[int, int]:
    """The wait status of ``child``, and the signal that asked it to end (0 if none did)."""
    asked, deadline = 0, 0.0
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        if pid == child and os.WIFSTOPPED(status):
            os.kill(os.getpid(), signal.SIGSTOP)  # so the shell sees that its job stopped; here we were continued
            if any(pid == child and state == "T" for pid, _, state in _processes()):
                os.kill(child, signal.SIGCONT)
        elif pid == child:
            return status, asked
        elif pid == 0:
            number, by_key = signals.next(deadline)
            if number in (signal.SIGTERM, signal.SIGHUP):
                asked = asked or number
                deadline = deadline or time.monotonic() + grace
                os.kill(child, number)
            elif number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP) and not by_key:
                os.kill(child, number)  # a key at the terminal sends it to the child as well, another process does not
            elif deadline and time.monotonic() >= deadline:
                os.kill(child, signal.SIGKILL)


class _Signals:
    """The signals that a guardian answers to: blocked inside ``with``, and taken one by one with ``next``.

    SIGTTOU is blocked too: a guardian in the background may still put the terminal in order.
    """

    TAKEN = ("SIGCHLD", "SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGTSTP", "SIGALRM")

    def __enter__(self) -> _Signals:
        self._taken = {signal.Signals[name] for name in self.TAKEN}
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*self._taken, signal.SIGTTOU})
        # a signal whose default is to be ignored is not kept for us everywhere, unless it has a handler
        self._handler = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        if signal.getsignal(signal.SIGCHLD) is not signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, self._handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def forget(self) -> None:
        """Drops those that nobody took: they must not strike when the mask is lifted."""
        for number in self._taken:
            signal.signal(number, signal.SIG_IGN)

    def next(self, deadline: float) -> tuple[int, bool]:
        """The next signal, and whether a key sent it; 0 when ``deadline`` passed. Without ``deadline`` it waits."""
        left = max(0.001, deadline - time.monotonic()) if deadline else 3600.0
        timed: Any = getattr(signal, "sigtimedwait", None)
        if timed is not None:
            info = timed(self._taken, left)
            return (info.si_signo, info.si_code > 0) if info else (0, False)
        signal.setitimer(signal.ITIMER_REAL, left)
        number = signal.sigwait(self._taken)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return (0 if number == signal.SIGALRM else number), True


class _Terminal:
    """The terminal that we were started on, as it was then; nothing happens where there is none."""

    def __init__(self) -> None:
        self._fd = next((fd for fd in (0, 1, 2) if _is_terminal(fd)), -1)
        self._attributes: list[Any] = []
        with contextlib.suppress(ImportError, OSError):
            import termios

            with contextlib.suppress(termios.error):
                self._attributes = termios.tcgetattr(self._fd) if self._fd >= 0 else []

    def restore(self, reset: bytes) -> None:
        self._write(self._fd, reset)
        if self._attributes:
            import termios

            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(self._fd, termios.TCSANOW, self._attributes)

    def say(self, text: str) -> None:
        self._write(2, text.encode("utf-8", "replace"))

    @staticmethod
    def _write(fd: int, data: bytes) -> None:
        """Writes what can be written now: a terminal that nobody reads must not hold us."""
        with contextlib.suppress(OSError, ValueError):
            if data and fd >= 0 and select.select([], [fd], [], SWEEP / 2)[1]:
                os.write(fd, data)


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


def _farewell(number: int, full_screen: bool) -> str:
    text = f"fastchat-tui was stopped by {signal.Signals(number).name}."
    if full_screen:
        text += " The conversation is saved; to go on with it: fastchat-tui --continue"
    return text + "\n"


def _sweep(root: int) -> None:
    """Ends every process below ``root``: SIGTERM, then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + SWEEP
        told: set[int] = set()
        while left := set(_descendants(root)):
            for pid in left - told:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
            told |= left
            if time.monotonic() >= deadline:
                break
            time.sleep(0.01)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
        else:
            return


def _descendants(root: int) -> list[int]:
    """The living processes below ``root`` that are not spared, as far as the system lists them."""
    children: dict[int, list[tuple[int, str]]] = {}
    for pid, parent, state in _processes():
        children.setdefault(parent, []).append((pid, state))
    found, parents = [], [root]
    while parents:
        for pid, state in children.get(parents.pop(), ()):
            if _is_spared(pid):
                continue
            parents.append(pid)
            if state not in "ZX":
                found.append(pid)
    return found


def _is_spared(pid: int) -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as environ:
        return f"{SPARED}={_TOKEN}".encode() in environ.read().split(b"\0")
    return False


def _processes() -> Iterator[tuple[int, int, str]]:
    """(pid, parent, state letter) of every process; nothing where there is no ``/proc``."""
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat", "rb") as stat:
                    state, parent = stat.read().rpartition(b")")[2].split()[:2]
                    yield int(name), int(parent), state.decode()


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
