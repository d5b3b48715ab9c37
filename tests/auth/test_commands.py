"""``login``, ``auth status`` and ``logout`` as processes, with a real keyring, an encrypted file or nothing between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.auth.test_real_keyring import UNLOCK
from tests.fakes.oauth_server import Authority, protected

BROWSER = """\
import sys
from urllib.request import urlopen
urlopen(sys.argv[1], timeout=20).read()
"""
SHELL = 'for step in "$@"; do "$PY" -m fastchat_tui $step --config servers.json; echo "status $?"; done'


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """What the commands are started with: a browser that follows the redirect by itself."""
    browser = tmp_path / "browser.py"
    browser.write_text(BROWSER)
    return {**os.environ, "BROWSER": f"{sys.executable} {browser} %s", "PY": sys.executable}


@dataclass
class Life:
    """Commands, one after the other, at a server whose tokens end after a second."""

    authority: Authority
    steps: list[tuple[int, str]]
    """The exit status and the output of each."""
    told: str

    def shows_no_secret(self) -> None:
        paths = [path for path in Path.home().rglob("*") if "fastchat-tui" in path.parts and path.is_file()]
        written = b"".join(path.read_bytes() for path in paths)
        for secret in self.authority.used | set(self.authority.access) | set(self.authority.refresh):
            assert secret not in self.told
            assert secret.encode() not in written


def live(environ: dict[str, str], steps: Sequence[str], *, within: Sequence[str] = (), before: str = "") -> Life:
    with protected(lifetime=1) as (url, authority):
        Path("servers.json").write_text(json.dumps({"mcpServers": {"guarded": {"type": "http", "url": url}}}))
        done = subprocess.run(
            [*within, "bash", "-c", f"{before} {SHELL}", "life", *steps],
            env=environ,
            timeout=120,
            capture_output=True,
            text=True,
        )
    outputs = done.stdout.split("status ")
    statuses = [int(output.split("\n", 1)[0]) for output in outputs[1:]]
    texts = [outputs[0], *(output.split("\n", 1)[1] for output in outputs[1:])]
    assert len(statuses) == len(steps), done
    return Life(authority, list(zip(statuses, texts, strict=False)), done.stdout + done.stderr)


def test_a_sign_in_survives_the_program_and_ends_with_logout(home: Path, environ: dict[str, str]) -> None:
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        pytest.skip("needs dbus-run-session and gnome-keyring-daemon (Debian: dbus-daemon, gnome-keyring)")
    (home / ".local" / "share" / "keyrings").mkdir(parents=True, exist_ok=True)
    del environ["PYTHON_KEYRING_BACKEND"]
    steps = ("login guarded", "servers", "auth status --json", "logout guarded", "auth status")
    life = live(environ, steps, within=("dbus-run-session", "--"), before=UNLOCK)
    assert [status for status, _ in life.steps] == [0] * 5
    assert "ready" in life.steps[1][1]
    (kept,) = json.loads(life.steps[2][1])
    assert (kept["server"], kept["signed_in"], kept["renews"], kept["kept"]) == ("guarded", True, True, True)
    assert "none" in life.steps[4][1]
    assert "guarded: signed out. It is revoked." in life.told
    assert (life.authority.authorized, life.authority.revoked) == (1, 1)
    assert life.authority.refreshed  # the token of the first command had ended at the next
    life.shows_no_secret()


def test_a_sign_in_survives_in_an_encrypted_file_where_the_user_wants_that(home: Path, environ: dict[str, str]) -> None:
    settings = home / ".config" / "fastchat-tui" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text('secrets = "file"\n')
    environ["FASTCHAT_PASSPHRASE"] = "correct horse"
    life = live(environ, ("login guarded", "servers", "logout guarded"))
    assert [status for status, _ in life.steps] == [0] * 3
    assert "ready" in life.steps[1][1]
    assert (life.authority.authorized, life.authority.revoked) == (1, 1)
    assert "keyring" not in life.told
    assert (home / ".local" / "share" / "fastchat-tui" / "secrets").exists()
    life.shows_no_secret()


def test_a_login_that_nothing_can_keep_is_not_said_to_be_done(environ: dict[str, str]) -> None:
    life = live(environ, ("login guarded",))
    assert life.steps[0][0] == 6
    assert "signed in, but nothing keeps it" in life.told
    assert "encrypted file" in life.told
    assert life.authority.authorized == 1
    life.shows_no_secret()
