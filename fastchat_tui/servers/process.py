"""A server's process: found, started by argv in a session of its own, and ended with everything that descends from it.

POSIX. The leader's group is killed whole; on Linux also those descendants that left the group (``setsid``), as far as
they were seen while their parents lived: a process whose parent died before anybody looked is the guardian's to sweep.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.servers import ServerSpec

EOF_GRACE = 1.0
"""Seconds that a server has to leave after its standard input was closed."""
TERM_GRACE = 0.8
KILL_GRACE = 1.0
_ORPHAN_GRACE = 0.2
"""Seconds for what the leader left behind when it went by itself."""
_POLL = 0.02
_READ_LIMIT = 1 << 20
_WINDOWS = (
    *("APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATH", "PATHEXT", "PROCESSOR_ARCHITECTURE", "SYSTEMDRIVE"),
    *("SYSTEMROOT", "TEMP", "USERNAME", "USERPROFILE"),
)
INHERITED = _WINDOWS if os.name == "nt" else ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
"""Variables that every program needs, none of which is a secret: those of the SDK, which is not imported yet."""


class Child(SubprocessStreamProtocol):
    """Knows the moment of the leader's death, even while a descendant holds its pipes open."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=_READ_LIMIT, loop=loop)
        self.exited = asyncio.Event()
        self.process: Process
        self._family: dict[int, str] = {}
        self._ending = False

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        return self.process.returncode

    def look(self) -> None:
        """Remembers the present descendants, to find them again when their parents are gone."""
        todo = [self.pid]
        while todo:
            for pid in _children(todo.pop()):
                if pid not in self._family and (born := _born(pid)):
                    self._family[pid] = born
                    todo.append(pid)
                elif pid in self._family:
                    todo.append(pid)

    def send_signal(self, number: signal.Signals) -> None:
        """To the whole group, and to the strays."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
        for pid in self._strays():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    async def end(self) -> None:
        """Returns when nothing is left: standard input closed, then SIGTERM, then SIGKILL, each with its grace.

        Once: later its number may be another's.
        """
        if self._ending:
            return
        self._ending = True
        self.look()
        if self.process.stdin is not None:
            self.process.stdin.close()
        if not await self._gone(EOF_GRACE):
            for number, grace in ((signal.SIGTERM, TERM_GRACE), (signal.SIGKILL, KILL_GRACE)):
                self.look()
                self.send_signal(number)
                if await self._gone(grace):
                    break
        self._close()

    def _close(self) -> None:
        """Lets go of the pipes, which a process that survived even SIGKILL could hold open for ever."""
        transport = getattr(self.process, "_transport", None)
        if transport is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                transport.close()

    async def _gone(self, grace: float) -> bool:
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        alone_since = 0.0
        while (now := loop.time()) < end:
            if self.exited.is_set():
                if not self._left():
                    return True
                alone_since = alone_since or now
                if now - alone_since > _ORPHAN_GRACE and grace == EOF_GRACE:
                    return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._next_look(), end - now)
        return self.exited.is_set() and not self._left()

    async def _next_look(self) -> None:
        if self.exited.is_set():
            await asyncio.sleep(_POLL)
        else:
            await self.exited.wait()

    def _left(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return bool(self._strays())
        except PermissionError:
            pass
        return _has_members(self.pid) or bool(self._strays())

    def _strays(self) -> list[int]:
        return [pid for pid, born in self._family.items() if _born(pid) == born]


@contextlib.asynccontextmanager
async def running(spec: ServerSpec) -> AsyncIterator[Child]:
    """The server's process, ended afterwards with all that descends from it. Raises ServerError."""
    child = await _start(spec)
    try:
        yield child
    finally:
        await child.end()


async def _start(spec: ServerSpec) -> Child:
    """With ``INHERITED`` and its own variables as its whole environment."""
    inherited = {name: os.environ[name] for name in INHERITED if not os.environ.get(name, "()").startswith("()")}
    env = inherited | spec.env
    program, *arguments = _command_line(spec, env.get("PATH"))
    loop = asyncio.get_running_loop()
    try:
        transport, child = await loop.subprocess_exec(
            lambda: Child(loop),
            program,
            *arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=env,
            cwd=spec.cwd or None,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ServerError(f"{spec.name} could not be started: {program}: {why}.", _mend(spec)) from error
    child.process = Process(transport, child, loop)
    return child


def _command_line(spec: ServerSpec, search: str | None) -> list[str]:
    """The server's own command with its arguments, behind the one that it is wrapped in."""
    command = [find_command(spec, search), *spec.args]
    if not spec.wrap:
        return command
    outer = find_command(replace(spec, command=spec.wrap[0]), search)
    return [outer, *map(os.path.expanduser, spec.wrap[1:]), *command]


def find_command(spec: ServerSpec, search: str | None) -> str:
    """The program that ``spec.command`` names; a relative path counts from the server's own folder."""
    if spec.cwd and not Path(spec.cwd).is_dir():
        raise ServerError(f"{spec.name} could not be started: there is no folder {spec.cwd}.", _mend(spec))
    command = os.path.expanduser(spec.command)
    if os.sep in command:
        command = os.path.join(spec.cwd, command)
    found = shutil.which(command, path=search)
    if found is not None:
        return os.path.abspath(found)
    if " " in spec.command.strip():
        remedy = f"Put only the program under “command” and the rest under “args”. {_mend(spec)}"
    else:
        remedy = f"Install it, or name its full path. {_mend(spec)}"
    raise ServerError(f"{spec.name} could not be started: there is no command “{spec.command}”.", remedy)


def exit_words(code: int | None) -> str:
    """``exit code 3``, ``killed by SIGKILL``."""
    if code is None:
        return "it still runs"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _mend(spec: ServerSpec) -> str:
    where = f" in {spec.origin}" if spec.origin else ""
    return f"Mend its entry{where}, then reconnect (r)."


def _children(pid: int) -> list[int]:
    pids: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as file:
                pids += map(int, file.read().split())
    return pids


def _stat(pid: int | str) -> list[str]:
    """State, parent, group … of a process; empty when there is none."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _born(pid: int) -> str:
    """When a process was started, which tells it from a later one of the same number; empty when it is dead."""
    stat = _stat(pid)
    return stat[19] if len(stat) > 19 and stat[0] not in "ZX" else ""


def _has_members(group: int) -> bool:
    """Whether a group that exists has members other than zombies."""
    if not os.path.isdir("/proc/self"):
        return True
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _stat(name)
            if len(stat) > 2 and stat[2] == str(group) and stat[0] not in "ZX":
                return True
    return False
