"""Applying redactions, whichever of redaction and target comes first.

https://spec.matrix.org/v1.19/rooms/v12/#handling-redactions
"""

from __future__ import annotations

from collections.abc import Callable

from homeserver.database import Transaction
from homeserver.protocol.events import Event, redacted_event
from homeserver.protocol.ids import server_name_of
from homeserver.protocol.power_levels import PowerLevels
from homeserver.rooms import queries_events
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import RoomRecord, Status, StoredEvent
from homeserver.rooms.snapshots import Snapshots

OnRedacted = Callable[[Transaction, RoomRecord, StoredEvent], None]
"""Called within the transaction for each event that is redacted, with the event as it was before."""


class Redactor:
    """Replaces events by their redacted form.

    A redaction of another server is not shown to clients before it is applied. `on_redacted`: slices that keep some
    of an event's content forget it there.
    """

    def __init__(self, snapshots: Snapshots, loader: EventLoader) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self.on_redacted: list[OnRedacted] = []

    def is_shown(self, tx: Transaction, room: RoomRecord, event: Event, snapshot_nid: int) -> bool:
        """Whether clients are to see an event of another server now: a redaction only where it applies, unless the
        auth rules have judged it (room versions 1 and 2)."""
        if event.type != "m.room.redaction" or room.version.redaction_auth_rule:
            return True
        target = None if event.redacts is None else self._loader.find_stored(tx, event.redacts)
        return target is not None and self._may_redact(tx, room, event, snapshot_nid, target.event)

    def apply(self, tx: Transaction, room: RoomRecord, redaction: StoredEvent) -> None:
        """Apply an accepted `m.room.redaction`; it waits where its target is not here."""
        target_id = redaction.event.redacts
        if target_id is None:
            return
        target = self._loader.find_stored(tx, target_id)
        if target is None:
            queries_events.insert_pending_redaction(tx, target_id, redaction.event_nid)
        elif self._is_good(tx, room, redaction, target):
            self._rewrite(tx, room, target, redaction.event_nid)

    def apply_pending(self, tx: Transaction, room: RoomRecord, target: StoredEvent) -> None:
        """Apply the redactions that waited for an event that has just arrived."""
        for nid in queries_events.take_pending_redactions(tx, target.event.event_id):
            redaction = self._loader.stored_by_nid(tx, [nid]).get(nid)
            if redaction is None or not self._is_good(tx, room, redaction, target):
                continue
            if redaction.position is None:
                position = tx.publish("room", str(room.room_nid)) if target.position else 0
                queries_events.show_event(tx, nid, position)
            self._rewrite(tx, room, target, nid)

    def _is_good(self, tx: Transaction, room: RoomRecord, redaction: StoredEvent, target: StoredEvent) -> bool:
        if redaction.status is not Status.ACCEPTED or redaction.state_before is None:
            return False
        return self._may_redact(tx, room, redaction.event, redaction.state_before, target.event)

    def _may_redact(self, tx: Transaction, room: RoomRecord, redaction: Event, snapshot_nid: int, event: Event) -> bool:
        """Same room, and: power to redact, or (as the specification words it) both senders of one server."""
        if event.room_id != room.room_id or event.type == "m.room.create":
            return False
        if server_name_of(redaction.sender) == server_name_of(event.sender):
            return True
        return self.has_power(tx, snapshot_nid, redaction.sender)

    def has_power(self, tx: Transaction, snapshot_nid: int, user_id: str) -> bool:
        """Whether a state gives a user the power to redact others' events."""
        state = self._snapshots.get(tx, snapshot_nid)
        nids = [state.get(("m.room.create", "")), state.get(("m.room.power_levels", ""))]
        events = self._loader.get_many(tx, [nid for nid in nids if nid is not None])
        create, power = (None if nid is None else events.get(nid) for nid in nids)
        levels = PowerLevels.from_state(create, power)
        return bool(levels.of_user(user_id) >= levels.redact)

    def forget_content(self, tx: Transaction, room: RoomRecord, target: StoredEvent) -> None:
        """Keep of an event what a redaction would leave of it, without there being one."""
        self._rewrite(tx, room, target, None)

    def _rewrite(self, tx: Transaction, room: RoomRecord, target: StoredEvent, redaction_nid: int | None) -> None:
        for hook in self.on_redacted:
            hook(tx, room, target)
        pdu = redacted_event(target.event).encoded
        queries_events.rewrite_pdu(tx, target.event_nid, pdu, redaction_nid)
        self._loader.drop([target.event_nid])
        tx.publish("redacted", str(target.event_nid))
