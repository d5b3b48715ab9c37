"""Themes are TOML files, named like their theme: in the package, beside it in a checkout, in the user's folder.

A file that cannot be used is told and left out; no theme ends the program.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

DEFAULT = "night"
COLOURS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel", "boost", "success", "warning",
    "error",
)  # fmt: skip


TRACKS = (
    "scrollbar-background",
    "scrollbar-background-hover",
    "scrollbar-background-active",
    "scrollbar-corner-color",
)
"""A scrollbar that has nothing to scroll is not seen."""


def folders() -> list[Path]:
    """Where the program's own themes are: in an installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return [folder for folder in (package / "themes", package.parent / "themes") if folder.is_dir()][:1]


def theme_files(more: Iterable[Path] = ()) -> dict[str, Path]:
    """The files by name of theme; later folders go before earlier ones."""
    return {path.stem: path for folder in (*folders(), *more) for path in sorted(folder.glob("*.toml"))}


def load_themes(files: Mapping[str, Path]) -> tuple[dict[str, Theme], list[str]]:
    """The themes by name, and a line for each file that cannot be used."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for name, path in files.items():
        try:
            themes[name] = read_theme(path)
        except (OSError, ValueError) as error:
            problems.append(f"The theme {path} cannot be used: {error}.")
    return themes, problems


def read_theme(path: Path) -> Theme:
    """Raises OSError, and ValueError naming the key."""
    with path.open("rb") as file:
        table = tomllib.load(file)
    variables = table.get("variables", {})
    if "primary" not in table or not isinstance(variables, dict):
        raise ValueError("it needs at least the colour primary, and variables must be a table")
    colours = {key: str(table[key]) for key in COLOURS if key in table}
    _check({**colours, **variables})
    if "background" in colours:
        variables = {**{name: colours["background"] for name in TRACKS}, **variables}
    return Theme(
        name=path.stem,
        primary=colours["primary"],
        secondary=colours.get("secondary"),
        accent=colours.get("accent"),
        foreground=colours.get("foreground"),
        background=colours.get("background"),
        surface=colours.get("surface"),
        panel=colours.get("panel"),
        boost=colours.get("boost"),
        success=colours.get("success"),
        warning=colours.get("warning"),
        error=colours.get("error"),
        dark=table.get("dark", True) is True,
        ansi=table.get("ansi", False) is True,
        variables={str(key): str(value) for key, value in variables.items()},
    )


def _check(colours: Mapping[str, object]) -> None:
    """Textual takes any text for a colour and fails when it draws: so each is parsed here."""
    for key, value in colours.items():
        if key.endswith("style"):
            continue
        try:
            Color.parse(str(value).split()[0])
        except (ColorParseError, IndexError):
            raise ValueError(f"{key} is no colour: {value!r}") from None
