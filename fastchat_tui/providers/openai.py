"""One endpoint over the ``openai`` SDK, which is only the transport here: dicts in, dicts out.

The SDK is imported in a thread at the first request. Retries are ours, so that the screen can count them down, and
happen only before the first piece of an answer; nothing from the environment goes to an endpoint unasked.
"""

from __future__ import annotations

import asyncio
import importlib
import random
from collections.abc import AsyncIterator
from typing import Any

from fastchat_tui.providers import chat, errors, responses
from fastchat_tui.providers.limits import bounded_client
from fastchat_tui.providers.profiles import profile_for, window
from fastchat_tui.providers.schemas import culprit
from fastchat_tui.wire.errors import ModelError
from fastchat_tui.wire.values import ModelView, Object, Piece, Prompt, Reply, SetAside, Waiting

MAX_SET_ASIDE = 10
OPTIONAL = ("stream_options", "parallel_tool_calls", "prompt_cache_key", "include")


class OpenAIModel:
    """Satisfies ``wire.ports.Model``. Times are seconds; ``transport`` replaces the network in tests."""

    def __init__(
        self,
        model: str,
        base_url: str = "",
        key: str = "",
        *,
        key_source: str = "",
        wire: str = "",
        connect: float = 10.0,
        first_byte: float = 120.0,
        idle: float = 60.0,
        max_tries: int = 5,
        transport: Any = None,
    ) -> None:
        self._model = model
        self._profile = profile_for(base_url, wire)
        self._key = key.strip()
        self._key_source = key_source
        self._connect = connect
        self._first_byte = first_byte
        self._idle = idle
        self._max_tries = max_tries
        self._transport = transport
        self._client: Any = None
        self._sdk: Any = None
        self._unsupported: set[str] = set()
        self._asked_to_wait: float | None = None

    def view(self) -> ModelView:
        source = self._key_source if self._key else "" if self._profile.needs_key else "not needed"
        view = ModelView(self._model, self._profile.base_url, self._profile.wire, window=window(self._model))
        match source:
            case "environment" | ".env" | "keyring" | "not needed" | "this run":
                return ModelView(view.name, view.base_url, view.wire, source, view.window)
            case _:
                return (
                    view if not self._key else ModelView(view.name, view.base_url, view.wire, "this run", view.window)
                )

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        await self._open()
        attempt, empty, left_out = 0, False, set[str]()
        while True:
            tools = tuple(tool for tool in prompt.tools if tool.model_name not in left_out)
            request = Prompt(prompt.model, prompt.messages, tools, prompt.system, prompt.session)
            started = False
            try:
                async for piece in self._answer(request):
                    if isinstance(piece, Reply) and not piece.parts and not piece.cut:
                        raise ModelError("empty", "The model gave an empty answer.", errors.AGAIN)
                    started = True
                    yield piece
                return
            except ModelError as error:
                if started:
                    raise
                if error.kind == "empty" and not empty:
                    empty = True
                    continue
                names = [tool.model_name for tool in tools]
                if error.kind == "schema" and len(left_out) < MAX_SET_ASIDE and (bad := culprit(error.text, names)):
                    left_out.add(bad)
                    yield SetAside(bad, error.text)
                    continue
                if self._learn(error):
                    continue
                attempt += 1
                pause = self._pause(error, attempt)
                if pause is None:
                    raise
                yield Waiting(error.text, pause, attempt)
                await asyncio.sleep(pause)

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    # ── one request ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _answer(self, prompt: Prompt) -> AsyncIterator[Piece]:
        profile = self._profile
        wire = responses if profile.wire == "responses" else chat
        body = {key: value for key, value in wire.serialise(prompt, profile).items() if key not in self._unsupported}
        parser = responses.Parser(profile) if profile.wire == "responses" else chat.Parser(profile)
        response = await self._post(wire.PATH, body)
        try:
            async with response as stream:
                await self._check(stream)
                chunks = aiter(stream)
                wait, heard = self._first_byte, False
                while True:
                    try:
                        async with asyncio.timeout(wait):
                            chunk = await anext(chunks)
                    except StopAsyncIteration:
                        break
                    wait, heard = self._idle, True
                    if isinstance(chunk, dict):
                        for piece in parser.feed(chunk):
                            yield piece
                    if parser.error:
                        raise errors.classify(0, parser.error, {}, profile, self._key)
        except TimeoutError:
            text = f"{profile.name} has sent nothing for {wait:.0f} s."
            raise ModelError("timeout", text, errors.AGAIN) from None
        except (ModelError, asyncio.CancelledError):
            raise
        except self._sdk.APIStatusError as error:
            raise self._status(error) from error
        except self._sdk.APIError as error:
            raise self._in_stream(error) from error
        except ValueError as error:
            text = f"{profile.name} sent what is no valid stream of events."
            raise ModelError("malformed", text, errors.AGAIN) from error
        if not heard:
            raise ModelError("empty", f"{profile.name} sent no answer at all.", "Check the base URL; F5 tries again.")
        yield parser.finish()

    async def _post(self, path: str, body: Object) -> Any:
        sdk = self._sdk
        try:
            async with asyncio.timeout(self._connect + self._first_byte):
                return await self._client.post(
                    path,
                    body=body,
                    cast_to=object,
                    stream=True,
                    stream_cls=sdk.AsyncStream[object],
                )
        except TimeoutError:
            text = f"{self._profile.name} did not answer within {self._connect + self._first_byte:.0f} s."
            raise ModelError("timeout", text, errors.AGAIN) from None
        except sdk.APIStatusError as error:
            raise self._status(error) from error
        except sdk.APITimeoutError as error:
            raise ModelError("timeout", f"{self._profile.name} did not answer in time.", errors.AGAIN) from error
        except sdk.APIError as error:
            raise errors.unreachable(error, self._profile) from error

    async def _check(self, stream: Any) -> None:
        kind = stream.response.headers.get("content-type", "").lower()
        if stream.response.status_code >= 300:
            where = stream.response.headers.get("location", "elsewhere")
            text = f"{self._profile.base_url} redirects to {where}; the conversation is not sent there."
            raise ModelError("not_an_api", text, "Give the right base URL with /model.")
        if "event-stream" not in kind:
            body = (await stream.response.aread()).decode("utf-8", "replace")
            if "json" in kind and "error" in body[:200]:
                raise errors.classify(0, body, {}, self._profile, self._key)
            raise errors.not_an_api(kind, body[:2000], self._profile)

    def _status(self, error: Any) -> ModelError:
        body = error.body if error.body is not None else error.response.text
        if 300 <= error.status_code < 400:
            where = error.response.headers.get("location", "elsewhere")
            text = f"{self._profile.base_url} redirects to {where}; the conversation is not sent there."
            return ModelError("not_an_api", text, "Give the right base URL with /model.")
        made = errors.classify(error.status_code, body, error.response.headers, self._profile, self._key)
        made.__cause__ = None
        self._asked_to_wait = errors.retry_after(error.response.headers)
        return made

    def _in_stream(self, error: Any) -> ModelError:
        if isinstance(error, self._sdk.APIConnectionError):
            text = f"The connection to {self._profile.name} broke in the middle of the answer."
            return ModelError("cut", text, errors.AGAIN)
        return errors.classify(0, error.body or str(error), {}, self._profile, self._key)

    # ── around it ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _open(self) -> None:
        if self._client is not None:
            return
        sdk = self._sdk = await asyncio.to_thread(importlib.import_module, "openai")
        if not self._key.isascii():
            raise ModelError("auth", "The key holds characters that no key has.", "Paste the key again.")
        try:
            self._client = sdk.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self._profile.base_url,
                max_retries=0,
                http_client=bounded_client(self._profile, self._key, self._connect, self._transport),
            )
        except (ImportError, ValueError) as error:
            text = f"The proxy settings of this environment cannot be used: {error}"
            raise ModelError("connect", text, "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.") from error

    def _learn(self, error: ModelError) -> bool:
        """Leaves out a parameter that the endpoint does not know, once for each."""
        if error.kind != "request" or error.status not in (400, 422):
            return False
        for name in OPTIONAL:
            if name in error.text and name not in self._unsupported:
                self._unsupported.add(name)
                return True
        return False

    def _pause(self, error: ModelError, attempt: int) -> float | None:
        """Seconds until the next try, None when there is none."""
        asked, self._asked_to_wait = self._asked_to_wait, None
        if error.kind not in errors.RETRYABLE or attempt >= self._max_tries:
            return None
        if error.kind in ("connect", "timeout") and (self._profile.loopback or attempt > 2):
            return None
        if asked is not None:
            return asked if asked <= errors.MAX_WAIT else None
        return float(min(30.0, 2.0 ** (attempt - 1)) * random.uniform(0.75, 1.25))
