"""The items of one answer on the Responses wire, each found again by whatever name an event has for it.

Some servers leave out output_index, id or call_id, give several items the same one, number them anew at the end, or
send them out of order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastchat_tui.providers.calls import Call, written_arguments
from fastchat_tui.wire.content import Object

REASONING = "reasoning"

Names = tuple[int | str | None, int | str | None, int | str | None]
"""The output_index, the id and the call_id of an item, as far as they were said."""


@dataclass(slots=True, eq=False)
class Item:
    kind: str
    names: Names
    place: tuple[int, int] | None = None
    """Where it stands in the answer: its output_index, or that of the item before it and how far down the output."""
    is_open: bool = True
    thought: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    call: Call = field(default_factory=Call)
    whole: Object = field(default_factory=dict)


class Items:
    """In the order in which they came."""

    def __init__(self) -> None:
        self._all: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        return iter(self._all)

    def in_order(self) -> list[Item]:
        """By place; what has none stays where it came, since an endpoint refuses reasoning that follows its call."""
        placed = iter(sorted((item for item in self._all if item.place), key=lambda item: item.place or ()))
        return [next(placed) if item.place else item for item in self._all]

    def meant(self, chunk: Mapping[str, Any], kind: str, *, begins: bool = False, ends: bool = False) -> Item:
        """The item an event is about: the one with its name, else one that is open, else a new one."""
        names = _names_of(chunk)
        item = self._named(kind, names)
        if item is None and not begins:
            fits = [one for one in self._all if one.kind == kind and one.is_open and not _differ(one.names, names)]
            if ends and kind == "function_call":
                fits = [one for one in fits if _goes_on(one, object_of(chunk.get("item")))]
            if fits:
                item = fits[0 if ends else -1]  # fragments belong to what began last; ends come as the beginnings did
        if item is None:
            item = Item(kind, names)
            self._all.append(item)
        index, own, call = (known if known is not None else said for known, said in zip(item.names, names, strict=True))
        item.names = index, own, call
        if item.place is None and isinstance(index, int):
            item.place = index, -1
        item.is_open &= not ends
        return item

    def merged(self, output: list[Object]) -> Iterator[tuple[Item, Object]]:
        """What the end says of each item, which may be one that was not streamed."""
        known = self._known(output)
        before = -1
        for number, raw in enumerate(output):
            if (item := known.get(number)) is None:
                item = Item(kind_of(raw), (None, None, None))
                self._all.append(item)
            if item.place is None:
                item.place = before, number
            before = item.place[0]
            yield item, raw

    def _named(self, kind: str, names: Names) -> Item | None:
        """By index before id before call_id: some servers give several items one id."""
        for rank, name in enumerate(names):
            if name is not None:
                for item in reversed(self._all):
                    if (item.kind, item.names[rank]) == (kind, name) and not _differ(item.names[:rank], names[:rank]):
                        return item
        return None

    def _known(self, output: list[Object]) -> dict[int, Item]:
        """Which items of the output were streamed, each of them once: by name, else by what they say, since some
        servers number or name an item anew at the end. The surest sign goes first."""
        signs: tuple[Callable[[Item, Names, Object], bool], ...] = (
            lambda item, names, raw: names[1] is not None and item.names[1] == names[1],
            lambda item, names, raw: names[2] is not None and item.names[2] == names[2],
            lambda item, names, raw: item.names[0] == names[0] and _goes_on(item, raw),
            lambda item, names, raw: item.kind != REASONING and _goes_on(item, raw),
            lambda item, names, raw: item.kind != "function_call" and not _differ(item.names[1:], names[1:]),
        )
        known: dict[int, Item] = {}
        left = list(self._all)
        for sign in signs:
            for number, raw in enumerate(output):
                if number not in known:
                    kind, names = kind_of(raw), _names_of({"output_index": number, "item": raw})
                    item = next((one for one in left if one.kind == kind and sign(one, names, raw)), None)
                    if item is not None:
                        known[number] = item
                        left.remove(item)
        return known


def _names_of(chunk: Mapping[str, Any]) -> Names:
    index, item = chunk.get("output_index"), object_of(chunk.get("item"))
    own, call = item.get("id") or chunk.get("item_id"), item.get("call_id") or chunk.get("call_id")
    return index if isinstance(index, int | str) else None, _name(own), _name(call)


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _differ(known: Sequence[int | str | None], said: Sequence[int | str | None]) -> bool:
    return any(None not in pair and pair[0] != pair[1] for pair in zip(known, said, strict=True))


def _goes_on(item: Item, raw: Object) -> bool:
    """Whether what was streamed can be the beginning of ``raw``, or all of it."""
    if item.kind == "function_call":
        written = written_arguments(raw.get("arguments"))
        return item.call.name in ("", raw.get("name")) and (
            not written or written.startswith("".join(item.call.written))
        )
    text = "".join(text_of(block) for block in list_of(raw.get("content")))
    return item.kind != "message" or text.strip().startswith("".join(item.text).strip())


def kind_of(raw: Object) -> str:
    return _name(raw.get("type")) or ""


def text_of(block: Any) -> str:
    text = block.get("text") or block.get("refusal") if isinstance(block, dict) else None
    return text if isinstance(text, str) else ""


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def object_of(value: Any) -> Object:
    return value if isinstance(value, dict) else {}
