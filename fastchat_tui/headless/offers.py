"""``read`` and ``prompt``: one resource, one prompt of a server; and both where the message of ``ask`` names them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.exits import Exit, UsageError
from fastchat_tui.headless.reader import ready
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.attachments import attach, said, spoken
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.servers import PromptTemplate
from fastchat_tui.wire.text import human_size, one_line

PROMPT = re.compile(r"/([^\s:/]+):(\S+)\s*(.*)", re.DOTALL)
"""Server, name, arguments: at the start of a message."""


async def read(
    engine: Engine, server: str, uri: str, answers: Answers, voice: Voice, *, save: str = "", as_json: bool = False
) -> Exit:
    """Prints what a resource holds, what is no text as a note; or saves it, byte for byte, into a new file."""
    async with ready(engine, answers, voice, server):
        if save:
            size = await engine.save(server, uri, save)
            voice.narrate(f"{human_size(size)} are saved as {save}.")
            return Exit.OK
        held = await engine.read(server, uri)
    if as_json:
        voice.print_json([asdict(part) for part in held])
    else:
        for part in held:
            voice.print(part.text if part.text or not part.blob else said(part))
    return Exit.OK


async def prompt(
    engine: Engine,
    server: str,
    name: str,
    words: Sequence[str],
    answers: Answers,
    voice: Voice,
    *,
    as_json: bool = False,
) -> Exit:
    """Prints a server's prompt, filled in with ``NAME=VALUE`` words."""
    async with ready(engine, answers, voice, server) as view:
        known = _known(view.prompts, server, name)
        messages = await engine.prompt(server, name, _values(known, words))
    if as_json:
        voice.print_json([asdict(message) for message in messages])
    else:
        voice.print(spoken(messages))
    return Exit.OK


async def written_out(engine: Engine, text: str) -> str:
    """A message with ``/server:prompt NAME=VALUE…`` filled in, and what each ``@server:uri`` in it holds below it.

    Raises ServerError and UsageError. What names no server of ours is only text.
    """
    found = PROMPT.fullmatch(text.strip())
    view = engine.snapshot().servers.get(found[1]) if found else None
    if found is None or view is None:
        return await attach(engine, text)
    known = _known(view.prompts, view.name, found[2])
    return spoken(await engine.prompt(view.name, known.name, _values(known, _words(known, found[3].strip()))))


def _words(known: PromptTemplate, text: str) -> list[str]:
    """Words as a shell takes them apart; a text that names no argument is the first one's, whole, as on the screen."""
    names = [argument.name for argument in known.arguments]
    try:
        words = shlex.split(text)
    except ValueError:  # a quotation that does not end
        words = []
    if not text or (words and words[0].partition("=")[0] in names):
        return words
    return [f"{names[0]}={text}"] if names else [text]


def _values(known: PromptTemplate, words: Sequence[str]) -> dict[str, str]:
    values = {name: value for name, _, value in (word.partition("=") for word in words)}
    names = [argument.name for argument in known.arguments]
    missing = [argument.name for argument in known.arguments if argument.required and argument.name not in values]
    if unknown := [word for word in words if "=" not in word or word.partition("=")[0] not in names]:
        raise UsageError(f"{known.name} has no argument “{one_line(unknown[0], 80)}”.", _takes(known))
    if missing:
        raise UsageError(f"{known.name} needs “{missing[0]}”.", _takes(known))
    return values


def _takes(known: PromptTemplate) -> str:
    shown = " ".join(f"{one.name}=…" if one.required else f"[{one.name}=…]" for one in known.arguments)
    return f"It takes: {shown or 'nothing'}."


def _known(prompts: Sequence[PromptTemplate], server: str, name: str) -> PromptTemplate:
    by_name: Mapping[str, PromptTemplate] = {one.name: one for one in prompts}
    if name not in by_name:
        offered = f"It offers: {', '.join(by_name) or 'none'}."
        raise ServerError(f"{server} offers no prompt “{one_line(name, 80)}”.", offered)
    return by_name[name]
