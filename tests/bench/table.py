"""What every benchmark prints: a figure, its goal, and what it was made of; a ratio of one run where it can be one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    value: float
    unit: str
    goal: float | None = None
    detail: str = ""

    @property
    def missed(self) -> bool:
        return self.goal is not None and self.value > self.goal

    def __str__(self) -> str:
        wanted = f"≤ {self.goal:g} {self.unit}" if self.goal is not None else ""
        verdict = "MISSED" if self.missed else ""
        return f"{self.name:<50}{self.value:>9.2f} {self.unit:<3}{wanted:>11}  {verdict:<7}{self.detail}".rstrip()
