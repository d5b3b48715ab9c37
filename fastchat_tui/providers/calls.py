"""Tool calls: put together from fragments of any shape, and given ids that every endpoint takes.

A fragment names its call by index, by id, or not at all; its arguments are text, an object, or whole at once. Nothing
is repaired: what a model wrote is what is kept.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from fastchat_tui.providers.profiles import Profile
from fastchat_tui.wire.chat import CallPart

MakeId = Callable[[], str]
_USABLE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHORT = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NINE = re.compile(r"[A-Za-z0-9]{9}")


def new_id() -> str:
    return f"call_{uuid4().hex[:24]}"


@dataclass(slots=True)
class Call:
    id: str = ""
    name: str = ""
    written: list[str] = field(default_factory=list)
    """The arguments so far."""
    extra: Any = None
    """What its issuer wants back with it."""


class Assembly:
    """The calls of one answer, in the order in which they began."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._by_index: dict[int, Call] = {}

    def feed(self, raw: Mapping[str, Any]) -> None:
        """One element of ``delta.tool_calls``."""
        function = raw.get("function")
        function = function if isinstance(function, dict) else {}
        given, name, arguments = _text(raw.get("id")), _text(function.get("name")), function.get("arguments")
        written = written_arguments(arguments)
        call = self._which(raw.get("index"), given, name, written)
        call.id = call.id or given
        call.name = call.name or name
        call.extra = raw.get("extra_content") or call.extra
        if isinstance(arguments, dict | list):
            call.written = [written]
        else:
            call.written.append(written)

    def _which(self, index: Any, given: str, name: str, written: str) -> Call:
        if isinstance(index, int):
            call = self._by_index.get(index)
        else:
            call = next((call for call in reversed(self.calls) if not given or call.id == given), None)
        if call is None or _is_another(call, given, name, written):
            call = Call()
            self.calls.append(call)
        if isinstance(index, int):
            self._by_index[index] = call
        return call


def _is_another(call: Call, given: str, name: str, written: str) -> bool:
    """Whether a fragment that is addressed to ``call`` begins a new one: some servers number every call 0, or give all
    the same id. Others repeat the name in each fragment, which begins nothing while there is something left to say."""
    if not name:
        return False
    if given and call.id and given != call.id:
        return True
    if not given and call.name and name != call.name:
        return True
    return bool(written.strip()) and _is_whole(call)


def _is_whole(call: Call) -> bool:
    """Whether its arguments are an object already."""
    # the last fragment first: where each one brings the name, reading all of them each time would take for ever
    last = next((part for part in reversed(call.written) if part.strip()), "")
    return last.rstrip().endswith("}") and _is_object("".join(call.written))


def written_arguments(arguments: Any) -> str:
    """Arguments as text: some servers send the object itself."""
    return json.dumps(arguments, ensure_ascii=False) if isinstance(arguments, dict | list) else _text(arguments)


def as_parts(calls: Iterable[Call], make_id: MakeId) -> list[CallPart]:
    """The calls with ids of their own: the endpoint's where it gave a usable one, a new one where it did not."""
    parts: list[CallPart] = []
    taken: set[str] = set()
    for call in calls:
        kept = call.id if _USABLE.fullmatch(call.id) and call.id not in taken else make_id()
        taken.add(kept)
        parts.append(CallPart(kept, call.name, "".join(call.written)))
    return parts


def call_id(call: str, profile: Profile) -> str:
    """The id as this endpoint takes it; always the same one for the call and its answer."""
    fits, prefix, length = (_NINE, "", 9) if profile.id_style == "nine" else (_SHORT, "call_", 24)
    if fits.fullmatch(call):
        return call
    return prefix + hashlib.sha256(call.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def arguments_to_send(written: str) -> str:
    """What the model wrote, or ``{}`` where sending it back would make the endpoint refuse the request."""
    return written if _is_object(written, _finite) else "{}"


def _is_object(written: str, number: Callable[[str], float] | None = None) -> bool:
    try:
        return isinstance(json.loads(written, parse_constant=number, parse_float=number), dict)
    except (ValueError, RecursionError):
        return False


def _finite(number: str) -> float:
    """Raises ValueError at what is a number to Python, but none in JSON."""
    if not math.isfinite(value := float(number)):
        raise ValueError(number)
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
