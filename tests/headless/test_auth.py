"""``login`` and ``logout`` with an engine that plays a script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.auth import login, logout
from fastchat_tui.headless.exits import Exit, of_error
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.errors import FastchatError

from .conftest import STARTED, Console, ScriptedEngine, ready

Command = Callable[[ScriptedEngine, str, Answers, Voice], Awaitable[Exit]]


@pytest.mark.parametrize("command", [login, logout])
async def test_a_server_that_is_unknown_is_told_with_those_that_are(console: Console, command: Command) -> None:
    engine = ScriptedEngine(lambda command: [None], (STARTED, *ready("time", "now")))
    with pytest.raises(FastchatError, match="no server “nope”") as error:
        await command(engine, "nope", console.answers(), console.voice)
    assert of_error(error.value) is Exit.SERVER
    assert error.value.remedy == "Known: time."
    assert engine.heard == []
