"""What an examination finds, step by step."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fastchat_tui.wire.text import clean, human_time

if TYPE_CHECKING:
    from fastchat_tui.wire.servers import ServerSpec

Verdict = Literal["running", "ok", "warning", "failed", "skipped"]
MARKS: dict[Verdict, str] = {"running": "…", "ok": "✓", "warning": "!", "failed": "✗", "skipped": "·"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. It is told when it begins and when it ends; what is told last of a ``name`` holds."""

    name: str
    verdict: Verdict = "running"
    detail: str = ""
    """What was found; of a failure the cause."""
    remedy: str = ""
    seconds: float = 0.0


Examine = Callable[["ServerSpec"], AsyncGenerator[Step, None]]


def step_lines(step: Step) -> list[str]:
    """The step as plain text: one line, and below it the remedy."""
    took = human_time(step.seconds) if step.verdict not in ("running", "skipped") else ""
    first = f"{MARKS[step.verdict]} {step.name:<12} {took:>8}  {clean(step.detail)}".rstrip()
    return [first, f"{'':<12}→ {clean(step.remedy)}"] if step.remedy else [first]
