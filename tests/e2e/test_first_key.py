"""A key that is pasted: where it goes, where it is kept, and that it is never shown."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.scene import say, shows_flat
from tests.e2e.terminal import Terminal
from tests.fakes.openai_api import FakeOpenAI, serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
PASTED = "sk-pasted-0123456789abcdefghijklm"
KEYRING = """
echo pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
echo "$DBUS_SESSION_BUS_ADDRESS"
cat >/dev/null
"""


@pytest.fixture
def keyring(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a session bus with an unlocked keyring."""
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        pytest.skip("needs dbus-run-session and gnome-keyring-daemon (Debian: dbus-daemon, gnome-keyring)")
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    (home / ".local" / "share" / "keyrings").mkdir(parents=True)
    command = ["dbus-run-session", "--", "bash", "-c", KEYRING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bus:
        assert bus.stdin is not None
        assert bus.stdout is not None
        yield bus.stdout.readline().strip()
        bus.stdin.close()


def give_key(terminal: Terminal) -> None:
    terminal.child.send("/key\r")
    terminal.shows("and sent to")
    terminal.child.send(f"\x1b[200~{PASTED}\x1b[201~")
    terminal.shows("•••")
    terminal.child.send("\r")
    terminal.until(lambda: "and sent to" not in terminal.text)


def sent(api: FakeOpenAI) -> list[str | None]:
    return [headers.get("authorization") for _, headers, _ in api.requests]


def test_a_pasted_key_is_kept_in_the_keyring_and_used_at_the_next_start(
    opened: Opened, home: Path, keyring: str
) -> None:
    with serving([{"text": "first answer"}, {"text": "second answer"}]) as api:
        given = {"OPENAI_BASE_URL": api.url, "DBUS_SESSION_BUS_ADDRESS": keyring}
        for answer in ("first answer", "second answer"):
            terminal = opened(environ=given)
            terminal.shows("Ask anything.")
            if answer == "first answer":
                give_key(terminal)
            say(terminal, "hello")
            shows_flat(terminal, answer)
            assert terminal.end() == 0
            assert PASTED.encode() not in terminal.raw
        assert sent(api) == [f"Bearer {PASTED}"] * 2
    for path in home.rglob("*"):
        assert not path.is_file() or PASTED.encode() not in path.read_bytes(), path
    assert PASTED not in str(os.environ)


def test_without_a_keyring_it_lasts_for_the_run_and_that_is_said(opened: Opened) -> None:
    with serving([{"text": "an answer", "repeat": True}]) as api:
        terminal = opened(environ={"OPENAI_BASE_URL": api.url})
        terminal.shows("Ask anything.")
        give_key(terminal)
        terminal.until(lambda: "The key lasts until you quit" in " ".join(re.split(r"[\s▌─│╮╯╭╰]+", terminal.text)))
        say(terminal, "hello")
        shows_flat(terminal, "an answer")
        assert terminal.end() == 0
        assert sent(api) == [f"Bearer {PASTED}"]
