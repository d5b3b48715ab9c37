"""Text cut to a number of cells, with an ellipsis where something is missing."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def fitted(text: str, width: int) -> str:
    """``text`` when it fits into ``width`` cells, else its beginning and an ellipsis."""
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1).rstrip()}…" if width > 0 else ""


def fitted_path(path: str, home: str, width: int) -> str:
    """A path when it fits into ``width`` cells, else its folder, else the end of that, which tells most."""
    text = f"~{path.removeprefix(home)}" if home and path.startswith(f"{home}/") else path
    if cell_len(text) <= width:
        return text
    text = text.rpartition("/")[0]
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) >= width:
        text = text[1:]
    return f"…{text}"


def spread(left: str, right: str, width: int) -> str:
    """A line of exactly ``width`` cells: ``right`` stands at the edge, ``left`` is cut to what is left over."""
    right = fitted(right, max(0, width - 2))
    room = width - cell_len(right) - (1 if right else 0)
    return set_cell_size(f"{set_cell_size(fitted(left, room), room)}{f' {right}' if right else ''}", width)
