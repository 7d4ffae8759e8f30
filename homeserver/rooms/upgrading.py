"""Replacing a room by one of another version.

https://spec.matrix.org/v1.19/client-server-api/#room-upgrades
"""

from __future__ import annotations

import dataclasses

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.requester import Requester
from homeserver.rooms.composing import Place
from homeserver.rooms.creation import RoomRequest
from homeserver.rooms.following import Succession
from homeserver.rooms.founding import Founding
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.moving_names import MovesNames
from homeserver.rooms.records import EventDraft, RoomRecord
from homeserver.rooms.service import Rooms, wall_clock_ms
from homeserver.rooms.upgrade_plan import (
    Upgrade,
    ban_drafts,
    closing_levels,
    creation_content,
    final_levels,
    first_levels,
    state_drafts,
)


class Upgrading:
    """Upgrades rooms."""

    def __init__(
        self,
        database: Database,
        rooms: Rooms,
        parts: RoomParts,
        founding: Founding,
        names: MovesNames,
        succession: Succession,
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._founding = founding
        self._names = names
        self._succession = succession

    async def upgrade(self, upgrade: Upgrade, requester: Requester, profile: dict[str, str]) -> str:
        """Replace a room; the new one's id. Raises `MatrixError` 403 for who may not end the room, 404 where there is
        no such room."""
        if await self._rooms.find_room(upgrade.room_id) is None:
            raise not_found("This server does not know the room.")
        room = await self._rooms.get_room_of(upgrade.room_id, requester.user_id)
        request = RoomRequest(
            creator=requester.user_id,
            version=upgrade.version,
            preset="private_chat",
            is_public=False,
            profile=profile,
        )
        lock = room_lock(room.room_nid)
        new_room_id = await self._database.transact(self._write, room, upgrade, request, locks=(lock,))
        await self._succession.follow(requester.user_id, new_room_id)
        return new_room_id

    def _write(self, tx: Transaction, room: RoomRecord, upgrade: Upgrade, request: RoomRequest) -> str:
        """All of it or nothing. The tombstone is checked first, since it is what needs the power."""
        sender, now_ms = request.creator, wall_clock_ms()
        place = self._parts.composer.place(tx, room)
        self._check_may_end(tx, room, place, sender)
        state = self._state(tx, place)
        room_id = self._founding.new_room_id(upgrade.version)
        # The old room's last event, which the new one names, is the tombstone; unless that has to wait for the new id.
        last_event_id = self._end(tx, room, room_id, sender) if room_id else place.tips[-1].event_id
        request = dataclasses.replace(request, creation_content=creation_content(state, upgrade, last_event_id))
        new = self._founding.write_create(tx, request, now_ms, room_id)
        final = final_levels(state, (sender, *upgrade.additional_creators), upgrade.version)
        first = first_levels(final, sender, upgrade.version)
        aliases = self._names.move(tx, room.room_id, new.room_id)
        member = {"membership": "join", **request.profile}
        drafts = [
            EventDraft("m.room.member", sender, member, state_key=sender),
            EventDraft("m.room.power_levels", sender, first, state_key=""),
            *_canonical_alias(state, sender, aliases),
            *state_drafts(state, sender, upgrade.version),
            *ban_drafts(state, sender),
            EventDraft("m.room.power_levels", sender, final, state_key=""),
        ]
        for draft in drafts:
            self._parts.composer.append(tx, new, draft, now_ms=now_ms)
        if not room_id:
            self._end(tx, room, new.room_id, sender)
        self._close(tx, room, state, sender)
        return new.room_id

    def _end(self, tx: Transaction, room: RoomRecord, new_room_id: str, sender: str) -> str:
        """The old room's tombstone; its id."""
        content = {"body": "This room has been replaced", "replacement_room": new_room_id}
        draft = EventDraft("m.room.tombstone", sender, content, state_key="")
        return self._parts.composer.append(tx, room, draft, now_ms=wall_clock_ms()).event.event_id

    def _state(self, tx: Transaction, place: Place) -> dict[StateKey, Event]:
        events = self._parts.loader.get_many(tx, list(place.state.values()))
        return {key: events[nid] for key, nid in place.state.items()}

    def _check_may_end(self, tx: Transaction, room: RoomRecord, place: Place, sender: str) -> None:
        draft = EventDraft("m.room.tombstone", sender, {}, state_key="")
        try:
            self._parts.composer.compose(tx, room, draft, place, now_ms=wall_clock_ms())
        except MatrixError as error:
            raise forbidden("You may not upgrade this room.") from error

    def _close(self, tx: Transaction, room: RoomRecord, state: dict[StateKey, Event], sender: str) -> None:
        """Take aliases and the power to write out of the old room, as far as the sender may."""
        drafts = []
        named, levels = state.get(("m.room.canonical_alias", "")), state.get(("m.room.power_levels", ""))
        if named is not None and named.content:
            drafts.append(EventDraft("m.room.canonical_alias", sender, {}, state_key=""))
        if levels is not None:
            closed = closing_levels(levels.content)
            drafts.append(EventDraft("m.room.power_levels", sender, closed, state_key=""))
        for draft in drafts:
            try:
                self._parts.composer.append(tx, room, draft, now_ms=wall_clock_ms())
            except MatrixError as error:
                if error.status >= 500:
                    raise


def _canonical_alias(state: dict[StateKey, Event], sender: str, moved: list[str]) -> list[EventDraft]:
    """The main alias and the alternatives, as far as they lead to the new room now."""
    event = state.get(("m.room.canonical_alias", ""))
    if event is None:
        return []
    content = {}
    others = event.content.get("alt_aliases")
    if event.content.get("alias") in moved:
        content["alias"] = event.content["alias"]
    kept = [alias for alias in others if alias in moved] if isinstance(others, list) else []
    if kept:
        content["alt_aliases"] = kept
    return [EventDraft("m.room.canonical_alias", sender, content, state_key="")] if content else []
