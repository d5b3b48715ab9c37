"""Event loops and threads that stand still at random, as on a busy machine: what must not depend on time shows itself.

``pytest --stalls 7 tests/tui``: the seed chooses the moments. What a test starts as a program of its own runs as usual.
"""

from __future__ import annotations

import random
from asyncio import BaseEventLoop
from concurrent.futures.thread import _WorkItem
from time import sleep
from typing import Any

import pytest

OFTEN, SHORT = 0.03, 0.06
"""How many turns of a loop are late, and by how many seconds at most."""
SELDOM, LONG = 0.002, 0.4
THREADS = 0.25
"""How many pieces of work begin late in their thread, and as many end late."""
TURN, WORK = BaseEventLoop._run_once, _WorkItem.run  # type: ignore[attr-defined]


def stall(monkeypatch: pytest.MonkeyPatch, seed: str) -> None:
    """Until the monkeypatch is undone."""
    dice = random.Random(seed)

    def late(share: float, most: float) -> None:
        if dice.random() < share:
            sleep(dice.random() * most)

    def late_turn(loop: BaseEventLoop) -> None:
        late(OFTEN, SHORT)
        late(SELDOM, LONG)
        TURN(loop)

    def late_work(item: _WorkItem[Any]) -> None:
        late(THREADS, SHORT)
        WORK(item)
        late(THREADS, SHORT)

    monkeypatch.setattr(BaseEventLoop, "_run_once", late_turn)
    monkeypatch.setattr(_WorkItem, "run", late_work)
