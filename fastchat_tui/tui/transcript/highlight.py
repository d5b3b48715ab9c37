"""Code in colours, line by line: Pygments' rules with a state of our own, so that a line is lexed once.

``RegexLexer`` lexes whole texts and forgets its stack; ``Highlighter`` walks the same rule tables and keeps it. The one
construct that those tables match across lines by a single pattern, ``/* … */``, is followed here.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.line import Run

_LONGEST = 2_000
"""A longer line is not lexed."""
_STUCK = 50
"""So many transitions in a row that read nothing are a loop."""
_ROLES = (
    ("Comment", "comment"),
    ("Keyword.Type", "type"),
    ("Keyword", "keyword"),
    ("Operator.Word", "keyword"),
    ("Name.Function", "function"),
    ("Name.Class", "type"),
    ("Name.Namespace", "type"),
    ("Name.Exception", "type"),
    ("Name.Builtin", "function"),
    ("Name.Decorator", "function"),
    ("Name.Tag", "keyword"),
    ("Name.Attribute", "name"),
    ("Name.Constant", "number"),
    ("Literal.String", "string"),
    ("Literal.Number", "number"),
    ("Literal", "number"),
    ("Operator", "operator"),
    ("Generic.Inserted", "added"),
    ("Generic.Deleted", "removed"),
    ("Generic.Heading", "keyword"),
    ("Generic.Subheading", "keyword"),
    ("Generic.Prompt", "comment"),
)


@cache
def _role(token: Any) -> str:
    name = ".".join(token)
    return next((role for prefix, role in _ROLES if name == prefix or name.startswith(f"{prefix}.")), "")


@cache
def _lexer(language: str) -> Any:
    if not language:
        return None
    try:
        return import_module("pygments.lexers").get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except import_module("pygments.util").ClassNotFound:
        return None


class Highlighter:
    """Turns the lines of one piece of code into runs; it must see them in order."""

    def __init__(self, language: str, ink: Ink) -> None:
        self._ink = ink
        self._lexer = _lexer(language.casefold())
        self._rules: dict[str, Any] | None = None
        if self._lexer is not None:
            lexers = import_module("pygments.lexer")
            if isinstance(self._lexer, lexers.RegexLexer) and not isinstance(self._lexer, lexers.ExtendedRegexLexer):
                self._rules = self._lexer._tokens
        self._stack = ["root"]
        self._comment = False

    def line(self, text: str) -> list[Run]:
        """The runs of one line, which holds no newline."""
        if self._lexer is None or len(text) > _LONGEST:
            return [(text, self._ink["block"])]
        begin = 0
        found: list[tuple[int, Any, str]] = []
        comment = import_module("pygments.token").Comment
        if self._comment:
            end = text.find("*/")
            self._comment = end < 0
            begin = len(text) if end < 0 else end + 2
            found.append((0, comment, text[:begin]))
            if self._comment:
                return self._runs(found)
        stack = self._stack[:]
        found += self._lex(text, begin)
        at = text.rfind("/*", begin)
        if at >= 0 and self._rules is not None and "*/" not in text[at + 2 :] and self._opens(found, at):
            self._comment, self._stack = True, stack
            found = [piece for piece in found if piece[0] < begin] + self._lex(text[:at], begin)
            found.append((at, comment, text[at:]))
        return self._runs(found)

    def _opens(self, found: list[tuple[int, Any, str]], at: int) -> bool:
        """Whether ``/*`` at this place is a comment, not a part of a string or of another comment."""
        for begin, token, value in found:
            if begin <= at < begin + len(value):
                role = _role(token)
                return role != "string" and (role != "comment" or begin == at)
        return False

    def _runs(self, found: list[tuple[int, Any, str]]) -> list[Run]:
        runs: list[Run] = []
        for _, token, value in found:
            value = value.removesuffix("\n")
            if not value:
                continue
            role = _role(token)
            style = self._ink.mix(("block", role)) if role else self._ink["block"]
            if runs and runs[-1][1] is style:
                runs[-1] = (runs[-1][0] + value, style)
            else:
                runs.append((value, style))
        return runs

    def _lex(self, text: str, begin: int) -> list[tuple[int, Any, str]]:
        text += "\n"
        if self._rules is None:
            found = self._lexer.get_tokens_unprocessed(text[begin:])
            return [(begin + index, token, value) for index, token, value in found]
        return list(self._walk(text, begin))

    def _walk(self, text: str, pos: int) -> Any:
        """``RegexLexer.get_tokens_unprocessed`` for one line, with the stack of the lines before."""
        assert self._rules is not None
        rules, stack, stuck = self._rules, self._stack, 0
        while pos < len(text):
            found = None
            for match, action, state in rules[stack[-1]]:
                if found := match(text, pos):
                    if isinstance(action, tuple):  # a token type
                        yield pos, action, found.group()
                    elif action is not None:
                        yield from action(self._lexer, found)
                    if state is not None:
                        _move(stack, state)
                    break
            if found:
                stuck = 0 if found.end() > pos else stuck + 1
                pos = found.end()
                if stuck <= _STUCK:
                    continue
            elif text[pos] == "\n":
                stack[:] = ["root"]
            yield pos, (), text[pos : pos + 1]
            pos, stuck = pos + 1, 0


def _move(stack: list[str], state: Any) -> None:
    """Carries out a transition of a rule: into states, out of some, or into the same again."""
    for step in state if isinstance(state, tuple) else (state,):
        if step == "#push":
            stack.append(stack[-1])
        elif step == "#pop" or isinstance(step, int):
            count = 1 if step == "#pop" else abs(step)
            del stack[max(1, len(stack) - count) :]
        else:
            stack.append(step)
