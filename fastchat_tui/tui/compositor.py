"""Textual's compositor, which draws no more than what stands where something has changed.

For each change Textual's draws every widget of which the *clip* meets it, that is whatever holds the widget: with each
letter that is typed it goes through all rows of all panes.
"""

from __future__ import annotations

from textual._compositor import Compositor
from textual.geometry import Region
from textual.widget import Widget


class TightCompositor(Compositor):
    @property
    def visible_widgets(self) -> dict[Widget, tuple[Region, Region]]:
        """Region and clip of each widget; the clip holds nothing that the widget does not fill."""
        if self._visible_widgets is None:
            self._visible_widgets = {
                widget: (region, clip.intersection(region))
                for widget, (region, clip) in super().visible_widgets.items()
            }
        return self._visible_widgets
