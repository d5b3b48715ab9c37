"""The questions whether a file that lies in a folder may be used: what it would start, contact, read and set."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from fastchat_tui.config.expand import REFERENCE, references
from fastchat_tui.config.sources import Source
from fastchat_tui.wire.questions import Trust
from fastchat_tui.wire.servers import ServerSpec


def about_servers(source: Source, *, changed: bool) -> Trust:
    """Every command and URL whole, made from the same entries that would be started; variables by name only."""
    names = {name: None for spec in source.servers for name in (*references(spec), *spec.env)}
    starts = tuple(_start(spec) for spec in source.servers if spec.command or spec.url)
    return Trust(str(source.path), str(source.folder), source.digest, changed, starts, tuple(names))


def about_dotenv(source: Source, values: Mapping[str, str], *, changed: bool) -> Trust:
    """The names that would be used, and the endpoint that it names."""
    endpoint = values.get("OPENAI_BASE_URL")
    starts = (f"the model’s endpoint: {endpoint}",) if endpoint else ()
    return Trust(str(source.path), str(source.folder), source.digest, changed, starts, tuple(values))


def _start(spec: ServerSpec) -> str:
    where = f" (in {spec.cwd})" if spec.cwd else ""
    return f"{spec.name}: {spec.url or ' '.join(map(_quoted, (spec.command, *spec.args)))}{where}"


def _quoted(word: str) -> str:
    """As a shell would want it; a reference to a variable stays readable."""
    bare = REFERENCE.sub("", word)
    return word if word and (not bare or shlex.quote(bare) == bare) else shlex.quote(word)
