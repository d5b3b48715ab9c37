"""The parts list: the one place that knows every adapter, and from which the engine is built.

Every part is imported by the function that takes it: a screen reads its settings here and paints before the rest comes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from fastchat_tui import __version__, crash

if TYPE_CHECKING:
    from fastchat_tui.config.load import FileSettings
    from fastchat_tui.config.looks import ScreenSettings
    from fastchat_tui.config.paths import Paths
    from fastchat_tui.engine.endpoint import Address
    from fastchat_tui.engine.local import LocalEngine, Parts
    from fastchat_tui.headless.doctor import Examination
    from fastchat_tui.wire.masks import Masker
    from fastchat_tui.wire.ports import Model, Settings, Vault
    from fastchat_tui.wire.servers import ServerSpec
    from fastchat_tui.wire.sign_in import AskSignIn, MakeSignIn, Pause, SignInDesk, Tell


class Options(NamedTuple):
    """What the command line asked for; empty means: as configured."""

    config: str = ""
    model: str = ""
    base_url: str = ""
    demo: bool = False
    session: str = ""
    """Empty for a new session, ``continue`` for the last one, or an id."""
    system: str = ""
    policy: str = ""
    allow: tuple[str, ...] = ()
    """Rules for this run: ``server.tool`` or ``server.prefix*``."""
    tools: bool = True
    only: tuple[str, ...] | None = None
    """The servers that may be started unasked; None for all that are switched on."""


DEFAULTS = Options()


@asynccontextmanager
async def open_engine(options: Options = DEFAULTS) -> AsyncIterator[LocalEngine]:
    """The engine, ready to ``begin``. Leaving the block ends its servers and closes its log."""
    from fastchat_tui.auth.vault import KeyringVault
    from fastchat_tui.engine.local import LocalEngine
    from fastchat_tui.wire.masks import Masker

    async with AsyncExitStack() as stack:
        masker = Masker()
        crash.hide_with(masker.mask)
        folder = stack.enter_context(TemporaryDirectory(prefix="fastchat-demo-")) if options.demo else ""
        parts = _demo(options, Path(folder), masker) if options.demo else _real(options, masker)
        engine = LocalEngine(parts)
        if isinstance(parts.vault, KeyringVault):
            parts.vault.tell = engine.tell
        yield await stack.enter_async_context(engine)


def _real(options: Options, masker: Masker) -> Parts:
    from fastchat_tui.engine.local import Parts
    from fastchat_tui.providers.schemas import weigh
    from fastchat_tui.servers.doctor import doctor
    from fastchat_tui.servers.factory import connections
    from fastchat_tui.servers.vaulted import completed_from
    from fastchat_tui.store.sqlite import SqliteStore

    paths = find_paths()
    vault = _vault(paths, masker)
    complete = completed_from(vault, masker.learn)
    make_server = connections(
        log_dir=paths.log,
        mask=masker.mask_shapes,
        sign_in=_sign_ins(vault, paths.state / "locks", masker),
        complete=complete,
    )
    return Parts(
        settings=_settings(options, paths),
        store=SqliteStore(paths.data),
        vault=vault,
        make_server=make_server,
        examine=doctor(make_server, masker.mask_shapes, complete),
        make_model=_make_model,
        weigh=weigh,
        masker=masker,
        version=__version__,
        session=options.session,
        tools=options.tools,
    )


def _vault(paths: Paths, masker: Masker) -> Vault:
    """The keyring, unless the user's settings name another place; settings that cannot be read name none."""
    from fastchat_tui.auth.vault import KeyringVault, MemoryVault
    from fastchat_tui.config.settings import read_settings
    from fastchat_tui.wire.errors import ConfigError

    try:
        place = read_settings(paths.config / "settings.toml").secrets
    except ConfigError:  # the engine tells it when it reads them
        place = ""
    if place == "file":
        from fastchat_tui.auth.encrypted import PASSPHRASE, FileVault
        from fastchat_tui.config.files import write_atomically

        passphrase = os.environ.get(PASSPHRASE, "")
        masker.learn([passphrase])
        return FileVault(paths.data / "secrets", passphrase, write_atomically)
    return MemoryVault() if place == "memory" else KeyringVault()


