"""All that was asked for, merged: command line before environment before ``.env`` before files before memory."""

from __future__ import annotations

import json
import os
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastchat_tui.config import schema, sources
from fastchat_tui.config.expand import Expander
from fastchat_tui.config.files import locked, write_atomically
from fastchat_tui.config.paths import Paths, refuse_shared
from fastchat_tui.config.sources import Source
from fastchat_tui.config.state import State
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.ports import Config, Rule
from fastchat_tui.wire.values import ServerSpec, Trust

MODEL = "gpt-5-nano"


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """What the screen reads of ``settings.toml`` and the state."""

    keymap: Mapping[str, str] = field(default_factory=dict)
    theme: str = ""
    mouse: bool = True


class FileSettings:
    """Satisfies ``wire.ports.Settings`` with files. ``environ`` is read, never written."""

    def __init__(
        self,
        paths: Paths,
        *,
        cwd: Path,
        environ: Mapping[str, str],
        config_path: str = "",
        model: str = "",
        base_url: str = "",
        system: str = "",
        policy: str = "",
        allow: Sequence[str] = (),
    ) -> None:
        self._paths = paths
        self._cwd = cwd
        self._environ = environ
        self._explicit = config_path
        self._model = model
        self._base_url = base_url
        self._system = system
        self._policy = policy
        self._allow = allow
        self._state = State(paths.state / "state.toml")
        self._this_run: set[tuple[str, str]] = set()
        self._chosen: dict[str, str] = {}
        self._won: Path | None = None

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def load(self) -> Config:
        refuse_shared(self._paths.config)
        pending: list[Trust] = []
        notices: list[tuple[str, str]] = []
        env_file = self._trusted(sources.read(self._cwd / ".env"), pending, is_dotenv=True)
        own = sources.dotenv(env_file) if env_file else {}
        source = self._config_file(pending)
        self._won = source.path if source else None
        document = source.document() if source else {}
        found = schema.entries(document, str(source.path) if source else "")
        wanted = frozenset(name for entry in found.values() for name in schema.names(entry))
        expander = Expander({**sources.only(own, wanted), **self._environ})
        specs = tuple(
            schema.spec(name, entry, str(source.path) if source else "", expander) for name, entry in found.items()
        )
        notices += [notice for spec in specs for notice in _warnings(spec)]
        settings = self._settings_file()
        if self._state.table() is not None and self._state.problem:
            notices.append((self._state.problem, "It is left as it is; your choices last until you quit."))
        allowed = sources.only(own, sources.DOTENV_NAMES)
        key, key_source = self._first("OPENAI_API_KEY", allowed)
        base_url, base_url_source = self._endpoint(allowed)
        return Config(
            servers=specs,
            app_name=str(document.get("app_name") or "fastchat-tui"),
            model=self._model_name(allowed, settings),
            base_url=base_url,
            base_url_source=base_url_source,
            wire=str(settings.get("wire") or ""),
            key=key.strip(),
            key_source=key_source,
            system=self._system or str(settings.get("system") or ""),
            policy=self._policy or str(settings.get("policy") or "ask"),
            rules=(*(Rule(pattern, "session", "--allow") for pattern in self._allow), *_rules(settings)),
            max_steps=_whole(settings, "max_steps", 25),
            path=str(source.path) if source else "",
            secrets=tuple(_secrets(specs, key, expander)),
            notices=tuple(notices),
            pending=tuple(pending),
        )

    def screen(self) -> ScreenSettings:
        """Raises ConfigError."""
        settings = self._settings_file()
        keymap = settings.get("keymap") or {}
        remembered = str(self._state.table().get("theme") or "")
        return ScreenSettings(
            {str(action): str(keys) for action, keys in keymap.items()} if isinstance(keymap, dict) else {},
            str(settings.get("theme") or "") or remembered,
            settings.get("mouse") is not False,
        )

    def _config_file(self, pending: list[Trust]) -> Source | None:
        if self._explicit:  # naming a file is consent to it
            path = Path(self._explicit).expanduser()
            path = path if path.is_absolute() else self._cwd / path
            if (source := sources.read(path)) is None:
                raise ConfigError(f"There is no file {path}.", "Check the path after --config.")
            return source
        home = Path(self._environ.get("HOME") or Path.home())
        found = sources.project(self._cwd, home)
        if found and found.path.parent != self._paths.config and (source := self._trusted(found, pending)):
            return source
        return sources.read(self._paths.config / sources.NAME)

    def _trusted(self, source: Source | None, pending: list[Trust], *, is_dotenv: bool = False) -> Source | None:
        """The source, when the user agreed to this content of it; otherwise the question is added."""
        if source is None:
            return None
        path = str(source.path)
        known = self._state.table("trust").get(path)
        if known == source.digest or (path, source.digest) in self._this_run:
            return source
        if is_dotenv:
            names = tuple(name for name in sources.dotenv(source) if not sources.dangerous(name))
            about = Trust(path, str(source.path.parent), source.digest, known is not None, (), names)
        else:
            about = source.trust(changed=known is not None)
        pending.append(about)
        return None

    def _first(self, name: str, dotenv: Mapping[str, str]) -> tuple[str, str]:
        if value := self._environ.get(name, ""):
            return value, "environment"
        if value := dotenv.get(name, ""):
            return value, ".env"
        return "", ""

    def _endpoint(self, dotenv: Mapping[str, str]) -> tuple[str, str]:
        if self._base_url:
            return self._base_url, "command line"
        if chosen := self._chosen.get("base_url"):
            return chosen, "your choice"
        value, source = self._first("OPENAI_BASE_URL", dotenv)
        if value:
            return value, source
        if remembered := str(self._state.table("model").get("base_url") or ""):
            return remembered, "your choice"
        return "", ""

    def _model_name(self, dotenv: Mapping[str, str], settings: Mapping[str, Any]) -> str:
        return (
            self._model
            or self._chosen.get("model", "")
            or self._first("DEFAULT_MODEL", dotenv)[0]
            or str(settings.get("model") or "")
            or str(self._state.table("model").get("name") or "")
            or MODEL
        )

    def _settings_file(self) -> dict[str, Any]:
        path = self._paths.config / "settings.toml"
        try:
            with path.open("rb") as file:
                return tomllib.load(file)
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: {error}.", "Mend that line, or move the file away.") from error

    # ── remembering ──────────────────────────────────────────────────────────────────────────────────────────────

    def trust(self, about: Trust, remember: bool) -> None:
        self._this_run.add((about.path, about.digest))
        if remember:
            self._state.change(lambda table: table.setdefault("trust", {}).update({about.path: about.digest}))

    def enabled(self, server: str) -> bool | None:
        value = self._state.table("servers").get(server)
        return value if isinstance(value, bool) else None

    def set_enabled(self, server: str, on: bool) -> None:
        self._state.change(lambda table: table.setdefault("servers", {}).update({server: on}))

    def tool_enabled(self, server: str, tool: str) -> bool:
        return tool not in self._state.table("tools_off").get(server, ())

    def set_tool_enabled(self, server: str, tool: str, on: bool) -> None:
        def edit(table: dict[str, Any]) -> None:
            off = table.setdefault("tools_off", {})
            names = set(off.get(server, ()))
            off[server] = sorted(names - {tool} if on else names | {tool})

        self._state.change(edit)

    def rules(self) -> Sequence[Rule]:
        allowed = self._state.table("rules").get("allow", ())
        return [Rule(str(pattern), "always", "you allowed it") for pattern in allowed]

    def add_rule(self, rule: Rule) -> None:
        def edit(table: dict[str, Any]) -> None:
            allowed = table.setdefault("rules", {}).setdefault("allow", [])
            if rule.tool not in allowed:
                allowed.append(rule.tool)

        self._state.change(edit)

    def key_origins(self) -> Sequence[str]:
        return list(self._state.table("keys").get("origins", ()))

    def allow_key_origin(self, origin: str) -> None:
        def edit(table: dict[str, Any]) -> None:
            origins = table.setdefault("keys", {}).setdefault("origins", [])
            if origin not in origins:
                origins.append(origin)

        self._state.change(edit)

    def set_model(self, model: str, base_url: str) -> None:
        self._chosen.update({"model": model} | ({"base_url": base_url} if base_url else {}))
        chosen = {"name": model} | ({"base_url": base_url} if base_url else {})
        self._state.change(lambda table: table.setdefault("model", {}).update(chosen))

    def set_theme(self, name: str) -> None:
        self._state.change(lambda table: table.update({"theme": name}))

    def add_server(self, name: str, command: str, url: str) -> str:
        name = name.strip()
        if not name:
            raise ConfigError("The server has no name.", "Give it a short one.")
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ConfigError(f"The command cannot be read: {error}.", "Check its quotes.") from error
        if bool(words) == bool(url.strip()):
            raise ConfigError("A server needs either a command or a URL.")
        if url and not url.strip().startswith(("http://", "https://")):
            raise ConfigError("The URL must begin with http:// or https://.")
        entry: dict[str, Any] = {"url": url.strip()} if url else {"command": words[0], "args": words[1:]}
        path = self._won or self._paths.config / sources.NAME
        try:
            with locked(path):
                source = sources.read(path)
                document = source.document() if source else {}
                table = next((key for key in schema.TABLES if key in document), schema.TABLES[0])
                if name in schema.entries(document, str(path)):
                    raise ConfigError(f"{path} has a server “{name}” already.", "Choose another name.")
                document.setdefault(table, {})[name] = entry
                write_atomically(path, json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}.", "Check its permissions.") from error
        if path.parent != self._paths.config and not self._explicit and (mine := sources.read(path)):
            self.trust(mine.trust(changed=True), remember=True)  # the change is the user's own
        return os.fspath(path)


