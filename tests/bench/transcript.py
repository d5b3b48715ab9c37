"""What streaming and long sessions cost: ``python -m tests.bench.transcript [--full]``.

Each case is a program of its own in a real pseudo-terminal that is drained as a terminal does. It reports its CPU time
of all threads; the table gives ratios of one run, so that they hold on any machine.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import gc
import json
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

ROUNDS = 3
CLEAR = b"\x15"
FPS = "120"
"""After a frame Textual may wait two more before it paints the next; at its 60 a key then waits for 33 ms."""
PARAGRAPH = "The quick **brown** fox jumps over the `lazy` dog, and then some more words follow here. "
CODE = "".join(f"x_{k} = compute({k}, y={k * 2})\n" for k in range(12))
TABLE = "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n| 4 | 5 | 6 |\n"
ITEMS = "- item one\n- item two with `code`\n- item three\n"


def mixed(characters: int) -> str:
    out, size, number = [], 0, 0
    while size < characters:
        number += 1
        out.append(f"## Section {number}\n\n{PARAGRAPH * 4}\n\n{ITEMS}\n```python\n{CODE}```\n\n{TABLE}\n")
        size += len(out[-1])
    return "".join(out)[:characters]


def code(lines: int) -> str:
    return "```python\n" + "".join(f"x_{k} = compute({k}, y={k * 2})\n" for k in range(lines)) + "```\n"


def table(rows: int) -> str:
    body = "".join(f"| row {k} | some text {k * 37} | **{k}** `x` |\n" for k in range(rows))
    return f"| name | text | value |\n|---|---|---|\n{body}"


# ── the child: one app, one case ─────────────────────────────────────────────────────────────────────────────────


def child(case: str, amount: int, out: Path) -> None:
    from textual.app import App, ComposeResult
    from textual.containers import VerticalScroll
    from textual.widget import Widget
    from textual.widgets import Input, Log, Markdown

    import fastchat_tui.tui
    from fastchat_tui.tui.transcript.widget import TranscriptView
    from fastchat_tui.wire.chat import TextPart
    from fastchat_tui.wire.events import ReplyFinished, Stamped, TextDelta
    from fastchat_tui.wire.ledger import CallLedger
    from fastchat_tui.wire.transcript import Entry, ReplyEntry, Transcript, UserEntry

    kind, _, subject = case.partition("-")
    text = {"code": code, "table": table}.get(subject, lambda n: mixed(4 * n))(amount)
    entries: list[Entry] = []
    if kind == "open":
        for number in range(amount // 2):
            entries += [
                UserEntry(f"{number}/user", f"Question {number}: what is it?"),
                ReplyEntry(f"{number}/1/reply", [f"Answer {number}\n\n{PARAGRAPH}\n\n{ITEMS}"], True),
            ]
    began = perf_counter()
    result: dict[str, Any] = {}

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    class Bench(App[None]):
        CSS_PATH = Path(fastchat_tui.tui.__file__).parent / "styles" / "transcript.tcss"

        def compose(self) -> ComposeResult:
            if kind == "log":
                yield Log()
            elif kind == "markdown":
                with VerticalScroll():
                    yield Markdown()
            else:
                yield TranscriptView(CallLedger())
            yield Input()

        def on_mount(self) -> None:
            self.query_one(Input).focus()
            if kind == "open":
                self.query_one(TranscriptView).load(entries)
            self.call_after_refresh(self.begin)

        def begin(self) -> None:
            gc.freeze()  # as the program does once it is loaded: else each collection walks through all modules
            self.run_worker(self.measure())

        async def measure(self) -> None:
            result["opened"] = perf_counter() - began
            if kind == "open":
                await self.read_all()
            else:
                start, cpu = perf_counter(), process_time()
                await self.stream()
                result.update(cpu=process_time() - cpu, wall=perf_counter() - start, rss=resident())
            self.exit()

        async def read_all(self) -> None:
            view = self.query_one(TranscriptView)
            result["rss"] = resident()
            for _ in range(60):
                view.action_page_up()
                await self.painted(view)

        async def painted(self, widget: Widget) -> None:
            done = asyncio.Event()
            widget.call_after_refresh(done.set)
            await done.wait()

        async def stream(self) -> None:
            tokens = [text[i : i + 4] for i in range(0, len(text), 4)]
            if kind == "log":
                log = self.query_one(Log)
                await self.feed(tokens, log.write)
                await self.painted(log)
            elif kind == "markdown":
                view = self.query_one(Markdown)
                self.query_one(VerticalScroll).anchor()
                stream = Markdown.get_stream(view)
                await self.feed(tokens, stream.write)
                await stream.stop()
                await self.painted(view)
            else:
                await self.transcript(tokens)

        async def transcript(self, tokens: list[str]) -> None:
            view, fold = self.query_one(TranscriptView), Transcript()

            def show(event: TextDelta | ReplyFinished) -> None:
                for change in fold.apply(Stamped(0, 0.0, event)):
                    view.show(change)

            def write(token: str) -> None:
                show(TextDelta(turn="t", step=1, text=token))

            if kind in ("keys", "idle"):
                for at in range(0, len(tokens), 20):
                    for token in tokens[at : at + 20] if kind == "keys" else ():
                        write(token)
                    await asyncio.sleep(0.01)
            else:
                await self.feed(tokens, write)
            show(ReplyFinished(turn="t", step=1, parts=(TextPart(text),)))
            await view.drawn()
            await self.painted(view)

        async def feed(self, tokens: list[str], write: Callable[[str], object]) -> None:
            for number, token in enumerate(tokens):
                waiting = write(token)
                if isinstance(waiting, Awaitable):
                    await waiting
                if number % 10 == 0:
                    await asyncio.sleep(0)

    Bench().run()
    out.write_text(json.dumps(result))


# ── the parent: a terminal ───────────────────────────────────────────────────────────────────────────────────────


def run(case: str, amount: int, *, keys: bool = False) -> dict[str, Any]:
    """Runs a case in a pseudo-terminal of 120×40; with ``keys`` types into it and times the echo."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "result.json")
        command = [sys.executable, "-m", __spec__.name if __spec__ else "tests.bench.transcript"]
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none"}
        environment["TEXTUAL_FPS"] = FPS
        process = subprocess.Popen(
            [*command, "--child", case, str(amount), str(out)],
            stdin=side,
            stdout=side,
            stderr=side,
            env=environment,
            start_new_session=True,
        )
        os.close(side)
        echoes = list(terminal(main, process, keys=keys))
        process.wait()
        os.close(main)
        return {**json.loads(out.read_text()), "echoes": echoes}


