"""A browser is the user's own: it gets the address as it is, and nothing of it ends with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fastchat_tui import browser

URL = "https://login.example/a?b=$(>pwned)&c=';>pwned"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"BROWSER": "firefox"}, [["firefox", URL]]),
        ({"BROWSER": "firefox --new-tab %s &"}, [["firefox", "--new-tab", URL]]),
        ({"BROWSER": "'my browser' --app=%s:w3m"}, [["my browser", f"--app={URL}"], ["w3m", URL]]),
        ({"BROWSER": "'never closed"}, []),
        ({}, []),
        ({"BROWSER": "a", "WAYLAND_DISPLAY": "wayland-0"}, [["a", URL], ["xdg-open", URL]]),
    ],
)
def test_the_variable_is_read_as_webbrowser_reads_it(environ: dict[str, str], expected: list[list[str]]) -> None:
    if sys.platform == "linux":
        assert list(browser.commands(URL, environ)) == expected


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the second browser of $BROWSER writes what it was given; the first one fails."""
    program = tmp_path / "browser"
    program.write_text('#!/bin/sh\necho noise; echo noise >&2\nprintf %s "$1" > "$0.opened"\n')
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"false:no-such-program:{program}")
    return tmp_path / "browser.opened"


def test_the_first_that_works_gets_the_address_literally_and_its_words_stay_off_the_screen(
    opened: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert browser.open_in_browser(URL)
    assert opened.read_text() == URL
    assert not Path("pwned").exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "https://a@evil.example/", "-flag", ""])
def test_nothing_but_a_web_address_is_opened(opened: Path, url: str) -> None:
    assert not browser.open_in_browser(url)
    assert not opened.exists()


def test_where_there_is_none_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "false")
    assert not browser.open_in_browser(URL)


PROGRAM = """
import subprocess, sys
from fastchat_tui import browser, guardian
browser.PATIENCE = 0.1
def run():
    server = subprocess.Popen(["sleep", "1000"])
    open("server", "w").write(str(server.pid))
    return 0 if browser.open_in_browser("https://login.example/") else 1
sys.exit(guardian.guard(run))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_browser_that_we_started_goes_on_when_we_end_and_a_server_does_not(tmp_path: Path) -> None:
    stays = tmp_path / "stays"
    stays.write_text(f"#!/bin/sh\nsleep 1000 &\necho $! > {tmp_path}/tab\necho $$ > {tmp_path}/window\nwait\n")
    stays.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", PROGRAM], env={**os.environ, "BROWSER": str(stays)}, timeout=60)
    assert done.returncode == 0
    pids = {name: int((tmp_path / name).read_text()) for name in ("tab", "window")}
    try:
        assert all(Path(f"/proc/{pid}").exists() for pid in pids.values())
        assert not Path(f"/proc/{Path('server').read_text()}").exists()
    finally:
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
