"""An engine that has always said the same: fixed words at fixed times, for pictures that can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from fastchat_tui.wire.chat import CallPart, ModelView, SessionInfo, TextPart, ThoughtPart, Usage
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProgressed,
    CallProposed,
    CallStarted,
    CatalogueChanged,
    EngineStarted,
    Event,
    FrameSeen,
    ReplyFinished,
    ServerChanged,
    ServerLogged,
    StepStarted,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.ports import Snapshot
from fastchat_tui.wire.questions import About, Approval, GoOn, KeyUse, SignIn, Trust
from fastchat_tui.wire.servers import Tool
from tests.headless.conftest import ScriptedEngine

START = 1_700_000_000.0
ANSWER = """\
## What I found

It is **09:14** in Tokyo. Your notes hold *three* files:

| file | size | about |
|---|---:|---|
| trip.md | 2.1 kB | trains, hotels |
| 東京.md | 812 B | addresses |
| todo.txt | 90 B | – |

1. Buy the rail pass.
2. See <https://example.com/tokyo>.

```python
def nights(stay: int) -> int:
    return stay - 1  # the last one is in the air
```

> Tickets are cheaper *before* you fly.
"""
SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "title": "Path", "description": "A folder below the root."},
        "depth": {"type": "integer", "minimum": 1, "maximum": 9, "default": 2},
        "order": {"enum": ["name", "size"], "enumNames": ["By name", "By size"]},
        "hidden": {"type": "boolean", "default": False},
        "kinds": {"type": "array", "items": {"enum": ["files", "folders", "links"]}},
    },
    "required": ["path"],
}
FILES = (
    Tool("files", "list_directory", "files__list_directory", "", "Lists what is in a folder.", SCHEMA, tokens=120),
    Tool("files", "read_text_file", "files__read_text_file", "", "Reads a text file, whole or in part.", tokens=95),
    Tool("files", "write_file", "files__write_file", "", "Writes a file.", tokens=80, enabled=False),
    Tool("files", "broken", "", "", "Cannot be used.", problem="its schema is no JSON schema", tokens=0),
)
SERVERS: tuple[Event, ...] = (
    CatalogueChanged(
        server="time", tools=(Tool("time", "get_current_time", "t", "", "The time somewhere.", tokens=64),)
    ),
    ServerChanged(server="time", state="ready", destination="uvx mcp-server-time", era="2025-11-25"),
    CatalogueChanged(server="files", tools=FILES),
    ServerChanged(
        server="files",
        state="ready",
        destination="npx -y @modelcontextprotocol/server-filesystem@2026.8.31 /home/me/notes",
        era="2025-11-25",
        identity="secure-filesystem-server 0.2.0",
        instructions="Paths are below /home/me/notes.",
        origin="/home/me/fastchat.config.json",
        description="My notes",
    ),
    ServerChanged(server="github", state="needs_login", transport="http", destination="https://mcp.example.com/mcp"),
    ServerChanged(server="memory", state="off", destination="memory-server"),
    ServerChanged(server="broken", state="failed", detail="exited with code 1: missing API key", destination="broken"),
    ServerChanged(server="a-server-with-a-very-long-name-indeed", state="closed", detail="killed", destination="x"),
    ServerLogged(server="files", source="stderr", level="info", text="Secure MCP Filesystem Server running on stdio"),
)


def call(name: str, server: str, tool: str, arguments: dict[str, object], *rest: Event) -> tuple[Event, ...]:
    return (CallProposed(call=name, turn="t1", step=1, server=server, tool=tool, arguments=arguments), *rest)


CHAT: tuple[Event, ...] = (
    TurnStarted(turn="t1", text="What time is it in Tokyo, and what is in my notes folder?"),
    StepStarted(turn="t1", step=1, model="gpt-5-nano"),
    ReplyFinished(
        turn="t1",
        step=1,
        parts=(
            ThoughtPart("Two tools, side by side."),
            TextPart("Let me look at both."),
            CallPart("c1", "time__get_current_time", "{}"),
            CallPart("c2", "files__list_directory", "{}"),
            CallPart("c3", "files__write_file", "{}"),
        ),
        usage=Usage(11_800, 600, cost=0.004),
    ),
    *call("c1", "time", "get_current_time", {"timezone": "Asia/Tokyo"}, CallStarted(call="c1")),
    CallFinished(call="c1", outcome="ok", content=(Text("2026-11-21T09:14:00+09:00"),)),
    *call("c2", "files", "list_directory", {"path": "/home/me/notes"}, CallStarted(call="c2")),
    CallProgressed(call="c2", done=2, total=3, text="reading"),
    CallFinished(
        call="c2",
        outcome="ok",
        content=(Text("[FILE] trip.md\n[FILE] 東京.md\n[FILE] todo.txt"),),
        structured='{"files": ["trip.md", "東京.md", "todo.txt"], "root": {"path": "/home/me/notes", "free": 1048576}}',
    ),
    *call(
        "c3",
        "files",
        "write_file",
        {"path": "/etc/passwd", "content": "x"},
        Asked(question="q1", about=Approval("c3", "files", "write_file", {})),
        Answered(question="q1", decision="deny", by="user", text="not there"),
        CallFinished(call="c3", outcome="denied", content=(Text("The user said no: not there"),)),
    ),
    StepStarted(turn="t1", step=2, model="gpt-5-nano"),
    ReplyFinished(turn="t1", step=2, parts=(TextPart(ANSWER),), usage=Usage(12_000, 400, cost=0.001)),
    TurnFinished(turn="t1", reason="done"),
)
FAILURE: tuple[Event, ...] = (
    TurnStarted(turn="t2", text="And tomorrow?"),
    StepStarted(turn="t2", step=1, model="gpt-5-nano"),
    ReplyFinished(turn="t2", step=1, parts=(TextPart("Tomorrow it will be"),), cut="the connection broke"),
    TurnFinished(
        turn="t2",
        reason="failed",
        detail="The answer was cut off: the connection to OpenAI broke.",
        remedy="F5 tries again.",
    ),
)
ASKING: tuple[Event, ...] = (
    TurnStarted(turn="t3", text="Clean up, please."),
    StepStarted(turn="t3", step=1, model="gpt-5-nano"),
    ReplyFinished(turn="t3", step=1, parts=(CallPart("c8", "files__write_file", "{}"),)),
    CallProposed(call="c8", turn="t3", step=1, server="files", tool="write_file", arguments={"path": "todo.txt"}),
)


def asking(*abouts: About) -> tuple[Event, ...]:
    return (*ASKING, *(Asked(question=f"q{number}", about=about) for number, about in enumerate(abouts, 5)))


APPROVAL = Approval(
    "c8",
    "files",
    "list_directory",
    {"path": "/home/me/notes", "depth": 3, "order": "size"},
    "npx -y @modelcontextprotocol/server-filesystem@2026.8.31 /home/me/notes",
)
TRUST = Trust(
    "/home/me/work/fastchat.config.json",
    "/home/me/work",
    "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    changed=True,
    starts=("uvx mcp-server-time", "https://mcp.example.com/mcp"),
    names=("DOCS_TOKEN", "HOME"),
)
KEY_USE = KeyUse("https://xn--openi-bta.example:443", "/home/me/work/.env")
SIGN_IN = SignIn(
    "github",
    "https://login.example.com/authorize?response_type=code&client_id=3d1e4c6a-9a0f-4f5e-b7c1-0a6f5f0f7f11"
    "&redirect_uri=http%3A%2F%2F127.0.0.1%3A41263%2Fcallback&state=BAS40FsA0KUL6aQpQUAF4E12Oo9u"
    "&code_challenge=VtXfQm3aqHCGL6FbTLn3FzCE7XjygtnGyMz8OWJoE4w&code_challenge_method=S256&scope=repo+read%3Auser",
    "repo read:user",
    "http://127.0.0.1:41263/callback",
    300.0,
)
GO_ON = GoOn("t3", 25, "The turn has come to its limit of 25 steps.")


class Stage(ScriptedEngine):
    """Plays ``events`` as soon as it begins."""

    def __init__(self, *events: Event, key: bool = True) -> None:
        super().__init__(opening=(EngineStarted(version="1"), *events))
        self._key = key

    def snapshot(self) -> Snapshot:
        model = ModelView(
            "gpt-5-nano", "https://api.openai.com/v1", "responses", "environment" if self._key else "", 400_000
        )
        title = "Trip to Tokyo" if self.seq > 20 else ""
        return Snapshot(model, SessionInfo("s-1", title), dict(self.roster))

    async def sessions(self) -> Sequence[SessionInfo]:
        return (
            SessionInfo("s-1", "Trip to Tokyo", START, START + 60, 4),
            SessionInfo("s-2", "Why is the build red on Mondays, and only then?", START - 90_000, START - 80_000, 12),
            SessionInfo("s-3", "", START - 990_000, START - 980_000, 1),
        )

    def frames(self, server: str = "", call: str = "") -> Sequence[FrameSeen]:
        request = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"list_directory"}}'
        answer = '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"[FILE] trip.md"}]}}'
        return (
            FrameSeen(server="files", direction="sent", frame=request, size=len(request), call="c2", at=START + 0.10),
            FrameSeen(server="files", direction="received", frame=answer, size=len(answer), call="c2", at=START + 0.12),
        )

    def logs(self, server: str) -> Sequence[tuple[float, ServerLogged]]:
        return ((START + 0.11, ServerLogged(server=server, source="stderr", level="info", text="listing a folder")),)