def _sign_ins(vault: Vault, locks: Path, masker: Masker) -> MakeSignIn:
    """Made when the first HTTP server connects, in a thread: the SDK's flow is heavy to import."""
    made: list[MakeSignIn] = []
    lock = Lock()

    def make(spec: ServerSpec, ask: AskSignIn, tell: Tell, pause: Pause) -> SignInDesk:
        with lock:
            if not made:
                from fastchat_tui.auth.sign_in import sign_ins

                made.append(sign_ins(vault, locks, masker.learn))
            return made[0](spec, ask, tell, pause)

    return make


def _demo(options: Options, folder: Path, masker: Masker) -> Parts:
    """The same engine, store and connections, with a scripted model, the bundled server and a home of its own."""
    from fastchat_tui.auth.vault import MemoryVault
    from fastchat_tui.demo.script import DemoModel
    from fastchat_tui.demo.settings import DemoSettings
    from fastchat_tui.engine.local import Parts
    from fastchat_tui.providers.schemas import weigh
    from fastchat_tui.servers.doctor import doctor
    from fastchat_tui.servers.factory import connections
    from fastchat_tui.store.sqlite import SqliteStore

    make_server = connections(log_dir=None, mask=masker.mask_shapes)
    return Parts(
        settings=DemoSettings(folder / "files", python=sys.executable, allow=options.allow, system=options.system),
        store=SqliteStore(folder / "data"),
        vault=MemoryVault(),
        make_server=make_server,
        examine=doctor(make_server, masker.mask_shapes),
        make_model=lambda address: DemoModel(),
        weigh=weigh,
        masker=masker,
        version=__version__,
        demo=True,
        tools=options.tools,
    )


def open_vault(tell: Callable[[str, str], None]) -> Vault:
    """Where secrets are kept, for what needs no engine. Raises ConfigError when nothing outlives the run."""
    from fastchat_tui.auth.vault import KeyringVault, MemoryVault
    from fastchat_tui.wire.errors import ConfigError
    from fastchat_tui.wire.masks import Masker

    vault = _vault(find_paths(), Masker())
    if isinstance(vault, MemoryVault):
        raise ConfigError("Your settings keep secrets for the run only.", "Set secrets to “keyring” or “file”.")
    if isinstance(vault, KeyringVault):
        vault.tell = tell
    return vault


def settings(options: Options) -> Settings:
    """The configuration alone, for what needs no engine. Raises ConfigError: the demo has none."""
    if options.demo:
        from fastchat_tui.demo.settings import NOT_KEPT

        raise NOT_KEPT
    return _settings(options, find_paths())


@contextmanager
def open_examination(options: Options) -> Iterator[Examination]:
    """What the doctor needs: no engine, so that it also works where that would not come up."""
    from fastchat_tui.headless.doctor import Examination
    from fastchat_tui.servers.reach import reach
    from fastchat_tui.wire.masks import Masker

    masker = Masker()
    crash.hide_with(masker.mask)
    with TemporaryDirectory(prefix="fastchat-demo-") as folder:
        parts = _demo(options, Path(folder), masker) if options.demo else _real(options, masker)
        yield Examination(parts.settings, parts.vault, parts.examine, reach, masker, options.demo)


def _settings(options: Options, paths: Paths) -> FileSettings:
    from fastchat_tui.config.load import FileSettings
    from fastchat_tui.wire.errors import ConfigError

    try:
        folder = Path.cwd()
    except FileNotFoundError as error:
        raise ConfigError("The folder that you are in is gone.", "Change to another one (cd).") from error
    return FileSettings(
        paths,
        cwd=folder,
        environ=os.environ,
        config_path=options.config,
        model=options.model,
        base_url=options.base_url,
        system=options.system,
        policy=options.policy,
        allow=options.allow,
        only=options.only,
    )


def screen_settings() -> tuple[ScreenSettings, Callable[[str], None]]:
    """What concerns the screen alone, and how a chosen theme is remembered. Raises ConfigError."""
    from fastchat_tui.config.looks import read_looks, set_theme
    from fastchat_tui.config.state import State

    paths = find_paths()
    state = State(paths.state / "state.toml")
    state.refresh()
    return read_looks(paths.config / "settings.toml", state), partial(set_theme, state)


def _make_model(address: Address) -> Model:
    from fastchat_tui.providers.openai import OpenAIModel

    return OpenAIModel(address.model, address.base_url, address.key, key_source=address.key_source, wire=address.wire)


def find_paths() -> Paths:
    """The user's folders."""
    from fastchat_tui.config.paths import Paths

    return Paths.of(os.environ)
