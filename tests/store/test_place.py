"""On a network file system the log does without a write-ahead log."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fastchat_tui.store import schema
from fastchat_tui.store.place import is_remote

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
host:/home /home nfs4 rw 0 0
/dev/sdb1 /home/me/local ext4 rw 0 0
me@host: /mnt/my\\040files fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("/var/lib/chats.db", False),
        ("/home/me/chats.db", True),
        ("/home/me/local/chats.db", False),
        ("/mnt/my files/chats.db", True),
        ("/homely/chats.db", False),
    ],
)
def test_the_innermost_mount_tells(tmp_path: Path, path: str, remote: bool) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert is_remote(Path(path), mounts) is remote


def test_where_the_system_does_not_say_it_is_local(tmp_path: Path) -> None:
    assert not is_remote(tmp_path, tmp_path / "absent")


def test_no_log_of_the_database_is_shared_over_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mode(connection: sqlite3.Connection) -> str:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])

    path = tmp_path / "chats.db"
    for remote, expected in ((False, "wal"), (True, "delete")):
        monkeypatch.setattr(schema, "is_remote", lambda _, remote=remote: remote)
        connection = schema.open_database(path).connection
        assert mode(connection) == expected
        connection.close()
