"""An MCP server over stdio whose every word is hostile: names, schemas, questions, results, errors, logs. Stdlib only.
With the variable EVERY_WORD, its every word but the names is that text instead.

    python tests/fakes/hostile_server.py [--dies] [--refuses]

``act()`` tells its progress, logs, asks the person (where the client takes questions) and gives a result with every
kind of content; the tool whose name is hostile is answered with an error. ``--dies`` ends at once with these last
words, ``--refuses`` answers the handshake with an error.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

HOSTILE = " ".join(
    (
        "\x1b]0;PWNED\x07 \x1b]52;c;UFdORUQ=\x1b\\ \x1b]8;;https://pwned.example\x07x\x1b]8;;\x07 \x1b[6;66;666m",
        "\x1b[31mred\x1b[0m \x1bP+q504e\x1b\\ \x1b_PWNED\x1b\\ \x1b[?9966h \x1b[99;66H \x1bc \x1b#8 \x1b(0",
        "\x9b6;66;666m \x9d0;PWNED\x9c \x00 \x07 \x08\x08\x08 \x7f \x0e \x0b \x0c \u202etxt\u202c \u2066x\u2069",
        "\u200b\u2060 \ufeff \U000e0041 [bold]x[/bold] [/] [@click=app.quit]q[/] [@click=app.quit()]y[/]",
        "[link=https://evil.example]l[/] \U0001f469\u200d\U0001f469\u200d\U0001f467 `code` <b>&amp;</b> e\u0301\u0323",
    )
)
"""Sequences that the program never writes, controls, invisible characters and markup."""
HOSTILE = os.environ.get("EVERY_WORD", HOSTILE)
ASKED = "a question"


def main() -> None:
    say(HOSTILE)
    if "--dies" in sys.argv:
        sys.exit(3)
    asks, waiting = False, None
    print(HOSTILE.replace("\n", " "), flush=True)  # no JSON-RPC at all
    for line in sys.stdin.buffer:
        message = json.loads(line)
        key, method, params = message.get("id"), message.get("method", ""), message.get("params") or {}
        if method == "initialize":
            asks = "elicitation" in params.get("capabilities", {})
        if key == ASKED and not method:
            send({"id": waiting, "result": RESULT})
        elif method == "tools/call" and params.get("name") == "act":
            speak((params.get("_meta") or {}).get("progressToken"))
            if asks:
                waiting = key
                send({"id": ASKED, "method": "elicitation/create", "params": QUESTION})
            else:
                send({"id": key, "result": RESULT})
        elif key is not None and method in ANSWERS and "--refuses" not in sys.argv:
            send({"id": key, "result": ANSWERS[method]})
        elif key is not None:
            missing = {"code": -32601, "message": "Method not found"}
            known = method in ("initialize", "tools/call")
            send({"id": key, "error": {"code": -32000, "message": HOSTILE, "data": HOSTILE} if known else missing})


def speak(token: Any) -> None:
    """Everything that is said beside a call."""
    say(HOSTILE)
    notify("notifications/message", level="error", logger=HOSTILE, data={HOSTILE: HOSTILE})
    notify(HOSTILE)
    if token is not None:
        notify("notifications/progress", progressToken=token, progress=1, total=2, message=HOSTILE)


def notify(method: str, **params: Any) -> None:
    send({"method": method, "params": params})


def send(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


FIELD = {"type": "string", "title": HOSTILE, "description": HOSTILE, "enum": [HOSTILE, "b"]}
SCHEMA = {"type": "object", "title": HOSTILE, "properties": {HOSTILE: FIELD}}
QUESTION = {"message": HOSTILE, "requestedSchema": SCHEMA}
CONTENT = (
    {"type": "text", "text": HOSTILE},
    {"type": "resource_link", "uri": f"file:///{HOSTILE}", "name": HOSTILE, "description": HOSTILE},
    {"type": "resource", "resource": {"uri": f"file:///{HOSTILE}", "mimeType": HOSTILE, "text": HOSTILE}},
    {"type": "image", "data": "aGk=", "mimeType": HOSTILE},
)
RESULT = {"content": CONTENT, "isError": True, "structuredContent": {HOSTILE: HOSTILE}}
NAME = "other" if "EVERY_WORD" in os.environ else HOSTILE
WORDS = {"name": NAME, "title": HOSTILE, "description": HOSTILE}
NOTES = {"title": HOSTILE, "readOnlyHint": True}
ANSWERS: dict[str, dict[str, Any]] = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "serverInfo": {"name": HOSTILE, "title": HOSTILE, "version": HOSTILE, "websiteUrl": HOSTILE},
        "capabilities": {"tools": {}, "resources": {}, "prompts": {}, "logging": {}},
        "instructions": HOSTILE,
    },
    "tools/list": {
        "tools": [
            {"name": "act", "description": HOSTILE, "inputSchema": SCHEMA, "annotations": NOTES},
            {**WORDS, "inputSchema": SCHEMA, "annotations": NOTES},
        ]
    },
    "resources/list": {"resources": [{**WORDS, "uri": f"file:///{HOSTILE}", "mimeType": HOSTILE}]},
    "resources/templates/list": {"resourceTemplates": [{**WORDS, "uriTemplate": f"file:///{HOSTILE}"}]},
    "prompts/list": {"prompts": [{**WORDS, "arguments": [WORDS]}]},
    "logging/setLevel": {},
    "ping": {},
}


if __name__ == "__main__":
    main()
