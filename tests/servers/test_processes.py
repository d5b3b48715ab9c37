"""No process stays, and a process gets no more than it should."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp.client.stdio import DEFAULT_INHERITED_ENV_VARS

from fastchat_tui.servers import process
from fastchat_tui.servers.connection import STOP
from fastchat_tui.servers.process import INHERITED, Child, _command_line, exit_words, find_command
from fastchat_tui.servers.shared import Shared
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import ServerChanged, ServerLogged
from fastchat_tui.wire.servers import ServerSpec
from tests.servers.conftest import Bench, Clock, Progressed, act, alive, texts

ENVIRONMENT = "import os, sys; sys.stderr.write('\\n'.join(sorted(os.environ)) + '\\n'); sys.exit(1)"


@pytest.mark.parametrize(
    "fault",
    [
        "",
        "ignores-eof",
        "ignores-sigterm",
        "leaves-grandchildren",
        "leaves-strays",
        "hangs-at-initialize",
        "never-answers",
    ],
)
async def test_a_stop_leaves_no_process_behind(bench: Bench, fault: str) -> None:
    server, heard = bench.faulty(fault)
    if fault == "hangs-at-initialize":
        await heard.until(lambda e: isinstance(e, ServerLogged))
    else:
        await heard.settled()
    started = bench.started()
    assert started
    assert all(alive(pid) for pid in started)
    clock = Clock()
    await server.stop()
    assert [pid for pid in started if alive(pid)] == []
    assert clock() < STOP


async def test_a_second_stop_does_nothing(bench: Bench) -> None:
    server, _ = await bench.ready()
    await asyncio.gather(server.stop(), server.stop())
    await server.stop()


async def test_a_reconnect_replaces_the_process(bench: Bench) -> None:
    server, heard = await bench.ready()
    since = len(heard.events)
    server.reconnect()
    assert (await heard.settled(since)).state == "ready"
    first, second = bench.started()
    assert not alive(first)
    assert alive(second)
    assert texts(await act(server)) == ["done"]


async def test_a_cancelled_owner_still_ends_its_process(bench: Bench) -> None:
    server, _ = await bench.ready("ignores-eof")
    (owner,) = [task for task in asyncio.all_tasks() if task.get_name() == "server box"]
    owner.cancel()
    await asyncio.wait({owner}, timeout=5)
    assert owner.done()
    assert not any(alive(pid) for pid in bench.started())
    await server.stop()


@pytest.fixture
def importing(monkeypatch: pytest.MonkeyPatch) -> Importing:
    return Importing(monkeypatch)


class Importing:
    """An SDK that takes until ``done`` to be imported, and the processes that were started by then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done = asyncio.Event()
        self.started: asyncio.Queue[Child] = asyncio.Queue()
        usual, really = Shared.sdk, process._start

        async def sdk(shared: Shared) -> Any:
            await self.done.wait()
            return await usual(shared)

        async def start(spec: ServerSpec) -> Child:
            self.started.put_nowait(child := await really(spec))
            return child

        monkeypatch.setattr(Shared, "sdk", sdk)
        monkeypatch.setattr(process, "_start", start)


async def test_a_process_comes_up_while_the_sdk_is_imported(bench: Bench, importing: Importing) -> None:
    server, heard = bench.faulty()
    child = await importing.started.get()
    assert alive(child.pid)
    importing.done.set()
    assert (await heard.settled()).state == "ready"
    assert bench.started() == [child.pid]
    await server.stop()
    assert not alive(child.pid)


async def test_who_leaves_while_the_sdk_is_imported_leaves_no_process(bench: Bench, importing: Importing) -> None:
    server, _ = bench.faulty("ignores-eof")
    child = await importing.started.get()
    await server.stop()
    assert not alive(child.pid)
    assert child.exit_code is not None


async def test_a_reconnect_while_the_sdk_is_imported_starts_another_process(bench: Bench, importing: Importing) -> None:
    server, heard = bench.faulty()
    first = await importing.started.get()
    server.reconnect()
    second = await importing.started.get()
    assert not alive(first.pid)
    importing.done.set()
    assert (await heard.settled()).state == "ready"
    assert alive(second.pid)
    await server.stop()


def test_what_a_server_inherits_is_what_the_sdk_lets_it() -> None:
    assert set(INHERITED) == set(DEFAULT_INHERITED_ENV_VARS)


