"""``login``, ``auth status`` and ``logout`` as processes, with a real keyring between them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.auth.test_vault import UNLOCK
from tests.fakes.oauth_server import protected

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


def test_a_sign_in_survives_the_program_and_ends_with_logout(home: Path, tmp_path: Path) -> None:
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        pytest.skip("needs dbus-run-session and gnome-keyring-daemon (Debian: dbus-daemon, gnome-keyring)")
    (home / ".local" / "share" / "keyrings").mkdir(parents=True, exist_ok=True)
    browser = tmp_path / "browser.py"
    browser.write_text(BROWSER)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHON_KEYRING_BACKEND"}
    environ |= {"BROWSER": f"{sys.executable} {browser} %s", "PY": sys.executable}
    with protected() as (url, authority):
        Path("servers.json").write_text(json.dumps({"mcpServers": {"guarded": {"type": "http", "url": url}}}))
        done = subprocess.run(
            ["dbus-run-session", "--", "bash", "-c", f"{UNLOCK} {STEPS}"],
            env=environ,
            timeout=120,
            capture_output=True,
            text=True,
        )
    steps = done.stdout.split("status 0\n")
    assert len(steps) == 6, done
    assert "ready" in steps[1]
    (kept,) = json.loads(steps[2])
    assert (kept["server"], kept["signed_in"], kept["renews"]) == ("guarded", True, True)
    assert "none" in steps[4]
    assert (authority.authorized, authority.revoked) == (1, 1)
    told = done.stdout + done.stderr
    assert not [secret for secret in authority.used | set(authority.access) if secret in told]
