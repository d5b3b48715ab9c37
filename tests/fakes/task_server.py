"""A server whose calls become tasks, in the form of whichever era it is spoken to in: raw JSON lines, as the SDK has no
tasks to offer. Tools: ``work`` (asks for a word on the way), ``fail``, ``forever``; ``seen`` tells what was asked.
"""

from __future__ import annotations

import json
import sys
from typing import Any

LATER = sys.argv[1:] == ["later"]
FORM = {
    "message": "Which word?",
    "requestedSchema": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
}
seen: list[str] = []
waiting: list[Any] = []
looks = 0
word = ""


def send(**message: Any) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def tool(name: str) -> dict[str, Any]:
    as_task = {} if LATER or name == "seen" else {"execution": {"taskSupport": "required"}}
    return {"name": name, "inputSchema": {"type": "object"}, **as_task}


def task(name: str, status: str, words: str = "", **more: Any) -> dict[str, Any]:
    pause = "pollIntervalMs" if LATER else "pollInterval"
    return {"taskId": name, "status": status, "statusMessage": words, pause: 50, "createdAt": "", **more}


def text(words: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}]}


def state(name: str) -> dict[str, Any]:
    global looks
    looks += 1
    if name == "fail":
        return task(
            name, "failed", "The drill broke", **({"error": {"code": -1, "message": "No oil"}} if LATER else {})
        )
    if name == "forever" or looks < 3:
        return task(name, "working", f"digging, look {looks}")
    if not word:
        wish = {"inputRequests": {"w": {"method": "elicitation/create", "params": FORM}}} if LATER else {}
        return task(name, "input_required", "needs a word", **wish)
    return task(name, "completed", "done", **({"result": text(f"the word is {word}")} if LATER else {}))


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    global word
    meta = params.get("_meta", {}).get("io.modelcontextprotocol/clientCapabilities", {})
    match method:
        case "server/discover" if LATER:
            able = {"tools": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}}
            return {"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": able, "ttlMs": 0}
        case "initialize" if not LATER:
            able = {"tools": {}, "tasks": {"cancel": {}, "requests": {"tools": {"call": {}}}}}
            info = {"name": "tasks", "version": "1"}
            return {"protocolVersion": "2025-11-25", "capabilities": able, "serverInfo": info}
        case "tools/list":
            return {"tools": [tool(name) for name in ("work", "fail", "forever", "seen")]}
        case "tools/call" if params["name"] == "seen":
            return text(" ".join(seen))
        case "tools/call" if LATER and "io.modelcontextprotocol/tasks" in meta.get("extensions", {}):
            return {"resultType": "task", **task(params["name"], "working", "begun")}
        case "tools/call" if not LATER and "task" in params:
            return {"task": task(params["name"], "working", "begun")}
        case "tasks/get":
            return state(params["taskId"])
        case "tasks/update":
            word = params["inputResponses"]["w"]["content"]["word"]
            return {}
        case "tasks/cancel":
            return {}
        case _:
            return None


for line in sys.stdin:
    message = json.loads(line)
    key, method = message.get("id"), message.get("method", "")
    if method:
        seen.append(method)
    if key is None:
        continue
    if method == "tasks/result" and message["params"]["taskId"] == "work":  # answered when the word is there
        waiting.append(key)
        send(id="ask", method="elicitation/create", params=FORM)
    elif key == "ask":
        word = message["result"]["content"]["word"]
        send(id=waiting.pop(), result=text(f"the word is {word}"))
    elif method == "tasks/result" and message["params"]["taskId"] == "forever":
        pass
    elif (result := answer(method, message.get("params", {}))) is not None:
        send(id=key, result=result)
    else:
        send(id=key, error={"code": -32601, "message": f"no {method}"})