def terminal(main: int, process: subprocess.Popen[bytes], *, keys: bool) -> Iterator[float]:
    """Reads what is painted; yields how long each key took to appear."""
    seen, number, sent, expected, ready = 0, 0, 0.0, b"", 0.0
    buffer = b""
    while True:
        if select.select([main], [], [], 0.005)[0]:
            try:
                data = os.read(main, 1 << 16)
            except OSError:
                return
            if not data:
                return
            seen += len(data)
            buffer = buffer[-8:] + data
            if expected and expected in buffer:
                yield perf_counter() - sent
                expected, ready = b"", perf_counter() + 0.05
        elif process.poll() is not None:
            return
        if keys and not expected and seen > 2_000 and perf_counter() > ready:
            number += 1
            if number % 20 == 0:  # before the line is full and has to scroll
                os.write(main, CLEAR)
                ready = perf_counter() + 0.1
                continue
            expected, buffer, sent = chr(0x4E00 + number).encode(), b"", perf_counter()
            os.write(main, expected)


def cpu(case: str, amount: int, rounds: int = ROUNDS) -> float:
    return min(float(run(case, amount)["cpu"]) for _ in range(rounds))


def main(*, full: bool) -> int:
    failed = 0

    def row(name: str, value: float, goal: float | None, unit: str, detail: str) -> None:
        nonlocal failed
        missed = goal is not None and value > goal
        failed += missed
        wanted = f"≤ {goal:g}{unit}" if goal is not None else ""
        print(f"{name:<44}{value:>9.2f}{unit:<3}{wanted:>12}  {'MISSED' if missed else '':<7}{detail}", flush=True)

    ours, log = cpu("transcript", 20_000), cpu("log", 20_000)
    row("20,000 tokens, times Log", ours / log, 2.5, "×", f"{ours:.2f} s and {log:.2f} s")
    tokens = 20_000 if full else 5_000
    theirs, part = cpu("markdown", tokens, 1), ours if full else cpu("transcript", tokens)
    row(f"{tokens:,} tokens, times Markdown", part / theirs, 0.05, "×", f"{part:.2f} s and {theirs:.2f} s")
    long = cpu("transcript", 100_000, 2)
    row("100,000 tokens, times 20,000", long / ours, 5.5, "×", f"{long:.2f} s")
    for subject, amount in (("code", 8_000), ("table", 2_000)):
        once, twice = cpu(f"transcript-{subject}", amount), cpu(f"transcript-{subject}", 2 * amount)
        row(
            f"{subject} of {2 * amount:,}, times {amount:,} lines",
            twice / once,
            2.2,
            "×",
            f"{once:.2f} s {twice:.2f} s",
        )
    for case, goal, what in (("idle", None, "nothing streams"), ("keys", 33, "while 2,000 tokens/s stream")):
        echoes = sorted(run(case, 20_000, keys=True)["echoes"])
        p50, p99 = median(echoes) * 1000, echoes[int(len(echoes) * 0.99)] * 1000
        row("key echo p99", p99, goal, "ms", f"p50 {p50:.0f} ms, {len(echoes)} keys, {what}")
    empty = min(run("open", 0)["opened"] for _ in range(5))
    opened = [run("open", 10_000) for _ in range(5)]
    best = min(each["opened"] for each in opened)
    row("10,000 messages open, times none", best / empty, 1.2, "×", f"{best * 1000:.0f} ms and {empty * 1000:.0f} ms")
    small = run("open", 1_000)["rss"]
    row("memory for each 1,000 messages", (opened[0]["rss"] - small) / 9e6, None, "MB", "text and all")
    return 1 if failed else 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--full", action="store_true", help="Markdown with all 20,000 tokens: a minute or two")
    arguments.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.child:
        child(options.child[0], int(options.child[1]), Path(options.child[2]))
    else:
        sys.exit(main(full=options.full))