async def test_the_grandchildren_of_a_dead_server_are_ended_too(bench: Bench) -> None:
    server, heard = await bench.ready("leaves-grandchildren")
    leader, grandchild = bench.started()
    os.kill(leader, signal.SIGKILL)
    assert "killed by SIGKILL" in (await heard.state("failed")).detail
    assert not alive(grandchild)
    await server.stop()


async def test_a_server_gets_only_a_few_variables_and_its_own(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "s3cr3t-v4lue")
    monkeypatch.setenv("LD_PRELOAD_X", "no")
    spec = ServerSpec("box", "stdio", sys.executable, ("-c", ENVIRONMENT), env={"MINE": "1"}, protocol="legacy")
    server, heard = bench.start(spec)
    await heard.settled()
    await server.stop()
    allowed = {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "MINE", "LC_CTYPE"}
    names = set(heard.log.split())
    assert "MINE" in names
    assert names <= allowed


async def test_arguments_arrive_literally(bench: Bench, tmp_path: Path) -> None:
    nasty = ("; touch pwned", "$(touch pwned)", "a\nb", "* ~")
    show = "import sys; sys.stderr.write(repr(sys.argv[1:]) + '\\n'); sys.exit(1)"
    spec = ServerSpec("box", "stdio", sys.executable, ("-c", show, *nasty), protocol="legacy")
    server, heard = bench.start(spec)
    await heard.settled()
    await server.stop()
    assert repr(list(nasty)) in heard.log
    assert not (tmp_path / "work" / "pwned").exists()


async def test_a_wrapped_server_is_started_by_its_wrapper(bench: Bench, tmp_path: Path, home: Path) -> None:
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/wrapped\nshift 2\nexec "$@"\n')
    wrapper.chmod(0o700)
    server, heard = await bench.ready(wrap=(str(wrapper), "--bind", "~/notes"))
    told = (tmp_path / "wrapped").read_text().splitlines()
    assert told[:3] == ["--bind", str(home / "notes"), sys.executable]
    assert heard.of(ServerChanged)[-1].destination.startswith(f"{wrapper} --bind")
    await server.stop()
    assert not any(map(alive, bench.started()))


def sandboxes_work() -> bool:
    command = ["bwrap", "--ro-bind", "/", "/", "true"]
    return bool(shutil.which("bwrap")) and not subprocess.run(command, capture_output=True).returncode


@pytest.mark.skipif(not sandboxes_work(), reason="needs bubblewrap, and a system that lets it work")
async def test_what_a_sandbox_hides_a_server_does_not_see(bench: Bench, home: Path) -> None:
    sandbox = ("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--tmpfs", "~/.ssh", "--die-with-parent")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id").write_text("a key")
    look = (sys.executable, "-c", "import os, sys; sys.stderr.write(f'sees {os.listdir(sys.argv[1])}'); sys.exit(1)")
    spec = ServerSpec("box", "stdio", look[0], (*look[1:], str(home / ".ssh")))
    for wrap, seen in (((), "['id']"), (sandbox, "[]")):
        server, heard = bench.start(replace(spec, wrap=wrap))
        assert f"sees {seen}" in (await heard.settled()).detail
        await server.stop()


def test_a_wrapper_that_is_not_there_starts_nothing() -> None:
    spec = ServerSpec("box", "stdio", "true", wrap=("no-such-sandbox",))
    with pytest.raises(ServerError, match="no command “no-such-sandbox”"):
        _command_line(spec, os.environ["PATH"])


def test_a_relative_command_counts_from_the_folder_of_the_server(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "serve"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_command(ServerSpec("x", "stdio", "./bin/serve", cwd=str(tmp_path)), None) == str(program)
    with pytest.raises(ServerError):
        find_command(ServerSpec("x", "stdio", "./bin/serve"), None)


def test_exit_codes_are_told_in_words() -> None:
    assert [exit_words(code) for code in (0, 3, -9, -15)] == [
        "exit code 0",
        "exit code 3",
        "killed by SIGKILL",
        "killed by SIGTERM",
    ]


async def test_twenty_servers_start_side_by_side(bench: Bench) -> None:
    started = [bench.faulty() for _ in range(20)]
    states = await asyncio.gather(*(heard.settled() for _, heard in started))
    assert {changed.state for changed in states} == {"ready"}
    answers = await asyncio.gather(
        *(server.call(f"c{n}", "echo", {"text": str(n)}, Progressed()) for n, (server, _) in enumerate(started))
    )
    assert [texts(answer) for answer in answers] == [[str(n)] for n in range(20)]
