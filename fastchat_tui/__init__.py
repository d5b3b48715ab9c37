"""Chat with any model over your MCP servers, and see through every call it makes.

As a library: ``async with open_engine(Options(…)) as engine``; ``commands`` go in, ``events`` come out, ``questions``
are what some of them ask. Nothing is imported until one of these names is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastchat_tui.compose import Options, open_engine
    from fastchat_tui.wire import commands, events, questions
    from fastchat_tui.wire.errors import FastchatError
    from fastchat_tui.wire.ports import Engine

__version__ = "0.1.0"
__all__ = ["Engine", "FastchatError", "Options", "commands", "events", "open_engine", "questions"]
_PLACES = {
    "Engine": "wire.ports",
    "FastchatError": "wire.errors",
    "Options": "compose",
    "commands": "wire",
    "events": "wire",
    "open_engine": "compose",
    "questions": "wire",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = f"{__name__}.{_PLACES[name]}"
    value = import_module(f"{place}.{name}") if _PLACES[name] == "wire" else getattr(import_module(place), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
