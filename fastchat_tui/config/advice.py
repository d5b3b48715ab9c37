"""What a server's entry should make the user think about, and which of its values are secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePath
from urllib.parse import parse_qsl, urlsplit

from fastchat_tui.config.expand import references
from fastchat_tui.wire.addresses import is_unencrypted
from fastchat_tui.wire.masks import shaped
from fastchat_tui.wire.servers import ServerSpec

_SECRET_NAME = re.compile(
    r"(?:(?:^|[_\W])(?:auth|pat|pwd|session|cookie)|key|token|secret|passw(?:or)?d|credential|authorization|bearer)s?"
    r"(?:$|[_\W\d])",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9_\-+=]{20,}")
"""A value that is no word, path, number or address."""
_SECRET_FLAG = re.compile(r"--?[\w-]*(?:api-?key|token|secret|passw(?:or)?d)[\w-]*", re.IGNORECASE)
_RUNNERS = {"npx": "npx", "bunx": "npx", "uvx": "uvx"}
_TURNS = re.compile(r"PATH|(?:LD_|DYLD_|PYTHON|NODE_|RUBY|PERL5?).*|BASH_ENV|ENV|IFS|npm_config_.*", re.IGNORECASE)
"""Variables by which loaders, interpreters and shells find what they run."""
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "fish", "cmd", "powershell", "pwsh"}
_RAISES = {"sudo", "doas", "su", "pkexec", "runas"}
_VALUE_FLAGS = {"--from", "--package", "-p", "--with", "--python", "--index-url", "--registry"}


def is_secret_name(name: str) -> bool:
    return bool(_SECRET_NAME.search(name))


def secrets(spec: ServerSpec) -> Iterator[str]:
    """Values that must never be shown: those whose names sound secret, or that look like a key themselves."""
    for name, value in (*spec.headers.items(), *spec.env.items()):
        if is_secret_name(name) or _TOKEN.fullmatch(value):
            yield value
            yield value.rpartition(" ")[2]  # what stands after “Bearer”
        yield from shaped(value)
    yield from spec.oauth.secrets
    yield from (secret for arg in spec.args for secret in shaped(arg))
    yield from _flag_values(spec)
    try:
        parts = urlsplit(spec.url)
    except ValueError:
        return
    yield from (value for name, value in parse_qsl(parts.query) if is_secret_name(name))
    yield from (part for part in (parts.password or parts.username,) if part)


def notices(specs: Iterable[ServerSpec]) -> list[tuple[str, str]]:
    """One notice for each kind of concern, naming the servers."""
    usable = [spec for spec in specs if spec.enabled and not spec.problem]
    exposed = [spec.name for spec in usable if _has_secret_argument(spec)]
    unpinned = [spec.name for spec in usable if _is_unpinned(spec)]
    found = []
    if exposed:
        text = f"A key stands in the arguments of {', '.join(exposed)}: every user of this machine can read it there."
        found.append((text, "Keep it with `fastchat-tui secret NAME`, and pass ${keyring:NAME} in “env” or “headers”."))
    if unpinned:
        text = f"{', '.join(unpinned)}: no version is named, so whatever is published newest runs."
        found.append((text, "Pin it: name@1.2.3 for npx, name==1.2.3 for uvx."))
    return found


def plain(specs: Iterable[ServerSpec]) -> list[tuple[str, str]]:
    """Where a secret is written into the file as it is; those in arguments have a notice of their own."""
    held = ((spec.name, secrets(replace(spec, args=()))) for spec in specs)
    holding = [name for name, found in held if any("${" not in secret for secret in found)]
    if not holding:
        return []
    remedy = "Keep it with `fastchat-tui secret NAME`, and write ${keyring:NAME} in its place."
    return [(f"A secret of {', '.join(holding)} now stands in the file in plain text.", remedy)]


def dangers(specs: Iterable[ServerSpec]) -> Iterator[str]:
    """What in a file from a folder could do more than its lines seem to say."""
    for spec in specs:
        program = _program(spec)
        if turned := [name for name in spec.env if _TURNS.fullmatch(name)]:
            yield f"{spec.name}: {', '.join(turned)} can make another program run than the one that is named."
        if program in _SHELLS and any(arg.lower() in ("-c", "-lc", "/c", "-command") for arg in spec.args):
            yield f"{spec.name} runs whatever its shell reads in that line."
        if program in _RAISES:
            yield f"{spec.name} asks for more rights than you have ({program})."
        if is_unencrypted(spec.url):
            yield f"{spec.name} is contacted without encryption: anybody on the way reads along."
        if "OPENAI_API_KEY" in references(spec):
            yield f"{spec.name} is given the key of your model (OPENAI_API_KEY)."


def _has_secret_argument(spec: ServerSpec) -> bool:
    return any(True for arg in spec.args for _ in shaped(arg)) or any(True for _ in _flag_values(spec))


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
    runner = _RUNNERS.get(_program(spec))
    if runner is None:
        return False
    package = _package(spec.args)
    if not package or package.startswith((".", "/", "file:", "git+")):
        return False
    version = package[1:].partition("@")[2] or (package.partition("==")[2] if runner == "uvx" else "")
    return not version or version in ("latest", "next")


def _program(spec: ServerSpec) -> str:
    return PurePath(spec.command).name.lower().removesuffix(".cmd").removesuffix(".exe")


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
