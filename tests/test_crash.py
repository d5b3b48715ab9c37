"""A report of a fault tells where it happened, and nothing of what the program was given."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pydantic
import pytest

from fastchat_tui import crash, stopping
from fastchat_tui.wire.masks import Masker

TOKEN = "opaque 0.token\"of nobody's shape"


class Tokens(pydantic.BaseModel):
    expires_in: int
    scope: str


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash, "_hide", str)
    monkeypatch.setattr(crash, "_written", 0)


GIVEN = {"expires_in": {"access": "cAnArY one"}, "scope": b"cAnArY\n two"}
NAMED = '{"access_token": "cAnArY-by-its-name"} at https://x.example/cb?code=cAnArY-code&state=1'
SHAPED = "sk-cAnArY-0123456789"
LOCAL = "cAnArY of a local variable"


def faults() -> Iterator[Exception]:
    local = LOCAL
    try:
        Tokens.model_validate(GIVEN)
    except pydantic.ValidationError as error:
        yield error
    try:
        raise RuntimeError(f"could not send {TOKEN!r} or {TOKEN}") from ValueError(f"inner {TOKEN}")
    except RuntimeError as error:
        error.add_note(f"noted: {TOKEN}")
        yield error
    try:
        raise ValueError(NAMED)
    except ValueError as error:
        yield error
    yield KeyError(SHAPED, len(local))


@pytest.mark.parametrize("number", range(4))
def test_no_report_holds_what_is_secret(number: int, tmp_path: Path) -> None:
    crash.hide_with(Masker([TOKEN]).mask)
    error = list(faults())[number]
    path = Path(crash.write_report(error, tmp_path / "a" / "log"))
    text = path.read_text()
    assert type(error).__name__ in text
    assert "cAnArY" not in text
    assert "0.token" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(stat.S_IMODE(place.stat().st_mode) == 0o700 for place in (path.parent, path.parent.parent))


def test_a_fault_that_comes_again_and_again_does_not_fill_the_disk(tmp_path: Path) -> None:
    for number in range(crash.MOST + 5):
        crash.write_report(ValueError(str(number)), tmp_path)
    assert len(list(tmp_path.glob("crash-*"))) == crash.MOST


def test_what_escapes_from_a_thread_is_a_report(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("sys.unraisablehook", None)
    monkeypatch.setattr(threading, "excepthook", None)
    crash.install()
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    [report] = home.rglob("crash-*.txt")
    assert "ZeroDivisionError" in report.read_text()


async def test_what_fails_in_the_loop_with_nobody_to_tell_is_a_report(home: Path) -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    stopping.on_stop(lambda number: None)
    loop.call_soon(lambda: 1 / 0)
    loop.call_soon(done.set)
    await done.wait()
    [report] = home.rglob("crash-*.txt")
    assert "ZeroDivisionError" in report.read_text()
