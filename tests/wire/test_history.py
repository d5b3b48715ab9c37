"""What the model is shown of a result, of a turn that was cut, and of one that is tried again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fastchat_tui.wire.chat import AssistantMessage, CallPart, Part, TextPart, ThoughtPart, ToolMessage, UserMessage
from fastchat_tui.wire.content import Audio, Content, EmbeddedResource, Image, Outcome, ResourceLink, Text
from fastchat_tui.wire.events import CallFinished, CallStarted, Event, ReplyFinished, Stamped, TurnFinished, TurnStarted
from fastchat_tui.wire.history import MAX_RESULT, UNANSWERED, History, render


def told(*events: Event) -> tuple[Any, ...]:
    history = History()
    for seq, event in enumerate(events):
        history.apply(Stamped(seq, 0.0, event))
    return history.messages()


def start(text: str = "hi", turn: str = "t", retries: str = "") -> TurnStarted:
    return TurnStarted(turn=turn, text=text, retries=retries)


def reply(*parts: Part, cut: str = "", turn: str = "t") -> ReplyFinished:
    return ReplyFinished(turn=turn, step=1, parts=parts, cut=cut, issuer="me")


def finished(call: str, *content: Content, outcome: Outcome = "ok", structured: str = "") -> CallFinished:
    return CallFinished(call=call, outcome=outcome, content=content, structured=structured)


CALL = CallPart("c", "s__t", "{}")


@pytest.mark.parametrize(
    ("content", "structured", "text"),
    [
        ((Text("plain"), Text("words")), "", "plain\nwords"),
        ((Image("QUJD", "image/png"),), "", "[image image/png, 3 B]"),
        ((Audio("QUJDRA==", "audio/wav"),), "", "[audio audio/wav, 4 B]"),
        ((ResourceLink("file:///a", "A", "text/x"),), "", "[resource A text/x file:///a]"),
        ((ResourceLink("file:///a"),), "", "[resource file:///a file:///a]"),
        ((EmbeddedResource("file:///a", "text/x", text="inside"),), "", "inside"),
        ((EmbeddedResource("file:///a", "image/x", blob="QUJD"),), "", "[resource file:///a image/x, 3 B]"),
        ((), '{"n": 1}', '{"n": 1}'),
        ((Image("QUJD", "image/png"),), '{"n": 1}', '[image image/png, 3 B]\n{"n": 1}'),
        ((Text('{ "n":1 }'),), '{"n": 1}', '{ "n":1 }'),
        ((Text("five"),), '{"result": "five"}', "five"),
        ((Text("5"),), '{"content": "5"}', "5"),
        ((Text("a"), Text("b")), '{"result": ["a", "b"]}', "a\nb"),
        ((Text("3 found"),), '{"found": [1, 2, 3]}', '3 found\n{"found": [1, 2, 3]}'),
        ((Text("3 found"),), '{"found": ', '3 found\n{"found": '),
    ],
)
def test_every_kind_of_result_reaches_the_model_once(content: tuple[Content, ...], structured: str, text: str) -> None:
    assert render(content, structured) == text


def test_a_huge_result_is_head_and_tail_for_the_model_and_says_how_much_is_missing() -> None:
    whole = "first " + "x" * 300_000 + " last"
    *_, message = told(start(), reply(CALL), finished("c", Text(whole)))
    assert isinstance(message, ToolMessage)
    assert message.text.startswith("first x")
    assert message.text.endswith("x last")
    assert "[… 200,011 characters left out …]" in message.text
    assert len(message.text) < MAX_RESULT + 100


def test_megabytes_beside_a_text_are_not_parsed_for_it() -> None:
    huge = json.dumps({"rows": ["x" * 1000] * 1000})
    assert render((Text("a thousand rows"),), huge) == "a thousand rows"


@pytest.mark.parametrize("outcome", ["error", "denied", "cancelled"])
def test_what_did_not_succeed_is_an_answer_too(outcome: Outcome) -> None:
    assert told(start(), reply(CALL), finished("c", outcome=outcome))[-1] == ToolMessage(
        "c", f"({outcome}, no content)", True
    )


def test_arguments_that_the_user_changed_are_told_with_the_answer() -> None:
    *_, message = told(start(), reply(CALL), CallStarted(call="c", arguments={"x": 2}), finished("c", Text("ok")))
    assert message == ToolMessage("c", 'The user changed the arguments to {"x": 2}\nok', False)


def test_answers_stand_in_the_order_of_their_calls_whichever_came_first() -> None:
    calls = [CallPart(name, "s__t", "{}") for name in "abcd"]
    came = [finished(name, Text(name)) for name in "cab"]
    messages = told(start(), reply(*calls), *came, TurnFinished(turn="t", reason="cancelled"))
    assert [message.call for message in messages[2:]] == ["a", "b", "c", "d"]
    assert [message.text for message in messages[2:]] == ["a", "b", "c", UNANSWERED]


def test_a_call_without_an_answer_has_one_that_says_so_before_anything_else_is_said() -> None:
    one, two = CallPart("a", "s__t", "{}"), CallPart("b", "s__t", "{}")
    end = TurnFinished(turn="t", reason="cancelled")
    messages = told(start(), reply(one, two), finished("b", Text("b")), end, start("more", "u"))
    assert messages == (
        UserMessage("hi"),
        AssistantMessage((one, two), "me"),
        ToolMessage("a", UNANSWERED, True),
        ToolMessage("b", "b", False),
        UserMessage("more"),
    )


def test_a_reply_that_was_cut_keeps_its_words_and_none_of_its_calls() -> None:
    said = (ThoughtPart("hm"), TextPart("half"))
    assert told(start(), reply(*said, CALL, cut="cut off")) == (UserMessage("hi"), AssistantMessage(said, "me"))
    assert told(start(), reply(ThoughtPart("hm"), cut="cut off")) == (UserMessage("hi"),)


def test_a_retry_takes_the_place_of_the_reply_that_was_cut_and_of_nothing_else() -> None:
    failed = TurnFinished(turn="t", reason="failed")
    cut = reply(TextPart("half"), cut="cut off")
    assert told(start(), cut, failed, start("", "u", "t")) == (UserMessage("hi"),)
    before = (UserMessage("hi"), AssistantMessage((CALL,), "me"), ToolMessage("c", "r", False))
    steps = (start(), reply(CALL), finished("c", Text("r")), failed)
    assert told(*steps, start("", "u", "t")) == before
    assert told(*steps, start("", "u", "t"), reply(TextPart("so"), turn="u")) == (
        *before,
        AssistantMessage((TextPart("so"),), "me"),
    )
