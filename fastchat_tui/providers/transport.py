"""The ``openai`` SDK as a pipe: one request goes up, its events come down as dicts. Imported in a thread, not before.

The SDK sends; its reader of events breaks on what is allowed between them, so they are read here. What leaves is
decided here and nowhere else: only the headers of ``_outgoing`` and only to the configured address, whatever the
environment holds. What comes back has bounds, and every failure becomes an ``ApiError``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import islice
from typing import Any

import httpx2
import openai

from fastchat_tui import __version__
from fastchat_tui.providers.errors import ApiError, Explainer
from fastchat_tui.providers.profiles import Profile
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.text import human_size

MAX_EVENT = 16 << 20
MAX_ERROR = 1 << 20
MAX_NAMES = 1000
LISTED = 5.0
"""Seconds for the list of models, which is a help and no more."""
DRAINED = 0.1
"""Seconds after the last event for the end of the body, without which the connection cannot be used again."""
KEPT = ("host", "content-length", "transfer-encoding")


class Refused(Exception):
    """The answer goes beyond what is taken; ``str`` says what it is."""


class Transport:
    """One pool of connections to one endpoint. ``network`` replaces the real one in tests."""

    def __init__(self, profile: Profile, key: str, explain: Explainer, connect: float, network: Any = None) -> None:
        self._key = key
        self._explain = explain
        self._connect = connect
        try:
            http = httpx2.AsyncClient(
                timeout=httpx2.Timeout(None, connect=connect, pool=connect, write=60),
                follow_redirects=False,
                trust_env=not profile.loopback,
                transport=network,
                event_hooks={"request": [self._outgoing], "response": [self._incoming]},
            )
            # any key will do here, but one must be given: without it, the SDK takes one from the environment
            self._client = openai.AsyncOpenAI(
                api_key="none", base_url=profile.base_url, max_retries=0, http_client=http
            )
        except (ImportError, ValueError) as error:
            text = f"The proxy settings of the environment cannot be used: {error}."
            raise explain.unusable(text, "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.") from error

    async def close(self) -> None:
        await self._client.close()

    async def names(self, url: str) -> tuple[str, ...]:
        """The models that the endpoint lists; none where it lists none, or not soon."""
        try:
            async with asyncio.timeout(LISTED):
                body: Any = await self._client.get(url, cast_to=object)
        except (TimeoutError, openai.OpenAIError, httpx2.HTTPError, ValueError, RecursionError):
            return ()
        listed = body.get("data") if isinstance(body, dict) else None
        named = (model.get("id") for model in (listed if isinstance(listed, list) else ()) if isinstance(model, dict))
        return tuple(name for name in islice(named, MAX_NAMES) if isinstance(name, str))

    async def events(
        self, url: str, body: Object, first_byte: float, patience: Callable[[], float]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The events of one answer. ``patience`` says how many seconds of silence are borne before the next one."""
        deadline = asyncio.get_running_loop().time() + first_byte
        started = False
        try:
            async with self._open(url, body, deadline) as stream:
                if (whole := await self._whole(stream.response, deadline)) is not None:
                    yield whole
                    return
                source = _decoded(stream.response)
                while True:
                    silence = patience()
                    until = asyncio.get_running_loop().time() + silence if started else deadline
                    try:
                        async with asyncio.timeout_at(until):
                            event = await anext(source)
                    except StopAsyncIteration:
                        return
                    except TimeoutError:
                        raise self._explain.silent(silence if started else first_byte, started=started) from None
                    started = True
                    if isinstance(event, dict):
                        yield event
        except TimeoutError:
            raise self._explain.silent(first_byte, started=False) from None
        except ApiError:
            raise
        except Exception as error:  # the border: an SDK, a network and a server may raise anything
            raise self._why(error, opened=started) from error

    @asynccontextmanager
    async def _open(self, url: str, body: Object, deadline: float) -> AsyncIterator[openai.AsyncStream[object]]:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        async with asyncio.timeout_at(deadline):
            stream = await self._client.post(
                url, content=content, cast_to=object, stream=True, stream_cls=openai.AsyncStream[object]
            )
        async with stream:
            yield stream

    async def _whole(self, response: httpx2.Response, deadline: float) -> Mapping[str, Any] | None:
        """The answer of a server that does not stream, None when it does; anything else is an error."""
        if not _is_whole(response):
            return None
        kind = response.headers["content-type"].lower()
        async with asyncio.timeout_at(deadline):
            text = (await response.aread()).decode("utf-8", "replace")
        try:
            body: Any = json.loads(text) if "json" in kind else None
        except ValueError:
            body = None
        if isinstance(body, list) and body:
            body = body[0]
        match body:
            case {"error": error} if error:
                raise self._explain.refused(0, body, response.headers)
            case {"choices": list()}:
                whole: Object = body
                return whole
            case {"output": list(), "status": str(status)}:
                return {"type": f"response.{status}", "response": body}
            case _:
                raise self._explain.not_a_stream(kind, text)

    async def _outgoing(self, request: httpx2.Request) -> None:
        """Builds the headers anew: the SDK adds some from the environment, and a portrait of this machine."""
        headers = {name: request.headers[name] for name in KEPT if name in request.headers}
        headers |= {
            "accept": "text/event-stream, application/json",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": f"fastchat-tui/{__version__}",
        }
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        elif request.url.userinfo:
            headers["authorization"] = request.headers["authorization"]
        request.headers = httpx2.Headers(headers)

    async def _incoming(self, response: httpx2.Response) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        failed = response.status_code >= 300
        encoding = response.headers.get("content-encoding", "").lower()
        plain = encoding in ("", "identity")
        if not plain and not failed:
            raise Refused(f"a compressed answer ({encoding}), though none was asked for")
        if not plain:
            del response.headers["content-encoding"]
        limit = MAX_EVENT if not failed else MAX_ERROR if plain else 0
        if failed or _is_whole(response):
            response.stream = Bounded(response.stream, limit, failed=failed)

    def _why(self, error: Exception, *, opened: bool) -> ApiError:
        match error:
            case openai.APIStatusError(status_code=status, response=response) if 300 <= status < 400:
                return self._explain.redirected(status, response.headers.get("location", ""))
            case openai.APIStatusError(status_code=status, response=response):
                body = error.body if error.body is not None else response.text
                return self._explain.refused(status, body, response.headers)
            case openai.APITimeoutError():
                return self._explain.unreachable(f"no connection within {self._connect:.0f} s")
            case openai.APIConnectionError(__cause__=cause):
                why = _deepest(cause or error)
                if opened or _was_open(cause):
                    return self._explain.broken(why, began=opened)
                return self._explain.unreachable(why)
            case httpx2.SSEError():
                return self._explain.too_large(f"more than {human_size(MAX_EVENT)} at once")
            case httpx2.TransportError():
                return self._explain.broken(_deepest(error), began=opened)
            case Refused():
                return self._explain.too_large(str(error))
            case ValueError() | RecursionError():
                return self._explain.malformed("an event that cannot be decoded")
            case _:
                return self._explain.malformed(type(error).__name__)


