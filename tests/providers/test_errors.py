"""Every refusal in words: what, why, what to do; and never a secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.providers.errors import Explainer, retry_after
from fastchat_tui.providers.profiles import profile_for
from fastchat_tui.wire.masks import Masker
from tests.providers.test_chat import nested

KEY = "sk-secret-0123456789"
EXPLAIN = Explainer(profile_for("https://api.example/v1"), "m-1", Masker([KEY]), True, "environment")


def said(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, said("Unauthorized"), "auth"),
        (403, "forbidden", "auth"),
        (400, said("API key not valid. Please pass a valid API key."), "auth"),
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided."}, "auth"),
        (404, said("The model `x` does not exist or you do not have access to it."), "model"),
        (400, said("x is not a valid model ID", code="model_not_found"), "model"),
        (404, "<html><h1>Not Found</h1></html>", "not_an_api"),
        (402, said("pay"), "quota"),
        (429, said("You exceeded your current quota", code="insufficient_quota"), "quota"),
        (400, said("Your credit balance is too low"), "quota"),
        (429, said("Rate limit reached for m-1"), "rate_limit"),
        (400, said("This model's maximum context length is 8192 tokens"), "context"),
        (400, said("prompt is too long: 210000 tokens > 200000 maximum"), "context"),
        (400, said("The input token count (1200000) exceeds the maximum number of tokens allowed"), "context"),
        (400, said("the request exceeds the available context size"), "context"),
        (413, said("Request too large"), "request"),
        (400, said("Invalid schema for function 'f': []"), "schema"),
        (400, said("tools.0.custom.input_schema: bad"), "schema"),
        (
            400,
            said("Invalid 'tools': array too long. Expected maximum length 128", code="array_above_max_length"),
            "schema",
        ),
        (400, said("registry.ollama.ai/library/gemma2:latest does not support tools"), "tools"),
        (404, said("No endpoints found that support tool use.", code=404), "tools"),
        (400, said("The response was filtered", code="content_filter"), "filter"),
        (400, said("Failed to call a function", code="tool_use_failed"), "malformed"),
        (500, "", "overloaded"),
        (529, said("Overloaded"), "overloaded"),
        (400, said("temperature must be positive"), "request"),
        (0, said("upstream", code="502"), "overloaded"),
        (0, {"type": "overloaded_error", "message": "Overloaded"}, "overloaded"),
        (0, "something odd", "request"),
    ],
)
def test_a_refusal_is_told_by_status_and_words(status: int, body: Any, kind: str) -> None:
    error = EXPLAIN.refused(status, body, {})
    assert error.kind == kind
    assert error.text.endswith(".")
    assert error.remedy


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (said("plain"), "“plain”"),
        (json.dumps(said("as text")), "“as text”"),
        ([said("in a list")], "“in a list”"),
        ({"error": "a string"}, "“a string”"),
        ({"detail": [{"msg": "from FastAPI", "loc": ["body"]}]}, "“from FastAPI”"),
        (said("outer", metadata={"raw": '{"error":{"message":"inner"}}'}), "“outer: inner”"),
        ("<html><style>p{}</style><script>x()</script><p>a page</p></html>", "“a page”"),
    ],
)
def test_the_servers_words_are_found_in_every_shape(body: Any, words: str) -> None:
    assert words in EXPLAIN.refused(400, body, {}).text


def test_no_secret_and_no_escape_is_repeated() -> None:
    error = EXPLAIN.refused(400, said(f"key {KEY} or sk-another-0123456789 \x1b]52;c;eA==\x07 [red]"), {})
    assert KEY not in error.text
    assert "sk-another" not in error.text
    assert "\x1b" not in error.text
    assert "sk-" not in EXPLAIN.unreachable(f"proxy http://me:{KEY}@h").text


def test_a_missing_key_is_not_called_a_rejected_one() -> None:
    explain = Explainer(profile_for("http://127.0.0.1:1/v1"), "m", Masker(), has_key=False)
    assert "wants a key" in explain.refused(401, "", {}).text


@pytest.mark.parametrize(
    ("why", "remedy"),
    [
        ("[Errno -2] Name or service not known", "Check the base URL"),
        ("certificate verify failed: self-signed", "SSL_CERT_FILE"),
        ("Proxy error 502", "HTTPS_PROXY"),
        ("no connection within 10 s", "Check the network"),
    ],
)
def test_no_connection_comes_with_the_thing_to_check(why: str, remedy: str) -> None:
    assert remedy in EXPLAIN.unreachable(why).remedy


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("[Errno 111] Connect call failed ('127.0.0.1', 9)", "cannot be reached: connection refused."),
        (
            "Multiple exceptions: [Errno 111] Connect call failed ('::1', 9), [Errno 111] Connect call failed ('1', 9)",
            "cannot be reached: connection refused.",
        ),
        ("[Errno -2] Name or service not known", "cannot be reached: Name or service not known."),
    ],
)
def test_no_connection_is_told_without_numbers(why: str, words: str) -> None:
    assert EXPLAIN.unreachable(why).text.endswith(words)


def test_too_many_tools_is_not_called_a_bad_definition() -> None:
    text = EXPLAIN.refused(400, said("Invalid 'tools': array too long. Expected maximum length 128"), {}).text
    assert "that many tools" in text


def test_retry_after_is_a_number_or_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert retry_after({"retry-after": "1.5"}) == 1.5
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert 50 < (retry_after({"retry-after": later}) or 0) <= 60
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({"retry-after": "nan"}) is None
    assert retry_after({}) is None


def test_a_retry_after_that_is_no_time_is_not_one() -> None:
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 +99999999999999999999"}) is None


@pytest.mark.parametrize("wait", ["86401", "1e300", "Wed, 21 Oct 2965 07:28:00 GMT"])
def test_a_wait_beyond_all_measure_is_more_than_a_day(wait: str) -> None:
    error = EXPLAIN.refused(429, "", {"retry-after": wait})
    assert error.text.endswith(" It asks to wait more than a day.")
    assert not error.passing


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("http://me:secret@host:8/v1?q=secret#secret", "http://host:8/v1"),
        ("//secret@[::1]/v1", "//[::1]/v1"),
        ("/users/v1?q=secret", "/users/v1"),
        (f"https://host/{KEY}/v1", "https://host/•••/v1"),
        ("http://[bad", "another address"),
        ("http://me:se/cret@host/v1", "another address"),
        ("http://host:99999/v1", "another address"),
        ("http:me:secret@host/v1", "another address"),
        ("http:///me:secret@host", "another address"),
        ("http://me:secret@", "another address"),
        ("", "another address"),
    ],
)
def test_a_redirect_is_told_without_what_may_be_secret(location: str, shown: str) -> None:
    assert f" redirects to {shown}. The conversation" in EXPLAIN.redirected(307, location).text


@given(st.text() | st.text("ht:/@[]?#a0\\"))
def test_no_location_breaks_it(location: str) -> None:
    assert EXPLAIN.redirected(307, location).text


def test_a_server_that_forbids_a_retry_is_obeyed() -> None:
    assert EXPLAIN.refused(503, "", {}).passing
    assert not EXPLAIN.refused(503, "", {"x-should-retry": "false"}).passing


@given(nested)
def test_no_body_of_any_shape_breaks_it(body: Any) -> None:
    assert EXPLAIN.refused(400, body, {}).text


def test_a_body_nested_without_end_does_not_break_it() -> None:
    body: Any = "x"
    for _ in range(5000):
        body = {"error": body}
    assert EXPLAIN.refused(400, body, {}).text
