"""URI templates: filled in, and completed while they are typed."""

from __future__ import annotations

import pytest

from fastchat_tui.wire.templates import Typing, expand, names, typing

VALUES = {"day": "mon day", "path": "a/b", "q": "x&y"}


@pytest.mark.parametrize(
    ("template", "uri", "held"),
    [
        ("note://today", "note://today", ()),
        ("note://{day}/{hour}", "note://mon%20day/", ("day", "hour")),
        ("file:///{+path}", "file:///a/b", ("path",)),
        ("file:///{path}", "file:///a%2Fb", ("path",)),
        ("x://y{?q,day,none}", "x://y?q=x%26y&day=mon%20day", ("q", "day", "none")),
        ("x://y?a=1{&q}", "x://y?a=1&q=x%26y", ("q",)),
        ("x://y{/day,path}{#q}", "x://y/mon%20day/a%2Fb#x&y", ("day", "path", "q")),
        ("x://{path*}{.day:3}", "x://a%2Fb.mon%20day", ("path", "day")),
        ("x://{}{day", "x://{}{day", ()),
    ],
)
def test_a_template_becomes_a_uri(template: str, uri: str, held: tuple[str, ...]) -> None:
    assert expand(template, VALUES) == uri
    assert names(template) == held


NOTE = "note://{day}/{hour}.txt"


@pytest.mark.parametrize(
    ("template", "typed", "expected"),
    [
        (NOTE, "note", None),
        (NOTE, "note://", Typing("day", "", {}, "note://", "/", False)),
        (NOTE, "note://mon%20d", Typing("day", "mon d", {}, "note://", "/", False)),
        (NOTE, "note://mon/1", Typing("hour", "1", {"day": "mon"}, "note://mon/", ".txt", False)),
        (NOTE, "note://mon/1/2", None),
        ("file:///{+path}", "file:///a/b", Typing("path", "a/b", {}, "file:///", "", True)),
        ("x://y{?q}", "x://y", None),
        ("note://today", "note://today", None),
    ],
)
def test_the_name_that_is_being_typed_is_found(template: str, typed: str, expected: Typing | None) -> None:
    assert typing(template, typed) == expected


def test_a_completed_value_is_escaped_and_goes_on_to_the_next_name() -> None:
    found = typing(NOTE, "note://m")
    assert found is not None
    assert found.with_value("mon day") == "note://mon%20day/"
