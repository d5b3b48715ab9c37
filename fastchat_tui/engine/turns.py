"""Which turn runs, what waits behind it, and how each is closed: exactly once, whatever happened in between."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from fastchat_tui.engine.calls import Caller
from fastchat_tui.engine.recorder import Recorder
from fastchat_tui.engine.sanitise import is_json
from fastchat_tui.engine.session import Session
from fastchat_tui.engine.turn import Ending, World, run_turn
from fastchat_tui.wire.commands import CallTool
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.errors import CommandError, FastchatError
from fastchat_tui.wire.events import (
    CallFinished,
    CallProposed,
    QueueChanged,
    SessionTitled,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.ledger import CallLedger

STOPPED = (Text("Stopped by the user before it had an answer."),)


@dataclass(slots=True)
class Running:
    turn: str
    text: str
    retries: str
    started: bool = False
    ending: Ending = field(default_factory=Ending)


class Turns:
    def __init__(self, world: World, session: Session, ledger: CallLedger, recorder: Recorder, caller: Caller) -> None:
        self._world = world
        self._session = session
        self._ledger = ledger
        self._recorder = recorder
        self._caller = caller
        self._running: Running | None = None
        self._task: asyncio.Task[None] | None = None
        self._queue: list[str] = []
        self._by_hand: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def running(self) -> str:
        """The running turn, empty when none runs."""
        return self._running.turn if self._running else ""

    @property
    def busy(self) -> bool:
        """Whether something runs that belongs to the open session: a turn, or a call by hand."""
        return bool(self._running or self._by_hand)

    @property
    def queue(self) -> tuple[str, ...]:
        return tuple(self._queue)

    def say(self, text: str) -> None:
        if not text.strip():
            raise CommandError("The message is empty.")
        if self._running:
            self._queue.append(text)
            self._world.emit(QueueChanged(messages=self.queue))
        else:
            self._begin(text)

    def retry(self) -> None:
        if self._running:
            raise CommandError("A turn is running.", "Stop it with Esc first.")
        if not self._session.unfinished:
            raise CommandError("There is nothing to try again: the last turn ended well.")
        self._begin("", self._session.unfinished)

    def call(self, command: CallTool) -> None:
        """A call by hand, outside any turn. Raises CommandError when no JSON can carry its arguments."""
        if not is_json(command.arguments):
            raise CommandError(
                "The arguments are no JSON object that a server could read.", "Look for NaN or Infinity."
            )
        call, server, tool, arguments = f"hand-{secrets.token_hex(4)}", command.server, command.tool, command.arguments
        self._world.emit(CallProposed(call=call, turn="", step=0, server=server, tool=tool, arguments=arguments))
        task = asyncio.create_task(self._caller.send(call, server, tool, arguments), name="call by hand")
        self._by_hand.add(task)

        def close(task: asyncio.Task[None]) -> None:
            self._by_hand.discard(task)
            if task.cancelled():
                self._world.emit(CallFinished(call=call, outcome="cancelled", content=STOPPED))

        task.add_done_callback(close)

    def cancel(self) -> None:
        """Stops what runs; what waited goes back to whoever wrote it."""
        if self._queue:
            returned = "\n".join(self._queue)
            self._queue.clear()
            self._world.emit(QueueChanged(messages=(), returned=returned))
        for task in (self._task, *self._by_hand):
            if task:
                task.cancel()

    async def close(self) -> None:
        self._closing = True
        self.cancel()
        if tasks := [task for task in (self._task, *self._by_hand) if task]:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)  # their done callbacks publish how they ended

    def _begin(self, text: str, retries: str = "") -> None:
        self._running = running = Running(f"t{secrets.token_hex(4)}", text, retries)
        self._task = asyncio.create_task(self._drive(running), name="turn")
        # a callback, not a ``finally``: a task that is cancelled before its first step never enters its body
        self._task.add_done_callback(lambda _: self._close(running))

    async def _drive(self, running: Running) -> None:
        ending = running.ending
        try:
            await self._world.opened()
            await self._session.read()
            self._start(running)
            await self._recorder.flush()  # what the user said is durable before it leaves the house
            await run_turn(running.turn, self._world, ending)
        except FastchatError as error:
            ending.reason, ending.detail, ending.remedy = "failed", error.text, error.remedy
        except Exception as error:  # the border of a turn: a fault of ours must not end the program
            ending.reason = "failed"
            ending.detail = f"Something in fastchat-tui failed: {type(error).__name__}: {error}"
            ending.remedy = "F5 tries again. If it happens again, please report it."

    def _start(self, running: Running) -> None:
        if not running.started:
            running.started = True
            self._world.emit(TurnStarted(turn=running.turn, text=running.text, retries=running.retries))
            if title := self._session.title_from(running.text):
                self._world.emit(SessionTitled(session=self._session.info.id, title=title))

    def _close(self, running: Running) -> None:
        self._start(running)
        for record in self._ledger.unfinished(running.turn):
            self._world.emit(CallFinished(call=record.call, outcome="cancelled", content=STOPPED))
        end = running.ending
        self._running = self._task = None
        self._world.emit(
            TurnFinished(turn=running.turn, reason=end.reason, detail=end.detail, remedy=end.remedy, usage=end.usage)
        )
        if self._queue and not self._closing:
            text = self._queue.pop(0)
            self._world.emit(QueueChanged(messages=self.queue))
            self._begin(text)
