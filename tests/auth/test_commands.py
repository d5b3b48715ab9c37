"""``login``, ``auth status`` and ``logout`` as processes, with a real keyring or an encrypted file between them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.auth.test_vault import UNLOCK
from tests.fakes.oauth_server import Authority, protected

BROWSER = """\
import sys
from urllib.request import urlopen
urlopen(sys.argv[1], timeout=20).read()
"""
STEPS = """\
run() { "$PY" -m fastchat_tui "$@" --config servers.json; echo "status $?"; }
run login guarded
run servers
run auth status --json
run logout guarded
run auth status
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """What the commands are started with: a browser that follows the redirect by itself."""
    browser = tmp_path / "browser.py"
    browser.write_text(BROWSER)
    return {**os.environ, "BROWSER": f"{sys.executable} {browser} %s", "PY": sys.executable}


def run(environ: dict[str, str], *before: str) -> tuple[list[str], Authority, str]:
    """What each of the STEPS printed, the authority that they met, and all that was told."""
    with protected() as (url, authority):
        Path("servers.json").write_text(json.dumps({"mcpServers": {"guarded": {"type": "http", "url": url}}}))
        done = subprocess.run(
            [*before[:-1], "bash", "-c", f"{before[-1]} {STEPS}"],
            env=environ,
            timeout=120,
            capture_output=True,
            text=True,
        )
    steps = done.stdout.split("status 0\n")
    assert len(steps) == 6, done
    return steps, authority, done.stdout + done.stderr


def kept_and_forgotten(steps: list[str], authority: Authority, told: str) -> None:
    assert "ready" in steps[1]
    (kept,) = json.loads(steps[2])
    assert (kept["server"], kept["signed_in"], kept["renews"]) == ("guarded", True, True)
    assert "none" in steps[4]
    assert (authority.authorized, authority.revoked) == (1, 1)
    written = [path.read_bytes() for path in Path.home().rglob("*") if "fastchat-tui" in path.parts and path.is_file()]
    for secret in authority.used | set(authority.access) | set(authority.refresh):
        assert secret not in told
        assert not [raw for raw in written if secret.encode() in raw]


def test_a_sign_in_survives_the_program_and_ends_with_logout(home: Path, environ: dict[str, str]) -> None:
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        pytest.skip("needs dbus-run-session and gnome-keyring-daemon (Debian: dbus-daemon, gnome-keyring)")
    (home / ".local" / "share" / "keyrings").mkdir(parents=True, exist_ok=True)
    del environ["PYTHON_KEYRING_BACKEND"]
    kept_and_forgotten(*run(environ, "dbus-run-session", "--", UNLOCK))


def test_a_sign_in_survives_in_an_encrypted_file_where_the_user_wants_that(home: Path, environ: dict[str, str]) -> None:
    settings = home / ".config" / "fastchat-tui" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text('secrets = "file"\n')
    environ["FASTCHAT_PASSPHRASE"] = "correct horse"
    steps, authority, told = run(environ, "")
    kept_and_forgotten(steps, authority, told)
    assert "keyring" not in told
    assert (home / ".local" / "share" / "fastchat-tui" / "secrets").exists()
