"""JSON as people write it: with comments and trailing commas, as in VS Code's files. Errors name line and column."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NoReturn

from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ConfigError

_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')
_CHARACTER = re.compile(r"[^\n]")


def parse(text: str, path: Path) -> Object:
    """The object that the file holds. Raises ConfigError."""
    plain = _COMMA.sub(_blank, _COMMENT.sub(_blank, text))
    try:
        value = json.loads(plain, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path}, line {error.lineno}, column {error.colno}: {_plain(error.msg)}.", "Mend it, then reload."
        ) from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply.", "A configuration has a few levels.") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.", "Mend it, then reload.") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path}, line 1: expected an object, {{…}}.", "Put “mcp_servers” into it.")
    return value


def is_strict(text: str) -> bool:
    """Whether the text is plain JSON, so that writing it back loses nothing."""
    return _COMMA.sub(_blank, _COMMENT.sub(_blank, text)) == text


def _blank(match: re.Match[str]) -> str:
    """White space of the same shape, so that lines and columns stay where they were; strings stay themselves."""
    return match[1] or _CHARACTER.sub(" ", match[0])


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def _plain(message: str) -> str:
    """Python's words for what is wrong there, in ours."""
    known = {
        "Expecting value": "expected a value",
        "Expecting property name enclosed in double quotes": "expected a name in double quotes, or the closing “}”",
        "Expecting ':' delimiter": "expected “:” after the name",
        "Expecting ',' delimiter": "expected “,” or the closing bracket",
        "Unterminated string starting at": "this text has no closing quote",
        "Extra data": "expected the end of the file",
    }
    return known.get(message, message[:1].lower() + message[1:])
