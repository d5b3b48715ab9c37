"""Servers are added, examined and edited on the screen, and in the file behind it; the others go on as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scene import (
    FAULTY,
    Entry,
    becomes,
    close_page,
    config,
    environ,
    faulty,
    go_to,
    offspring,
    page,
    row,
    running,
    shows_in,
)
from tests.e2e.terminal import Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]


def changed(path: str, **servers: Entry | None) -> dict[str, Any]:
    """The file with these entries, and without those that are None."""
    document: dict[str, Any] = json.loads(Path(path).read_text())
    document["mcpServers"] = {
        name: entry for name, entry in (document["mcpServers"] | servers).items() if entry is not None
    }
    Path(path).write_text(json.dumps(document))
    return document


def test_a_server_is_added_with_a_form_tried_and_saved_and_the_file_is_followed(opened: Opened) -> None:
    path = config(steady=faulty("ignores-eof"), dead={"command": "no-such-program"})
    Path(path).write_text(json.dumps({**json.loads(Path(path).read_text()), "ours": {"kept": True}}))
    with serving([{"text": "fine"}]) as api:
        terminal = opened("--config", path, environ=environ(api))
        becomes(terminal, "steady", "● 2")
        becomes(terminal, "dead", "✗")
        steady = running(offspring(terminal.child.pid), "ignores-eof")

        go_to(terminal, 0)
        terminal.child.send("n")
        terminal.shows("Add a server")
        terminal.settles("notes\t")
        terminal.settles(f"python3 {FAULTY} --fault exits-at-start")
        terminal.child.send("\x13")
        terminal.shows("It does not work yet.")
        shows_in(terminal, "Trying notes", "exit code 3. Last words: Error: missing API key")
        terminal.child.send("\x1b")
        terminal.shows("Add a server")
        terminal.settles("\t")
        terminal.settles("\x1b[F" + "\x7f" * len("exits-at-start") + "malformed-tool")
        terminal.child.send("\x13")
        terminal.shows("It works.")
        shows_in(terminal, "Trying notes", "2 tools; left out: tool “no_schema”")
        assert not running(offspring(terminal.child.pid), "malformed-tool")
        terminal.child.send("\r")
        becomes(terminal, "notes", "● ⚠ 2")
        document = json.loads(Path(path).read_text())
        assert document["ours"] == {"kept": True}
        assert document["mcpServers"]["notes"]["args"] == [FAULTY, "--fault", "malformed-tool"]

        changed(path, dead=None, fresh=faulty("talks-on-stderr"), notes=faulty("duplicate-names"))
        becomes(terminal, "fresh", "● 2")
        terminal.until(lambda: row(terminal, "dead") == "")
        page(terminal, 1)
        shows_in(terminal, "notes", "--fault duplicate-names")
        terminal.child.send("D")
        terminal.shows("It works.")
        shows_in(terminal, "Doctor: notes", "the name is listed twice")
        terminal.child.send("\x1b")
        terminal.shows("o options")
        close_page(terminal)

        whole = Path(path).read_text()
        Path(path).write_text('{"mcpServers": {\n"steady": {]}}')
        terminal.until(lambda: "line 2, column 12" in " ".join(terminal.text.split()))
        assert row(terminal, "steady") == row(terminal, "fresh") == "● 2 76"
        Path(path).write_text(whole)
        changed(path, late=faulty(""))
        becomes(terminal, "late", "● 2")
        assert running(offspring(terminal.child.pid), "ignores-eof") == steady
        assert terminal.end() == 0
