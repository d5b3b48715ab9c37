"""Who acts: MCP servers over stdio, Streamable HTTP and SSE, each owned by one task.

``connections`` is all that the rest of the program needs. Importing this package imports no SDK: ``mcp`` is loaded once,
in a thread, when the first server starts (``session.py`` and what it imports need it; ``connection.py`` does not).
"""

from fastchat_tui.servers.connection import connections

__all__ = ["connections"]
