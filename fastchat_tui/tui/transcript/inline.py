"""Inline markdown (markdown-it tokens) as runs of styled text. Text stays text: nothing in it is interpreted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from fastchat_tui.tui.transcript.ink import Ink, linked
from fastchat_tui.tui.transcript.line import Run
from fastchat_tui.wire.text import clean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_URL = re.compile(r"https?://[^\s<>\"'`|]{1,2048}")
_SIGNS = "[]!*_`<&\\~\n"
_MOST_WORK = 400_000
"""Brackets times signs of a paragraph up to which links are looked for: a page of links has a tenth of it."""
_TARGET = 80
"""Characters of a link's target that are shown; a click reports it whole."""
_ROLES = {"em_open": "em", "strong_open": "strong", "s_open": "strike", "link_open": "link"}


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables and strike-through; HTML is text."""
    found = _commonmark()
    found.core.ruler.at("inline", _read_inline)
    return found


@cache
def _without_links() -> MarkdownIt:
    return _commonmark().disable(["link", "image"])


def _commonmark() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "maxNesting": 60}).enable(["table", "strikethrough"])


def _read_inline(state: StateCore) -> None:
    """The parser's own rule, but for a text that would hold the loop: from each bracket it looks for the other."""
    for token in state.tokens:
        if token.children is not None:
            text = token.content
            work = text.count("[") * sum(map(text.count, _SIGNS))
            reader = state.md if work <= _MOST_WORK else _without_links()
            reader.inline.parse(text, reader, state.env, token.children)


def inline(tokens: Sequence[Token], ink: Ink, roles: tuple[str, ...] = ()) -> list[Run]:
    runs: list[Run] = []
    stack = [roles]
    links: list[tuple[str, int]] = []
    for token in tokens:
        kind = token.type
        if kind == "text":
            if token.content:
                _text(runs, clean(token.content).replace("\t", "    "), ink, stack[-1], links[-1][0] if links else "")
        elif kind in ("softbreak", "hardbreak"):
            runs.append(("\n", ink.mix(stack[0])))
        elif kind == "code_inline":
            style = ink.mix((*stack[-1], "code"))
            runs.append((clean(token.content), linked(style, links[-1][0]) if links else style))
        elif kind in _ROLES:
            stack.append((*stack[-1], _ROLES[kind]))
            if kind == "link_open":
                links.append((clean(str(token.attrs.get("href", ""))), len(runs)))
        elif kind.endswith("_close"):
            stack.pop()
            if kind == "link_close":
                url, begin = links.pop()
                _target(runs, url, "".join(text for text, _ in runs[begin:]), ink, stack[-1])
        elif kind == "image":
            url = clean(str(token.attrs.get("src", "")))
            name = clean(token.content) or "image"
            runs.append((f"[{name}]", linked(ink.mix((*stack[-1], "link")), url)))
            _target(runs, url, name, ink, stack[-1])
        else:
            runs.append((clean(token.content), ink.mix(stack[-1])))
    return runs


def _text(runs: list[Run], text: str, ink: Ink, roles: tuple[str, ...], url: str) -> None:
    style = ink.mix(roles)
    if url:
        runs.append((text, linked(style, url)))
        return
    at = 0
    if "://" in text:
        for match in _URL.finditer(text):
            found = _trimmed(match[0])
            runs.append((text[at : match.start()], style))
            runs.append((found, linked(ink.mix((*roles, "link")), found)))
            at = match.start() + len(found)
    runs.append((text[at:] if at else text, style))


def _trimmed(url: str) -> str:
    """The address without the punctuation of the sentence around it."""
    url = url.rstrip(".,;:!?*_~")
    while url.endswith((")", "]")) and url.count(url[-1]) > url.count("([".__getitem__(")]".index(url[-1]))):
        url = url[:-1]
    return url


def _target(runs: list[Run], url: str, text: str, ink: Ink, roles: tuple[str, ...]) -> None:
    """Adds where a link leads, unless its text says just that."""
    if url and url.removeprefix("mailto:").rstrip("/") != text.strip().rstrip("/"):
        shown = url if len(url) <= _TARGET else f"{url[: _TARGET - 1]}…"
        runs.append((f" ({shown})", linked(ink.mix((*roles, "target")), url)))


_REFERENCE = re.compile(r"^ {0,3}\[[^\]\n]+\]:[^\n]+", re.MULTILINE)


def references(text: str) -> dict[str, Any]:
    """The link targets that a text defines (``[name]: target``), wherever it does."""
    found = _REFERENCE.findall(text)
    env: dict[str, Any] = {}
    if found:
        parser().parse("\n\n".join(found), env)
    return dict(env.get("references", {}))