def _rules(settings: Mapping[str, Any]) -> tuple[Rule, ...]:
    rules = settings.get("rules") or {}
    if not isinstance(rules, dict):
        raise ConfigError("settings.toml: rules must be a table with the lists allow and deny.")
    made = [Rule(str(pattern), "deny", "settings.toml denies it") for pattern in rules.get("deny", ())]
    return (*made, *(Rule(str(pattern), "always", "settings.toml allows it") for pattern in rules.get("allow", ())))


def _whole(settings: Mapping[str, Any], key: str, default: int) -> int:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"settings.toml: {key} must be a whole number above 0.")
    return value


def _secrets(specs: Sequence[ServerSpec], key: str, expander: Expander) -> set[str]:
    found = {key, *expander.used}
    for spec in specs:
        found |= {value.removeprefix("Bearer ").strip() for value in spec.headers.values()}
        found |= {value for name, value in spec.env.items() if schema.looks_secret(name)}
    return {secret for secret in found if len(secret) >= 8}


def _warnings(spec: ServerSpec) -> list[tuple[str, str]]:
    if any(schema.looks_secret(arg) and len(arg) > 12 for arg in spec.args):
        text = f"{spec.name}: its arguments seem to hold a secret; every user of this machine can read them."
        return [(text, "Put it into env, as ${VARIABLE}.")]
    return []
