"""The port of the configuration: what was asked for, and the user's remembered choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fastchat_tui.wire.errors import ConfigError

if TYPE_CHECKING:  # a screen that reads its settings before the first frame needs none of these classes yet
    from fastchat_tui.wire.discovery import Discovery, FoundServer
    from fastchat_tui.wire.questions import Decision, Trust
    from fastchat_tui.wire.servers import ServerOptions, ServerSpec


@dataclass(frozen=True, slots=True)
class Rule:
    """An approval rule. ``tool`` is ``server.tool``, with ``*`` allowed at the end of the tool's name only."""

    tool: str
    decision: Decision
    why: str = ""


def rule_name(server: str, tool: str) -> str:
    """The pattern that means exactly this tool: a star or a dot in a name that a server chose is no wildcard."""
    return f"{server.replace('.', '%2E').replace('*', '%2A')}.{tool.replace('*', '%2A')}"


@dataclass(frozen=True, slots=True)
class Config:
    """All that was asked for: files, environment and command line, merged; secrets only in ``repr=False`` fields."""

    servers: tuple[ServerSpec, ...] = ()
    app_name: str = "fastchat-tui"
    model: str = "gpt-5-nano"
    """Empty while it is not known which one is wanted: nothing is sent to any."""
    base_url: str = ""
    base_url_source: str = ""
    """The setting that named ``base_url``; empty for the default endpoint."""
    wire: str = ""
    """``chat`` or ``responses``; empty lets the profile of the endpoint decide."""
    key: str = field(default="", repr=False)
    key_source: str = ""
    system: str = ""
    policy: str = "ask"
    rules: tuple[Rule, ...] = ()
    max_steps: int = 25
    path: str = ""
    """The configuration file that won."""
    dotenv: str = ""
    """The ``.env`` that is used beside it; empty when none is."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Every secret value seen while loading, for masking."""
    notices: tuple[tuple[str, str], ...] = ()
    """What the user should know of the loading: (text, remedy)."""
    pending: tuple[Trust, ...] = ()
    """Files that were found and left unread until the user trusts them."""


class UnusableFile(ConfigError):
    """The file of servers cannot be used. ``without`` is what else was asked for: the model, its endpoint, its key."""

    def __init__(self, error: ConfigError, without: Config) -> None:
        super().__init__(error.text, error.remedy)
        self.without = without


class Settings(Protocol):
    """The configuration, and the user's remembered choices. Methods that read or write files may block: the engine
    calls them in a thread."""

    def load(self) -> Config:
        """Raises ConfigError naming the file, the line or the key, and what was expected; UnusableFile where all but
        the servers is known."""
        ...

    def stamp(self) -> object:
        """Another one as soon as a file that ``load`` would read has changed."""
        ...

    def keep(self, config: Config) -> None:
        """What was loaded last is not used: ``config`` goes on, and choices and entries are those of its file."""
        ...

    def trust(self, about: Trust, remember: bool) -> None: ...

    def enabled(self, server: str) -> bool | None:
        """The remembered switch of a server, None when the user never touched it."""
        ...

    def set_enabled(self, server: str, on: bool) -> None: ...
    def options(self, server: str) -> ServerOptions | None:
        """The remembered options of a server, None when the user never changed them."""
        ...

    def set_options(self, server: str, options: ServerOptions) -> None: ...
    def is_deaf(self, spec: ServerSpec) -> bool:
        """As remembered of this very entry; see ``ServerSpec.deaf``."""
        ...

    def remember_deaf(self, spec: ServerSpec) -> None: ...
    def tool_enabled(self, server: str, tool: str) -> bool: ...
    def set_tool_enabled(self, server: str, tool: str, on: bool) -> None: ...
    def rules(self) -> Sequence[Rule]: ...
    def add_rule(self, rule: Rule) -> None: ...

    def key_origins(self) -> Sequence[str]:
        """Origins (``scheme://host:port``) to which the user let the key be sent."""
        ...

    def allow_key_origin(self, origin: str) -> None: ...

    def add_server(self, name: str, command: str, url: str) -> str:
        """Writes the entry into the user's configuration file, everything else in it kept; returns the file.
        Raises ConfigError."""
        ...

    def entry(self, name: str) -> ServerSpec:
        """A server as it is written, nothing expanded. Raises ConfigError."""
        ...

    def expanded(self, entry: ServerSpec) -> ServerSpec:
        """The entry as it would be started from the file in use, every variable put in."""
        ...

    def put_server(self, entry: ServerSpec, instead: str = "") -> str:
        """As ``add_server``; ``instead`` names the entry whose place it takes, whose other keys are kept."""
        ...

    def remove_server(self, name: str) -> str:
        """Takes the entry out of the file in use; returns the file. Raises ConfigError."""
        ...

    def discover(self, app: str = "") -> Discovery:
        """Servers of other programs, of all or of one. Nothing is written."""
        ...

    def take(self, found: Sequence[FoundServer]) -> str:
        """Writes them into the user's own configuration file; returns it. Raises ConfigError."""
        ...

    def advice(self, entries: Sequence[ServerSpec]) -> Sequence[tuple[str, str]]:
        """What to think about before these are started, each with a remedy."""
        ...

    def set_model(self, model: str, base_url: str) -> None: ...
