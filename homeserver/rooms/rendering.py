"""Events in the format clients get, as bytes that are encoded once and spliced into responses.

https://spec.matrix.org/v1.19/client-server-api/#room-event-format
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import msgspec

from homeserver.database import ByteCache, Transaction
from homeserver.protocol.client_format import client_event
from homeserver.protocol.events import Event, redacted_event
from homeserver.rooms import queries_events, queries_rooms
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import StoredEvent
from homeserver.rooms.visibility import Visibility

_encode = msgspec.json.encode

_MOST_REPLACED = 200_000


def _membership(membership: str) -> bytes:
    return b',"membership":' + _encode(membership)


_MEMBERSHIPS = {each: _membership(each) for each in ("join", "leave", "invite", "ban", "knock")}

DELAYED = "delayed"
"""The scope of the transactions by which delayed events are sent, whose ids are theirs.

https://github.com/matrix-org/matrix-spec-proposals/pull/4140
"""


class Rendered(msgspec.Struct, frozen=True, eq=False):
    """An event for clients. `head` is its JSON, without `room_id`, up to the number of `unsigned.age`. `unsigned` is
    what else of `unsigned` is the same for every reader, without braces, each entry preceded by a comma. `end` is what
    closes both, with `room_id`. `previous` is for those readers only who may see the event `previous_nid`.
    `state_after`: the state just after it, None where this server does not know that. `delay_id`: that of the delayed
    event which it was, for its sender alone. `is_alike`: no reader is shown what others are not, but for relations and
    their own membership."""

    event_nid: int
    event_id: str
    type: str
    sender: str
    origin_server_ts: int
    head: bytes
    unsigned: bytes
    end: bytes
    sent_by: tuple[str, str] | None
    state_after: int | None
    previous: bytes = b""
    previous_nid: int | None = None
    delay_id: str | None = None
    is_alike: bool = True

    def personal(self, user_id: str, device_id: str, seen: Collection[int]) -> bytes:
        """What of `unsigned` is for some readers only, each entry preceded by a comma. `seen`: the numbers of the
        events that were looked at and may be seen."""
        parts = [self.previous] if self.previous_nid in seen else []
        if self.sender == user_id:
            if self.sent_by is not None and self.sent_by[0] == device_id:
                parts.append(b',"transaction_id":' + _encode(self.sent_by[1]))
            if self.delay_id is not None:
                parts.append(b',"org.matrix.msc4140.delay_id":' + _encode(self.delay_id))
        return b"".join(parts)


def membership_entry(membership: str) -> bytes:
    """A reader's membership as it stands in `unsigned`, preceded by a comma."""
    return _MEMBERSHIPS.get(membership) or _membership(membership)


class Renderer:
    """Makes and caches the client format. Callable from any thread, within a transaction."""

    def __init__(self, rendered: ByteCache[int, Rendered], loader: EventLoader, visibility: Visibility) -> None:
        self._rendered = rendered
        self._loader = loader
        self._visibility = visibility
        #: Of the events kept: the number of a replaced one to those of the events that show it.
        self._replaced_by: dict[int, tuple[int, ...]] = {}

    def render(self, tx: Transaction, nids: Sequence[int]) -> list[Rendered]:
        """The events in the order asked; those that are not there are left out."""
        found = self._rendered.get_many(nids)
        missing = [nid for nid in nids if nid not in found]
        if missing:
            found.update(self._make(tx, missing))
        return [found[nid] for nid in nids if nid in found]

    def without_content(self, stored: StoredEvent) -> Rendered:
        """An event in its redacted form, though nobody has redacted it."""
        return _rendered(replace(stored, event=redacted_event(stored.event)), b"")

    def drop(self, nids: Iterable[int]) -> None:
        """Forget events whose form has changed, and those that show them as what they replaced."""
        for nid in nids:
            self._rendered.outdate(nid)
            for later_nid in self._replaced_by.pop(nid, ()):
                self._rendered.outdate(later_nid)

    def _keep(self, nid: int, rendered: Rendered, replaces_nid: int | None) -> None:
        if replaces_nid is not None:
            if len(self._replaced_by) >= _MOST_REPLACED:
                self._rendered.clear()
                self._replaced_by.clear()
            # Noted before the question, so that a change in between is seen by one or the other.
            self._replaced_by[replaces_nid] = (*{*self._replaced_by.get(replaces_nid, ()), nid},)
            if self._rendered.is_outdated(replaces_nid):
                return
        size_bytes = 500 + len(rendered.head) + len(rendered.previous) + len(rendered.unsigned)
        self._rendered.put(nid, rendered, size_bytes)

    def _make(self, tx: Transaction, nids: Collection[int]) -> dict[int, Rendered]:
        tx.expect(len(nids))
        extra = {row[0]: (row[1], row[2]) for row in queries_events.render_rows(tx, nids)}
        rows = queries_rooms.sent_by_device(tx, nids)
        sent = {row[0]: (row[2], row[3]) for row in rows if row[1] != DELAYED}
        delayed = {row[0]: row[3] for row in rows if row[1] == DELAYED}
        around = [nid for pair in extra.values() for nid in pair if nid is not None]
        stored = self._loader.stored_by_nid(tx, {*extra, *around})
        made = {}
        for nid, (replaces_nid, redacted_by) in extra.items():
            if nid not in stored:
                continue
            unsigned = _unsigned(stored, redacted_by)
            previous, previous_nid = b"", None
            if replaces_nid is not None and replaces_nid in stored:
                previous = _previous(stored[replaces_nid].event)
                if self._visibility.shows_also(tx, stored[replaces_nid], stored[nid]):
                    unsigned, previous = unsigned + previous, b""
                else:
                    previous_nid = replaces_nid
            sent_by = (sent.get(nid), delayed.get(nid))
            made[nid] = _rendered(stored[nid], unsigned, sent_by, previous, previous_nid)
            self._keep(nid, made[nid], replaces_nid)
        return made


def _rendered(
    stored: StoredEvent,
    unsigned: bytes,
    sent: tuple[tuple[str, str] | None, str | None] = (None, None),
    previous: bytes = b"",
    previous_nid: int | None = None,
) -> Rendered:
    """`sent`: `sent_by` and `delay_id`."""
    event = stored.event
    sent_by, delay_id = sent
    formatted = client_event(event)
    del formatted["room_id"]
    return Rendered(
        stored.event_nid,
        event.event_id,
        event.type,
        event.sender,
        event.origin_server_ts,
        _encode(formatted)[:-1] + b',"unsigned":{"age":',
        unsigned,
        b'},"room_id":%b}' % _encode(event.room_id),
        sent_by,
        stored.state_after,
        previous,
        previous_nid,
        delay_id,
        sent_by is None and delay_id is None and previous_nid is None,
    )


def _previous(old: Event) -> bytes:
    told = (_encode(old.event_id), _encode(old.content), _encode(old.sender))
    return b',"replaces_state":%b,"prev_content":%b,"prev_sender":%b' % told


def _unsigned(stored: dict[int, StoredEvent], redacted_by: int | None) -> bytes:
    parts = []
    if redacted_by is not None and redacted_by in stored:
        because = stored[redacted_by].event
        # `redacted_by` is of before `redacted_because`; there are clients that look for it.
        parts.append(
            b',"redacted_because":%b,"redacted_by":%b' % (_encode(client_event(because)), _encode(because.event_id))
        )
    return b"".join(parts)
