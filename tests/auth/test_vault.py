"""Secrets are kept whole or refused in words, and no keyring can hold up the program."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from fastchat_tui.auth.entries import LIMITS, SERVICE
from fastchat_tui.auth.vault import KeyringVault, MemoryVault, trusted
from fastchat_tui.wire.errors import VaultError

LONG = "".join(chr(33 + n % 90) for n in range(5558))


WINDOWS = "keyring.backends.Windows"
LIMIT = LIMITS[WINDOWS]


class Fake:
    """A keyring with the limit of Windows; ``fail_at`` makes the n-th write raise."""

    __module__ = WINDOWS

    def __init__(self, limit: int = 1280) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.limit = limit
        self.fail_at = 0
        self.forgets = False
        self.threads: set[str] = set()

    def get_password(self, service: str, username: str) -> str | None:
        self.threads.add(threading.current_thread().name)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.fail_at -= 1
        if self.fail_at == 0:
            raise OSError(5, f"cannot store {password}")
        if len(password) > self.limit:
            raise ValueError("The stub received bad data")
        if not self.forgets:
            self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


def vault(fake: Fake) -> KeyringVault:
    return KeyringVault(backend=lambda: fake)


@pytest.mark.parametrize("secret", ["sk-short", "", "é" * 600, "x" * LIMIT, "x" * (LIMIT + 1), LONG, '{"parts":1}'])
async def test_a_secret_of_any_length_comes_back_and_can_be_deleted(secret: str) -> None:
    fake = Fake()
    kept = vault(fake)
    assert await kept.get("a") is None
    await kept.set("a", secret)
    assert await kept.get("a") == secret
    await kept.delete("a")
    await kept.delete("a")
    assert await kept.get("a") is None
    assert fake.entries == {}
    assert fake.threads == {"keyring"}


async def test_a_new_secret_leaves_nothing_of_the_old_one() -> None:
    fake = Fake()
    kept = vault(fake)
    await kept.set("a", LONG)
    await kept.set("a", LONG[::-1])
    assert await kept.get("a") == LONG[::-1]
    assert len(fake.entries) == 6
    await kept.set("a", "short")
    assert fake.entries == {(SERVICE, "a"): "short"}


@pytest.mark.parametrize("fail_at", [1, 2, 5, 6])
@pytest.mark.parametrize("before", ["old", LONG[::-1]])
async def test_a_write_that_fails_half_way_keeps_the_old_secret(before: str, fail_at: int) -> None:
    fake = Fake()
    kept = vault(fake)
    await kept.set("a", before)
    entries = dict(fake.entries)
    fake.fail_at = fail_at
    with pytest.raises(VaultError) as caught:
        await kept.set("a", LONG)
    assert LONG[:20] not in caught.value.text + caught.value.remedy
    assert await kept.get("a") == before
    assert fake.entries == entries


@pytest.mark.parametrize("done", range(6), ids=["first", *("part",) * 4, "index"])
async def test_a_kill_between_parts_and_index_leaves_the_old_secret(done: int) -> None:
    """A long secret is five parts and an index; ``done`` of these writes have been made."""

    class Killed(BaseException):
        pass

    class Dying(Fake):
        __module__ = WINDOWS
        left = done

        def set_password(self, service: str, username: str, password: str) -> None:
            if not self.left:
                raise Killed
            self.left -= 1
            super().set_password(service, username, password)

    from fastchat_tui.auth.entries import read, write

    fake = Fake()
    write(fake, "a", "old")
    dying = Dying()
    dying.entries = fake.entries
    with pytest.raises(Killed):
        write(dying, "a", LONG)
    assert read(fake, "a") == "old"


async def test_where_entries_may_be_long_a_secret_is_one() -> None:
    fake = type("Keyring", (Fake,), {"__module__": "keyring.backends.SecretService"})(limit=1 << 20)
    await vault(fake).set("a", LONG)
    assert fake.entries == {(SERVICE, "a"): LONG}


async def test_a_keyring_that_forgets_is_found_out() -> None:
    fake = Fake()
    fake.forgets = True
    with pytest.raises(VaultError, match="did not keep"):
        await vault(fake).set("a", "secret")


async def test_parts_that_are_gone_are_no_secret_and_no_crash() -> None:
    fake = Fake()
    await vault(fake).set("a", LONG)
    fake.entries.pop(next(key for key in fake.entries if "#" in key[1]))
    assert await vault(fake).get("a") is None
    fake.entries[SERVICE, "a"] = '{"parts":broken'
    assert await vault(fake).get("a") is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("KeyringLocked", "locked"),
        ("InitError", "locked"),
        ("NoKeyringError", "no keyring"),
        ("PasswordSetError", "PasswordSetError"),
    ],
)
async def test_each_error_of_a_keyring_is_said_in_words_with_a_remedy(error: str, words: str) -> None:
    import keyring.errors

    def backend() -> Fake:
        raise getattr(keyring.errors, error)("quotes sk-secret-value")

    with pytest.raises(VaultError) as caught:
        await KeyringVault(backend=backend).get("a")
    assert words in caught.value.text
    assert caught.value.remedy
    assert "sk-secret" not in caught.value.text + caught.value.remedy


async def test_a_keyring_that_does_not_answer_is_given_up_and_what_waited_is_not_done_later() -> None:
    unlocked = threading.Event()
    fake = Fake()

    class Prompting(Fake):
        def get_password(self, service: str, username: str) -> str | None:
            unlocked.wait(10)
            return fake.get_password(service, username)

        def set_password(self, service: str, username: str, password: str) -> None:
            fake.set_password(service, username, password)

    kept = KeyringVault(deadline=0.05, backend=Prompting)
    for name in ("asked", "waited"):
        with pytest.raises(VaultError, match=r"did not answer within 0\.05 s"):
            await kept.set(name, "late")
    unlocked.set()
    kept._deadline = 10
    await kept.set("now", "in time")
    assert fake.entries == {(SERVICE, "asked"): "late", (SERVICE, "now"): "in time"}


STUCK = """
import asyncio, threading
from fastchat_tui.auth.vault import KeyringVault
from fastchat_tui.wire.errors import VaultError
async def main():
    try:
        await KeyringVault(deadline=0.1, backend=threading.Event().wait).get("a")
    except VaultError as error:
        print(error.text)
