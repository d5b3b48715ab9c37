"""The scripted model plays lines as a real one streams."""

from __future__ import annotations

import pytest

from fastchat_tui.providers.scripted import Pause, Scripted, in_turn
from fastchat_tui.wire.chat import (
    CallPart,
    Piece,
    Prompt,
    Reply,
    TextPart,
    TextPiece,
    ThoughtPart,
    ThoughtPiece,
    UserMessage,
)
from fastchat_tui.wire.errors import ModelError

PROMPT = Prompt("scripted", (UserMessage("hi"),))


async def play(model: Scripted) -> list[Piece]:
    return [piece async for piece in model.stream(PROMPT)]


async def test_lines_become_pieces_and_a_reply() -> None:
    parts = (ThoughtPart("hm, well"), TextPart("so it is"), CallPart("c", "f", "{}"))
    pieces = await play(Scripted(in_turn([*parts, Pause(0)])))
    assert "".join(piece.text for piece in pieces if isinstance(piece, ThoughtPiece)) == "hm, well"
    assert "".join(piece.text for piece in pieces if isinstance(piece, TextPiece)) == "so it is"
    last = pieces[-1]
    assert isinstance(last, Reply)
    assert (last.parts, last.finish, last.issuer) == (parts, "tool_calls", "scripted")


async def test_replies_come_in_turn_and_the_last_one_stays() -> None:
    model = Scripted(in_turn([TextPart("one")], [TextPart("two")]))
    assert [(await play(model))[0] for _ in range(3)] == [TextPiece("one"), TextPiece("two"), TextPiece("two")]


async def test_an_error_is_raised_where_it_stands() -> None:
    stream = Scripted(in_turn([TextPart("half"), ModelError("cut", "Gone.", "Again.")])).stream(PROMPT)
    assert await anext(aiter(stream)) == TextPiece("half")
    with pytest.raises(ModelError, match="Gone"):
        await anext(aiter(stream))
