"""Names by which the model knows tools: ``server__tool``, made to fit, never parsed back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

_FITS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_BAD = re.compile(r"[^A-Za-z0-9_-]")


def model_names(tools: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """A unique name that fits ``^[A-Za-z_][A-Za-z0-9_-]{0,63}$`` for each (server, tool).

    A pair whose plain name fits and can be read in one way only keeps it; every other carries a hash of itself. So a
    name depends on its own pair alone, not on the order or the presence of others.
    """
    names: dict[tuple[str, str], str] = {}
    altered: list[tuple[str, str]] = []
    for pair in dict.fromkeys(tools):
        name = "__".join(pair)
        if _FITS.fullmatch(name) and "__" not in pair[0] and not pair[0].endswith("_"):
            names[pair] = name
        else:
            altered.append(pair)
    taken = set(names.values())
    for pair in sorted(altered):
        digest = hashlib.sha256("\0".join(pair).encode("utf-8", "surrogatepass")).hexdigest()
        stem = _BAD.sub("_", "__".join(pair))
        stem = stem if re.match(r"[A-Za-z_]", stem) else f"_{stem}"
        width = 8
        while (name := f"{stem[: 63 - width]}_{digest[:width]}") in taken:
            width += 4
        names[pair] = name
        taken.add(name)
    return names
