"""What a server's entry should make the user think about, and which of its values are secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from urllib.parse import parse_qsl, urlsplit

from fastchat_tui.wire.servers import ServerSpec

_SECRET_NAME = re.compile(
    r"(?:(?:^|[_\W])(?:auth|pat|pwd|session|cookie)|key|token|secret|passw(?:or)?d|credential|authorization|bearer)s?"
    r"(?:$|[_\W\d])",
    re.IGNORECASE,
)
_SECRET_SHAPE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|ghp|gho|ghs|github_pat|glpat|xox[abpr])[-_]\w{8,}|\bbearer\s+\S{6,}", re.I
)
_SECRET_FLAG = re.compile(r"--?[\w-]*(?:api-?key|token|secret|passw(?:or)?d)[\w-]*", re.IGNORECASE)
_RUNNERS = {"npx": "npx", "bunx": "npx", "uvx": "uvx"}
_VALUE_FLAGS = {"--from", "--package", "-p", "--with", "--python", "--index-url", "--registry"}


def is_secret_name(name: str) -> bool:
    return bool(_SECRET_NAME.search(name))


def secrets(spec: ServerSpec) -> Iterator[str]:
    """Values that must never be shown: of headers, variables and query parameters whose names sound secret."""
    for name, value in (*spec.headers.items(), *spec.env.items()):
        if is_secret_name(name):
            yield value
            yield value.rpartition(" ")[2]  # what stands after “Bearer”
    yield from (
        secret for secret in (spec.oauth.client_secret, spec.oauth.private_key, *spec.oauth.passwords) if secret
    )
    yield from (match[0].split()[-1] for arg in spec.args for match in _SECRET_SHAPE.finditer(arg))
    yield from _flag_values(spec)
    try:
        parts = urlsplit(spec.url)
    except ValueError:
        return
    yield from (value for name, value in parse_qsl(parts.query) if is_secret_name(name))
    yield from (part for part in (parts.password,) if part)


def notices(specs: Iterable[ServerSpec]) -> list[tuple[str, str]]:
    """One notice for each kind of concern, naming the servers."""
    usable = [spec for spec in specs if spec.enabled and not spec.problem]
    exposed = [spec.name for spec in usable if _has_secret_argument(spec)]
    unpinned = [spec.name for spec in usable if _is_unpinned(spec)]
    found = []
    if exposed:
        text = f"A key stands in the arguments of {', '.join(exposed)}: every user of this machine can read it there."
        found.append((text, "Pass it in “env” or “headers”, as ${VARIABLE}."))
    if unpinned:
        text = f"{', '.join(unpinned)}: no version is named, so whatever is published newest runs."
        found.append((text, "Pin it: name@1.2.3 for npx, name==1.2.3 for uvx."))
    return found


def _has_secret_argument(spec: ServerSpec) -> bool:
    return any(_SECRET_SHAPE.search(arg) for arg in spec.args) or any(True for _ in _flag_values(spec))


def _flag_values(spec: ServerSpec) -> Iterator[str]:
    """``--api-key VALUE`` and ``--api-key=VALUE``."""
    for arg, following in zip(spec.args, (*spec.args[1:], ""), strict=False):
        flag, equals, value = arg.partition("=")
        if not _SECRET_FLAG.fullmatch(flag):
            continue
        if not equals:
            value = "" if following.startswith("-") else following
        if value:
            yield value


def _is_unpinned(spec: ServerSpec) -> bool:
    runner = _RUNNERS.get(PurePath(spec.command).name.removesuffix(".cmd").removesuffix(".exe"))
    if runner is None:
        return False
    package = _package(spec.args)
    if not package or package.startswith((".", "/", "file:", "git+")):
        return False
    version = package[1:].partition("@")[2] or (package.partition("==")[2] if runner == "uvx" else "")
    return not version or version in ("latest", "next")


def _package(args: tuple[str, ...]) -> str:
    """What the runner is to fetch: the value of --from or --package, else its first plain word."""
    words = iter(args)
    for word in words:
        flag, equals, value = word.partition("=")
        if flag in ("--from", "--package", "-p"):
            return value if equals else next(words, "")
        if flag in _VALUE_FLAGS and not equals:
            next(words, "")
        elif not word.startswith("-"):
            return word
    return ""
