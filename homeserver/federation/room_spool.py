"""The events of an answer that holds a room: checked in batches as they come, and kept in a file until all that
authorises them is there. What is in memory at a time is a batch and an index.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any

from homeserver.federation.calls import decode_answer
from homeserver.federation.pdu_checks import PduChecks, Refused
from homeserver.federation.streaming import Element
from homeserver.protocol.canonical_json import encode_lax
from homeserver.protocol.events import Event, StateKey, stored_event
from homeserver.protocol.room_versions import RoomVersion
from homeserver.rooms.outliers import auth_order
from homeserver.rooms.records import Unchecked

BATCH_EVENTS = 256
"""So many events are checked together, with the keys of their servers fetched together."""

STORED_AT_ONCE = 200
_BYTES_IN_MEMORY = 4 * 1024 * 1024
_MOST_EVENTS = 500_000
_MOST_UNCHECKED = 2_000

Json = dict[str, Any]
LackingEvents = Callable[[Collection[str]], Awaitable[set[str]]]
"""Event ids to those of them that are not here."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where an event is in the file, and what its order goes by."""

    offset: int
    length: int
    type: str
    auth_events: Sequence[str]


class RoomSpool:
    """The good events of one answer. `lists`: which lists hold state; `state_ids`: that state; `create`: the create
    event, wherever it stood; `unchecked`: by event id, what may be good, for want of keys that may be had later. Close
    it."""

    def __init__(self, checks: PduChecks, room_id: str, version: RoomVersion, state_list: str) -> None:
        self.state_ids: dict[StateKey, str] = {}
        self.create: Event | None = None
        self._checks = checks
        self._room_id = room_id
        self._version = version
        self._state_list = state_list
        self._waiting: list[Element] = []
        self._index: dict[str, _Entry] = {}
        self.unchecked: dict[str, Unchecked] = {}
        self._file = SpooledTemporaryFile(max_size=_BYTES_IN_MEMORY)  # noqa: SIM115 (closed by `close`)

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._index

    async def take(self, elements: Sequence[Element]) -> None:
        """See `Sink`."""
        self._waiting += elements
        while len(self._waiting) >= BATCH_EVENTS:
            batch, self._waiting = self._waiting[:BATCH_EVENTS], self._waiting[BATCH_EVENTS:]
            await self._check(batch)

    async def finish(self) -> None:
        """All has come."""
        batch, self._waiting = self._waiting, []
        await self._check(batch)

    def batches(self) -> Iterator[list[Event]]:
        """The events, each after those that authorise it."""
        order = auth_order(self._index)
        for start in range(0, len(order), STORED_AT_ONCE):
            yield [self._read(event_id) for event_id in order[start : start + STORED_AT_ONCE]]

    def close(self) -> None:
        """Delete the file."""
        self._file.close()

    async def _check(self, batch: Sequence[Element]) -> None:
        """Check and keep; what is no good event of the room is left out."""
        pdus = [_decoded(text) for _, text in batch]
        checked = await self._checks.check(pdus, self._version)
        for (name, _), pdu, event in zip(batch, pdus, checked, strict=True):
            if isinstance(event, Refused) and event.is_passing:
                self._keep_unchecked(name, pdu, event)
            if not isinstance(event, Event) or event.room_id != self._room_id:
                continue
            if event.type == "m.room.create" and self.create is None:
                self.create = event
            if name == self._state_list and event.is_state:
                self.state_ids[event.key] = event.event_id
            self._add(event)

    def _keep_unchecked(self, name: str, pdu: Json, refused: Refused) -> None:
        if refused.event_id is None or len(self.unchecked) >= _MOST_UNCHECKED or pdu.get("room_id") != self._room_id:
            return
        state_key = pdu.get("state_key")
        key = (str(pdu["type"]), state_key) if name == self._state_list and isinstance(state_key, str) else None
        if key is not None or refused.event_id not in self.unchecked:
            self.unchecked[refused.event_id] = Unchecked(refused.event_id, key, encode_lax(pdu))

    async def left_over(self, lacking: LackingEvents) -> list[Unchecked]:
        """What of all that could not be taken in, once the good events are: for want of a key, or of what authorises
        it, which may be so for want of a key. What was known before counts as checked."""
        if not self.unchecked:
            return []
        missing = await lacking({*self.unchecked, *self.state_ids.values()})
        for one in self.unchecked.values():
            if one.event_id not in missing and one.key is not None:
                self.state_ids.setdefault(one.key, one.event_id)
        waiting = [one for one in self.unchecked.values() if one.event_id in missing]
        dependent = [item for item in self.state_ids.items() if item[1] in missing]
        for key, event_id in dependent:
            waiting.append(Unchecked(event_id, key, self._read(event_id).encoded))
            del self.state_ids[key]
        return waiting

    def _add(self, event: Event) -> None:
        if event.event_id in self._index:
            return
        if len(self._index) >= _MOST_EVENTS:
            raise ValueError("more events than any room has")
        offset = self._file.seek(0, 2)
        self._file.write(event.encoded)
        self._index[event.event_id] = _Entry(offset, len(event.encoded), event.type, tuple(event.auth_events))

    def _read(self, event_id: str) -> Event:
        entry = self._index[event_id]
        self._file.seek(entry.offset)
        return stored_event(self._file.read(entry.length), event_id, self._version)


def _decoded(text: str) -> Any:
    """The value of an element; None, which is no event, for what is no JSON that an event may have."""
    try:
        return decode_answer(text.encode(), Any)
    except ValueError:
        return None
