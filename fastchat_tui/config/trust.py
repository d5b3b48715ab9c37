"""The questions whether a file that lies in a folder may be used: what it would start, contact, read and set.

Each server is told in one line that no name or argument can break, so that none draws a line of its own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from fastchat_tui.config import advice
from fastchat_tui.config.expand import REFERENCE, references
from fastchat_tui.config.sources import Source
from fastchat_tui.wire.masks import MASK, Masker
from fastchat_tui.wire.questions import Trust
from fastchat_tui.wire.servers import ServerSpec


def about_servers(source: Source, *, changed: bool, search: str = "") -> Trust:
    """Every command and URL whole, made from the same entries that would be started. ``search`` is the PATH."""
    names = {name: None for spec in source.servers for name in (*references(spec), *spec.env)}
    used = [spec for spec in source.servers if spec.command or spec.url]
    starts = tuple(_shown(", ".join(_facts(spec, search))) for spec in used)
    warnings = (*_whose(source.path), *(_shown(text) for text in advice.dangers(used)))
    return Trust(str(source.path), str(source.folder), source.digest, changed, starts, tuple(names), warnings)


def about_dotenv(source: Source, values: Mapping[str, str], *, changed: bool) -> Trust:
    """The names that would be used, and the endpoint that it names."""
    endpoint = values.get("OPENAI_BASE_URL")
    starts = (_shown(f"the model’s endpoint: {endpoint}"),) if endpoint else ()
    warnings = tuple(_whose(source.path))
    return Trust(str(source.path), str(source.folder), source.digest, changed, starts, tuple(values), warnings)


def _facts(spec: ServerSpec, search: str) -> Iterator[str]:
    place = _quoted(spec.url) if " " in spec.url else spec.url
    yield f"{_quoted(spec.name)}: {place or ' '.join(map(_quoted, (*spec.wrap, spec.command, *spec.args)))}"
    found = shutil.which(spec.command, path=search) if spec.command and "${" not in spec.command else None
    if found and os.path.abspath(found) != spec.command:
        yield f"which is {os.path.abspath(found)}"
    if spec.cwd:
        yield f"in {spec.cwd}"
    given = [f"{name}={_value(name, text)}" for name, text in spec.env.items()]
    given += [f"{name}: {_value(name, text)}" for name, text in spec.headers.items()]
    if given:
        yield f"with {', '.join(map(_quoted, given))}"
    if spec.options.sampling:
        yield "which may ask your model"
    if spec.options.roots:
        yield f"which is told of {', '.join(map(_quoted, spec.options.roots))}"


def _value(name: str, text: str) -> str:
    """A value that stands in the file; a secret among them is hidden, a reference is what it is."""
    return MASK if advice.is_secret_name(name) and not REFERENCE.search(text) else text


def _whose(path: Path) -> Iterator[str]:
    """Who else can change the file, or has written it."""
    with suppress(OSError):
        held = path.stat()
        if os.name == "posix" and held.st_uid not in (0, os.getuid()):
            yield f"It belongs to another user of this machine ({_user(held.st_uid)})."
        if os.name == "posix" and held.st_mode & stat.S_IWOTH:
            yield "Every user of this machine can change it."


def _user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"number {number}"


def _shown(text: str) -> str:
    """In one line, whatever it holds, without what looks like a key."""
    return Masker().mask_shapes(text).replace("\r", "␍").replace("\n", "␊")


def _quoted(word: str) -> str:
    """As a shell would want it; a reference to a variable stays readable."""
    bare = REFERENCE.sub("", word)
    return word if word and (not bare or shlex.quote(bare) == bare) else shlex.quote(word)
