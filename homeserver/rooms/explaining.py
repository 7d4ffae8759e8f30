"""Telling an operator how an event fared and why: what authorises it, which states it brought together, how those were
resolved step by step, and what its arrival changed of the room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from homeserver.database import Transaction
from homeserver.protocol.auth_rules import AuthError, auth_state_keys, check_auth, check_auth_events
from homeserver.protocol.events import Event, StateKey
from homeserver.rooms import queries_events, queries_state
from homeserver.rooms.auth_graph import chains_of
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.outliers import authorising_ids, implied_create_id
from homeserver.rooms.records import RoomRecord, Status, StoredEvent

MOST_RESETS = 100
_MOST_LISTED = 200
_WORDS = {Status.ACCEPTED: "accepted", Status.SOFT_FAILED: "soft failed", Status.REJECTED: "rejected"}


class Explaining:
    """Explains one room. Callable within a transaction that only reads."""

    def __init__(self, tx: Transaction, parts: RoomParts, room: RoomRecord) -> None:
        self._tx = tx
        self._parts = parts
        self._room = room

    def event(self, event_id: str) -> list[str] | None:
        """Lines of text about an event; None where it is not here, or of another room."""
        stored = self._parts.loader.find_stored(self._tx, event_id)
        if stored is None or stored.event.room_id != self._room.room_id:
            return None
        event = stored.event
        lines = [f"{event.event_id} in {self._room.room_id}, room version {self._room.version.version}"]
        lines.append(f"  {_content(event)}, sent by {event.sender} at {event.origin_server_ts}, depth {event.depth}")
        lines.append(f"  {self._fate(stored)}")
        lines += ["", "Authorised by:", *self._auth_events(event)]
        lines += ["", "Its auth chain, oldest first:", *self._auth_chain(stored)]
        lines += ["", "Follows on:", *self._previous(event)]
        lines += ["", "The states it brings together:", *self._conflict(event)]
        lines += ["", "What its arrival changed of the room's current state:", *self._changes(stored)]
        return lines

    def resets(self) -> list[str]:
        """A line for each time that the state went back with no event that says so, the last first."""
        rows = queries_state.resets_of(self._tx, self._room.room_nid, MOST_RESETS)
        return [
            f"{_key(key)}: {self._id(replaced)} gave way to {self._id(nid)} when {self._id(cause)} came"
            for key, nid, replaced, cause in rows
        ]

    def _fate(self, stored: StoredEvent) -> str:
        if stored.state_before is None:
            return f"{_WORDS[stored.status]}; its place in the room is not known here"
        shown = "shown to clients" if stored.position is not None else "not shown to clients"
        refusals = [
            f"{what}: {refusal}"
            for what, refusal in (
                ("by the events it cites", self._refusal_by_cited(stored.event)),
                ("by the state before it", self._refusal_by_state(stored)),
            )
            if refusal is not None
        ]
        return f"{_WORDS[stored.status]}, {shown}" + "".join(f"; refused {one}" for one in refusals)

    def _refusal_by_cited(self, event: Event) -> str | None:
        cited = self._parts.loader.stored_by_id(self._tx, authorising_ids(self._room, event))
        create_id = implied_create_id(self._room)
        missing = [one for one in event.auth_events if one not in cited]
        if missing:
            return f"{', '.join(missing)} not here"
        rejected = {one for one, stored in cited.items() if stored.status is Status.REJECTED}
        explicit = {one: stored.event for one, stored in cited.items() if one != create_id}
        state = {stored.event.key: stored.event for stored in cited.values() if stored.event.is_state}
        try:
            check_auth_events(event, explicit, rejected)
            check_auth(event, state)
        except AuthError as error:
            return str(error)
        return None

    def _refusal_by_state(self, stored: StoredEvent) -> str | None:
        event = stored.event
        state = self._parts.snapshots.get(self._tx, stored.state_before or 0)
        keys = auth_state_keys(event.type, event.state_key, event.sender, event.content, event.version)
        nids = {key: state[key] for key in {*keys, ("m.room.create", "")} if key in state}
        events = self._parts.loader.get_many(self._tx, list(nids.values()))
        try:
            check_auth(event, {key: events[nid] for key, nid in nids.items()})
        except AuthError as error:
            return str(error)
        return None

    def _auth_events(self, event: Event) -> Iterator[str]:
        cited = self._parts.loader.stored_by_id(self._tx, authorising_ids(self._room, event))
        for event_id in authorising_ids(self._room, event):
            yield f"  {self._line(cited[event_id])}" if event_id in cited else f"  {event_id} is not here"

    def _auth_chain(self, stored: StoredEvent) -> Iterator[str]:
        ids = authorising_ids(self._room, stored.event)
        own = list(queries_events.nids_by_id(self._tx, ids).values())
        nids = {*own, *(nid for chain in chains_of(self._tx, own).values() for nid in chain)}
        chain = self._parts.loader.stored_by_nid(self._tx, nids).values()
        yield from _limited(self._line(one) for one in sorted(chain, key=lambda one: (one.event.depth, one.event_nid)))

    def _previous(self, event: Event) -> Iterator[str]:
        previous = self._parts.loader.stored_by_id(self._tx, event.prev_events)
        for event_id in event.prev_events:
            yield f"  {self._line(previous[event_id])}" if event_id in previous else f"  {event_id} is not here"

    def _conflict(self, event: Event) -> Iterator[str]:
        previous = self._parts.loader.stored_by_id(self._tx, event.prev_events)
        after = {one.state_after: one.event.event_id for one in previous.values() if one.state_after is not None}
        if len(after) < len(previous) or not after:
            yield "  the state after some of what it follows on is the same, or not known here"
        if len(after) < 2:
            return
        forks, resolved, steps = self._parts.resolver.explain(self._tx, self._room, after)
        if not forks.differing:
            yield "  the same"
        for key in sorted(forks.differing):
            yield f"  {_key(key)}"
            for snapshot_nid, claim in forks.claims.items():
                yield f"    after {after[snapshot_nid]}: {self._id(claim.get(key))}"
            yield f"    resolved to: {self._id(resolved.get(key))}"
        if steps:
            yield "  tried in this order:"
        for step in steps:
            found = self._parts.loader.find_stored(self._tx, step.event_id)
            verdict = "allowed" if step.refusal is None else f"refused: {step.refusal}"
            what = "power event" if step.among == "power" else "by the mainline"
            yield f"    {'' if found is None else self._line(found)}: {what}, {verdict}"

    def _changes(self, stored: StoredEvent) -> Iterator[str]:
        changes = queries_state.changes_by(self._tx, stored.event_nid, self._room.room_nid)
        if not changes:
            yield "  nothing"
        for key, nid, replaced, is_reset in changes:
            note = f" (a reset: before it was {self._id(replaced)})" if is_reset else ""
            yield f"  {_key(key)}: {self._id(nid)}{note}"

    def _line(self, stored: StoredEvent) -> str:
        return f"{stored.event.event_id} {_content(stored.event)} by {stored.event.sender}, {_WORDS[stored.status]}"

    def _id(self, nid: int | None) -> str:
        found = {} if nid is None else self._parts.loader.get_many(self._tx, [nid])
        return "nothing" if nid not in found else f"{found[nid].event_id} ({_content(found[nid])})"


def _key(key: StateKey) -> str:
    return f"{key[0]} {key[1]!r}"


def _content(event: Event) -> str:
    if not event.is_state:
        return event.type
    return f"{_key(event.key)}" + (f" {event.membership}" if event.membership else "")


def _limited(lines: Iterable[str]) -> Iterator[str]:
    """At most so many, and how many more there are."""
    more = 0
    for number, line in enumerate(lines):
        if number < _MOST_LISTED:
            yield f"  {line}"
        else:
            more += 1
    if more:
        yield f"  and {more} more"
