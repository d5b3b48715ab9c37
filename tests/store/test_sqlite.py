"""What is acknowledged is kept, and whatever happens to the file, the chat goes on."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fastchat_tui.store import schema
from fastchat_tui.store.sqlite import SqliteStore
from fastchat_tui.wire.chat import TextPart
from fastchat_tui.wire.codec import encode_event
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.errors import StoreError
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProposed,
    ReplyFinished,
    SessionTitled,
    Stamped,
    StepStarted,
    TextDelta,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.questions import GoOn

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


async def fill(folder: Path) -> None:
    """One session with one whole turn: four events."""
    store = SqliteStore(folder)
    await store.create("s", 1.0)
    await store.append("s", [*TURN, *END])
    await store.close()


async def test_a_session_comes_back_without_the_deltas_that_its_reply_repeats(folder: Path) -> None:
    store = SqliteStore(folder)
    await store.create("s", 1.0)
    await store.append("s", TURN)
    assert await store.left_open("s") == TURN
    await store.append("s", END)
    assert await store.left_open("s") == []
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


async def test_a_call_by_hand_in_the_middle_of_a_reply_keeps_its_place(folder: Path) -> None:
    call = Stamped(4, 1.25, CallProposed(call="c", turn="", step=0, server="s", tool="t", arguments={}))
    more = Stamped(5, 1.27, TextDelta(turn="t", step=1, text=" there"))
    reply = Stamped(6, 1.3, ReplyFinished(turn="t", step=1, parts=(TextPart("hi there"),)))
    second = [
        Stamped(7, 1.4, StepStarted(turn="t", step=2, model="m")),
        Stamped(8, 1.5, TextDelta(turn="t", step=2, text="so")),
        Stamped(9, 1.6, ReplyFinished(turn="t", step=2, parts=(TextPart("so"),))),
    ]
    store = SqliteStore(folder)
    await store.append("s", [*TURN, call, more])
    await store.append("s", [reply])
    await store.append("s", second)
    assert await store.read("s") == [*TURN, call, more, reply, second[0], second[2]]
    await store.close()


def by_hand(tool: str) -> CallProposed:
    return CallProposed(call="c", turn="", step=0, server="files", tool=tool, arguments={})


async def test_sessions_of_calls_by_hand_are_listed_by_their_call_after_those_with_a_message(folder: Path) -> None:
    store = SqliteStore(folder)
    await store.append("s", [*TURN, *END])
    await store.append("asked", [Stamped(1, 2.0, Asked(question="q", about=GoOn("t", 2, "long")))])
    await store.append("called", [Stamped(1, 3.0, Asked(question="q", about=GoOn("t", 2, "long")))])
    await store.append("called", [Stamped(2, 3.0, by_hand("read\x1b\nme")), Stamped(3, 3.1, by_hand("other"))])
    await store.append("damaged", [Stamped(1, 4.0, by_hand("read"))])
    with closing(sqlite3.connect(folder / "chats.db", isolation_level=None)) as db:
        db.execute("UPDATE events SET event = x'ff00' WHERE session = 'damaged'")
    assert [(info.id, info.title, info.messages) for info in await store.sessions()] == [
        ("s", "hello there", 1),
        ("damaged", "", 0),
        ("called", "files.read\u241b me", 0),
    ]
    await store.append("called", [Stamped(4, 5.0, TURN[0].event)])
    assert [info.title for info in await store.sessions()] == ["hello there", "hello there", ""]
    await store.delete("damaged")
    assert [info.id for info in await store.sessions()] == ["called", "s"]
    await store.close()


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
    [aside] = folder.glob("chats.corrupt-*.db")
    assert aside.read_bytes().startswith(b"not a database")
    [(text, remedy)] = store.notices
    assert "damaged" in text
    assert str(aside) in remedy
    await store.close()


async def test_a_newer_file_is_left_alone_and_said_so(folder: Path) -> None:
    folder.mkdir()
    db = sqlite3.connect(folder / "chats.db")
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    before = (folder / "chats.db").read_bytes()
    store = SqliteStore(folder)
    with pytest.raises(StoreError, match="newer fastchat-tui"):
        await store.create("s", 1.0)
    await store.close()
    assert (folder / "chats.db").read_bytes() == before


async def test_what_a_newer_version_wrote_can_still_be_read(folder: Path) -> None:
    await fill(folder)
    with closing(sqlite3.connect(folder / "chats.db")) as db:
        db.execute("PRAGMA user_version = 99")
    store = SqliteStore(folder)
    assert await store.read("s") == [*TURN[:2], *END]
    assert [info.id for info in await store.sessions()] == ["s"]
    with pytest.raises(StoreError, match="newer"):
        await store.append("s", [Stamped(9, 9.0, TURN[0].event)])
    await store.close()


async def test_a_migration_leaves_a_backup_and_keeps_everything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(folder)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "ALTER TABLE sessions ADD COLUMN colour TEXT"))
    store = SqliteStore(folder)
    assert await store.read("s") == [*TURN[:2], *END]
    await store.close()
    backup = folder / "chats.version-2.db"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone() == (4,)
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


async def test_a_migration_that_fails_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(folder)
    script = "ALTER TABLE sessions ADD COLUMN colour TEXT; ALTER TABLE nowhere ADD COLUMN x"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, script))
        store = SqliteStore(folder)
        with pytest.raises(StoreError, match="nowhere"):
            await store.sessions()
        await store.close()
    store = SqliteStore(folder)
    await store.append("s", [Stamped(9, 9.0, TURN[0].event)])
    assert len(await store.read("s")) == 5
    await store.close()


async def test_a_log_damaged_in_the_middle_is_kept_aside_and_its_readable_rows_saved(folder: Path) -> None:
    store = SqliteStore(folder)
    await store.create("s", 1.0)
    events = [Stamped(seq, 1.0, TurnStarted(turn=str(seq), text="x" * 500)) for seq in range(1, 2001)]
    await store.append("s", events)
    await store.close()
    path = folder / "chats.db"
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 8192] = b"\xaa" * 8192
    path.write_bytes(raw)
    store = SqliteStore(folder)
    found = await store.read("s")
    assert len(store.notices) == 1
    assert 500 < len(found) < 2000
    assert (found[0], found[-1]) == (events[0], events[-1])
    await store.append("s", [Stamped(3000, 2.0, TURN[0].event)])
    assert await store.last_seq("s") == 3000
    await store.close()


async def test_a_file_that_can_only_be_read_still_shows_its_sessions(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(folder)
    real = os.access

    def read_only(path: str | Path, mode: int) -> bool:
        return not (os.fspath(path).endswith("chats.db") and mode & os.W_OK) and real(path, mode)

    store = SqliteStore(folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", read_only)
        assert await store.read("s") == [*TURN[:2], *END]
        with pytest.raises(StoreError, match="Permission denied") as caught:
            await store.append("s", [Stamped(9, 9.0, TURN[0].event)])
        assert "writable" in caught.value.remedy
    await store.append("s", [Stamped(9, 9.0, TURN[0].event)])  # mended meanwhile: no restart is needed
    assert await store.last_seq("s") == 9
    await store.close()


async def test_a_call_and_a_question_that_a_crash_left_open_are_found_wherever_they_are(folder: Path) -> None:
    by_hand = [
        Stamped(6, 2.0, CallProposed(call="c", turn="", step=0, server="s", tool="t", arguments={})),
        Stamped(7, 2.1, Asked(question="q", about=GoOn("t", 2, "long"))),
        Stamped(8, 2.2, Asked(question="q2", about=GoOn("t", 2, "long"))),
        Stamped(9, 2.3, Answered(question="q2", decision="once", by="user")),
    ]
    later = [Stamped(seq + 10, at, event) for seq, at, event in ((s.seq, s.at, s.event) for s in [*TURN, *END])]
    again = Stamped(20, 3.0, Asked(question="q2", about=GoOn("t", 2, "a name that was used before")))
    store = SqliteStore(folder)
    await store.append("s", [*TURN, *END, *by_hand, *later, again])
    assert await store.left_open("s") == [by_hand[0], by_hand[1], again]
    await store.append("s", [Stamped(21, 4.0, CallFinished(call="c", outcome="ok", content=(Text("x"),)))])
    assert await store.left_open("s") == [by_hand[1], again]
    await store.close()


async def test_a_log_of_the_first_version_still_knows_what_was_left_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [
        Stamped(1, 1.0, CallProposed(call="a", turn="", step=0, server="s", tool="t", arguments={"call": "b"})),
        Stamped(2, 1.1, CallProposed(call="b", turn="", step=0, server="s", tool="t", arguments={})),
        Stamped(3, 1.2, CallFinished(call="b", outcome="ok")),
    ]
    folder.mkdir()
    with closing(sqlite3.connect(folder / "chats.db", isolation_level=None)) as db:
        db.executescript(schema.MIGRATIONS[0])
        db.execute("INSERT INTO sessions (id, created, updated, messages) VALUES ('s', 1, 1, 1)")
        for stamped in events:
            row = ("s", stamped.seq, stamped.at, stamped.event.kind, encode_event(stamped.event))
            db.execute("INSERT INTO events (session, seq, at, kind, event) VALUES (?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO events VALUES ('s', 4, 1.3, 'call_proposed', x'ff00')")
        db.execute("PRAGMA user_version = 1")
    store = SqliteStore(folder)
    assert await store.left_open("s") == events[:1]
    await store.append("s", [Stamped(5, 2.0, CallFinished(call="a", outcome="ok"))])
    assert await store.left_open("s") == []
    await store.close()


async def test_the_last_events_come_from_an_index_and_so_does_the_open_turn(folder: Path) -> None:
    await fill(folder)
    queries = {
        "SELECT seq FROM events WHERE session = 's' AND seq < 9 ORDER BY seq DESC LIMIT 5": "PRIMARY KEY",
        "SELECT seq FROM events INDEXED BY turns WHERE session = 's' "
        "AND kind IN ('turn_started', 'turn_finished') ORDER BY seq DESC LIMIT 1": "INDEX turns",
        "SELECT max(seq) FROM events INDEXED BY pairs WHERE session = 's' AND pair IS NOT NULL "
        "GROUP BY pair HAVING count(*) % 2 = 1": "INDEX pairs",
        "DELETE FROM events INDEXED BY deltas WHERE session = 's' AND seq < 9 "
        "AND kind IN ('text_delta', 'thought_delta')": "INDEX deltas",
    }
    with closing(sqlite3.connect(folder / "chats.db")) as db:
        for query, index in queries.items():
            plan = " ".join(str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
            assert index in plan
            assert "SCAN" not in plan
            assert "TEMP B-TREE" not in plan


async def test_a_row_that_cannot_be_read_costs_only_itself(folder: Path) -> None:
    await fill(folder)
    with closing(sqlite3.connect(folder / "chats.db", isolation_level=None)) as db:
        db.execute("UPDATE events SET event = x'ff00' WHERE seq = 2")
        db.execute("UPDATE sessions SET title = CAST(x'ff41' AS TEXT)")
    store = SqliteStore(folder)
    assert await store.read("s") == [TURN[0], *END]
    assert [info.title for info in await store.sessions()] == ["\ufffdA"]
    await store.close()


async def test_a_session_that_another_window_has_open_is_not_deleted(folder: Path) -> None:
    one, two = SqliteStore(folder), SqliteStore(folder)
    await one.create("s", 1.0)
    await one.append("s", TURN)
    with pytest.raises(StoreError, match="another window"):
        await two.delete("s")
    assert await one.last_seq("s") == 3
    await one.delete("s")
    assert await one.sessions() == []
    await one.close()
    await two.close()


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
from fastchat_tui.store import schema
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
    assert acknowledged >= 50
    store = SqliteStore(folder)
    assert await store.last_seq("s") >= acknowledged
    assert len(await store.read("s")) >= acknowledged
    assert await store.claim("s")
    await store.close()


async def test_what_is_acknowledged_has_been_waited_for(folder: Path) -> None:
    """A power cut cannot be had in a test; what SQLite is told about it can."""
    store = SqliteStore(folder)
    await store.create("s", 1.0)

    def told() -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        return [store._opened().connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await store._worker.run(told) == ["wal", 2, 1, 0]
    await store.close()


SHARER = """
import asyncio, sys
from pathlib import Path
from fastchat_tui.store import schema
from fastchat_tui.store.sqlite import SqliteStore
from fastchat_tui.wire.events import Stamped, TurnStarted
async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.create(sys.argv[2], 1.0)
    for seq in range(1, 101):
        await store.append(sys.argv[2], [Stamped(seq, float(seq), TurnStarted(turn=str(seq), text="x"))])
    await store.close()
