"""What could be meant by the word that is being typed: a command, a tool, a resource, or a file."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from fastchat_tui.wire.text import clean, one_line

MOST = 50
PAUSE = 0.12
"""Seconds without a key until a server is asked."""
SCANNED = 5_000
"""Entries of a folder that are looked at: a huge one must not hold up the typing."""
NONE: Mapping[str, str] = MappingProxyType({})
PATH = r"(?:~|\.{1,2})?/\S*"


class Candidate(NamedTuple):
    """``text`` replaces the word; of a template only what stands before its first brace does."""

    text: str
    note: str = ""

    @property
    def taken(self) -> str:
        """With the space behind it, unless more is to be written there."""
        before, brace, _ = self.text.partition("{")
        return before if brace or before.endswith("/") else f"{before} "


More = Callable[[str], Awaitable[Sequence[Candidate]]]


class Vocabulary(NamedTuple):
    """Names with what they do: commands without their slash, tools as ``server:tool``, resources as ``server:uri``."""

    commands: Mapping[str, str] = NONE
    tools: Mapping[str, str] = NONE
    resources: Mapping[str, str] = NONE
    more: More | None = None
    """What servers themselves make of a resource that is being typed."""


class Word(NamedTuple):
    """The word before the cursor that can be completed; ``start`` is its column."""

    kind: Literal["command", "tool", "resource", "path"]
    start: int
    text: str


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
    if re.fullmatch(PATH, text):
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


async def proposals(word: Word, vocabulary: Vocabulary) -> list[Candidate]:
    """Files; or what servers propose for the name of a template at the end of the word, then names that fit as they
    are."""
    if word.kind == "path":
        return await asyncio.to_thread(from_folder, word.text)
    if vocabulary.more is None:
        return []
    await asyncio.sleep(PAUSE)
    proposed = list(await vocabulary.more(word.text))
    return [*proposed, *from_vocabulary(word, vocabulary)][:MOST] if proposed else []


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
