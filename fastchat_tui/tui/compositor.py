"""Textual's compositor, which draws no more than what stands where something has changed.

For each change Textual's draws every widget of which the *clip* meets it, that is whatever holds the widget; and for
two changes whatever lies between them. So with each letter that is typed it goes through all rows of all panes.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.widget import Widget


class TightCompositor(Compositor):
    _changed: Sequence[Region] = ()
    """Where something has changed, while that is drawn."""

    def render_partial_update(self) -> ChopsUpdate | None:
        _ = self.cuts  # of all widgets: they are kept
        self._changed = (*self._dirty_regions,)
        try:
            return super().render_partial_update()
        finally:
            self._changed = ()

    @property
    def visible_widgets(self) -> dict[Widget, tuple[Region, Region]]:
        """Region and clip of each widget; the clip holds nothing that the widget does not fill."""
        if self._visible_widgets is None:
            found = super().visible_widgets.items()
            self._visible_widgets = {each: (region, clip.intersection(region)) for each, (region, clip) in found}
        if not self._changed:
            return self._visible_widgets
        found = self._visible_widgets.items()
        return {each: place for each, place in found if any(map(place[1].overlaps, self._changed))}
