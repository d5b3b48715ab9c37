"""Chat with any model over your MCP servers, and see through every call it makes."""

__version__ = "0.1.0"
