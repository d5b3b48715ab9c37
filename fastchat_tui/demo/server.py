"""The bundled MCP server of ``--demo``: ``python -m fastchat_tui.demo.server FOLDER``. Real protocol, real files.

It reads only inside FOLDER, writes only its notebook there, and has one slow tool and one that fails, to watch both.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from fastchat_tui import __version__
from fastchat_tui.demo.notebook import Notebook
from fastchat_tui.demo.root import Outside, Root

READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
MAX_STEPS = 1000
MAX_SECONDS = 600.0


def build(folder: Path) -> MCPServer:
    root = Root(folder)
    notebook = Notebook(root.folder)
    server = MCPServer(
        "demo",
        version=__version__,
        instructions="A few files, a clock and a notebook to try things with. Paths are relative to the demo folder.",
        log_level="ERROR",
    )

    @server.tool(annotations=READS, structured_output=False)
    def get_time(timezone: str = "UTC") -> str:
        """The current date and time in a time zone, named as in the IANA database: Europe/Paris, Asia/Tokyo, UTC."""
        try:
            zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ToolError(f"There is no time zone {timezone!r}. Use a name such as Europe/Paris or UTC.") from None
        return datetime.now(zone).strftime("%A %Y-%m-%d %H:%M:%S %Z")

    @server.tool(annotations=READS, structured_output=False)
    def list_files(path: str = ".") -> str:
        """What is in a folder: folders end in a slash, files come with their size. “.” is the top."""
        with _refusing():
            return "\n".join(root.listing(path)) or "The folder is empty."

    @server.tool(annotations=READS, structured_output=False)
    def read_file(path: str, max_bytes: int = 100_000) -> str:
        """The text of a file. Longer files are cut after max_bytes, and the answer says so."""
        with _refusing():
            return root.read(path, max(1, min(max_bytes, 1_000_000)))

    @server.tool(annotations=WRITES, structured_output=False)
    def remember(title: str, text: str) -> str:
        """Keeps a note in the notebook, to be found again with search_notes."""
        return f"Kept as note {notebook.remember(title, text)}."

    @server.tool(annotations=READS, structured_output=False)
    def search_notes(query: str = "") -> str:
        """Notes that hold all words of the query, the latest first. An empty query lists every note."""
        notes = notebook.search(query)
        return "\n\n".join(f"{number}. {title}\n{text}" for number, title, text in notes) or "No note holds that."

    @server.tool(annotations=READS, structured_output=False)
    async def count_slowly(ctx: Context, steps: int = 5, seconds: float = 5.0) -> str:
        """Counts to steps in about that many seconds, and reports its progress: to see what a slow tool looks like."""
        if not 1 <= steps <= MAX_STEPS or not 0 <= seconds <= MAX_SECONDS:
            raise ToolError(f"Between 1 and {MAX_STEPS} steps, in at most {MAX_SECONDS:.0f} seconds.")
        for step in range(1, steps + 1):
            await anyio.sleep(seconds / steps)
            await ctx.report_progress(step, steps, f"counted to {step}")
        return f"Counted to {steps}."

    @server.tool(annotations=READS, structured_output=False)
    def always_fails(reason: str = "it was asked to") -> str:
        """Fails every time, with the reason given: to see what a failing tool looks like."""
        raise ToolError(f"This tool always fails: {reason}")

    @server.resource("demo://welcome", name="welcome", mime_type="text/markdown")
    def welcome() -> str:
        """What the demo offers, in a few lines."""
        return "# Demo\n\nTry “What time is it in Tokyo?”, “Which files are there?” or “Count slowly to ten.”\n"

    @server.prompt(name="tour")
    def tour(topic: str = "the files") -> str:
        """Asks for a short tour of what the demo can do."""
        return f"Show me in a few steps, with your tools, what you can do with {topic}."

    return server


class _refusing:
    """Tells the model why a path was refused, or what the system says, without a traceback."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Outside):
            raise ToolError(str(error)) from None
        if isinstance(error, OSError):
            raise ToolError(f"The file system says: {error.strerror}.") from None


def main() -> int:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print("usage: python -m fastchat_tui.demo.server FOLDER", file=sys.stderr)
        return 2
    build(Path(sys.argv[1])).run("stdio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
