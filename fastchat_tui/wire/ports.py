"""The seams, as small Protocols. Fakes of them ship with the tests and the demo."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fastchat_tui.wire.settings import Config, Rule, Settings

if TYPE_CHECKING:  # a screen that reads its settings before the first frame needs none of these classes yet
    from fastchat_tui.wire.chat import ModelView, Piece, Prompt, SessionInfo
    from fastchat_tui.wire.commands import Answer, Command
    from fastchat_tui.wire.content import Completion, EmbeddedResource, Object, PromptMessage, ToolResult
    from fastchat_tui.wire.discovery import Discovery
    from fastchat_tui.wire.doctor import Step
    from fastchat_tui.wire.events import Asked, Event, FrameSeen, ServerLogged, Stamped
    from fastchat_tui.wire.questions import Elicitation, SignIn
    from fastchat_tui.wire.servers import Completable, ServerOptions, ServerSpec, ServerView, SignInView

__all__ = [
    "Config",
    "Emit",
    "Engine",
    "Host",
    "MakeServer",
    "Model",
    "OnProgress",
    "Rule",
    "Server",
    "SessionStore",
    "Settings",
    "Snapshot",
    "Subscription",
    "Vault",
]

# ── what front ends see of the engine ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The engine as it stands now, for a front end that comes late."""

    model: ModelView
    session: SessionInfo
    servers: Mapping[str, ServerView]
    """In the order of the configuration."""
    turn: str = ""
    """The running turn, empty when none runs."""
    queue: tuple[str, ...] = ()
    questions: tuple[Asked, ...] = ()
    policy: str = "ask"
    config: str = ""
    demo: bool = False
    unsaved: bool = False
    """The session log cannot be written: what happens is in memory alone, and tried again."""
    name: str = "fastchat-tui"
    """What the configuration calls this chat: its ``app_name``."""


class Subscription(Protocol):
    """An async iterator of events. Leave it with ``close``."""

    def __aiter__(self) -> AsyncIterator[Stamped]: ...
    async def __anext__(self) -> Stamped: ...
    def close(self) -> None: ...


class Engine(Protocol):
    """What a front end holds: commands go in, events come out, reads answer at once."""

    def begin(self) -> None:
        """Reads the configuration, opens the session and connects the servers, all in the background. A front end
        with a screen calls it after its first frame; until then nothing heavy is imported and nothing is started."""
        ...

    def subscribe(self, since: int | None = None, *, frames: bool = False) -> Subscription:
        """Live events; with ``since``, first those of the session's log with ``seq > since``.
        ``frames`` adds ``FrameSeen``, which may be dropped when the reader is slow."""
        ...

    async def send(self, command: Command) -> None:
        """Raises CommandError when the command cannot be carried out now."""
        ...

    def snapshot(self) -> Snapshot: ...

    async def page(self, before: int | None = None, limit: int = 200) -> Sequence[Stamped]:
        """Up to ``limit`` saved events of the open session, the last ones before ``seq`` ``before``, in order."""
        ...

    async def sessions(self) -> Sequence[SessionInfo]:
        """All sessions, the latest first."""
        ...

    async def read(self, server: str, uri: str, *, fresh: bool = False) -> Sequence[EmbeddedResource]:
        """What a resource holds; one URI may stand for several. It may be as old as the server allows (``ttlMs``),
        unless it is to be ``fresh``. Raises ServerError."""
        ...

    async def save(self, server: str, uri: str, path: str) -> int:
        """Writes what a resource holds, byte for byte, into a new file; returns its size. Raises ServerError, and
        CommandError where the file cannot be written or is there already."""
        ...

    async def prompt(self, server: str, name: str, arguments: Mapping[str, str]) -> Sequence[PromptMessage]:
        """A server's prompt, filled in. Raises ServerError."""
        ...

    async def complete(
        self, server: str, kind: Completable, of: str, argument: str, value: str, others: Mapping[str, str]
    ) -> Completion:
        """What ``argument`` of a prompt (by name) or a template (by URI template) might be, from what is typed so far
        and the ``others`` that are known. Empty when the server offers no completion; raises nothing but
        CancelledError."""
        ...

    async def sign_ins(self) -> Mapping[str, SignInView]:
        """How the sign-ins of the configured HTTP servers stand. It may open the keyring."""
        ...

    def examine(self, server: str | ServerSpec) -> AsyncGenerator[Step, None]:
        """Examines a configured server, or an entry that is not written yet, from the outside in, with a connection of
        its own; what runs is not disturbed. Raises CommandError when there is no such server."""
        ...

    async def entry(self, server: str) -> ServerSpec:
        """The entry as it is written, to be edited. Raises CommandError."""
        ...

    async def discover(self) -> Discovery:
        """Servers that other programs are configured with; nothing is written. Raises CommandError."""
        ...

    def frames(self, server: str = "", call: str = "") -> Sequence[FrameSeen]:
        """The kept JSON-RPC frames (a bounded ring for each server)."""
        ...

    def logs(self, server: str) -> Sequence[tuple[float, ServerLogged]]:
        """The kept log lines of a server (a bounded ring), each with its time."""
        ...


