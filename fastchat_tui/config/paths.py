"""The user's folders, as the platform has them. Folders are born 0700, files 0600."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fastchat_tui.wire.errors import ConfigError

APP = "fastchat-tui"
XDG = {"config": "XDG_CONFIG_HOME", "data": "XDG_DATA_HOME", "state": "XDG_STATE_HOME", "log": "XDG_STATE_HOME"}


class Paths(NamedTuple):
    config: Path
    data: Path
    state: Path
    log: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Paths:
        """The folders of the user whose environment this is; XDG variables win on every platform."""
        from platformdirs import PlatformDirs

        dirs = PlatformDirs(APP, appauthor=False, roaming=True)

        def folder(kind: str, default: str) -> Path:
            base = Path(environ.get(XDG[kind], ""))
            return base / APP if base.is_absolute() else Path(default)  # a relative one is to be ignored

        state = folder("state", dirs.user_state_dir)
        log = state / "log" if Path(environ.get("XDG_STATE_HOME", "")).is_absolute() else Path(dirs.user_log_dir)
        return cls(folder("config", dirs.user_config_dir), folder("data", dirs.user_data_dir), state, log)


def refuse_shared(*places: Path) -> None:
    """Raises ConfigError when everybody may write there: others could make us run their commands, or trust them."""
    for place in places:
        try:
            mode = place.stat().st_mode
        except OSError:
            continue
        if os.name == "posix" and mode & stat.S_IWOTH:
            raise ConfigError(f"Everybody may write to {place}.", f"Mend it first: chmod o-w {place}")


def servers_file(paths: Paths) -> Path:
    """The user's own list of servers."""
    return paths.config / "fastchat.config.json"