asyncio.run(main())
"""


async def test_several_processes_write_their_sessions_at_once(folder: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", SHARER, str(folder), name]) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    store = SqliteStore(folder)
    assert {info.id: info.messages for info in await store.sessions()} == {"a": 100, "b": 100, "c": 100}
    await store.close()


CROWD = """
import asyncio, os, subprocess, sys
from pathlib import Path
from fastchat_tui.store.sqlite import SqliteStore
from fastchat_tui.wire.events import Stamped, TurnStarted
VISIT = "import asyncio, sys; from pathlib import Path; from fastchat_tui.store.sqlite import SqliteStore\\n" \\
    "async def main(): store = SqliteStore(Path(sys.argv[1])); await store.sessions(); await store.close()\\n" \\
    "asyncio.run(main())"
async def main():
    stores = {name: SqliteStore(Path(sys.argv[1])) for name in "ab"}
    for name, store in stores.items():
        await store.create(name, 1.0)
    subprocess.run([sys.executable, "-c", VISIT, sys.argv[1]], check=True)
    for name, store in stores.items():
        await store.append(name, [Stamped(n, 1.0, TurnStarted(turn=str(n), text="x")) for n in range(1, 21)])
    os._exit(0)
asyncio.run(main())
"""


async def test_two_stores_of_one_process_lose_nothing_when_another_process_comes_and_goes(folder: Path) -> None:
    assert subprocess.Popen([sys.executable, "-c", CROWD, str(folder)]).wait(60) == 0
    store = SqliteStore(folder)
    assert {info.id: info.messages for info in await store.sessions()} == {"a": 20, "b": 20}
    await store.close()


STUCK = """
import asyncio, sys, threading
from pathlib import Path
from fastchat_tui.store import sqlite
sqlite.CLOSE_WITHIN = 0.2
async def main():
    store = sqlite.SqliteStore(Path(sys.argv[1]))
    stuck = asyncio.create_task(store._worker.run(threading.Event().wait))
    await asyncio.sleep(0)
    await store.close()
    stuck.cancel()
asyncio.run(main())
print("ended")
"""


def test_a_disk_that_does_not_answer_does_not_block_the_exit(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", STUCK, str(folder)], timeout=30, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ended\n")


async def test_a_full_disk_is_said_and_what_was_kept_stays_readable(folder: Path) -> None:
    await fill(folder)
    store = SqliteStore(folder)
    assert len(await store.read("s")) == 4

    def limit(pages: int) -> object:
        return store._opened().connection.execute(f"PRAGMA max_page_count={pages}").fetchone()

    await store._worker.run(lambda: limit(1))  # what SQLite makes of a disk without room
    long = Stamped(6, 2.0, TurnStarted(turn="u", text="x" * 100_000))
    with pytest.raises(StoreError, match="The disk is full") as full:
        await store.append("s", [long])
    assert "Free some room" in full.value.remedy
    assert len(await store.read("s")) == 4
    await store._worker.run(lambda: limit(1 << 20))
    await store.append("s", [long])
    assert len(await store.read("s")) == 5
    await store.close()
