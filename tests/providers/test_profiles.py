"""What is known of endpoints, and what a model shows of itself."""

from __future__ import annotations

import pytest

from fastchat_tui.providers.openai import OpenAIModel
from fastchat_tui.providers.profiles import profile_for, window


@pytest.mark.parametrize(
    ("base_url", "wire"),
    [
        ("", "responses"),
        ("https://api.openai.com/v1/", "responses"),
        ("https://api.openai.com.evil.example/v1", "chat"),
        ("http://127.0.0.1:11434/v1", "chat"),
        ("https://openrouter.ai/api/v1", "chat"),
    ],
)
def test_only_openai_itself_speaks_responses_unasked(base_url: str, wire: str) -> None:
    assert profile_for(base_url).wire == wire
    assert profile_for(base_url, "chat").wire == "chat"
    assert profile_for(base_url, "responses").wire == "responses"


@pytest.mark.parametrize(
    ("host", "loopback", "needs_key"),
    [
        ("127.0.0.1", True, False),
        ("127.8.8.8", True, False),
        ("[::1]", True, False),
        ("localhost", True, False),
        ("ollama.localhost", True, False),
        ("192.168.1.5", False, False),
        ("localhost.example", False, True),
        ("127.0.0.1.example", False, True),
        ("8.8.8.8", False, True),
    ],
)
def test_loopback_is_told_from_what_only_looks_like_it(host: str, loopback: bool, needs_key: bool) -> None:
    profile = profile_for(f"http://{host}:8080/v1")
    assert (profile.loopback, profile.needs_key) == (loopback, needs_key)


def test_paths_go_below_the_base_url_and_its_query_stays() -> None:
    assert profile_for("https://h.example/openai/?v=1").url("/responses") == "https://h.example/openai/responses?v=1"


def test_a_password_in_the_base_url_is_neither_shown_nor_part_of_the_issuer() -> None:
    view = OpenAIModel("m", "https://me:hunter22@h.example/v1").view()
    assert view.base_url == "https://h.example/v1"
    assert profile_for("https://me:hunter22@h.example/v1").issuer == "chat:h.example"


@pytest.mark.parametrize(
    ("base_url", "key", "source", "shown"),
    [
        ("", "", "", ""),
        ("", "sk-1", "keyring", "keyring"),
        ("", "sk-1", "--key", "this run"),
        ("http://localhost/v1", "", "", "not needed"),
        ("http://localhost/v1", "sk-1", "environment", "environment"),
    ],
)
def test_a_model_shows_where_its_key_comes_from(base_url: str, key: str, source: str, shown: str) -> None:
    assert OpenAIModel("m", base_url, key, key_source=source).view().key == shown


def test_context_windows_are_known_by_the_beginning_of_a_name() -> None:
    assert window("gpt-5-nano") == window("openai/GPT-5") == 400_000
    assert window("something-else") == 0
