"""What servers hold, as part of a message of the user: ``@server:uri`` in a text, prompts, every kind of content."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastchat_tui.wire.content import Audio, Content, EmbeddedResource, Image, PromptMessage, ResourceLink, Text
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.text import head_and_tail, one_line, size_of_base64

ATTACHED = re.compile(r"(?<!\S)@([^\s:]+):(\S+)")
"""Server and URI."""
MOST = 100_000
"""Characters of one resource that are attached; what is cut is said."""


async def attach(engine: Engine, text: str) -> str:
    """``text``, and below it what every ``@server:uri`` in it holds. Raises ServerError when one cannot be read."""
    servers = engine.snapshot().servers
    found = [(server, uri) for server, uri in ATTACHED.findall(text) if server in servers]
    parts = [text]
    for server, uri in dict.fromkeys(found):
        try:
            parts += [said(resource) for resource in await engine.read(server, uri)]
        except ServerError as error:
            raise ServerError(f"@{server}:{uri} cannot be attached. {error.text}", error.remedy) from error
    return "\n\n".join(parts)


def spoken(messages: Sequence[PromptMessage]) -> str:
    """A prompt as one message of the user; who else speaks in it is named."""
    return "\n\n".join(
        f"{'' if message.role == 'user' else f'{one_line(message.role, 20).capitalize()}: '}{said(message.content)}"
        for message in messages
    )


def said(content: Content) -> str:
    """One piece of content in words, as a model without eyes and ears would be told of it."""
    match content:
        case Text(text=text):
            return text
        case EmbeddedResource(uri=uri, blob=blob, mime_type=kind) if blob:
            return f"[{uri}: {kind or 'data'}, {size_of_base64(blob)}]"
        case EmbeddedResource(uri=uri, text=text):
            return f"--- {uri}\n{head_and_tail(text, MOST)}\n---"
        case ResourceLink(uri=uri, name=name, mime_type=kind, description=about):
            return " · ".join(dict.fromkeys(one_line(word, 200) for word in (uri, name, kind, about) if word))
        case Image(mime_type=kind, data=data) | Audio(mime_type=kind, data=data):
            return f"[{content.kind}: {kind}, {size_of_base64(data)}]"
