"""Secrets in an encrypted file: the user's own choice, and never in clear."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fastchat_tui.auth.encrypted import HEAD, FileVault
from fastchat_tui.config.files import write_atomically
from fastchat_tui.wire.errors import VaultError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "vault"


def opened(path: Path, passphrase: str = "correct horse") -> FileVault:
    return FileVault(path, passphrase, write_atomically)


async def test_secrets_come_back_in_the_next_run_and_stand_nowhere_in_clear(path: Path) -> None:
    vault = opened(path)
    await vault.set("the-name-of-it", "s3cr3t-v4lue")
    await vault.set("long", "x" * 5558)
    await vault.set("gone", "soon")
    await vault.delete("gone")
    later = opened(path)
    assert [await later.get(name) for name in ("the-name-of-it", "long", "gone", "never")] == [
        "s3cr3t-v4lue", "x" * 5558, None, None,
    ]  # fmt: skip
    raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    # a long name: “key” would stand in it by chance, about once in 25 runs
    assert not [word for word in (b"s3cr3t", b"xxxxx", b"the-name-of-it", b"correct") if word in raw]
    assert [oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()] == ["0o600", "0o600"]
    assert oct(path.parent.stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize(
    ("passphrase", "damage", "words"),
    [
        ("another", lambda raw: raw, "the passphrase is another one"),
        ("correct horse", lambda raw: raw[:-4] + b"AAAA", "the file is damaged"),
        ("correct horse", lambda raw: raw[: len(HEAD) + 3], "the file is damaged"),
        ("correct horse", lambda raw: b"{}", "the file is damaged"),
        ("", lambda raw: raw, "passphrase of your secrets is not given"),
    ],
)
async def test_a_file_that_does_not_open_is_said_and_left_alone(
    path: Path, passphrase: str, damage: Callable[[bytes], bytes], words: str
) -> None:
    await opened(path).set("key", "s3cr3t-v4lue")
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    vault = opened(path, passphrase)
    with pytest.raises(VaultError, match=words):
        await vault.get("key")
    with pytest.raises(VaultError, match=words):
        await vault.set("key", "new")
    assert path.read_bytes() == before


async def test_two_windows_lose_nothing_of_each_other(path: Path) -> None:
    one, other = opened(path), opened(path)
    await asyncio.gather(*(vault.set(f"{n} {m}", "v") for n, vault in enumerate((one, other)) for m in range(8)))
    assert [await one.get(f"{n} {m}") for n in range(2) for m in range(8)] == ["v"] * 16


async def test_a_folder_that_cannot_be_written_is_said(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    with pytest.raises(VaultError, match="cannot be read"):
        await opened(path).set("key", "v")

    def full(path: Path, raw: bytes) -> None:
        raise OSError(28, os.strerror(28))

    with pytest.raises(VaultError, match="cannot be written: No space left"):
        await FileVault(path.parent / "other", "correct horse", full).set("key", "v")