class Bounded(httpx2.AsyncByteStream):
    """A body with bounds: an error's is cut short, a whole answer beyond them is refused."""

    def __init__(self, inner: httpx2.AsyncByteStream, limit: int, *, failed: bool) -> None:
        self._inner = inner
        self._limit = limit
        self._failed = failed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > self._limit and not self._failed:
                raise Refused(f"more than {human_size(self._limit)} at once")
            if size > self._limit:
                return
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _decoded(response: httpx2.Response) -> AsyncIterator[Any]:
    """The events, up to ``[DONE]`` or the end. Raises ValueError at one that is no JSON."""
    response.headers["content-type"] = "text/event-stream; charset=utf-8-sig"  # whatever the server calls it
    source = aiter(httpx2.EventSource(response, MAX_EVENT))
    async for event in source:
        if event.data.startswith("[DONE]"):
            break
        if event.data:
            body = json.loads(event.data)
            body = body[0] if isinstance(body, list) and body else body  # Gemini puts errors into a list
            named = event.event == "error" and not (isinstance(body, dict) and body.get("error"))
            yield {"error": body} if named else body
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAINED):
            async for _ in source:
                pass


def _is_whole(response: httpx2.Response) -> bool:
    """Whether it is no stream of events: an answer in one piece, or a web page."""
    kind = response.headers.get("content-type", "").lower()
    return "json" in kind or "html" in kind


def _was_open(cause: BaseException | None) -> bool:
    """Whether the connection stood when it broke."""
    return isinstance(cause, httpx2.ReadError | httpx2.RemoteProtocolError | httpx2.WriteError)


def _deepest(error: BaseException) -> str:
    """The words of the first cause that has any: the SDK's own are “Connection error.”."""
    words = ""
    seen: BaseException | None = error
    while seen is not None:
        words = str(seen) or words
        seen = seen.__cause__ or seen.__context__
    return words or type(error).__name__
