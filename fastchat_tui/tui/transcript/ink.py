"""Roles of text and the styles that the theme gives them. Colours are made in ``styles/transcript.tcss`` only."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style

ROLES = (
    "heading1", "heading2", "heading3", "strong", "em", "strike", "code", "link", "target",
    "bullet", "quote-bar", "rule", "table-head", "table-line",
    "block", "block-label", "keyword", "name", "function", "type", "string", "number", "comment", "operator", "added",
    "removed",
    "user", "user-bar", "thought", "muted", "warning", "error",
    "card-server", "card-tool", "card-data",
    "proposed", "asking", "running", "ok", "failed", "denied", "cancelled",
    "marker", "found", "new", "key", "placeholder",
)  # fmt: skip
PREFIX = "transcript--"


class Ink:
    """Styles by role, on a base. A role that has no style draws like its surroundings."""

    def __init__(self, base: Style | None = None, styles: Mapping[str, Style] | None = None) -> None:
        self.base = base or Style()
        self._styles = dict(styles or {})
        self._mixed: dict[tuple[str, ...], Style] = {(): self.base}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ink) and (self.base, self._styles) == (other.base, other._styles)

    def __getitem__(self, role: str) -> Style:
        return self.mix((role,))

    def mix(self, roles: tuple[str, ...]) -> Style:
        """The style of text that has all these roles; later ones win."""
        style = self._mixed.get(roles)
        if style is None:
            style = self.mix(roles[:-1]) + self._styles.get(roles[-1], Style())
            self._mixed[roles] = style
        return style

    def on(self, role: str) -> Ink:
        """The same inks on the ground of ``role``."""
        return Ink(self[role], self._styles)


def linked(style: Style, url: str) -> Style:
    """``style`` with a link that a click reports; nothing opens it by itself."""
    return style + Style(meta={"link": url})
