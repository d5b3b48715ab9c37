"""The ``mcp`` package, imported once, in a thread, after the first frame: it takes half a second."""

from __future__ import annotations

import asyncio
import importlib
import logging
import warnings
from typing import Any


async def load() -> Any:
    """The module ``mcp``. Its loggers are kept off the terminal; what matters of them reaches the user as events."""
    for name in ("mcp", "client", "httpx2", "httpcore2"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    module = await asyncio.to_thread(importlib.import_module, "mcp")
    session = await asyncio.to_thread(importlib.import_module, "mcp.client.session")
    warning = getattr(session, "MCPDeprecationWarning", None)
    if isinstance(warning, type) and issubclass(warning, Warning):
        warnings.simplefilter("ignore", warning)
    return module


def errors() -> tuple[type[Exception], ...]:
    """What a request may raise, once the SDK is loaded."""
    from mcp import MCPError
    from mcp.shared.exceptions import MCPError as Shared

    return (MCPError, Shared, ValueError, RuntimeError)


def leaf(error: BaseException) -> BaseException:
    """The error inside the groups that task groups wrap around it."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error
