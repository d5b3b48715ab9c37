"""A server's options as they are kept in the state file; what does not fit there counts as not written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import get_args

from fastchat_tui.config.state import Table
from fastchat_tui.wire.servers import USUAL, Era, Level, ServerOptions, ServerSpec


def written(options: ServerOptions) -> Table:
    return {**asdict(options), "roots": list(options.roots)}


def fingerprint(spec: ServerSpec) -> str:
    """The same for the same program or URL under the same name; it tells nothing of either."""
    what = json.dumps([spec.name, spec.transport, spec.command, spec.args, spec.url])
    return f"{spec.name} {hashlib.sha256(what.encode('utf-8', 'replace')).hexdigest()[:16]}"


def read_options(table: Table) -> ServerOptions | None:
    """None when nothing is kept."""
    if not table:
        return None
    levels: dict[object, Level] = {level: level for level in get_args(Level)}
    eras: dict[object, Era] = {era: era for era in get_args(Era)}
    budget, roots = table.get("sampling_budget"), table.get("roots")
    return ServerOptions(
        sampling=table.get("sampling") is True,
        sampling_budget=budget if isinstance(budget, int) else USUAL.sampling_budget,
        instructions=table.get("instructions") is not False,
        log_level=levels.get(str(table.get("log_level")), USUAL.log_level),
        roots=tuple(root for root in roots if isinstance(root, str)) if isinstance(roots, list) else (),
        era=eras.get(str(table.get("era")), ""),
    )
