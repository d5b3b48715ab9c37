"""All that was asked for, merged: command line before environment before ``.env`` before files before memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fastchat_tui.config import additions, advice, dotenv, files, trust
from fastchat_tui.config.choices import Choices, made
from fastchat_tui.config.expand import expand, references
from fastchat_tui.config.files import locked, write_atomically
from fastchat_tui.config.paths import Paths, refuse_shared, servers_file
from fastchat_tui.config.schema import app_name, passwords
from fastchat_tui.config.search import candidates, is_file, project_file
from fastchat_tui.config.settings import UserSettings, check_url, read_settings
from fastchat_tui.config.sources import Source
from fastchat_tui.config.state import State
from fastchat_tui.wire.discovery import Discovery, FoundServer
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.origin import CHOSEN
from fastchat_tui.wire.ports import Config, Rule
from fastchat_tui.wire.questions import Trust
from fastchat_tui.wire.servers import ServerSpec
from fastchat_tui.wire.settings import UnusableFile

MODEL = "gpt-5-nano"


class FileSettings(Choices):
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
        only: Sequence[str] | None = None,
    ) -> None:
        super().__init__(State(paths.state / "state.toml"))
        self._paths = paths
        self._cwd = cwd
        self._environ = environ
        self._explicit = config_path
        self._model = model
        self._base_url = base_url
        self._system = system
        self._policy = policy
        self._allow = allow
        self._only = only
        self._this_run: set[tuple[str, str]] = set()
        self._from_env: Mapping[str, str] = {}
        self._left_out: list[tuple[str, str]] = []
        """A ``.env`` that cannot be read: (text, remedy)."""

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def load(self) -> Config:
        settings_file = self._paths.config / "settings.toml"
        refuse_shared(self._paths.config, settings_file, servers_file(self._paths), *self._state.places)
        self._state.refresh()
        settings = read_settings(settings_file)
        pending: list[Trust] = []
        try:
            project = self._project()
            config = self._merged(settings, project, self._config_file(project, pending), pending)
        except ConfigError as error:
            raise UnusableFile(error, self._merged(settings, None, None, [])) from error
        self._in_use = config.path
        return config

    def _merged(
        self, settings: UserSettings, project: Source | None, source: Source | None, pending: list[Trust]
    ) -> Config:
        """Of the file ``source``; ``pending`` also takes what the user has to agree to."""
        from_env = self._dotenv(project, pending)
        servers = self._expanded(source, from_env if source is project else {}) if source else ()
        base_url, base_url_source = self._endpoint(from_env, settings)
        key, key_source = self._first("OPENAI_API_KEY", from_env)
        return Config(
            servers=servers,
            app_name=(app_name(source.document) if source else "") or "fastchat-tui",
            model=self._model_name(from_env, settings),
            base_url=base_url,
            base_url_source=base_url_source,
            wire=settings.wire,
            key=key,
            key_source=key_source,
            system=self._system or settings.system,
            policy=self._policy or settings.policy or "ask",
            rules=(*(Rule(pattern, "session", "--allow") for pattern in self._allow), *settings.rules),
            max_steps=settings.max_steps,
            path=str(source.path) if source else "",
            dotenv=os.fspath(self._cwd / ".env") if from_env else "",
            secrets=self._secrets(source, servers, (key, *_secret_values(from_env))),
            notices=(*(source.advice if source else ()), *advice.notices(servers), *self._troubles()),
            pending=tuple(pending),
        )

    def stamp(self) -> object:
        """Of every file that could be read: when it was written, how long it is, and which file it is."""
        home = self._environ.get("HOME") or self._environ.get("USERPROFILE")
        named = self._cwd / Path(self._explicit).expanduser() if self._explicit else None
        found = [named] if named else candidates(self._cwd, Path(home) if home else None, self._paths.config)
        own = (self._paths.config / "settings.toml", servers_file(self._paths), self._cwd / ".env")
        return tuple(files.stamp(path) for path in (*found, *own))

    def _project(self) -> Source | None:
        """The file that was named, or found on the way up: nothing of it is used yet."""
        if self._explicit:
            return Source.at(self._cwd / Path(self._explicit).expanduser())
        home = self._environ.get("HOME") or self._environ.get("USERPROFILE")
        path = project_file(self._cwd, Path(home) if home else None, self._paths.config)
        return Source.at(path) if path else None

    def _config_file(self, project: Source | None, pending: list[Trust]) -> Source | None:
        if project and self._explicit:  # naming a file is consent to it
            return project
        if project:
            if self._is_trusted(project):
                return project
            search = self._environ.get("PATH", "")
            pending.append(trust.about_servers(project, changed=self._was_trusted(project), search=search))
        own = servers_file(self._paths)
        return Source.at(own) if is_file(own) else None

    def _dotenv(self, project: Source | None, pending: list[Trust]) -> dict[str, str]:
        """What the user agreed to use of the ``.env`` in the working folder. One that nobody agreed to decides nothing,
        not even by being broken; and nobody is asked about one whose values the environment has already."""
        self._left_out = []
        if not is_file(path := self._cwd / ".env"):
            return {}
        wanted = [name for spec in (project.servers if project else ()) for name in references(spec)]
        try:
            source = Source.at(path)
            usable = dotenv.usable(source.text, wanted)
        except ConfigError as error:
            if self._was_agreed_to(path):
                raise
            self._left_out = [(f"It is left out: {error.text}", error.remedy)]
            return {}
        if self._is_trusted(source):
            return usable
        if any(not self._environ.get(name, "").strip() for name in usable):
            pending.append(trust.about_dotenv(source, usable, changed=self._was_trusted(source)))
        return {}

    def _is_trusted(self, source: Source) -> bool:
        path = str(source.path)
        return self._state.table("trust").get(path) == source.digest or (path, source.digest) in self._this_run

    def _was_agreed_to(self, path: Path) -> bool:
        """Whatever it held then; in this run, or for good."""
        return str(path) in {*self._state.table("trust"), *(agreed for agreed, _ in self._this_run)}

    def _was_trusted(self, source: Source) -> bool:
        return str(source.path) in self._state.table("trust")

    def _expanded(self, source: Source, from_env: Mapping[str, str]) -> tuple[ServerSpec, ...]:
        self._from_env = from_env
        return tuple(self._expand(spec, source.folder) for spec in source.servers)

    def _expand(self, spec: ServerSpec, folder: Path) -> ServerSpec:
        places = {"workspaceFolder": str(folder), "userHome": self._environ.get("HOME", "")}
        return _at_home(expand(spec, {**places, **self._from_env, **self._environ}), folder)

    def expanded(self, entry: ServerSpec) -> ServerSpec:
        path = Path(self._in_use) if self._in_use else servers_file(self._paths)
        return self._expand(entry, Source(path, b"").folder)

    def _first(self, name: str, from_env: Mapping[str, str]) -> tuple[str, str]:
        if value := self._environ.get(name, "").strip():
            return value, "environment"
        if value := from_env.get(name, "").strip():
            return value, ".env"
        return "", ""

    def _endpoint(self, from_env: Mapping[str, str], settings: UserSettings) -> tuple[str, str]:
        """The base URL, and the setting that named it. What was chosen while the program runs wins."""
        named, where = self._first("OPENAI_BASE_URL", from_env)
        remembered = self._state.table("model").get("base_url")
        for url, source in (
            (self._chosen.get("base_url"), CHOSEN),
            (self._base_url, "command line"),
            (named, where),
            (settings.base_url, "settings.toml"),
            (remembered, CHOSEN),
        ):
            if isinstance(url, str) and url:
                check_url(url, f"The endpoint ({source})")
                return url, source
        return "", ""

    def _model_name(self, from_env: Mapping[str, str], settings: UserSettings) -> str:
        remembered = self._state.table("model").get("name")
        return (
            self._chosen.get("model")
            or self._model
            or self._first("DEFAULT_MODEL", from_env)[0]
            or settings.model
            or (remembered if isinstance(remembered, str) else "")
            or MODEL
        )

    def _secrets(self, source: Source | None, servers: Sequence[ServerSpec], known: Sequence[str]) -> tuple[str, ...]:
        found = list(known)
        if source:
            found += passwords(source.document)
            read = (name for spec in source.servers for name in references(spec))
            found += [self._environ.get(name, "") for name in read if advice.is_secret_name(name)]
        found += [value for spec in servers for value in advice.secrets(spec)]
        return tuple(dict.fromkeys(value for value in found if len(value) >= 6))

    def _troubles(self) -> list[tuple[str, str]]:
        return [*([self._state.trouble] if self._state.trouble else []), *self._left_out]

    # ── switches ─────────────────────────────────────────────────────────────────────────────────────────────────

    def enabled(self, server: str) -> bool | None:
        return super().enabled(server) if self._only is None or server in self._only else False

    def set_enabled(self, server: str, on: bool) -> None:
        if self._only is None:
            super().set_enabled(server, on)

    # ── remembering ──────────────────────────────────────────────────────────────────────────────────────────────

    def keep(self, config: Config) -> None:
        self._in_use = config.path

    def trust(self, about: Trust, remember: bool) -> None:
        self._this_run.add((about.path, about.digest))
        if remember:
            self._state.change(lambda state: made(state, "trust").update({about.path: about.digest}))

    def entry(self, name: str) -> ServerSpec:
        if self._in_use:
            for spec in Source.at(Path(self._in_use)).servers:
                if spec.name == name:
                    return spec
        raise ConfigError(f"There is no server “{name}” in {self._in_use or 'any file'}.", "Reload, then try again.")

    def add_server(self, name: str, command: str, url: str) -> str:
        return self.put_server(additions.spec_of(name, command, url))

    def put_server(self, entry: ServerSpec, instead: str = "") -> str:
        """Into the file in use, so that the server is there after the next load; else into the user's own."""
        return self._edit(lambda raw, path: additions.with_servers(raw, path, [entry], instead))

    def remove_server(self, name: str) -> str:
        return self._edit(lambda raw, path: additions.without_server(raw, path, name))

    def discover(self, app: str = "") -> Discovery:
        """Compared with the file in use and with the user's own, which is where they would go."""
        from fastchat_tui.config.discovery import discover

        paths = dict.fromkeys((*([Path(self._in_use)] if self._in_use else ()), servers_file(self._paths)))
        known = [spec for path in paths if is_file(path) for spec in Source.at(path).servers]
        return discover(self._environ, self._cwd, sys.platform, known, app)

    def take(self, found: Sequence[FoundServer]) -> str:
        specs = [one.spec for one in found]
        return self._edit(lambda raw, path: additions.with_servers(raw, path, specs), own=True)

    def advice(self, entries: Sequence[ServerSpec]) -> Sequence[tuple[str, str]]:
        return [*advice.notices(entries), *advice.plain(entries)]

    def _edit(self, edit: Callable[[bytes, Path], bytes], *, own: bool = False) -> str:
        path = Path(self._in_use) if self._in_use and not own else servers_file(self._paths)
        try:
            with locked(self._paths.state / path.name):
                old = Source.at(path) if path.exists() else Source(path, b"")
                own = bool(self._explicit) or path == servers_file(self._paths)
                if not own and not self._is_trusted(old):
                    raise ConfigError(
                        f"{path} has changed since you trusted it.", "Reload, look at it, then try again."
                    )
                new = Source(path, edit(old.raw, path))
                write_atomically(path, new.raw, mode=path.stat().st_mode & 0o777 if path.exists() else 0o600)
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}.", "Check its permissions.") from error
        if not own:  # the change is the user's own
            self.trust(trust.about_servers(new, changed=True), remember=self._was_trusted(old))
        return os.fspath(path)


def _at_home(spec: ServerSpec, folder: Path) -> ServerSpec:
    """A relative working folder is meant from the configuration's own folder."""
    return replace(spec, cwd=os.path.join(folder, spec.cwd)) if spec.cwd else spec


def _secret_values(values: Mapping[str, str]) -> list[str]:
    return [value for name, value in values.items() if advice.is_secret_name(name)]
