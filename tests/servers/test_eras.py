"""Which era a server is spoken to in: found out quickly, remembered where that is dear, overridden by the user."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import mcp.client.session as sdk
import pytest

from fastchat_tui.servers.session import PROBE
from fastchat_tui.wire.servers import ServerOptions, ServerSpec
from tests.servers.conftest import LIMIT, Bench, Heard

ASKING = Path(__file__).parents[1] / "fakes" / "asking_server.py"


def probes(heard: Heard, since: int = 0) -> int:
    return sum(e.kind == "frame_seen" and '"server/discover"' in e.frame for e in heard.events[since:])


async def test_a_server_that_ignores_the_probe_waits_once_and_is_remembered(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sdk.DISCOVER_TIMEOUT_SECONDS == PROBE < 5
    monkeypatch.setattr(sdk, "DISCOVER_TIMEOUT_SECONDS", 0.3)
    server, heard = await bench.ready("ignores-probe")
    assert probes(heard) == 1
    await asyncio.wait_for(bench.host.told_deaf.wait(), LIMIT)
    since = len(heard.events)
    server.reconnect()
    assert (await heard.state("ready", since=since)).era == "2025-11-25"
    assert probes(heard, since) == 0
    since = len(heard.events)
    await server.configure(ServerOptions(sampling=True))
    await heard.state("ready", since=since)
    assert probes(heard, since) == 0
    _, again = await bench.ready("ignores-probe", deaf=True)
    assert probes(again) == 0
    assert bench.host.deaf == ["box"]


async def test_a_server_that_dies_of_the_probe_is_spared_it_from_then_on(bench: Bench) -> None:
    server, heard = await bench.ready("exits-on-unknown")
    await asyncio.wait_for(bench.host.told_deaf.wait(), LIMIT)
    since = len(heard.events)
    server.reconnect()
    await heard.state("ready", since=since)
    assert probes(heard, since) == 0


async def test_a_server_that_answers_the_probe_is_not_remembered(bench: Bench) -> None:
    _, heard = await bench.ready()
    assert (probes(heard), bench.host.deaf) == (1, [])


async def test_what_is_remembered_wrongly_is_found_out(bench: Bench) -> None:
    """Behind the remembered entry there is another program now, which dies of the earlier handshake."""
    program = (
        "import sys, runpy\n"
        "first = sys.stdin.readline()\n"
        "if '\"initialize\"' in first: sys.exit(1)\n"
        "sys.stdin = open(0)\n"
        'print(\'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}\', flush=True)\n'
        f"sys.argv = ['x']; runpy.run_path({str(ASKING)!r}, run_name='__main__')\n"
    )
    spec = ServerSpec("box", "stdio", sys.executable, ("-c", program), deaf=True)
    _, heard = bench.start(spec)
    ready = await heard.settled()
    assert ready.state == "ready", ready.detail
    assert probes(heard) == 1


async def test_the_users_choice_goes_before_everything(bench: Bench) -> None:
    spec = ServerSpec("ask", "stdio", sys.executable, (str(ASKING),), protocol="legacy")
    server, heard = bench.start(spec)
    assert (await heard.settled()).era == "2025-11-25"
    since = len(heard.events)
    await server.configure(ServerOptions(era="auto"))
    assert (await heard.state("ready", since=since)).era == "2026-07-28"
