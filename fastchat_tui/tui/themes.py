"""Themes are TOML files, named like their theme: in the package, beside it in a checkout, in the user's folder.

A file needs no more than a few colours: what is written in, over and around them is made here, so that text can be
read on every ground. A file that cannot be used is told and left out; no theme ends the program.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.css.constants import VALID_BORDER, VALID_STYLE_FLAGS
from textual.theme import Theme

from fastchat_tui.wire.text import one_line

DEFAULT = "night"
PLAIN = "plain"
"""The theme without colours, for ``NO_COLOR``."""
COLOURS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel", "boost", "success", "warning",
    "error",
)  # fmt: skip
WRITTEN = ("primary", "secondary", "accent", "success", "warning", "error")
"""Colours that text is written in."""
OURS = {
    "focus-background": "ansi_bright_blue",
    "focus-foreground": "ansi_black",
    "focus-text-style": "bold",
    "focus-border-style": "round",
    "selection-text-style": "none",
}
"""Variables that Textual does not have: of themes in the terminal's own colours, and while no theme is chosen."""
ANSI = {
    **dict.fromkeys(("ansi-background", "ansi-foreground", "foreground-disabled", "surface-active"), "ansi_default"),
    **{f"scrollbar-{part}": "ansi_default" for part in ("background", "background-hover", "background-active")},
    "scrollbar": "ansi_bright_black",
    "scrollbar-hover": "ansi_white",
}
"""Variables that Textual's style sheets need and an ``ansi`` theme does not make, and quiet scrollbars."""
READABLE, BOLD = 4.5, 3.0
"""The contrast that text needs, and the bold text of a cursor, as WCAG 2 counts it (AA)."""


class OwnTheme(Theme):
    about = ""
    """What kind of theme it is, for the one who chooses."""


def folders() -> list[Path]:
    """Where the program's own themes are: in an installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return [folder for folder in (package / "themes", package.parent / "themes") if folder.is_dir()][:1]


def theme_files(more: Iterable[Path] = ()) -> dict[str, Path]:
    """The files by name of theme; later folders go before earlier ones."""
    return {path.stem: path for folder in (*folders(), *more) for path in sorted(folder.glob("*.toml"))}


def load_themes(files: Mapping[str, Path]) -> tuple[dict[str, OwnTheme], list[str]]:
    """The themes by name, and a line for each file that cannot be used."""
    themes: dict[str, OwnTheme] = {}
    problems: list[str] = []
    for name, path in files.items():
        try:
            themes[name] = read_theme(path)
        except (OSError, ValueError) as error:
            problems.append(f"The theme {path} cannot be used: {error}.")
    return themes, problems


def read_theme(path: Path) -> OwnTheme:
    """Raises OSError, and ValueError naming the key."""
    with path.open("rb") as file:
        table = tomllib.load(file)
    variables = table.get("variables", {})
    if "primary" not in table or not isinstance(variables, dict):
        raise ValueError("it needs at least the colour primary, and variables must be a table")
    colours = {key: str(table[key]) for key in COLOURS if key in table}
    _check({**colours, **variables})
    dark, ansi = table.get("dark", True) is True, table.get("ansi", False) is True
    more: Any = {key: colours.get(key) for key in COLOURS if key != "primary"}
    about = one_line(str(table.get("about", "dark" if dark else "light")), 60)
    theme = OwnTheme(path.stem, colours["primary"], dark=dark, ansi=ansi, **more)
    theme.about = about
    made = ANSI if ansi else shades(theme)
    theme.variables = {**OURS, **made, **{str(key): str(value) for key, value in variables.items()}}
    return theme


# ── what is made from a theme's colours ──────────────────────────────────────────────────────────────────────────


def shades(theme: Theme) -> dict[str, str]:
    """Variables for text, borders, cursors and scrollbars of a theme in true colours."""
    made = theme.to_color_system().generate()
    colour = {name: Color.parse(made[name]) for name in (*WRITTEN, "foreground", "background", "surface", "panel")}
    ink, ground, primary = colour["foreground"], colour["background"], colour["primary"]
    cursor, quiet = ground.blend(primary, 0.28), ground.blend(primary, 0.14)
    grounds = {ground: READABLE, colour["surface"]: READABLE, colour["panel"]: READABLE, cursor: BOLD}
    return {
        "text-muted": readable(ground.blend(ink, 0.5), ink, grounds).hex,
        "text-disabled": ground.blend(ink, 0.3).hex,
        **{f"text-{name}": readable(colour[name], ink, grounds).hex for name in WRITTEN},
        "border": primary.hex,
        "border-blurred": ground.blend(ink, 0.18).hex,
        "block-cursor-background": cursor.hex,
        "block-cursor-foreground": ink.hex,
        "block-cursor-blurred-background": quiet.hex,
        "block-cursor-blurred-foreground": ink.hex,
        "focus-background": primary.hex,
        "focus-foreground": max(ground, ink, key=lambda one: contrast(one, primary)).hex,
        **{f"scrollbar-{part}": ground.hex for part in ("background", "background-hover", "background-active")},
        "scrollbar-corner-color": ground.hex,
        **{f"{kind}-selection-background": ground.blend(primary, 0.45).hex for kind in ("screen", "input")},
        **{f"{kind}-selection-foreground": ink.hex for kind in ("screen", "input")},
        "scrollbar": ground.blend(ink, 0.16).hex,
        "scrollbar-hover": ground.blend(ink, 0.3).hex,
        "scrollbar-active": primary.hex,
    }


def readable(colour: Color, ink: Color, grounds: Mapping[Color, float]) -> Color:
    """``colour``, as much nearer to ``ink`` as it takes to have the contrast that each of the grounds needs."""
    for part in range(20):
        mixed = colour.blend(ink, part / 20)
        if all(contrast(mixed, ground) >= least for ground, least in grounds.items()):
            return mixed
    return ink


def colours(theme: Theme) -> tuple[str, ...]:
    """Some of its colours, to be shown beside its name."""
    shown = (theme.primary, theme.secondary, theme.accent, theme.success, theme.warning, theme.error)
    return tuple(colour for colour in shown if colour)


def contrast(one: Color, other: Color) -> float:
    """From 1 (the same) to 21 (black on white), as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _check(colours: Mapping[str, object]) -> None:
    """Textual takes any text for a colour or a style and fails when it draws: so each is parsed here."""
    for key, value in colours.items():
        if key.endswith("style"):
            known = VALID_BORDER if key.endswith("border-style") else VALID_STYLE_FLAGS
            if unknown := set(str(value).split()) - known:
                raise ValueError(f"{key} is no style: {unknown.pop()!r}")
            continue
        try:
            Color.parse(str(value).split()[0])
        except (ColorParseError, IndexError):
            raise ValueError(f"{key} is no colour: {value!r}") from None
