"""What could be meant by the word that is being typed: a command, a tool, a resource, or a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fastchat_tui.wire.text import clean, one_line

MOST = 50
SCANNED = 5_000
"""Entries of a folder that are looked at: a huge one must not hold up the typing."""
COMMAND = re.compile(r"/([\w:.-]*)(?:\s+(.*))?", re.DOTALL)
TOOL = re.compile(r"#(\S+)(?:\s+(.*))?", re.DOTALL)
PATH = re.compile(r"(?:~|\.{1,2})?/\S*")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names with what they do: commands without their slash, tools as ``server:tool``, resources as ``server:uri``."""

    commands: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Word:
    """The word before the cursor that can be completed; ``start`` is its column."""

    kind: Literal["command", "tool", "resource", "path"]
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """``text`` replaces the word."""

    text: str
    note: str = ""


def word_before(line: str, column: int, *, first_line: bool) -> Word | None:
    before = line[:column]
    start = max(before.rfind(" "), before.rfind("\t")) + 1
    text = before[start:]
    if text.startswith("#") and len(text) > 0:
        return Word("tool", start, text)
    if text.startswith("@"):
        return Word("resource", start, text)
    if first_line and start == 0 and re.fullmatch(r"/[\w:.-]*", text):
        return Word("command", start, text)
    if PATH.fullmatch(text):
        return Word("path", start, text)
    return None


def from_vocabulary(word: Word, vocabulary: Vocabulary) -> list[Candidate]:
    """Names that begin with what was typed, then names that contain it."""
    known = {"command": vocabulary.commands, "tool": vocabulary.tools, "resource": vocabulary.resources}
    names = known.get(word.kind, {})
    typed = word.text[1:].lower()
    begins = [name for name in names if name.lower().startswith(typed)]
    contains = [name for name in names if typed in name.lower() and not name.lower().startswith(typed)]
    return [Candidate(word.text[0] + name, one_line(names[name], 120)) for name in [*begins, *contains][:MOST]]


def from_folder(typed: str) -> list[Candidate]:
    """Files that begin with ``typed``, folders first. It reads the disk: not for the event loop."""
    stem, name = os.path.split(typed)
    prefix = typed[: len(typed) - len(name)]
    found: list[tuple[bool, str]] = []
    try:
        with os.scandir(Path(stem or ".").expanduser()) as entries:
            for _, entry in zip(range(SCANNED), entries, strict=False):
                if entry.name.startswith(name) and (name or not entry.name.startswith(".")) and _plain(entry.name):
                    found.append((not entry.is_dir(), entry.name))
    except (OSError, RuntimeError, ValueError):
        return []
    return [Candidate(prefix + name + ("" if file else "/")) for file, name in sorted(found)[:MOST]]


def _plain(name: str) -> bool:
    return clean(name) == name and not any(character.isspace() for character in name)


def is_whole(word: Word, candidates: Iterable[Candidate]) -> bool:
    """Whether what was typed is already one of the candidates."""
    return any(candidate.text == word.text for candidate in candidates)
