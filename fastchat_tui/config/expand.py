"""``${VAR}``, ``${VAR:-default}`` and ``${env:VAR}`` in the values of a server's entry."""

from __future__ import annotations

import re
from collections.abc import Mapping

VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class Missing(LookupError):
    """A variable that is not set; ``args[0]`` is its name."""


class Expander:
    """Expands with ``environ``; ``used`` collects the values that came from it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.used: set[str] = set()

    def expand(self, text: str) -> str:
        """Raises Missing."""

        def value(match: re.Match[str]) -> str:
            name, default = match.groups()
            found = self._environ.get(name)
            if found:
                self.used.add(found)
                return found
            if default is None:
                raise Missing(name)
            return str(default)

        return VARIABLE.sub(value, text)


def variables(text: str) -> list[str]:
    """The names that ``text`` refers to."""
    return [match[1] for match in VARIABLE.finditer(text)]
