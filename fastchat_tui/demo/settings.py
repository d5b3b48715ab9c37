"""The demo's configuration: one bundled server over a folder of its own, nothing read, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastchat_tui.wire.discovery import Discovery, FoundServer
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.ports import Config, Rule
from fastchat_tui.wire.questions import Trust
from fastchat_tui.wire.servers import ServerOptions, ServerSpec

NOT_KEPT = ConfigError("The demo keeps no configuration.", "Start fastchat-tui without --demo to add servers.")


class DemoSettings:
    """Satisfies ``wire.ports.Settings`` in memory."""

    def __init__(self, folder: Path, *, python: str, allow: Sequence[str] = (), system: str = "") -> None:
        self._folder = folder
        self._python = python
        self._rules = [Rule(pattern, "session", "--allow") for pattern in allow]
        self._system = system
        self._servers: dict[str, bool] = {}
        self._tools: dict[tuple[str, str], bool] = {}
        self._options: dict[str, ServerOptions] = {}

    def load(self) -> Config:
        from fastchat_tui.demo.files import prepare

        prepare(self._folder)
        server = ServerSpec(
            "demo",
            "stdio",
            self._python,
            ("-P", "-m", "fastchat_tui.demo.server", str(self._folder)),
            description="Files, a clock and a notebook, to try things with",
            origin="the demo",
        )
        return Config(servers=(server,), model="scripted", system=self._system, rules=tuple(self._rules))

    def stamp(self) -> object:
        return None

    def keep(self, config: Config) -> None:
        """There is only one."""

    def trust(self, about: Trust, remember: bool) -> None:
        """Nothing in the demo needs it."""

    def enabled(self, server: str) -> bool | None:
        return self._servers.get(server)

    def set_enabled(self, server: str, on: bool) -> None:
        self._servers[server] = on

    def options(self, server: str) -> ServerOptions | None:
        return self._options.get(server)

    def set_options(self, server: str, options: ServerOptions) -> None:
        self._options[server] = options

    def is_deaf(self, spec: ServerSpec) -> bool:
        return False

    def remember_deaf(self, spec: ServerSpec) -> None:
        """The bundled server is not."""

    def tool_enabled(self, server: str, tool: str) -> bool:
        return self._tools.get((server, tool), True)

    def set_tool_enabled(self, server: str, tool: str, on: bool) -> None:
        self._tools[server, tool] = on

    def rules(self) -> Sequence[Rule]:
        return ()

    def add_rule(self, rule: Rule) -> None:
        self._rules.append(rule)

    def key_origins(self) -> Sequence[str]:
        return ()

    def allow_key_origin(self, origin: str) -> None:
        """The scripted model has no key."""

    def add_server(self, name: str, command: str, url: str) -> str:
        raise NOT_KEPT

    def entry(self, name: str) -> ServerSpec:
        raise NOT_KEPT

    def expanded(self, entry: ServerSpec) -> ServerSpec:
        return entry

    def put_server(self, entry: ServerSpec, instead: str = "") -> str:
        raise NOT_KEPT

    def remove_server(self, name: str) -> str:
        raise NOT_KEPT

    def discover(self, app: str = "") -> Discovery:
        return Discovery()

    def take(self, found: Sequence[FoundServer]) -> str:
        raise NOT_KEPT

    def advice(self, entries: Sequence[ServerSpec]) -> Sequence[tuple[str, str]]:
        return ()

    def set_model(self, model: str, base_url: str) -> None:
        """The demo's model stays the scripted one."""
