"""SIGTERM, SIGHUP and Ctrl+C end the program in order: what is open is closed, what was said is saved."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable

from fastchat_tui import crash

ONE_STOP = 1.0
"""Seconds within which stops are one."""
STOPPING = tuple(number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)))


def cancelled_on_stop() -> None:
    """Ctrl+C and its like cancel this task. One stop often comes several times (a shell, ``timeout`` and the guardians
    pass it on), and must not cancel how the first one is carried out; one that comes later does."""
    task, loop, last = asyncio.current_task(), asyncio.get_running_loop(), [-ONE_STOP]

    def stop(number: int) -> None:
        if task is not None and loop.time() - last[0] >= ONE_STOP:
            last[0] = loop.time()
            task.cancel(str(number))

    by_key = () if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else (signal.SIGINT,)
    on_stop(stop, *by_key)


def on_stop(stop: Callable[[int], object], *more: signal.Signals) -> None:
    """Calls ``stop`` with the signal that should end the program. From now on no error of a task reaches the screen."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report)
    for number in (*STOPPING, *more):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop, number)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """An error in a task that nobody awaits: it belongs into a report, not on the screen."""
    if isinstance(error := context.get("exception"), Exception):
        crash.write_report(error)
