"""No remedy of the engine sends somebody without a screen to a key of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import fastchat_tui
from fastchat_tui.headless import remedies
from fastchat_tui.headless.remedies import without_screen

KEYS = re.compile(r"\bF\d\b|Ctrl\+|\bEsc\b|(?<![\w.])/model\b|servers pane")
ROOT = Path(fastchat_tui.__file__).parent


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the engine and what is below it that names a key of the screen, with where it stands."""
    for folder in ("engine", "providers", "wire", "config", "store", "auth", "servers", "headless"):
        for path in sorted(set((ROOT / folder).rglob("*.py")) - {Path(remedies.__file__)}):
            tree = ast.parse(path.read_text("utf-8"))
            docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else None
                if isinstance(text, str) and KEYS.search(text):
                    yield f"{folder}/{path.name}", text


def test_every_key_that_a_remedy_names_has_an_option_in_its_place() -> None:
    found = list(texts())
    assert len(found) > 15
    left = [(where, text) for where, text in found if KEYS.search(without_screen(text)) and text != "/model"]
    assert left == []


def test_what_names_no_key_stays_as_it_is() -> None:
    for text in ("", "Check the base URL: most end in /v1.", "Make /home/me/data writable."):
        assert without_screen(text) == text


def test_a_remedy_reads_well() -> None:
    assert without_screen("Wait a little; F5 tries again.") == "Wait a little, then run it again."
    assert without_screen("Choose another with /model.") == "Choose another with --model."
    assert without_screen("Add credit there, or choose another endpoint with /model.").endswith("with --base-url.")
