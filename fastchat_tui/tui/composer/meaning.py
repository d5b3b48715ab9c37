"""What a text means when it is sent: a command, a call by hand, a slip of the pen; else it is a message."""

from __future__ import annotations

import re
from typing import NamedTuple

from fastchat_tui.tui.composer.completion import Vocabulary
from fastchat_tui.tui.composer.pastes import is_key

COMMAND = r"(?s)/([\w:.-]*)(?:\s+(.*))?"
TOOL = r"(?s)#([^\s:#]+:[^\s:][^\s]*)(?:\s+(.*))?"


class Order(NamedTuple):
    """``/name argument``; a call by hand is an order, too."""

    name: str
    argument: str


class Slip(NamedTuple):
    """Looks like an order, and is none: it goes to nobody."""

    words: str


def meaning(text: str, vocabulary: Vocabulary) -> Order | Slip | None:
    if match := re.fullmatch(COMMAND, text):
        if vocabulary.commands and match[1] not in vocabulary.commands:
            return Slip(f"There is no command /{match[1]}. A space before the slash sends it as text; / lists all.")
        return Order(match[1], (match[2] or "").strip())
    if match := re.fullmatch(TOOL, text):
        if match[1] in vocabulary.tools:
            return Order("call", f"{match[1]} {match[2] or ''}".strip())
        return Slip(f"There is no tool {match[1]} now. A space before the # sends it as text; # lists all.")
    if is_key(text.strip()):  # pasted into the wrong place: it goes neither to the model nor into the history
        return Order("key", text.strip())
    return None
