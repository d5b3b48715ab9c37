"""Every benchmark, as one table: ``python -m tests.bench [--full] [start] [streams] [sessions] [servers] [json]``.

The exit status is 1 when a goal is missed. Run it on a quiet machine: ratios bear company, times do not.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping

from tests.bench import json_tree, servers, sessions, start, streams
from tests.bench.table import Row


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="Textual's Markdown with all 20,000 tokens: a minute or two"
    )
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its byte code
    parts: Mapping[str, Callable[[], Iterable[Row]]] = {
        "start": start.rows,
        "streams": lambda: streams.rows(full=options.full),
        "sessions": sessions.rows,
        "servers": servers.rows,
        "json": json_tree.rows,
    }
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[*parts, []], help=", ".join(parts))
    options = parser.parse_args()
    missed = 0
    for name in options.parts or parts:
        for row in parts[name]():
            print(row, flush=True)
            missed += row.missed
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
