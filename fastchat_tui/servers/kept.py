"""What a server lets be used again for a while (``ttlMs``). The SDK's cache keeps it, by its rules: in the later era
only, and no longer than until the server tells of a change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from mcp.client.caching import ClientResponseCache
from mcp_types import CacheableResult
from pydantic import ValidationError

from fastchat_tui.wire.content import Object

READ = "resources/read"


class _Raw(CacheableResult):
    raw: dict[str, Any]


class Kept:
    def __init__(self, cache: ClientResponseCache | None) -> None:
        self._cache = cache

    async def read(self, uri: str, fetch: Callable[[], Awaitable[Object]], *, fresh: bool) -> Object:
        """A resource, as it is kept or from the server; ``fresh`` asks the server in any case."""
        cache = self._cache
        if cache is None:
            return await fetch()
        if not fresh and isinstance(hit := await cache.read(READ, uri), _Raw):
            return hit.raw
        mode: Literal["use", "refresh"] = "refresh" if fresh else "use"
        generation = cache.capture(READ, uri)
        raw = await fetch()
        if (result := _cacheable(raw)) is not None:
            await cache.write(READ, uri, result, generation, mode)
        return raw


def _cacheable(raw: Object) -> _Raw | None:
    """None for what is no final result, or names no sound time."""
    if raw.get("resultType", "complete") != "complete":
        return None
    hints = {key: raw[key] for key in ("ttlMs", "cacheScope") if key in raw}
    try:
        return _Raw.model_validate({**hints, "raw": raw})
    except ValidationError:
        return None
