"""Events as one reader wants them: without those of ignored users, and only the fields the filter names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.database import Transaction
from homeserver.protocol.event_fields import EventFields
from homeserver.protocol.filters import Matcher
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.views import EventViews, Viewer


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose answer it is. `fields`: None for whole events. `wants_pdus`: as servers exchange them
    (`event_format: federation`). `is_bundled`: with aggregations of child events. `names_room`: with `room_id`."""

    viewer: Viewer
    is_bundled: bool = False
    fields: EventFields | None = None
    wants_pdus: bool = False
    names_room: bool = True


class Presenter:
    """Callable within a transaction."""

    def __init__(self, loader: EventLoader, views: EventViews) -> None:
        self._loader = loader
        self._views = views

    def present(
        self, tx: Transaction, reader: Reader, nids: Sequence[int], matcher: Matcher | None = None
    ) -> list[msgspec.Raw]:
        """The events that pass, in their order."""
        if matcher is not None:
            events = self._loader.get_many(tx, nids)
            nids = [nid for nid in nids if matcher(events[nid].pdu)]
        if reader.wants_pdus:
            events = self._loader.get_many(tx, nids)
            raws = [msgspec.Raw(msgspec.json.encode(_pdu(events[nid].pdu, events[nid].event_id))) for nid in nids]
        else:
            is_bundled, names_room = reader.is_bundled, reader.names_room
            raws = self._views.raws(tx, reader.viewer, nids, is_bundled=is_bundled, names_room=names_room)
        if reader.fields is None:
            return raws
        fields = reader.fields
        return [msgspec.Raw(msgspec.json.encode(fields.of(msgspec.json.decode(raw)))) for raw in raws]

    def without_ignored(self, tx: Transaction, nids: Sequence[int], ignored: Collection[str]) -> Sequence[int]:
        """The numbers without messages of ignored users; their state events stay, since the room is made of them.

        https://spec.matrix.org/v1.19/client-server-api/#server-behaviour-13
        """
        if not ignored:
            return nids
        events = self._loader.get_many(tx, nids)
        return [nid for nid in nids if events[nid].is_state or events[nid].sender not in ignored]


def _pdu(pdu: dict[str, Any], event_id: str) -> dict[str, Any]:
    """From room version 3 on the id is no part of the PDU; clients need it all the same."""
    return {**pdu, "event_id": event_id}
