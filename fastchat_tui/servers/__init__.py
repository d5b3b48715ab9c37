"""Who acts: MCP servers over stdio, Streamable HTTP and SSE, each owned by one task.

``factory.connections`` is all that the rest of the program needs. It imports no SDK: ``mcp`` is loaded once, in a
thread, when the first server starts (``attempt.py`` and what it imports need it; ``connection.py`` does not).
"""
