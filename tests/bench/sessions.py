"""A long session of the real program: how it opens, and what a key waits while an answer streams."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from fastchat_tui.store.sqlite import SqliteStore
from fastchat_tui.wire.chat import TextPart
from fastchat_tui.wire.events import Event, ReplyFinished, Stamped, StepStarted, TurnFinished, TurnStarted
from tests.bench.program import OURS, Program, started
from tests.bench.table import Row

RUNS = 5
MESSAGES = 10_000
ANSWER = "The quick **brown** fox jumps over the `lazy` dog.\n\n- one\n- two\n\n```python\nx = compute(1)\n```\n"
LAST = "the last answer"
TOKENS = 6_000
PACE = 0.002
FIRST_WORDS = "This is streaming"


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from opening(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        yield from echoes(Path(folder))


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────


def opening(folder: Path) -> Iterator[Row]:
    homes = {messages: folder / str(messages) for messages in (2, 1_000, MESSAGES)}
    for messages, home in homes.items():
        asyncio.run(fill(home / ".local" / "share" / "fastchat-tui", messages))
    once = {messages: [resume(home) for _ in range(RUNS)] for messages, home in homes.items()}
    took = {messages: median(seconds for seconds, _ in runs) for messages, runs in once.items()}
    kept = {messages: median(memory for _, memory in runs) for messages, runs in once.items()}
    detail = f"{took[MESSAGES]:.2f} s and {took[2]:.2f} s"
    yield Row(f"a session of {MESSAGES:,} messages opens, times one of 2", took[MESSAGES] / took[2], "×", 1.2, detail)
    more = (kept[MESSAGES] - kept[1_000]) / (MESSAGES - 1_000) * 1_000
    yield Row("memory for each 1,000 messages", more, "MB", None, f"{kept[MESSAGES]:.0f} MB with all of them")


def resume(home: Path) -> tuple[float, float]:
    with started((*OURS, "--continue"), home, {"OPENAI_API_KEY": "sk-bench"}) as program:
        return program.until(LAST), program.resident()


async def fill(folder: Path, messages: int) -> None:
    """A session as the program would have written it."""
    store, turns = SqliteStore(folder), messages // 2
    await store.create("bench", 1.0)
    said = [event for turn in range(turns) for event in exchange(f"t{turn}", LAST if turn == turns - 1 else ANSWER)]
    await store.append("bench", [Stamped(number, float(number), event) for number, event in enumerate(said, 1)])
    await store.close()


def exchange(turn: str, answer: str) -> tuple[Event, ...]:
    return (
        TurnStarted(turn=turn, text=f"Question {turn}: what is it?"),
        StepStarted(turn=turn, step=1, model="gpt-5-nano"),
        ReplyFinished(turn=turn, step=1, parts=(TextPart(answer),), finish="stop"),
        TurnFinished(turn=turn, reason="done"),
    )


# ── keys while an answer streams ─────────────────────────────────────────────────────────────────────────────────


def echoes(home: Path) -> Iterator[Row]:
    idle = typed(home, stream=False)
    busy = typed(home, stream=True)
    yield Row("key echo p99, nothing streams", p99(idle), "ms", None, f"p50 {median(idle):.0f} ms, {len(idle)} keys")
    detail = f"p50 {median(busy):.0f} ms, {len(busy)} keys, {1 / PACE:.0f} tokens/s"
    yield Row("key echo p99 while an answer streams", p99(busy), "ms", 33, detail)


def p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def typed(home: Path, *, stream: bool) -> list[float]:
    """Milliseconds from a key to its echo."""
    with streaming(home) as url, started(OURS, home, {"OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": url}) as program:
        program.until("Ask anything.")
        if stream:
            program.press(b"go\r")
            program.until(FIRST_WORDS)
        return [echo(program, number) for number in range(200)]


def echo(program: Program, number: int) -> float:
    """Types one character that is nowhere else on the screen; clears the line before it is full."""
    if number % 20 == 19:
        program.press(b"\x15")
    key = chr(0x4E00 + number)
    began = perf_counter()
    program.press(key.encode())
    program.until(key)
    return (perf_counter() - began) * 1000


@contextmanager
def streaming(home: Path) -> Iterator[str]:
    """A model in a process of its own that talks for longer than the keys take."""
    words = [f"{FIRST_WORDS}. ", *(f"word{number} " if number % 40 else "\n\n## Next\n\n" for number in range(TOKENS))]
    script = home / "script.json"
    script.write_text(json.dumps([{"text": words, "pace": PACE, "repeat": True}]))
    command = [sys.executable, "-m", "tests.fakes.openai_api", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as api:
        assert api.stdout is not None
        try:
            yield api.stdout.readline().strip()
        finally:
            api.terminate()
