"""The servers as they stand, folded from events: what the sidebar and the snapshot show."""

from __future__ import annotations

from dataclasses import replace

from fastchat_tui.wire.events import CatalogueChanged, ServerChanged, ServerRemoved, Stamped
from fastchat_tui.wire.servers import ServerView


class Roster(dict[str, ServerView]):
    """Server views by name, in the order in which they were first heard of."""

    def apply(self, stamped: Stamped) -> bool:
        """Folds one event in; returns whether it changed anything."""
        match stamped.event:
            case ServerChanged(server=name) as e:
                old = self.get(name) or ServerView(name)
                self[name] = replace(
                    old,
                    state=e.state,
                    detail=e.detail,
                    since=stamped.at if e.state != old.state else old.since,
                    again_at=0.0 if e.again is None else stamped.at + e.again,
                    transport=e.transport,
                    destination=e.destination or old.destination,
                    description=e.description or old.description,
                    origin=e.origin or old.origin,
                    era=e.era or old.era,
                    identity=e.identity or old.identity,
                    instructions=e.instructions or old.instructions,
                    options=e.options,
                )
            case CatalogueChanged(server=name) as e:
                self[name] = replace(
                    self.get(name) or ServerView(name),
                    tools=e.tools,
                    resources=e.resources,
                    templates=e.templates,
                    prompts=e.prompts,
                    left_out=e.left_out,
                )
            case ServerRemoved(server=name):
                return self.pop(name, None) is not None
            case _:
                return False
        return True
