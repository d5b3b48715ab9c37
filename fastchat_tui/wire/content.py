"""What a tool answers: MCP's content blocks, and the result that holds them.

JSON objects of unknown shape (arguments, schemas) are ``Object``; a JSON value that may be megabytes long (a structured
result) stays text until somebody looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Object: TypeAlias = dict[str, Any]
"""A decoded JSON object."""

Outcome = Literal["ok", "error", "denied", "cancelled"]


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Image:
    data: str
    """Base64, as it came."""
    mime_type: str
    kind: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class Audio:
    data: str
    """Base64, as it came."""
    mime_type: str
    kind: Literal["audio"] = "audio"


@dataclass(frozen=True, slots=True)
class ResourceLink:
    uri: str
    name: str = ""
    mime_type: str = ""
    description: str = ""
    kind: Literal["resource_link"] = "resource_link"


@dataclass(frozen=True, slots=True)
class EmbeddedResource:
    uri: str
    mime_type: str = ""
    text: str = ""
    blob: str = ""
    """Base64; ``text`` and ``blob`` exclude each other."""
    kind: Literal["resource"] = "resource"


Content: TypeAlias = Text | Image | Audio | ResourceLink | EmbeddedResource


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message that a prompt of a server was made into."""

    role: str
    content: Content


@dataclass(frozen=True, slots=True)
class Completion:
    """What an argument might be."""

    values: tuple[str, ...] = ()
    total: int = 0
    """How many there are; 0 when the server does not say."""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a structured result is what the tool's output schema says. A result that is not is shown all the same."""

    fits: bool | None
    """None when it could not be checked."""
    faults: tuple[str, ...] = ()
    """Where it differs, the first few; or why it was not checked."""

    @property
    def words(self) -> str:
        if self.fits:
            return "fits the tool's output schema"
        if self.fits is None:
            return " ".join(self.faults)
        return f"not what the tool's output schema says: {'; '.join(self.faults)}"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a server answered to one call."""

    content: tuple[Content, ...] = ()
    structured: str = ""
    """``structuredContent`` as JSON text, empty when there was none."""
    is_error: bool = False