asyncio.run(main())
"""


def test_a_stuck_keyring_does_not_block_the_exit() -> None:
    done = subprocess.run([sys.executable, "-c", STUCK], timeout=30, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "The keyring did not answer within 0.1 s.\n", "")


def named(module: str) -> Fake:
    return type("Keyring", (Fake,), {"__module__": module})()


def test_only_the_systems_own_keyrings_are_used() -> None:
    plain, good = named("keyrings.alt.file"), named("keyring.backends.SecretService")
    assert trusted([plain, good]) is good
    for module in ("keyrings.alt.file", "keyring.backends.fail", "keyring.backends.null", "keyring.backends.chainer"):
        with pytest.raises(VaultError, match="no keyring"):
            trusted([named(module)])


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_a_backend_that_keeps_nothing_is_refused(backend: str) -> None:
    code = "from fastchat_tui.auth.vault import system_backend; system_backend()"
    environ = {**os.environ, "PYTHON_KEYRING_BACKEND": backend}
    done = subprocess.run([sys.executable, "-c", code], env=environ, timeout=30, capture_output=True, text=True)
    assert "VaultError: There is no keyring" in done.stderr


def test_nothing_of_the_keyring_is_imported_before_its_first_use() -> None:
    code = "import sys, fastchat_tui.auth.vault as v; v.KeyringVault(); print('keyring' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], timeout=30, capture_output=True, text=True)
    assert done.stdout == "False\n"


async def test_the_vault_of_this_run_keeps_and_forgets() -> None:
    kept = MemoryVault()
    await kept.set("a", "secret")
    assert await kept.get("a") == "secret"
    await kept.delete("a")
    await kept.delete("a")
    assert await kept.get("a") is None
