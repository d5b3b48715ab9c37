"""An MCP server over stdio that misbehaves in one way. Standard library only; starts in 20 ms.

    python tests/fakes/faulty_server.py [--fault NAME] [--pids FILE] [--until FILE]

It speaks the handshake era (2025-11-25) and answers ``server/discover`` with -32601. It offers ``echo(text)`` and,
unless the fault says otherwise, ``act()``, which does what the fault says. ``--pids FILE`` appends the number of every
process that it starts, its own first, one on a line.

at start            exits-at-start (code 3, “Error: missing API key” on stderr) · hangs-at-initialize (says “hanging”) ·
                    exits-on-unknown (code 1 at the first unknown method: only the handshake era works) ·
                    ignores-probe (never answers server/discover) ·
                    slow-start (reads nothing before the file of --until is there)
stdout and stderr   garbage-on-stdout (a banner, and a line before every answer) · floods-stderr (20,000 lines) ·
                    talks-on-stderr
act()               dies-mid-call (code 7) · never-answers (tells “cancelled” on stderr when it is cancelled) ·
                    returns-5mb · returns-10mb (a line) · returns-50mb · bad-utf8 · deep-json · wrong-answer ·
                    null-result · lone-surrogate · no-content · unknown-content · output-schema (breaks its own) ·
                    floods-in-call (progress and standard error without end, until it is cancelled) ·
                    progress (20 slow steps) · progress-long (20,000 of them) · progress-flood (20,000 at once) ·
                    image · rpc-error
lists               thousand-tools · broken-schema (no validator accepts it) · malformed-tool (3 of 5 tools) ·
                    duplicate-names · endless-cursor (a new one each time) · repeated-cursor · lists-hang ·
                    list-changed (act() adds a tool and notifies 1,000 times)
end                 ignores-eof · ignores-sigterm (and EOF) · leaves-grandchildren (same group) ·
                    leaves-strays (a grandchild with setsid) · closes-stdout (act() closes it and stays) · exits-cleanly
everything          hostile (markup, escapes, controls, bidi in every name, text, error and log)
                    secrets (act() repeats its environment variable SECRET in result, log and stderr)
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

HOSTILE = (
    "[bold]x[/bold] [/] [@click=app.quit()]y[/] \x1b]52;c;ZXZpbA==\x07 \x1b[2J\x1b[31mred\x1b[0m \x9b31m "
    "nul:\x00 bell:\x07 back:\x08 rtl:\u202etxt\u202c zero:\u200b\u2060 tag:\U000e0041 zwj:👩‍👩‍👧 `code` <b>&amp;</b>"
)
SLEEPER = "import time\nwhile True: time.sleep(60)"


class Server:
    def __init__(self, fault: str, pids: str, until: str) -> None:
        self.fault = fault
        self.pids = pids
        self.until = until
        self.lock = threading.Lock()
        self.more: list[dict[str, Any]] = []
        self.pages = 0
        self.cancelled = threading.Event()

    # ── wire ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def raw(self, data: bytes) -> None:
        with self.lock:
            sys.stdout.buffer.write(data + b"\n")
            sys.stdout.buffer.flush()

    def send(self, message: dict[str, Any]) -> None:
        if self.fault == "garbage-on-stdout":
            self.raw(b"loading model... please wait")
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def answer(self, key: Any, result: Any) -> None:
        self.send({"id": key, "result": result})

    def refuse(self, key: Any, code: int, message: str) -> None:
        self.send({"id": key, "error": {"code": code, "message": message}})

    def notify(self, method: str, params: dict[str, Any] | None = None) -> None:
        self.send({"method": method, **({"params": params} if params is not None else {})})

    def text(self, key: Any, text: str, **more: Any) -> None:
        self.answer(key, {"content": [{"type": "text", "text": text}], **more})

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def born(self, pid: int) -> None:
        if self.pids:
            with open(self.pids, "a") as file:
                file.write(f"{pid}\n")

    def run(self) -> None:
        self.born(os.getpid())
        fault = self.fault
        if fault == "exits-at-start":
            say("Error: missing API key")
            sys.exit(3)
        if fault == "ignores-sigterm":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if fault in ("leaves-grandchildren", "leaves-strays"):
            quiet = subprocess.DEVNULL
            command = [sys.executable, "-c", SLEEPER]
            child = subprocess.Popen(command, stdin=quiet, start_new_session=fault == "leaves-strays")
            self.born(child.pid)
        if fault == "garbage-on-stdout":
            self.raw(b"=== Welcome to server 1.0 ===")
        if fault == "floods-stderr":
            say("\n".join(f"line {number} " + "x" * 100 for number in range(20_000)))
        if fault == "talks-on-stderr":
            say("starting up\nstill starting")
        if fault == "hostile":
            say(HOSTILE)
        if fault == "hangs-at-initialize":
            say("hanging")
        while fault == "slow-start" and not os.path.exists(self.until):
            time.sleep(0.02)
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if "method" in message:
                self.take(message)
        if fault in ("ignores-eof", "ignores-sigterm"):
            while True:
                time.sleep(60)

    def take(self, message: dict[str, Any]) -> None:
        key, method, params = message.get("id"), message["method"], message.get("params") or {}
        if method == "notifications/cancelled" and self.fault in ("never-answers", "floods-in-call"):
            self.cancelled.set()
            say(f"cancelled {params.get('requestId')}")
        if key is None:
            return
        match method:
            case "initialize":
                if self.fault != "hangs-at-initialize":
                    self.initialize(key)
            case "tools/list":
                self.list_tools(key, params.get("cursor"))
            case "tools/call":
                self.call(key, params)
            case "resources/list" if self.fault == "hostile":
                self.answer(key, {"resources": [{"uri": HOSTILE, "name": HOSTILE, "description": HOSTILE}]})
            case "resources/templates/list" if self.fault == "hostile":
                self.answer(key, {"resourceTemplates": [{"uriTemplate": HOSTILE, "name": HOSTILE}]})
            case "prompts/list" if self.fault == "hostile":
                self.answer(key, {"prompts": [{"name": HOSTILE, "description": HOSTILE}]})
            case _:
                if self.fault == "exits-on-unknown":
                    sys.exit(1)
                if self.fault not in ("hangs-at-initialize", "ignores-probe") or method != "server/discover":
                    self.refuse(key, -32601, f"Method not found: {method}")

    def initialize(self, key: Any) -> None:
        capabilities: dict[str, Any] = {"tools": {"listChanged": True}}
        info = {"name": "faulty", "version": "1.0"}
        result: dict[str, Any] = {"protocolVersion": "2025-11-25", "serverInfo": info, "capabilities": capabilities}
        if self.fault == "hostile":
            capabilities |= {"resources": {}, "prompts": {}, "logging": {}}
            info["name"] = result["instructions"] = HOSTILE
        self.answer(key, result)
        if self.fault == "hostile":
            self.notify("notifications/message", {"level": "error", "logger": HOSTILE, "data": HOSTILE})
        if self.fault == "exits-cleanly":
            threading.Timer(0.3, lambda: os._exit(0)).start()

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────

    def list_tools(self, key: Any, cursor: str | None) -> None:
        if self.fault == "lists-hang":
            return
        echo, act = (
            tool("echo", "Repeats the text", {"text": {"type": "string"}}),
            tool("act", "Does what the fault says"),
        )
        tools: list[Any] = [echo, act]
        result: dict[str, Any] = {"tools": tools}
        match self.fault:
            case "thousand-tools":
                page = int(cursor or 0)
                result["tools"] = [tool(f"tool_{page * 100 + n}", "One of a thousand") for n in range(100)]
                result |= {"nextCursor": str(page + 1)} if page < 9 else {}
            case "broken-schema":
                act["inputSchema"] = {"type": "object", "properties": {"a": {"type": 7, "$ref": "#/nowhere"}}}
            case "malformed-tool":
                tools += [{"name": "no_schema"}, {"inputSchema": {"type": "object"}}, "not an object"]
            case "duplicate-names":
                tools.append(tool("act", "Another of the same name"))
            case "endless-cursor":
                self.pages += 1
                result = {"tools": [tool(f"tool_{self.pages}", "")], "nextCursor": f"page {self.pages}"}
            case "repeated-cursor":
                result["nextCursor"] = "again"
            case "list-changed":
                tools += self.more
            case "output-schema":
                act["outputSchema"] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
            case "hostile":
                tools.append(tool(HOSTILE, HOSTILE, {HOSTILE: {"type": "string", "description": HOSTILE}}))
                tools[-1]["title"] = HOSTILE
                tools[-1]["annotations"] = {"title": HOSTILE, "readOnlyHint": True}
        self.answer(key, result)

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────

    def call(self, key: Any, params: dict[str, Any]) -> None:
        if params.get("name") == "echo":
            self.text(key, str((params.get("arguments") or {}).get("text", "")))
            return
        token = (params.get("_meta") or {}).get("progressToken")
        match self.fault:
            case "dies-mid-call":
                say("Traceback: something broke")
                os._exit(7)
            case "never-answers":
                pass
            case "returns-10mb":
                self.text(key, "x" * 10_000_000 + " the end of the line")
            case "returns-50mb":
                self.text(key, "x" * 50_000_000)
            case "returns-5mb":
                self.text(key, "\n".join(f"line {number}" for number in range(400_000)))
            case "bad-utf8":
                self.raw(b'{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"a\xff\xfeb"}]}}' % key)
            case "deep-json":
                deep = b"[" * 100_000 + b"]" * 100_000
                self.raw(b'{"jsonrpc":"2.0","id":%d,"result":{"content":%s}}' % (key, deep))
            case "wrong-answer":
                self.answer(key, "a string")
            case "null-result":
                self.answer(key, None)
            case "lone-surrogate":
                self.raw(b'{"result":{"content":[{"type":"text","text":"\\ud800"}]},"jsonrpc":"2.0","id":%d}' % key)
            case "no-content":
                self.answer(key, {"hello": 1})
            case "unknown-content":
                self.answer(key, {"content": [{"type": "hologram", "data": 1}, 7, {"type": "text", "text": "fine"}]})
            case "output-schema":
                self.text(key, "kept", structuredContent={"n": "not a number"})
            case "floods-in-call":
                threading.Thread(target=self.flood, args=(token,), daemon=True).start()
            case "progress" | "progress-long" | "progress-flood":
                threading.Thread(target=self.progress, args=(key, token), daemon=True).start()
            case "image":
                self.answer(key, {"content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]})
            case "rpc-error":
                self.refuse(key, -32602, "Invalid arguments: colour")
            case "list-changed":
                self.more.append(tool("added", "Was not there before"))
                for _ in range(1000):
                    self.notify("notifications/tools/list_changed")
                self.text(key, "changed")
            case "closes-stdout":
                sys.stdout.buffer.close()
                os.close(1)
            case "hostile":
                if token is not None:
                    progress = {"progressToken": token, "progress": 1, "total": 2, "message": HOSTILE}
                    self.notify("notifications/progress", progress)
                self.text(key, HOSTILE, isError=True, structuredContent={HOSTILE: HOSTILE})
            case "secrets":
                secret = os.environ.get("SECRET", "")
                say(f"the secret is {secret}")
                self.notify("notifications/message", {"level": "info", "data": f"the secret is {secret}"})
                self.text(key, f"the secret is {secret}")
            case _:
                self.text(key, "done")

    def flood(self, token: Any) -> None:
        done = 0
        while not self.cancelled.is_set():
            done += 1
            self.notify("notifications/progress", {"progressToken": token, "progress": done, "message": "x" * 500})
            say("y" * 500)

    def progress(self, key: Any, token: Any) -> None:
        slow = self.fault != "progress-flood"
        steps = 40 if self.fault == "progress" else 20_000
        for step in range(1, steps + 1):
            self.notify("notifications/progress", {"progressToken": token, "progress": step, "total": steps})
            if slow:
                time.sleep(0.05)
        self.text(key, f"{steps} steps")


def tool(name: str, description: str, properties: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "description": description, "inputSchema": {"type": "object", "properties": properties or {}}}


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", default="")
    parser.add_argument("--pids", default="")
    parser.add_argument("--until", default="")
    options = parser.parse_args()
    Server(options.fault, options.pids, options.until).run()


if __name__ == "__main__":
    main()
