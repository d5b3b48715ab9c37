"""What went wrong at a model's API, in words: what, why, and what to do. Pure, and without a secret in any text."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from fastchat_tui.providers.faults import TOO_MANY_TOOLS, code_in, kind_of, without_tags, words_of
from fastchat_tui.providers.profiles import Profile
from fastchat_tui.wire.errors import ModelError, ModelFault
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.text import human_time, one_line

AGAIN = "F5 tries again."
MAX_WORDS = 20_000
"""Characters of an error answer that are looked at."""
MAX_WAIT = 120.0
"""A server that wants more patience than this is not waited for."""
DAY = 86_400.0
RETRYABLE = frozenset({"rate_limit", "overloaded", "connect", "timeout", "cut", "empty", "malformed"})


class ApiError(ModelError):
    """A ModelError that still knows what the endpoint said, for whoever may repair the request."""

    def __init__(
        self,
        kind: ModelFault,
        text: str,
        remedy: str = "",
        *,
        status: int = 0,
        words: str = "",
        after: float | None = None,
        passing: bool | None = None,
    ) -> None:
        super().__init__(kind, text, remedy, status=status)
        self.words = words
        """The server's words, uncut: never to be shown."""
        self.after = after
        """Seconds that it asks to wait."""
        self.passing = kind in RETRYABLE if passing is None else passing
        """Whether the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Knows who is spoken to, and which secret never to repeat."""

    profile: Profile
    model: str
    masker: Masker
    has_key: bool = True
    key_source: str = ""

    def refused(self, status: int, body: Any, headers: Mapping[str, str]) -> ApiError:
        """An error answer; ``status`` 0 for one inside a stream."""
        try:
            whole = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))[:MAX_WORDS]
            words = words_of(body)
        except RecursionError:
            body = whole = words = ""
        kind = kind_of(status or code_in(body), whole)
        text, remedy = self._words(kind, whole)
        said = self._quoted(words)
        after = retry_after(headers)
        passing = kind in RETRYABLE and headers.get("x-should-retry") != "false"
        if passing and after is not None and after > MAX_WAIT:
            wait = human_time(after) if after <= DAY else "more than a day"
            passing, text = False, f"{text} It asks to wait {wait}."
        code = f" (HTTP {status})" if status and kind in ("request", "overloaded", "not_an_api") else ""
        text = text.removesuffix(".") + code + "." if code else text
        return ApiError(kind, text + said, remedy, status=status, words=whole, after=after, passing=passing)

    def redirected(self, status: int, location: str) -> ApiError:
        where = one_line(self.masker.mask_shapes(_address(location)), 120)
        text = f"{self._here} redirects to {where}. The conversation was not sent there."
        return ApiError("not_an_api", text, "If you trust that address, set it as the base URL.", status=status)

    def not_a_stream(self, content_type: str, text: str) -> ApiError:
        """Status 200 with something that is no stream of events."""
        kind = content_type.partition(";")[0].strip().lower()
        what = "a web page" if "html" in kind else one_line(kind, 60) or "something unknown"
        said = self._quoted(without_tags(text), "It begins")
        return ApiError(
            "not_an_api",
            f"{self._here} answered with {what}, not with a model's answer.{said}",
            "Check the base URL: most end in /v1.",
            status=200,
        )

    def unreachable(self, why: str) -> ApiError:
        """No connection: name, refusal, TLS, proxy."""
        why, low = one_line(self.masker.mask_shapes(_in_words(why)), 160), why.lower()
        remedy, passing = f"Check the network and the base URL. {AGAIN}", True
        if self.profile.loopback:
            remedy, passing = (
                f"Start the local server (for instance: ollama serve), then F5. Base URL: {self._here}",
                False,
            )
        elif "certificate" in low or "ssl" in low:
            remedy, passing = "Check the system's certificates, or name yours in SSL_CERT_FILE.", False
        elif "proxy" in low:
            remedy, passing = "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.", False
        elif any(sign in low for sign in ("name or service", "name resolution", "getaddrinfo", "nodename")):
            remedy = f"There is no host of that name, or no network. Check the base URL: {self._here}"
        return ApiError("connect", f"{self.profile.name} cannot be reached: {why}.", remedy, passing=passing)

    def broken(self, why: str, *, began: bool) -> ApiError:
        who, why = self.profile.name, one_line(_in_words(why), 100)
        reason = f" ({why})" if why else ""
        text = f"{who} closed the connection before it answered{reason}."
        if began:
            text = f"The answer was cut off: the connection to {who} broke{reason}."
        return ApiError("cut", text, AGAIN)

    def silent(self, seconds: float, *, started: bool) -> ApiError:
        what = "stopped sending" if started else "sent nothing"
        text = f"{self.profile.name} {what} for {human_time(seconds)}, so the request was given up."
        return ApiError("timeout", text, AGAIN, passing=not started)

    def malformed(self, why: str) -> ApiError:
        text = f"{self.profile.name} sent something that is not a valid stream ({one_line(why, 100)})."
        return ApiError("malformed", text, f"{AGAIN} If it happens again, check the base URL and the wire.")

    def too_large(self, why: str) -> ApiError:
        return ApiError("malformed", f"{self.profile.name} sent {why}; it was refused.", AGAIN, passing=False)

    def empty(self, finish: str = "") -> ApiError:
        how = f" (finish: {one_line(finish, 40)})" if finish else ""
        text = f"The model gave an empty answer{how}."
        return ApiError("empty", text, f"{AGAIN} Or say it differently.")

    def unusable(self, what: str, remedy: str) -> ApiError:
        """A setting with which no request can be made."""
        return ApiError("request", self.masker.mask_shapes(what), remedy, passing=False)

    def _words(self, kind: ModelFault, whole: str) -> tuple[str, str]:
        who, model = self.profile.name, one_line(self.model, 80)
        key = f"the key ({self.key_source})" if self.key_source else "the key"
        match kind:
            case "auth" if not self.has_key:
                remedy = "Paste one (Ctrl+P, “key”), or set OPENAI_API_KEY."
                if not self.profile.needs_key:  # one that was meant for another endpoint was not sent here
                    remedy = "Paste its key (Ctrl+P, “key”), or set OPENAI_BASE_URL beside OPENAI_API_KEY."
                return f"{who} wants a key, and got none.", remedy
            case "auth":
                return f"{who} rejected {key}.", "Give another key (Ctrl+P, “key”), or check that it belongs there."
            case "model":
                return f"{who} has no model “{model}” for you.", "Choose another with /model."
            case "quota":
                return f"There is no credit left at {who}.", "Add credit there, or choose another endpoint with /model."
            case "rate_limit":
                return f"{who} limits the rate of requests.", f"Wait a little; {AGAIN}"
            case "overloaded":
                return f"{who} is overloaded or has failed.", AGAIN
            case "context":
                return (
                    f"The conversation is too long for {model}.",
                    "Start a new session (Ctrl+N), switch servers off (F2), or choose a model with more room (/model).",
                )
            case "filter":
                return f"The content filter of {who} refused the request.", "Say it differently."
            case "schema" if TOO_MANY_TOOLS.search(whole):
                return f"{who} does not take that many tools.", "Switch servers or tools off in the servers pane (F2)."
            case "schema":
                return f"{who} refused the definition of a tool.", "Switch that tool off in the servers pane (F2)."
            case "tools":
                return f"{model} takes no tools.", "Choose another with /model, or switch the servers off (F2)."
            case "malformed":
                return "The model wrote a call that the provider could not read.", AGAIN
            case "not_an_api":
                return f"There is no model API at {self._here}.", "Check the base URL: most end in /v1."
            case _:
                return f"{who} refused the request.", f"Change what it complains of; {AGAIN}"

    @property
    def _here(self) -> str:
        return one_line(self.profile.shown_url, 120)

    def _quoted(self, text: str, intro: str = "It says") -> str:
        said = one_line(self.masker.mask_shapes(text[:2000]), 300).rstrip(".")
        return f" {intro}: “{said}”." if said else ""


def _address(location: str) -> str:
    """Where a redirect leads: scheme, host, port and path, never the user name, password and query."""
    try:
        parts = urlsplit(location)
        host = parts.netloc.rpartition("@")[2]
        sound = parts.port != 0 and (host or "@" not in parts.netloc + parts.path)  # http:me:secret@host has no netloc
    except ValueError:
        sound = False
    return (urlunsplit((parts.scheme, host, parts.path, "", "")) if sound else "") or "another address"


def _in_words(why: str) -> str:
    """A system's error without its number and addresses; nothing where it says only that a connection ended."""
    if why.startswith(("peer closed connection", "Server disconnected")):
        return ""
    if refused := re.search(r"\[Errno (\d+)\] Connect call failed", why):
        return os.strerror(int(refused[1])).lower()
    return re.sub(r"^\[Errno -?\d+\] ", "", why)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks for (a number or a date), None when it does not say."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) / unit
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
            except (ValueError, TypeError, OverflowError):
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None
