"""The sealed world: no test sees the real home, environment, keyring or network, whatever it runs.

Every test starts in an empty folder of its own (``tmp_path``) with a home inside it and an environment that holds only
what a terminal gives a program. Processes that a test starts inherit all of it. Sockets reach loopback only.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.stalls import stall

KEPT = ("PATH", "VIRTUAL_ENV", "SYSTEMROOT", "TZ")
KEPT_PREFIXES = ("FASTCHAT_TEST_", "PYTEST_", "COVERAGE_", "COV_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stalls", metavar="SEED", help="loops and threads stand still at random (tests/stalls.py)")


def pytest_configure() -> None:
    """What we start has its signals as a shell gives them, whatever started us (``nohup``, a background job)."""
    for name in ("SIGHUP", "SIGQUIT", "SIGTERM"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(20_000, 20, 50)  # a screen makes many small things: looking for rings took a third of its tests
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Of ``-n logical``: more than there are cores, for a third of the time of a screen's test is waiting."""
    return max(1, (os.cpu_count() or 1) * 3 // 2)


class NetworkForbidden(OSError):
    """A test wanted to leave this machine."""


@pytest.fixture(autouse=True)
def sealed_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seals home, environment, working folder and network; returns the home folder."""
    home = tmp_path / "home"
    _seal_environment(monkeypatch, home)
    _seal_network(monkeypatch)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return home


@pytest.fixture(autouse=True)
def stalls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``--stalls SEED``, on other moments in each test."""
    if seed := request.config.getoption("--stalls"):
        stall(monkeypatch, f"{seed} {request.node.nodeid}")


@pytest.fixture
def home(sealed_world: Path) -> Path:
    """The home folder of this test."""
    return sealed_world


@pytest.fixture
def npm() -> Path:
    """The folder with the npm servers' programs; skips the test where they are not installed."""
    folder = os.environ.get("FASTCHAT_TEST_NPM", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs npm packages: set FASTCHAT_TEST_NPM to a node_modules/.bin folder (.ci/run does)")
    return Path(folder)


def _seal_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in list(os.environ):
        if name not in KEPT and not name.startswith(KEPT_PREFIXES):
            monkeypatch.delenv(name)
    folders = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData",
        "LOCALAPPDATA": home / "AppData",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_RUNTIME_DIR": home / ".run",
    }
    for name, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        monkeypatch.setenv(name, str(folder))
    for name, value in {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TEXTUAL_ANIMATIONS": "none",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }.items():
        monkeypatch.setenv(name, value)


def _seal_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, *arguments: Any) -> Any:
            _refuse_the_world(self, arguments[-1])
            return method(self, *arguments)

        return call

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))

    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        if host and not _is_loopback(host):
            raise NetworkForbidden(f"a test may not look up {host!r}: only loopback is open")
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _refuse_the_world(sock: socket.socket, address: Any) -> None:
    inet = sock.family in (socket.AF_INET, socket.AF_INET6)
    if inet and not _is_loopback(address[0]):
        raise NetworkForbidden(f"a test may not contact {address!r}: only loopback is open")


def _is_loopback(host: str | bytes) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
