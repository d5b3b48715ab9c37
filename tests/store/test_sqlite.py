from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fastchat_tui.store.sqlite import SqliteStore
from fastchat_tui.wire.errors import StoreError
from fastchat_tui.wire.events import (
    CallFinished,
    ReplyFinished,
    SessionTitled,
    Stamped,
    StepStarted,
    TextDelta,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.values import Text, TextPart

TURN = [
    Stamped(1, 1.0, TurnStarted(turn="t", text="hello there")),
    Stamped(2, 1.1, StepStarted(turn="t", step=1, model="m")),
    Stamped(3, 1.2, TextDelta(turn="t", step=1, text="hi")),
]
END = [
    Stamped(4, 1.3, ReplyFinished(turn="t", step=1, parts=(TextPart("hi"),))),
    Stamped(5, 1.4, TurnFinished(turn="t", reason="done")),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def test_a_session_comes_back_without_the_deltas_that_its_reply_repeats(folder: Path) -> None:
    store = SqliteStore(folder)
    await store.create("s", 1.0)
    await store.append("s", TURN)
    assert await store.open_turn("s") == TURN
    await store.append("s", END)
    assert await store.open_turn("s") == []
    assert await store.read("s") == [*TURN[:2], *END]
    assert await store.read("s", before=5, limit=2) == [TURN[1], END[0]]
    assert await store.last_seq("s") == 5
    await store.close()
    again = SqliteStore(folder)
    assert [(i.id, i.title, i.messages) for i in await again.sessions()] == [("s", "hello there", 1)]
    await again.append("s", [Stamped(6, 2.0, SessionTitled(session="s", title="Named"))])
    assert (await again.sessions())[0].title == "Named"
    await again.delete("s")
    assert await again.sessions() == []
    assert await again.read("s") == []
    await again.close()


async def test_what_it_creates_is_for_the_owner_only(folder: Path) -> None:
    store = SqliteStore(folder)
    await store.create("s", 1.0)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes["chats.db"] == 0o600
    assert modes["s"] == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await store.close()


async def test_two_processes_cannot_write_the_same_session(folder: Path) -> None:
    one, two = SqliteStore(folder), SqliteStore(folder)
    await one.create("s", 1.0)
    await two.create("other", 1.0)
    assert not await two.claim("s")
    await one.close()
    assert await two.claim("s")
    await two.close()


async def test_a_file_that_is_no_database_is_set_aside_and_the_chat_goes_on(folder: Path) -> None:
    folder.mkdir()
    (folder / "chats.db").write_bytes(b"not a database at all " * 100)
    store = SqliteStore(folder)
    await store.create("s", 1.0)
    await store.append("s", TURN)
    assert len(await store.read("s")) == 3
    assert [p.name.startswith("chats.corrupt-") for p in folder.glob("chats.corrupt-*")] == [True]
    await store.close()


async def test_a_newer_file_is_left_alone_and_said_so(folder: Path) -> None:
    folder.mkdir()
    db = sqlite3.connect(folder / "chats.db")
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    store = SqliteStore(folder)
    with pytest.raises(StoreError, match="newer fastchat-tui"):
        await store.create("s", 1.0)
    await store.close()


async def test_a_place_that_cannot_be_written_is_a_store_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    store = SqliteStore(tmp_path / "data")
    with pytest.raises(StoreError) as caught:
        await store.create("s", 1.0)
    assert caught.value.remedy
    await store.close()


async def test_a_result_of_sixteen_megabytes_is_kept_whole(folder: Path) -> None:
    store = SqliteStore(folder)
    await store.create("s", 1.0)
    big = Stamped(1, 1.0, CallFinished(call="c", outcome="ok", content=(Text("x" * (16 << 20)),)))
    await store.append("s", [big])
    assert await store.read("s") == [big]
    await store.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from fastchat_tui.store.sqlite import SqliteStore
from fastchat_tui.wire.events import Stamped, TurnStarted
async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.create("s", 1.0)
    for seq in range(1, 100_000):
        await store.append("s", [Stamped(seq, float(seq), TurnStarted(turn=str(seq), text="x"))])
        print(seq, flush=True)
asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(folder: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, env=dict(os.environ))
    assert child.stdout is not None
    acknowledged = 0
    for line in child.stdout:
        acknowledged = int(line)
        if acknowledged >= 50:
            break
    child.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *map(int, child.stdout.read().split())])
    child.stdout.close()
    child.wait(10)
    store = SqliteStore(folder)
    assert await store.last_seq("s") >= acknowledged
    assert len(await store.read("s")) >= acknowledged
    assert await store.claim("s")
    await store.close()
