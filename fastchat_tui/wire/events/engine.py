"""What concerns the whole program: its start, notices, the model, the queue, questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastchat_tui.wire.chat import ModelView
from fastchat_tui.wire.questions import About, Decision
from fastchat_tui.wire.servers import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStarted:
    version: str
    demo: bool = False
    config: str = ""
    """The configuration file that won; empty when there is none."""
    kind: Literal["engine_started"] = "engine_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something worth a line: what happened and what to do."""

    level: Level
    text: str
    remedy: str = ""
    kind: Literal["noticed"] = "noticed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChanged:
    model: ModelView
    kind: Literal["model_changed"] = "model_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChanged:
    """Messages that wait for the running turn. ``returned`` is what a cancel gives back to the composer."""

    messages: tuple[str, ...]
    returned: str = ""
    kind: Literal["queue_changed"] = "queue_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody must decide; the first ``Answer`` from any front end wins. Exactly one ``Answered`` follows."""

    question: str
    about: About
    kind: Literal["asked"] = "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """``by`` says who: ``user``, ``rule``, ``cancel``."""

    question: str
    decision: Decision
    by: str
    text: str = ""
    kind: Literal["answered"] = "answered"
