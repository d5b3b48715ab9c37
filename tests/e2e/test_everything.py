"""``server-everything`` as a person walks it: each tool, resource, template and prompt, and all that it asks back."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scene import (
    becomes,
    close_page,
    config,
    environ,
    flat,
    page,
    shows_flat,
    shows_in,
    write,
)
from tests.e2e.terminal import Terminal
from tests.fakes.openai_api import FakeOpenAI, serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
ESCAPE, SEND, WHOLE_CARDS = "\x1b", "\x1b[21~", "\x0f"
TOOLS = {
    "echo",
    "get-annotated-message",
    "get-env",
    "get-resource-links",
    "get-resource-reference",
    "get-roots-list",
    "get-structured-content",
    "get-sum",
    "get-tiny-image",
    "gzip-file-as-resource",
    "simulate-research-query",
    "toggle-simulated-logging",
    "toggle-subscriber-updates",
    "trigger-elicitation-request",
    "trigger-long-running-operation",
    "trigger-sampling-request",
    "trigger-url-elicitation",
}
DOCUMENTS = {
    "architecture": "Architecture",
    "extension": "Extension Points",
    "features": "Features",
    "how-it-works": "How It Works",
    "instructions": "Server Instructions",
    "startup": "Startup Process",
    "structure": "Project Structure",
}


@pytest.fixture
def everything(opened: Opened, npm: Path) -> Callable[..., Terminal]:
    """Opens the program beside the one server, whose name is “all”."""
    if (command := shutil.which("mcp-server-everything", path=npm)) is None:
        pytest.skip(f"needs mcp-server-everything in {npm} (.ci/run installs it)")

    def open_it(api: FakeOpenAI, **options: Any) -> Terminal:
        entry = {"command": command, "args": ["stdio"], "roots": [str(Path.cwd())], **options}
        terminal = opened("--config", config(all=entry), size=(140, 50), environ=environ(api))
        becomes(terminal, "all", "● ")
        terminal.child.send(WHOLE_CARDS)
        return terminal

    return open_it


def gives(terminal: Terminal, message: str) -> None:
    """Pastes a message, and sends it: each key that is typed would be drawn."""
    write(terminal)
    terminal.child.send(f"\x1b[200~{message}\x1b[201~\r")


def call(terminal: Terminal, tool: str, *shown: str, **arguments: Any) -> None:
    """Calls a tool by hand; its card then shows all of it."""
    gives(terminal, f"#all:{tool} {json.dumps(arguments)}")
    terminal.shows("Enter in chat")
    for words in shown:
        shows_flat(terminal, words)


def fill_in(terminal: Terminal, tool: str) -> None:
    """Opens the form of a tool."""
    gives(terminal, f"#all:{tool} ")
    terminal.shows(f"all › {tool} ─")


def read(terminal: Terminal, uri: str, *shown: str) -> None:
    gives(terminal, f"/read @all:{uri}")
    terminal.shows(f"all:{uri} ─")
    for words in shown:
        terminal.shows(words)


def answer(terminal: Terminal, heading: str, key: str) -> None:
    """Presses a key while the question stands there."""
    terminal.shows(heading)
    terminal.until(lambda: heading not in terminal.text, keys=key, over=heading)


def use(terminal: Terminal, prompt: str) -> None:
    gives(terminal, f"/all:{prompt} ")
    terminal.shows(f"all · {prompt} ─" if prompt != "simple-prompt" else f"all:{prompt} ─")


def asked(api: FakeOpenAI) -> str:
    """The last request to the model."""
    return json.dumps(api.requests[-1][2])


def test_every_tool_is_called_by_hand(everything: Callable[..., Terminal]) -> None:
    with serving([]) as api:
        terminal = everything(api, sampling=True, log_level="debug")
        page(terminal, 0)
        shows_in(terminal, "all", "calls itself mcp-servers/everything")
        shows_in(terminal, "all", "protocol 2025-11-25")
        terminal.child.send("l")
        terminal.until(lambda: set(re.findall(r"☑ (\S+)", terminal.text)) == TOOLS)
        close_page(terminal)

        call(terminal, "echo", "Echo: to and fro", message="to and fro")
        fill_in(terminal, "get-annotated-message")
        terminal.shows("messageType  needed")
        terminal.child.send(SEND)
        shows_flat(terminal, "Error: Operation failed")
        terminal.shows("Enter in chat")
        fill_in(terminal, "get-sum")
        terminal.settles("two\t40")
        terminal.shows("✗", keys=SEND, over="Second number")
        terminal.settles("\x7f\x7f\x7f2" + SEND)
        shows_flat(terminal, "The sum of 2 and 40 is 42.")
        terminal.shows("Enter in chat")
        call(terminal, "get-env", '"PATH": ')
        call(terminal, "get-resource-links", "[resource: Text Resource 2]", count=2)
        call(terminal, "get-resource-reference", resourceType="Blob", resourceId=3)
        sizes = "[55 B]", "[56 B]"  # it holds the time of day, whose hour has one digit or two
        terminal.until(lambda: any(size in flat(terminal) for size in sizes))
        call(terminal, "get-tiny-image", "[image: image/png, 4.0 kB]")
        call(terminal, "get-roots-list", "Current MCP Roots (1 total):", f"1. {Path.cwd().name}")
        call(terminal, "get-structured-content", '"conditions":"Cloudy"', location="New York")
        terminal.child.send("l")
        terminal.shows("✓ fits the tool's output schema")

        call(terminal, "trigger-long-running-operation", "▮", duration=1, steps=2)
        shows_flat(terminal, "Long running operation completed.")
        call(terminal, "trigger-long-running-operation", "running", duration=900, steps=2)
        terminal.child.send(ESCAPE)
        shows_flat(terminal, "cancelled")

        call(terminal, "gzip-file-as-resource", "session/tiny.gz", name="tiny.gz", data="data:text/plain,tiny")
        call(terminal, "toggle-simulated-logging", "Started simulated, random-leveled logging")
        page(terminal, 0)
        terminal.shows("resources 10")  # the server has told of the new one
        terminal.child.send("h")
        shows_in(terminal, "all", "Roots updated: 1 root(s)")
        terminal.until(lambda: re.search(r"[ -]level[ -]message", flat(terminal, "all")) is not None)
        close_page(terminal)
        assert terminal.end() == 0


def test_every_resource_is_read_and_each_kind_of_prompt_is_sent(everything: Callable[..., Terminal]) -> None:
    with serving([{"text": "SUMMED UP"}, {"text": "IT IS COLD"}, {"text": "SHE LEADS"}]) as api:
        terminal = everything(api)
        read(terminal, "demo://resource/static/document/startup.md", DOCUMENTS["startup"], "text/markdown")
        close_page(terminal)
        page(terminal, 0)
        terminal.child.send("llG")
        shows_in(terminal, "all", "A template: what stands in braces is asked for.")
        terminal.child.send("\r")
        terminal.shows("all · Dynamic Blob Resource")
        terminal.settles("3\r")
        terminal.shows("data · text/plain · ")
        terminal.child.send("s")
        terminal.shows("Save as")
        terminal.settles("\x7f" * 40 + "three.txt\r")
        terminal.shows("are saved as three.txt")
        assert Path("three.txt").read_text().startswith("Resource 3: This is a base64 blob created at")
        terminal.child.send(ESCAPE)
        terminal.shows("Enter use")
        close_page(terminal)

        read(terminal, "demo://resource/dynamic/text/7", "Resource 7: This is a plaintext resource created at")
        terminal.child.send("w")
        terminal.shows("◉ watched")
        close_page(terminal)
        call(terminal, "toggle-subscriber-updates", "Started simulated resource updated notifications")
        read(terminal, "demo://resource/dynamic/text/7", "◉ watched")
        terminal.shows("↻ changed: r reads it again")
        terminal.until(lambda: "↻ changed" not in terminal.text, keys="r")
        close_page(terminal)

        write(terminal)
        named = " ".join(f"@all:demo://resource/static/document/{name}.md" for name in DOCUMENTS)
        terminal.child.send(f"\x1b[200~sum up {named} \x1b[201~")
        terminal.settles("@all:demo://resource/dynamic/bl")
        terminal.shows("dynamic/blob/{resourceId}")  # what is typed is completed
        terminal.settles("ob/12\r")
        shows_flat(terminal, "SUMMED UP")
        for words in (*DOCUMENTS.values(), "demo://resource/dynamic/blob/12"):
            assert words in asked(api)

        use(terminal, "simple-prompt")
        terminal.shows("This is a simple prompt without arguments.")
        terminal.child.send(ESCAPE)
        use(terminal, "args-prompt")
        terminal.shows("city  needed")
        terminal.shows("Still needed: city.", keys=SEND)
        terminal.settles("Oslo\t")
        terminal.settles("Norway\r")
        terminal.shows("What's weather in Oslo, Norway?")
        terminal.child.send("\r")
        shows_flat(terminal, "IT IS COLD")
        assert "What's weather in Oslo, Norway?" in asked(api)

        use(terminal, "resource-prompt")
        terminal.settles("T")
        terminal.shows("│ Text")
        terminal.settles("\t\t4\r")
        terminal.shows("This prompt includes the Text resource with id: 4.")
        terminal.shows("Resource 4: This is a plaintext resource")
        terminal.child.send(ESCAPE)
        terminal.shows("resourceType")
        terminal.child.send(ESCAPE)

        use(terminal, "completable-prompt")
        terminal.settles("Eng")
        terminal.shows("│ Engineering")
        terminal.settles("\t\t")
        terminal.shows("│ Charlie")  # who is in that department, and in no other
        assert "Grace" not in terminal.text
        terminal.settles("A\t\r")
        terminal.shows("Please promote Alice to the head of the Engineering team.")
        terminal.child.send("\r")
        shows_flat(terminal, "SHE LEADS")
        assert "Please promote Alice to the head of the Engineering team." in asked(api)
        assert terminal.end() == 0


def test_all_that_it_asks_back_is_shown_and_answered(everything: Callable[..., Terminal]) -> None:
    with serving([{"text": "A SAMPLED ANSWER"}]) as api:
        terminal = everything(api)
        call(terminal, "trigger-elicitation-request")
        terminal.shows("all asks you")
        terminal.shows("String  needed", keys="e", over="e fill in")
        for words in ("It was a dark and stormy night.", "3.14", "☑  Guitar", "at most 100"):
            terminal.shows(words)
        terminal.settles("Ada")
        answer(terminal, "all asks you", SEND)
        for words in ("User provided the requested information!", "Name: Ada", '"hero-1"', '"fish-1"', '"pet-1"'):
            shows_flat(terminal, words)
        call(terminal, "trigger-elicitation-request")
        answer(terminal, "all asks you", "n")
        shows_flat(terminal, "User declined to provide the requested information.")
        call(terminal, "trigger-elicitation-request")
        answer(terminal, "all asks you", ESCAPE)
        shows_flat(terminal, '"action": "cancel"')

        call(terminal, "trigger-url-elicitation", url="https://pay.example/now?id=7")
        terminal.shows("It goes to pay.example")
        terminal.shows("https://pay.example/now?id=7")
        answer(terminal, "asks you to visit a page", "n")
        shows_flat(terminal, "User declined to open the URL")
        call(terminal, "trigger-url-elicitation", url="https://pay.example/later", errorPath=True)
        terminal.shows("It goes to modelcontextprotocol.io")
        answer(terminal, "asks you to visit a page", "n")
        shows_flat(terminal, "trigger-url-elicitation error")

        page(terminal, 0)
        terminal.child.send("o")
        terminal.shows("What all may do")
        terminal.shows("It may ask your model")
        terminal.settles(" " + SEND)
        shows_in(terminal, "all", "ask the model yes")
        close_page(terminal)
        becomes(terminal, "all", "● ▸ all 17", "● 17")
        call(terminal, "trigger-sampling-request", prompt="tell me of it", maxTokens=50)
        terminal.shows("all wants your model asked. May it?")
        terminal.shows("tell me of it")
        answer(terminal, "wants your model asked", "y")
        terminal.shows("would get this answer of your model. May it?")
        answer(terminal, "would get this answer", "y")
        shows_flat(terminal, "A SAMPLED ANSWER")
        assert "tell me of it" in asked(api)

        call(terminal, "simulate-research-query", topic="python", ambiguous=True)
        terminal.shows("all asks you")
        answer(terminal, "e fill in", "e")
        answer(terminal, "all asks you", SEND)
        shows_flat(terminal, "Research Report: python")
        assert terminal.end() == 0