# ── what the engine needs of the world ───────────────────────────────────────────────────────────────────────────


class Model(Protocol):
    """One endpoint that answers prompts."""

    def view(self) -> ModelView: ...

    def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Pieces as they come, a ``Reply`` last. Raises ModelError; cancelling the task closes the connection."""
        ...

    async def names(self) -> Sequence[str]:
        """The models that the endpoint lists; none where it lists none, or not soon."""
        ...

    async def close(self) -> None: ...


Emit = Callable[["Event"], None]
OnProgress = Callable[[float, float | None, str], None]


class Server(Protocol):
    """One MCP server. A task of its own enters, uses and leaves the session; callers only await answers.

    It says what happens through the ``emit`` it was made with: ServerChanged, CatalogueChanged (tools as the server
    lists them), ServerLogged, FrameSeen.
    """

    @property
    def spec(self) -> ServerSpec: ...

    def start(self) -> None:
        """Begins to connect and returns at once."""
        ...

    def reconnect(self) -> None:
        """Drops the connection, if there is one, and connects again now."""
        ...

    async def call(self, call: str, tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        """Raises ServerError when the server is away, dies, or stays silent too long. Cancelling the awaiting task
        sends ``notifications/cancelled``."""
        ...

    async def read(self, uri: str, *, fresh: bool = False) -> Sequence[EmbeddedResource]:
        """Raises ServerError, as do the next two."""
        ...

    async def prompt(self, name: str, arguments: Mapping[str, str]) -> Sequence[PromptMessage]: ...

    async def complete(
        self, kind: Completable, of: str, argument: str, value: str, others: Mapping[str, str]
    ) -> Completion: ...

    async def watch(self, uri: str, on: bool) -> None:
        """Changes of a resource are told from now on, over reconnections too. Raises ServerError."""
        ...

    async def configure(self, options: ServerOptions, *, quietly: bool = False) -> None:
        """Takes other options over: tells the server, or connects again where the handshake says them; ``quietly``
        leaves that to the next connection."""
        ...

    async def login(self) -> None:
        """Connects again, and lets a person sign in; ``SignInFinished`` tells the end. Raises ServerError where there
        is nothing to sign in at."""
        ...

    async def logout(self) -> str:
        """Forgets the sign-in; returns what became of it, in words. Raises ServerError as ``login``, and when it is
        still kept."""
        ...

    async def signed_in(self) -> SignInView | None:
        """How the sign-in stands; None where there is nothing to sign in at."""
        ...

    async def stop(self) -> None:
        """Returns when the session is closed and no process of it is left. May be called twice."""
        ...


class Host(Protocol):
    """What a server may want of the program that connects to it. Every wish ends with a person, or with a no."""

    async def elicit(self, about: Elicitation | SignIn) -> Answer:
        """The answer is valid for the schema; defaults are filled in."""
        ...

    def tell(self, text: str, remedy: str) -> None:
        """Something that the user should know."""
        ...

    async def is_deaf(self, server: str) -> None:
        """The server left the later era's first question unanswered: worth remembering (``ServerSpec.deaf``)."""
        ...

    async def sample(self, server: str, call: str, request: Object) -> Object:
        """Params of ``sampling/createMessage`` in, its result out. Raises ServerError with words for the server."""
        ...


MakeServer = Callable[["ServerSpec", Emit, Host], Server]


class SessionStore(Protocol):
    """The log of all sessions. Every method raises StoreError when the log cannot be read or written."""

    @property
    def notices(self) -> Sequence[tuple[str, str]]:
        """What the user should know of the log itself, with a remedy: that a damaged one was set aside, and where."""
        ...

    async def create(self, session: str, at: float) -> None: ...

    async def claim(self, session: str) -> bool:
        """Makes this process the one writer of a session, until it claims another or closes. False: another process
        is at it."""
        ...

    async def append(self, session: str, events: Sequence[Stamped]) -> None:
        """Durable when it returns. Deltas of a step are dropped once its ReplyFinished is written, unless a call by
        hand was proposed among them."""
        ...

    async def read(self, session: str, before: int | None = None, limit: int | None = None) -> list[Stamped]:
        """Ascending by ``seq``: all, or the last ``limit`` with ``seq < before``."""
        ...

    async def left_open(self, session: str) -> list[Stamped]:
        """What a crash left without an end: the events from the last TurnStarted on when no TurnFinished follows it,
        and each CallProposed and Asked that nothing closed. Nothing when all is closed."""
        ...

    async def last_seq(self, session: str) -> int: ...

    async def sessions(self) -> list[SessionInfo]:
        """All sessions with at least one turn, the latest first; then those with calls by hand alone."""
        ...

    async def rename(self, session: str, title: str) -> None: ...

    async def delete(self, session: str) -> None: ...

    async def close(self) -> None: ...


class Vault(Protocol):
    """Secrets in the OS keyring. Every method raises VaultError, with a deadline."""

    async def get(self, name: str) -> str | None: ...
    async def set(self, name: str, secret: str) -> None: ...
    async def delete(self, name: str) -> None: ...
