"""Themes are TOML files, in the package, beside it in a checkout, and in the user's folder. A bad one is told."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

DEFAULT = "night"
COLOURS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel", "success", "warning", "error",
    "boost",
)  # fmt: skip


def folders() -> list[Path]:
    """Where the program's own themes are: in an installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return [folder for folder in (package / "themes", package.parent / "themes") if folder.is_dir()][:1]


def load_themes(more: Iterable[Path] = ()) -> tuple[dict[str, Theme], list[str]]:
    """The themes by name, later folders over earlier ones, and a line for each file that cannot be used."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in (*folders(), *more):
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                theme = read_theme(path)
            except (OSError, ValueError) as error:
                problems.append(f"The theme {path.name} cannot be used: {error}")
            else:
                themes[theme.name] = theme
    return themes, problems


def read_theme(path: Path) -> Theme:
    """Raises ValueError naming the key, and OSError."""
    with path.open("rb") as file:
        table = tomllib.load(file)
    colours = {key: table[key] for key in COLOURS if key in table}
    variables = table.get("variables", {})
    if "primary" not in colours or not isinstance(variables, dict):
        raise ValueError("it needs at least the colour primary, and variables must be a table")
    for key, value in {**colours, **{k: v for k, v in variables.items() if not k.endswith("style")}}.items():
        try:
            Color.parse(str(value).split()[0])
        except (ColorParseError, IndexError):
            raise ValueError(f"{key} is no colour: {value!r}") from None

    def colour(key: str) -> str | None:
        return str(colours[key]) if key in colours else None

    return Theme(
        name=str(table.get("name") or path.stem),
        primary=str(colours["primary"]),
        secondary=colour("secondary"),
        accent=colour("accent"),
        foreground=colour("foreground"),
        background=colour("background"),
        surface=colour("surface"),
        panel=colour("panel"),
        boost=colour("boost"),
        success=colour("success"),
        warning=colour("warning"),
        error=colour("error"),
        dark=table.get("dark", True) is True,
        variables={str(key): str(value) for key, value in variables.items()},
    )
