"""What a streamed answer costs beside Textual's own widgets with the same text.

Each case is an app of its own in a real pseudo-terminal. It reports the CPU time of all its threads, from the first
token until the last is painted.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from time import process_time

from fastchat_tui.launch import spare_the_keys
from tests.bench.program import started
from tests.bench.table import Row

ROUNDS = 3
PARAGRAPH = "The quick **brown** fox jumps over the `lazy` dog, and then some more words follow here. "
CODE = "".join(f"x_{k} = compute({k}, y={k * 2})\n" for k in range(12))
TABLE = "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n| 4 | 5 | 6 |\n"
ITEMS = "- item one\n- item two with `code`\n- item three\n"


def rows(*, full: bool = False) -> Iterator[Row]:
    """With ``full``, Markdown streams all 20,000 tokens, too, which takes it a minute or two."""
    ours, log = cpu("transcript", "mixed", 20_000), cpu("log", "mixed", 20_000)
    yield Row("20,000 tokens, times Log", ours / log, "×", 2.5, f"{ours:.2f} s and {log:.2f} s of CPU")
    tokens = 20_000 if full else 5_000
    theirs, part = cpu("markdown", "mixed", tokens, rounds=1), ours if full else cpu("transcript", "mixed", tokens)
    detail = f"{part:.2f} s and {theirs:.2f} s of CPU"
    yield Row(f"{tokens:,} tokens, times Markdown", part / theirs, "×", 0.05, detail)
    long = cpu("transcript", "mixed", 100_000)
    yield Row("100,000 tokens, times 20,000", long / ours, "×", 5.5, f"{long:.2f} s of CPU")
    for subject, lines in (("code", 8_000), ("table", 2_000)):
        once, twice = cpu("transcript", subject, lines), cpu("transcript", subject, 2 * lines)
        detail = f"{twice:.2f} s and {once:.2f} s of CPU"
        yield Row(f"{subject} of {2 * lines:,} lines, times {lines:,}", twice / once, "×", 2.2, detail)


def cpu(widget: str, subject: str, amount: int, rounds: int = ROUNDS) -> float:
    """The least of some runs: the machine may do other things, too."""

    def once() -> float:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "seconds")
            here = {"PYTHONPATH": str(Path(__file__).parents[2])}
            command = (sys.executable, "-m", __name__, widget, subject, str(amount), str(out))
            with started(command, folder, here) as program:
                program.drain()
            return float(out.read_text())

    return min(once() for _ in range(rounds))


# ── the child: one app, one widget, one text ─────────────────────────────────────────────────────────────────────


def text_of(subject: str, amount: int) -> str:
    match subject:
        case "code":
            return "```python\n" + "".join(f"x_{k} = compute({k}, y={k * 2})\n" for k in range(amount)) + "```\n"
        case "table":
            body = "".join(f"| row {k} | some text {k * 37} | **{k}** `x` |\n" for k in range(amount))
            return f"| name | text | value |\n|---|---|---|\n{body}"
        case _:
            out, size, number = [], 0, 0
            while size < 4 * amount:
                number += 1
                out.append(f"## Section {number}\n\n{PARAGRAPH * 4}\n\n{ITEMS}\n```python\n{CODE}```\n\n{TABLE}\n")
                size += len(out[-1])
            return "".join(out)[: 4 * amount]


def child(widget: str, subject: str, amount: int, out: Path) -> None:
    from textual.app import ComposeResult
    from textual.containers import VerticalScroll
    from textual.widgets import Input, Log, Markdown

    import fastchat_tui.tui
    from fastchat_tui.tui.transcript.widget import TranscriptView
    from fastchat_tui.wire.chat import TextPart
    from fastchat_tui.wire.events import ReplyFinished, Stamped, TextDelta
    from fastchat_tui.wire.ledger import CallLedger
    from fastchat_tui.wire.transcript import Transcript
    from tests.fakes.styled import StyledApp

    text = text_of(subject, amount)
    tokens = [text[at : at + 4] for at in range(0, len(text), 4)]

    class Bench(StyledApp):
        CSS_PATH = Path(fastchat_tui.tui.__file__).parent / "styles" / "transcript.tcss"

        def compose(self) -> ComposeResult:
            if widget == "log":
                yield Log()
            elif widget == "markdown":
                with VerticalScroll():
                    yield Markdown()
            else:
                yield TranscriptView(CallLedger())
            yield Input()

        def on_mount(self) -> None:
            self.query_one(Input).focus()
            self.call_after_refresh(self.begin)

        def begin(self) -> None:
            spare_the_keys()  # as the program does once it is loaded: else each collection walks through all modules
            self.run_worker(self.measure())

        async def measure(self) -> None:
            began = process_time()
            await {"log": self.log_, "markdown": self.markdown}.get(widget, self.transcript)()
            out.write_text(str(process_time() - began))
            self.exit()

        async def log_(self) -> None:
            log = self.query_one(Log)
            await feed(tokens, log.write)
            await self.painted(log)

        async def markdown(self) -> None:
            view = self.query_one(Markdown)
            self.query_one(VerticalScroll).anchor()
            stream = Markdown.get_stream(view)
            await feed(tokens, stream.write)
            await stream.stop()
            await self.painted(view)

        async def transcript(self) -> None:
            view, fold = self.query_one(TranscriptView), Transcript()

            def show(event: TextDelta | ReplyFinished) -> None:
                for change in fold.apply(Stamped(0, 0.0, event)):
                    view.show(change)

            await feed(tokens, lambda token: show(TextDelta(turn="t", step=1, text=token)))
            show(ReplyFinished(turn="t", step=1, parts=(TextPart(text),)))
            await view.drawn()
            await self.painted(view)

    Bench().run()


async def feed(tokens: Sequence[str], write: Callable[[str], object]) -> None:
    for number, token in enumerate(tokens):
        waiting = write(token)
        if isinstance(waiting, Awaitable):
            await waiting
        if number % 10 == 0:
            await asyncio.sleep(0)


if __name__ == "__main__":
    child(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
