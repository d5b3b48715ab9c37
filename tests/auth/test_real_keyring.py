"""A real Secret Service (gnome-keyring on a session bus of its own): open, shut, stuck, and writers that are killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNLOCK = "echo pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1;"
HEAD = """
import asyncio, os, signal, subprocess, sys
import secretstorage
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
from fastchat_tui.auth.vault import KeyringVault, system_backend
from fastchat_tui.wire.errors import VaultError

def daemon():
    bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
    ask = new_method_call(bus, "GetConnectionUnixProcessID", "s", ("org.freedesktop.secrets",))
    return open_dbus_connection().send_and_get_reply(ask).body[0]

async def attempt(vault, name="key"):
    try:
        return await vault.get(name)
    except VaultError as error:
        return error.text
"""


def session(home: Path, script: str, *words: str, before: str = UNLOCK) -> str:
    """What ``script`` prints on a session bus of its own, after ``before`` ran there."""
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        pytest.skip("needs dbus-run-session and gnome-keyring-daemon (Debian: dbus-daemon, gnome-keyring)")
    (home / ".local" / "share" / "keyrings").mkdir(parents=True, exist_ok=True)
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHON_KEYRING_BACKEND", "DISPLAY")}
    script = f"{HEAD}\nasync def main():\n{script}\nasyncio.run(main())"
    shell = f'{before} exec "$0" -c "$@"'
    command = ["dbus-run-session", "--", "bash", "-c", shell, sys.executable, script, *words]
    done = subprocess.run(command, env=environ, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


KEEPS = """
    vault = KeyringVault(deadline=10)
    await vault.set("key", "sk-short")
    await vault.set("long", "x" * 5558)
    found = [await vault.get("key"), len(await vault.get("long") or "")]
    await vault.delete("long")
    print(type(system_backend()).__module__, *found, await vault.get("long"))
"""


def test_it_keeps_short_and_long_secrets_and_no_file_holds_them_in_clear(home: Path) -> None:
    assert session(home, KEEPS) == "keyring.backends.SecretService sk-short 5558 None\n"
    stored = b"".join(path.read_bytes() for path in (home / ".local" / "share" / "keyrings").iterdir())
    assert b"sk-short" not in stored


def test_one_that_was_never_unlocked_is_said_in_words(home: Path) -> None:
    said = session(home, "    print(await attempt(KeyringVault(deadline=20)))", before="")
    assert said.startswith(("The keyring is locked.", "There is no keyring"))


LOCKS = """
    vault = KeyringVault(deadline=20)
    await vault.set("key", "sk-short")
    secretstorage.get_default_collection(secretstorage.dbus_init()).lock()
    print(await attempt(vault))
"""


def test_one_that_is_locked_meanwhile_is_said_in_words(home: Path) -> None:
    assert session(home, LOCKS) == "The keyring is locked.\n"


HANGS = """
    vault = KeyringVault(deadline=1.0, patience=0.2)
    vault.tell = lambda text, remedy: print(text)
    await KeyringVault().set("key", "sk-short")
    stuck = daemon()
    os.kill(stuck, signal.SIGSTOP)
    try:
        print(await attempt(vault))
    finally:
        os.kill(stuck, signal.SIGCONT)
    print(await attempt(KeyringVault()))
"""


def test_one_that_hangs_is_waited_for_aloud_and_given_up(home: Path) -> None:
    assert session(home, HANGS).splitlines() == [
        "The keyring has not answered yet.",
        "The keyring did not answer within 1 s.",
        "sk-short",
    ]


WRITER = """
import asyncio, sys
from fastchat_tui.auth.vault import KeyringVault
async def main():
    vault, number = KeyringVault(), int(sys.argv[1])
    while True:
        number += 1
        await vault.set("grant", f"{number} " + "x" * 4000)
        print(number, flush=True)
asyncio.run(main())
"""
KILLS = """
    number = 0
    for acknowledged in (1, 3, 2, 4):
        command = [sys.executable, "-c", sys.argv[1], str(number)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for _ in range(acknowledged):
            number = int(writer.stdout.readline())
        await asyncio.sleep(0.004 * acknowledged)
        writer.kill()
        number = max([number, *map(int, writer.stdout.read().split())])
        writer.wait()
        kept, _, rest = (await KeyringVault().get("grant")).partition(" ")
        assert int(kept) in (number, number + 1), (kept, number)
        assert rest == "x" * 4000
        number = int(kept)
    print("whole")
"""


def test_a_writer_that_is_killed_loses_nothing_that_it_had_written(home: Path) -> None:
    assert session(home, KILLS, WRITER) == "whole\n"
