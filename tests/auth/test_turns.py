"""Only one at a time; and where nobody can be kept out, nobody is kept waiting."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from fastchat_tui.auth import turns
from fastchat_tui.auth.turns import alone

HOLDER = """
import asyncio, sys
from pathlib import Path
from fastchat_tui.auth.turns import alone
async def main():
    async with alone(Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.sleep(1000)
asyncio.run(main())
"""


async def test_another_process_waits_until_the_holder_is_done_or_dead(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
        waiting = asyncio.create_task(enter(lock))
        done, _ = await asyncio.wait({waiting}, timeout=3 * turns.LOOK)
        assert not done
    finally:
        holder.kill()
        holder.communicate()
    async with asyncio.timeout(20):
        await waiting


async def test_who_holds_it_for_too_long_is_taken_for_stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.2)
    async with alone(tmp_path / "lock"), asyncio.timeout(20):
        await enter(tmp_path / "lock")


async def test_where_no_lock_can_be_written_there_is_no_waiting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with alone(tmp_path / "file" / "lock"), asyncio.timeout(20):
        await enter(tmp_path / "file" / "lock")


async def enter(lock: Path) -> None:
    async with alone(lock):
        pass
