"""Events as one user sees them: only what they may see, in the client format, with what other events add to them.

https://spec.matrix.org/v1.19/client-server-api/#room-event-format
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Raw

from homeserver.database import Transaction
from homeserver.protocol.requester import Requester
from homeserver.rooms import queries_rooms
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import StoredEvent
from homeserver.rooms.rendering import Rendered, Renderer, membership_entry
from homeserver.rooms.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who sees, with which device, and when (`age` is computed for that moment)."""

    user_id: str
    device_id: str
    now_ms: int

    @classmethod
    def of(cls, requester: Requester, now_ms: int) -> Viewer:
        """The viewer who makes a request."""
        return cls(requester.user_id, requester.device_id or "", now_ms)


@dataclass(frozen=True, slots=True)
class EventList:
    """A JSON array of events, made for one viewer. `text` has a `%d` for the age of each, `sent` when each was sent
    (milliseconds since 1970)."""

    text: bytes
    sent: tuple[int, ...]

    def at(self, now_ms: int) -> Raw:
        """The JSON at a moment."""
        return Raw(self.text % tuple([now_ms - sent if now_ms > sent else 0 for sent in self.sent]))

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        return 300 + len(self.text) + 40 * len(self.sent)


Bundle = Callable[[Transaction, Viewer, Sequence[int]], Mapping[int, bytes]]
"""Of events by number, the JSON that stands as `m.relations` in `unsigned`; those without any are left out."""


class EventViews:
    """Callable within a transaction. `bundle`: the slice that aggregates child events, where there is one."""

    def __init__(self, loader: EventLoader, renderer: Renderer, visibility: Visibility) -> None:
        self._loader = loader
        self._renderer = renderer
        self._visibility = visibility
        self.bundle: Bundle = _nothing

    def raws(
        self, tx: Transaction, viewer: Viewer, nids: Sequence[int], *, is_bundled: bool, names_room: bool = True
    ) -> list[Raw]:
        """The events in the client format, in their order; `is_bundled`: with aggregations of their children;
        `names_room`: with `room_id`."""
        relations = self.bundle(tx, viewer, nids) if is_bundled and nids else {}
        return self.raws_with(tx, viewer, nids, relations, names_room=names_room)

    def raws_with(
        self,
        tx: Transaction,
        viewer: Viewer,
        nids: Sequence[int],
        relations: Mapping[int, bytes],
        *,
        names_room: bool = True,
    ) -> list[Raw]:
        """The events in the client format, with the `m.relations` given for each number."""
        rendered, entries, seen = self._looked_up(tx, viewer, nids)
        raws = []
        for one in rendered:
            age_ms = viewer.now_ms - one.origin_server_ts
            unsigned = entries[one.state_after]
            if not one.is_alike:
                unsigned += one.personal(viewer.user_id, viewer.device_id, seen)
            if one.event_nid in relations:
                unsigned += b',"m.relations":' + relations[one.event_nid]
            end = one.end if names_room else b"}}"
            raws.append(Raw(b"%b%d%b%b%b" % (one.head, age_ms if age_ms > 0 else 0, one.unsigned, unsigned, end)))
        return raws

    def template(self, tx: Transaction, viewer: Viewer, nids: Sequence[int]) -> EventList:
        """The events in the client format, in their order, without aggregations, as they are at any moment."""
        rendered, entries, seen = self._looked_up(tx, viewer, nids)
        parts = []
        for one in rendered:
            before = one.head.replace(b"%", b"%%")
            unsigned = entries[one.state_after] + one.personal(viewer.user_id, viewer.device_id, seen)
            parts.append(before + b"%d" + (one.unsigned + unsigned + one.end).replace(b"%", b"%%"))
        return EventList(b"[%b]" % b",".join(parts), tuple(one.origin_server_ts for one in rendered))

    def _looked_up(
        self, tx: Transaction, viewer: Viewer, nids: Sequence[int]
    ) -> tuple[list[Rendered], dict[int | None, bytes], set[int]]:
        """(the events, the viewer's membership in the state after each as it stands there, the replaced ones of which
        the viewer may see what they were)."""
        rendered = self._renderer.render(tx, nids)
        if erased := self._visibility.erased_users(tx):
            rendered = [self._without_erased(tx, viewer, one) if one.sender in erased else one for one in rendered]
        seen = self._seen(tx, viewer, [one.previous_nid for one in rendered if one.previous_nid is not None])
        states = {one.state_after for one in rendered if one.state_after is not None}
        memberships = self._visibility.memberships_at(tx, viewer.user_id, states)
        entries: dict[int | None, bytes] = {nid: membership_entry(one) for nid, one in memberships.items()}
        entries[None] = b""
        return rendered, entries, seen

    def visible(self, tx: Transaction, room_nid: int, user_id: str, nids: Sequence[int]) -> list[int]:
        """Those of a room's events that the user may see, in their order."""
        stored = self._loader.stored_by_nid(tx, nids)
        reader = self._visibility.reader(tx, room_nid, user_id)
        ordered = [stored[nid] for nid in nids if nid in stored]
        return [one.event_nid for one in self._visibility.visible_to(tx, reader, ordered)]

    def _without_erased(self, tx: Transaction, viewer: Viewer, rendered: Rendered) -> Rendered:
        stored = self._loader.stored_by_nid(tx, [rendered.event_nid])[rendered.event_nid]
        room = queries_rooms.find_room(tx, stored.event.room_id)
        is_erased = room is not None and self._visibility.is_erased_for(tx, room[0], viewer.user_id, stored)
        return self._renderer.without_content(stored) if is_erased else rendered

    def _stored(self, tx: Transaction, nids: Sequence[int]) -> Collection[StoredEvent]:
        return self._loader.stored_by_nid(tx, nids).values()

    def _seen(self, tx: Transaction, viewer: Viewer, nids: Sequence[int]) -> set[int]:
        """Those of some events, of any rooms, that the viewer may see."""
        seen: set[int] = set()
        by_room: dict[str, list[int]] = {}
        for nid, event in self._loader.get_many(tx, nids).items() if nids else ():
            by_room.setdefault(event.room_id, []).append(nid)
        for room_id, own in by_room.items():
            room = queries_rooms.find_room(tx, room_id)
            if room is not None:
                seen.update(self.visible(tx, room[0], viewer.user_id, own))
                if self.is_or_was_joined(tx, room[0], viewer.user_id):
                    # State of before this server's join, which every member has been given.
                    seen.update(one.event_nid for one in self._stored(tx, own) if one.state_before is None)
        return seen

    def is_joined(self, tx: Transaction, room_nid: int, user_id: str) -> bool:
        """Whether the user is in the room now."""
        return self._visibility.reader(tx, room_nid, user_id).is_joined

    def is_or_was_joined(self, tx: Transaction, room_nid: int, user_id: str) -> bool:
        """Whether the user is, or was and has not forgotten, in the room."""
        reader = self._visibility.reader(tx, room_nid, user_id)
        return reader.is_joined or reader.departure is not None


def _nothing(tx: Transaction, viewer: Viewer, nids: Sequence[int]) -> Mapping[int, bytes]:
    return {}
