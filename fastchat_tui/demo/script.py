"""The demo's model: it understands a few words, wants real calls, and tells what they really answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastchat_tui.demo import words
from fastchat_tui.providers.scripted import Line, Scripted
from fastchat_tui.wire.chat import AssistantMessage, CallPart, Prompt, TextPart, ThoughtPart, ToolMessage, UserMessage
from fastchat_tui.wire.content import Object

SERVER = "demo"
PACE = 0.012
CITIES = {
    "tokyo": "Asia/Tokyo",
    "london": "Europe/London",
    "berlin": "Europe/Berlin",
    "oslo": "Europe/Oslo",
    "paris": "Europe/Paris",
    "new york": "America/New_York",
    "sydney": "Australia/Sydney",
    "delhi": "Asia/Kolkata",
}
NUMBERS = {"three": 3, "five": 5, "ten": 10, "twenty": 20}
FILE = re.compile(r"[\w./-]*\w\.(?:md|txt|csv|json)\b")
MAX_READ = 3
Call = tuple[str, Object]
"""A tool's name and its arguments."""


class DemoModel(Scripted):
    def __init__(self, pace: float = PACE) -> None:
        super().__init__(play, pace=pace)


@dataclass(frozen=True, slots=True)
class Done:
    """A call of this turn, with its answer."""

    tool: str
    arguments: dict[str, Any]
    answer: str
    is_error: bool


def play(prompt: Prompt) -> Iterator[Line]:
    """One reply, made of the last message and of what was done since."""
    text, done = _turn(prompt)
    if not any(isinstance(message, AssistantMessage) for message in prompt.messages):
        yield TextPart(words.INTRODUCTION)
    asked = follow_up(text, done) if done else wanted(text)
    known = {tool.name: tool.model_name for tool in prompt.tools if tool.server == SERVER}
    calls = [call for call in asked if call[0] in known]
    if calls:
        names = " and ".join(dict.fromkeys(f"`{name}`" for name, _ in calls))
        yield ThoughtPart(f"{'Now I' if done else 'I'} need {names} for that.")
        yield TextPart(f"{'Then' if done else 'Let me ask'} {names}.")
        first = 1 + sum(isinstance(part, CallPart) for message in prompt.messages for part in _parts(message))
        for number, (name, arguments) in enumerate(calls, first):
            yield CallPart(f"demo-{number}", known[name], json.dumps(arguments, ensure_ascii=False))
    elif done:
        yield TextPart(_told(done))
    else:
        yield TextPart(words.OFF if asked else small_talk(text))


def wanted(text: str) -> list[Call]:
    """The calls that a message asks for, all at once."""
    low = text.lower()
    if re.match(r"\W*(?:help|markdown)\b", low):
        return []
    calls: list[Call] = []
    if note := re.search(r"\bremember\s+(?:that\s+|to\s+)?(.+)", text, re.IGNORECASE | re.DOTALL):
        return [("remember", {"title": note[1].split(".")[0][:40].strip(), "text": note[1].strip()})]
    query = re.search(r"\b(?:search|find)\b(?:\s+(?:the|my|in|notebook|notes?|for))*\s*(.*)", text, re.IGNORECASE)
    if query or "notebook" in low:
        return [("search_notes", {"query": query[1].strip(" ?.!") if query else ""})]
    if re.search(r"\b(?:time|clock|hour|date|day)\b", low):
        zones = [zone for city, zone in CITIES.items() if city in low] or ["UTC"]
        calls += [("get_time", {"timezone": zone}) for zone in zones]
    if paths := FILE.findall(text):
        calls += [("read_file", {"path": path}) for path in paths[:MAX_READ]]
    elif re.search(r"\b(?:files?|folders?|list|notes|directory)\b", low):
        calls.append(("list_files", {"path": "notes" if "notes" in low else "."}))
    if re.search(r"\b(?:slow|slowly|progress|count)\b", low):
        said = re.search(r"\b(\d{1,3})\b", low)
        steps = int(said[1]) if said else next((n for word, n in NUMBERS.items() if word in low), 8)
        calls.append(("count_slowly", {"steps": max(1, steps), "seconds": min(60, max(1, steps)) / 2}))
    if re.search(r"\b(?:fail|fails|error|broken)\b", low):
        calls.append(("always_fails", {"reason": "the demo was asked to fail"}))
    return calls


def follow_up(text: str, done: list[Done]) -> list[Call]:
    """What to look at next: whoever wants notes read wants those read that were found."""
    if not re.search(r"\b(?:read|summari[sz]e)\b", text.lower()):
        return []
    if any(call.tool == "read_file" for call in done):
        return []
    found: list[Call] = []
    for call in done:
        if call.tool == "list_files" and not call.is_error:
            folder = str(call.arguments.get("path", "."))
            files = [name for line in call.answer.splitlines() if FILE.fullmatch(name := line.split("  ")[0])]
            found += [("read_file", {"path": name if folder == "." else f"{folder}/{name}"}) for name in files]
    return found[:MAX_READ]


def small_talk(text: str) -> str:
    low = text.lower()
    for pattern, answer in (
        (r"\bmarkdown\b", words.MARKDOWN),
        (r"\btables?\b", words.TABLE),
        (r"\bcode\b", words.CODE),
        (r"\bhelp\b|^\W*\?", words.HELP),
        (r"\bthank|\bthx\b", words.THANKS),
        (r"\bwho are you|\bwhat are you|\bmodel\b", words.WHO),
        (r"^\W*(?:hi|hello|hey|good (?:morning|evening))\b", words.HELLO),
    ):
        if re.search(pattern, low):
            return answer
    return words.LOST


def _turn(prompt: Prompt) -> tuple[str, list[Done]]:
    """The last message of the user, and every call since with its answer."""
    last = max((at for at, m in enumerate(prompt.messages) if isinstance(m, UserMessage)), default=0)
    names = {tool.model_name: tool.name for tool in prompt.tools}
    asked: dict[str, CallPart] = {}
    text, done = "", []
    for message in prompt.messages[last:]:
        asked |= {part.call: part for part in _parts(message) if isinstance(part, CallPart)}
        if isinstance(message, UserMessage):
            text = message.text
        if isinstance(message, ToolMessage) and (call := asked.get(message.call)):
            name = names.get(call.name, call.name.rpartition("__")[2])
            done.append(Done(name, json.loads(call.arguments), message.text, message.is_error))
    return text, done


def _told(done: list[Done]) -> str:
    if any(call.tool == "read_file" for call in done):  # the list was only the way there
        done = [call for call in done if call.tool != "list_files" or call.is_error]
    told = [words.told(call.tool, call.arguments, call.answer, is_error=call.is_error) for call in done]
    together = all(call.tool == "get_time" for call in done)
    return ("\n" if together else "\n\n").join(told) + words.CARDS


def _parts(message: object) -> tuple[object, ...]:
    return message.parts if isinstance(message, AssistantMessage) else ()
