"""Every event and every command is one line of JSON, and comes back as it was."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastchat_tui.wire import codec
from fastchat_tui.wire.commands import Command
from fastchat_tui.wire.events import SAVED, Event, Stamped

numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
objects = st.dictionaries(st.text(max_size=5), json_values, max_size=2)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=8),
    int: st.integers(-(2**53), 2**53),
    float: numbers,
    bool: st.booleans(),
    type(None): st.none(),
    dict[str, Any]: objects,
    dict[str, str]: st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
}


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Anything of this type."""
    if hint in PLAIN:
        return PLAIN[hint]
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) in (typing.Union, types.UnionType):
        return st.one_of(map(of, get_args(hint)))
    if get_origin(hint) is tuple:
        first, *rest = get_args(hint)
        if rest == [...]:
            return st.lists(of(first), max_size=2).map(tuple)
        return st.tuples(*map(of, get_args(hint)))
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(typing.cast(Any, hint), **{field.name: of(hints[field.name]) for field in fields(hint)})
    raise AssertionError(f"what is {hint!r}?")


@settings(max_examples=20)
@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_an_event_comes_back_as_it_was(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(of(kind))
    line = codec.encode(Stamped(7, 1.5, event))
    assert b"\n" not in line
    assert codec.decode(line) == Stamped(7, 1.5, event)
    assert codec.decode_event(codec.encode_event(event)) == event


@settings(max_examples=20)
@pytest.mark.parametrize("kind", get_args(Command), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_command_comes_back_as_it_was(kind: type[Command], data: st.DataObject) -> None:
    command = data.draw(of(kind))
    assert codec.decode_command(codec.encode_command(command)) == command


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b'{"seq": 1, "at": 2, "event": {"kind": "no_such"}}', b"\xff"])
def test_what_is_no_event_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        codec.decode(line)


def test_each_kind_has_a_name_of_its_own() -> None:
    for union in (Event, Command):
        kinds = [get_args(get_type_hints(kind)["kind"]) for kind in get_args(union)]
        assert len(set(kinds)) == len(kinds)
    assert set(SAVED) <= set(get_args(Event))
