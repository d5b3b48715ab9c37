"""Prompts and resources of a server, used from the message that is being written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.scene import becomes, close_page, config, environ
from tests.e2e.terminal import Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
SEND = "\x13"
SERVER = Path(__file__).parents[1] / "fakes" / "offering_server.py"


def offering(tmp_path: Path) -> str:
    return config(notes={"command": sys.executable, "args": [str(SERVER), str(tmp_path / "runs")]})


def test_a_prompt_is_filled_in_read_and_sent(opened: Opened, tmp_path: Path) -> None:
    with serving([{"text": "GREETED"}]) as api:
        terminal = opened("--config", offering(tmp_path), environ=environ(api))
        becomes(terminal, "notes", "● 2")
        terminal.child.send("/notes:greet\r")
        terminal.shows("name  needed")
        terminal.shows("Still needed: name.", keys=SEND)
        terminal.settles("Ada\t")
        terminal.shows("stern")  # the server completes what may be said
        terminal.settles("st")
        terminal.settles("\t\r")
        terminal.shows("Greet Ada, be stern.")
        terminal.child.send("\r")
        terminal.shows("GREETED")
        assert terminal.end() == 0
    assert "Greet Ada, be stern." in json.dumps(api.requests[0][2])


def test_a_resource_is_attached_where_it_is_named_and_can_be_read(opened: Opened, tmp_path: Path) -> None:
    with serving([{"text": "SUMMED UP"}]) as api:
        terminal = opened("--config", offering(tmp_path), environ=environ(api))
        becomes(terminal, "notes", "● 2")
        terminal.child.send("/read @notes:note://monday/9\r")
        terminal.shows('hour: "9"')
        terminal.shows("Esc close")
        close_page(terminal)
        terminal.child.send("sum up @notes:note://today for a@b.example\r")
        terminal.shows("SUMMED UP")
        terminal.child.send("now @notes:note://nowhere/at/all\r")
        terminal.shows("cannot be attached")
        terminal.shows("now @notes:note://nowhere/at/all")
        assert terminal.end() == 0
    assert len(api.requests) == 1
    assert "run 0" in json.dumps(api.requests[0][2])
