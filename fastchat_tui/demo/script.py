"""The demo's model: it understands a few words, wants real calls, and tells what they really answered."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

from fastchat_tui.wire.values import (
    AssistantMessage,
    CallPart,
    ModelView,
    Object,
    Part,
    Piece,
    Prompt,
    Reply,
    TextPart,
    TextPiece,
    ThoughtPart,
    ThoughtPiece,
    ToolMessage,
    Usage,
    UserMessage,
)

ISSUER = "demo"
PACE = 0.012
GREETING = (
    "I am the **scripted model** of the demo: no network, no key, and only a few words that I understand. "
    "The tools, the server and the screen are the real ones.\n\n"
)
HELP = """\
Try one of these:

| say | and I call |
|:--|:--|
| *what time is it in Tokyo and what is in my notes?* | `get_time` and `list_files` at once |
| *read notes/tokyo.md* | `read_file` |
| *remember that the train leaves at 9* | `remember` |
| *search train* | `search_notes` |
| *count slowly* | `count_slowly`, with progress |
| *fail* | `always_fails` |

Say *markdown* to see how text is drawn.
"""
MARKDOWN = """\
## Text, as it is drawn here

A paragraph with **bold**, *italic*, ~~struck~~ and `inline code`, and a [link](https://modelcontextprotocol.io).

1. First
2. Second
   - nested, with an emoji 🎌 and wide text 東京

> Quotes have a bar.

```python
def greet(name: str) -> str:
    \"\"\"Say hello.\"\"\"
    return f"Hello, {name}!"
```
"""
CITIES = {
    "tokyo": "Asia/Tokyo",
    "london": "Europe/London",
    "berlin": "Europe/Berlin",
    "oslo": "Europe/Oslo",
    "paris": "Europe/Paris",
    "new york": "America/New_York",
    "sydney": "Australia/Sydney",
}


class DemoModel:
    """Satisfies ``wire.ports.Model``."""

    def view(self) -> ModelView:
        return ModelView("scripted", wire="scripted", key="scripted", window=32_000)

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        last = max(i for i, message in enumerate(prompt.messages) if isinstance(message, UserMessage))
        question = prompt.messages[last]
        results = [message for message in prompt.messages[last:] if isinstance(message, ToolMessage)]
        said = any(isinstance(message, AssistantMessage) for message in prompt.messages)
        text = question.text if isinstance(question, UserMessage) else ""
        thought, speech, calls = answer(text, results, prompt)
        speech = speech if said else GREETING + speech
        for piece in _pieces(thought):
            await asyncio.sleep(PACE)
            yield ThoughtPiece(piece)
        for piece in _pieces(speech):
            await asyncio.sleep(PACE)
            yield TextPiece(piece)
        parts: list[Part] = [ThoughtPart(thought)] if thought else []
        parts += [TextPart(speech)] if speech else []
        parts += [CallPart("", name, json.dumps(arguments)) for name, arguments in calls]
        spent = Usage(input=sum(len(str(m)) for m in prompt.messages) // 4, output=len(speech + thought) // 4)
        yield Reply(tuple(parts), spent, "tool_calls" if calls else "stop", issuer=ISSUER)

    async def close(self) -> None:
        """There is nothing to close."""


def answer(text: str, results: list[ToolMessage], prompt: Prompt) -> tuple[str, str, list[tuple[str, Object]]]:
    """What it thinks, says and wants."""
    if results:
        return "", _told(results), []
    names = {tool.name: tool.model_name for tool in prompt.tools}
    calls = [(names[name], arguments) for name, arguments in _wanted(text) if name in names]
    if calls:
        what = " and ".join(f"`{name.rpartition('__')[2]}`" for name, _ in calls)
        return f"The message asks for something that {what} can tell.", f"Let me ask {what}.", calls
    low = text.lower()
    if _wanted(text):
        return "", "The tool for that is switched off, or its server is. Switch it on in the servers pane (F2).", []
    if "markdown" in low or "table" in low or "code" in low:
        return "", MARKDOWN + "\n" + HELP, []
    return "", HELP, []


def _wanted(text: str) -> list[tuple[str, Object]]:
    low = text.lower()
    calls: list[tuple[str, Object]] = []
    if re.search(r"\b(time|clock|hour|date)\b", low):
        zone = next((zone for city, zone in CITIES.items() if city in low), "UTC")
        calls.append(("get_time", {"timezone": zone}))
    if path := re.search(r"\b(?:read|open|show)\s+(?:me\s+)?(\S+\.\w+)", text):
        calls.append(("read_file", {"path": path[1]}))
    elif re.search(r"\b(files?|folder|list|notes)\b", low) and "search" not in low:
        calls.append(("list_files", {"path": "notes" if "notes" in low else "."}))
    if note := re.search(r"\bremember\s+(?:that\s+)?(.+)", text, re.IGNORECASE | re.DOTALL):
        calls.append(("remember", {"title": note[1].split(".")[0][:40], "text": note[1]}))
    if query := re.search(r"\b(?:search|find)\s+(?:for\s+)?(.+)", text, re.IGNORECASE):
        calls.append(("search_notes", {"query": query[1].strip(" ?.!")}))
    if re.search(r"\b(slow|slowly|progress|count)\b", low):
        calls.append(("count_slowly", {"steps": 8, "seconds": 4}))
    if re.search(r"\b(fail|fails|error|broken)\b", low):
        calls.append(("always_fails", {"reason": "the demo was asked to fail"}))
    return calls


def _told(results: list[ToolMessage]) -> str:
    told = []
    for result in results:
        head = "That did not work" if result.is_error else "Here is what it answered"
        lines = result.text.strip().splitlines() or ["(nothing)"]
        if len(lines) == 1 and len(lines[0]) < 200:
            told.append(f"{head}: **{lines[0]}**")
        else:
            fence = "json" if lines[0].startswith(("{", "[")) else ""
            told.append(f"{head}:\n\n```{fence}\n" + "\n".join(lines[:40]) + "\n```")
    more = "Its card above shows the call, and the *Calls* pane every byte of it (F3)."
    return "\n\n".join(told) + f"\n\n{more}"


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S{1,12}|\s+", text)
