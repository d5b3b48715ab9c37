"""URI templates (RFC 6570) as servers offer them: the names they hold, what they become, which name is being typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, unquote

_EXPRESSION = re.compile(r"\{([+#./;?&]?)([^{}]+)\}")
_RESERVED = ":/?#[]@!$&'()*+,;=%"


class _How(NamedTuple):
    """What stands before the first value and between two; whether each goes with its name, and unescaped."""

    first: str
    between: str
    named: bool = False
    raw: bool = False


_OPERATORS = {
    "": _How("", ","),
    "+": _How("", ",", raw=True),
    "#": _How("#", ",", raw=True),
    ".": _How(".", "."),
    "/": _How("/", "/"),
    ";": _How(";", ";", named=True),
    "?": _How("?", "&", named=True),
    "&": _How("&", "&", named=True),
}


def names(template: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, listed in _EXPRESSION.findall(template) for name in _names(listed)))


def expand(template: str, values: Mapping[str, str]) -> str:
    """The URI with these values; a name without one leaves nothing behind."""

    def made(match: re.Match[str]) -> str:
        how = _OPERATORS[match[1]]
        parts = [
            f"{name}={_escaped(values[name], how)}" if how.named else _escaped(values[name], how)
            for name in _names(match[2])
            if values.get(name)
        ]
        return how.first + how.between.join(parts) if parts else ""

    return _EXPRESSION.sub(made, template)


@dataclass(frozen=True, slots=True)
class Typing:
    """A name of a template that is being typed: its value so far, those before it, and the text around it."""

    name: str
    value: str
    others: dict[str, str]
    before: str
    after: str
    raw: bool

    def with_value(self, value: str) -> str:
        return f"{self.before}{quote(value, safe=_RESERVED if self.raw else '')}{self.after}"


def typing(template: str, typed: str) -> Typing | None:
    """Where ``typed`` stops inside of the template; None where it does not fit, or no name is open there."""
    known: dict[str, str] = {}
    at = end = 0
    for match in _EXPRESSION.finditer(template):
        listed, how = _names(match[2]), _OPERATORS[match[1]]
        literal = template[end : match.start()] + how.first
        if len(listed) != 1 or how.named or not typed.startswith(literal, at):
            return None
        at, end = at + len(literal), match.end()
        following = _EXPRESSION.search(template, end)
        after = template[end : following.start() if following else None]
        if after and (stop := typed.find(after, at)) > at:
            known[listed[0]] = unquote(typed[at:stop])
            at = stop
        elif how.raw or not set("/?#") & set(typed[at:]):
            return Typing(listed[0], unquote(typed[at:]), known, typed[:at], after, how.raw)
        else:
            return None
    return None


def _names(listed: str) -> list[str]:
    return [name.partition(":")[0].rstrip("*") for name in listed.split(",")]


def _escaped(value: str, how: _How) -> str:
    return quote(value, safe=_RESERVED if how.raw else "")
