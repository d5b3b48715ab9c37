"""The servers as they stand, folded from events: what the sidebar and the snapshot show."""

from __future__ import annotations

from dataclasses import replace

from fastchat_tui.wire.events import (
    CatalogueChanged,
    ResourceRead,
    ResourceUpdated,
    ResourceWatched,
    ServerChanged,
    ServerRemoved,
    Stamped,
)
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
                    exit_code=e.exit_code,
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
                    watched=() if e.state == "off" else old.watched,
                    changed=() if e.state == "off" else old.changed,
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
            case ResourceWatched(server=name, uri=uri, on=on):
                old = self.get(name) or ServerView(name)
                self[name] = replace(old, watched=_among(old.watched, uri, on))
            case ResourceUpdated(server=name, uri=uri):
                old = self.get(name) or ServerView(name)
                self[name] = replace(old, changed=_among(old.changed, uri, True))
            case ResourceRead(server=name, uri=uri):
                old = self.get(name) or ServerView(name)
                self[name] = replace(old, changed=_among(old.changed, uri, False))
            case ServerRemoved(server=name):
                return self.pop(name, None) is not None
            case _:
                return False
        return True


def _among(uris: tuple[str, ...], uri: str, there: bool) -> tuple[str, ...]:
    rest = tuple(one for one in uris if one != uri)
    return (*rest, uri) if there else rest
