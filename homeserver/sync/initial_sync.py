"""`/initialSync`: everything there is, or all of one room, in the form of before `/sync`.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3initialsync
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.database import Database, Transaction
from homeserver.protocol.filters import SyncFilter
from homeserver.protocol.requester import Requester
from homeserver.rooms.reading import Page, RoomReading
from homeserver.rooms.records import Membership
from homeserver.rooms.service import Rooms
from homeserver.sync.event_stream import with_user_id
from homeserver.sync.polling import Polling
from homeserver.sync.service import Sync, SyncRequest
from homeserver.sync.sources import Json, Sources

_DEPARTED = ("leave", "ban", "invite", "knock")

IsPublished = Callable[[str], Awaitable[bool]]
"""Whether a room id is in the public list of rooms."""


@dataclass(frozen=True, slots=True)
class RoomSource:
    """Where what is said of rooms comes from."""

    rooms: Rooms
    reading: RoomReading
    is_published: IsPublished


class InitialSync:
    """Answers both requests."""

    def __init__(self, database: Database, rooms: RoomSource, sources: Sources, sync: Sync, polling: Polling) -> None:
        self._database = database
        self._rooms = rooms
        self._sources = sources
        self._sync = sync
        self._polling = polling

    async def everything(self, requester: Requester, limit: int, *, has_left: bool) -> Json:
        """`{"end", "presence", "rooms", "account_data", "receipts"}`; `has_left`: with the rooms the user has left."""
        kept = SyncFilter(timeline_limit=limit, include_leave=has_left)
        wanted = SyncRequest(filter=kept, state_key="state_after", names_rooms=True)
        answer = await self._sync.sync(requester, wanted)
        rows = await self._rooms.rooms.occupancy.memberships(requester.user_id)
        by_id = {row.room_id: row for row in rows.values()}
        sections = answer.get("rooms", {})
        listed: list[Json] = []
        for section in ("join", "leave"):
            for room_id, entry in sections.get(section, {}).items():
                listed.append(await self._listed(by_id[room_id], entry, answer["next_batch"]))
        listed += [_invited(room_id, entry) for room_id, entry in sections.get("invite", {}).items()]
        return {
            "end": answer["next_batch"],
            "presence": [with_user_id(event) for event in self._presence(requester.user_id, answer)],
            "account_data": [one for one in _events(answer, "account_data") if one["type"] != "m.push_rules"],
            "receipts": list(_receipts(sections.get("join", {}))),
            "rooms": listed,
        }

    async def of_room(self, room_id: str, requester: Requester, limit: int) -> Json:
        """One room, for whoever is or was in it or where everybody may read it; 403 `M_FORBIDDEN` otherwise."""
        end = self._polling.now()
        state = await self._rooms.reading.state(room_id, requester)
        page = await self._rooms.reading.page(room_id, Page(None, None, True, limit), requester)
        room = await self._rooms.rooms.get_room(room_id)
        occupancy = self._rooms.rooms.occupancy
        membership = await occupancy.membership(room.room_nid, requester.user_id)
        presence = self._sources.presence.presence_of(_joined_in(state)) if membership == "join" else []
        return {
            "room_id": room_id,
            "membership": membership or "leave",
            "messages": {"start": page.end or page.start, "end": str(end), "chunk": page.chunk[::-1]},
            "state": [_in_old_form(event) for event in state],
            "visibility": await self._visibility(room_id),
            "presence": [with_user_id(event) for event in presence],
            "account_data": await self._database.read(self._account_data, room_id, requester.user_id),
            # Who has left hears no more of who reads what.
            "receipts": [] if membership in _DEPARTED else await self._database.read(self._read, room_id, requester),
        }

    def _account_data(self, tx: Transaction, room_id: str, user_id: str) -> list[Json]:
        return self._sources.account_data.of_room(tx, user_id, room_id)

    def _read(self, tx: Transaction, room_id: str, requester: Requester) -> list[Json]:
        position = self._polling.now().position
        receipts = self._sources.receipts.receipts_between(tx, [room_id], 0, position, requester.user_id)
        return [_receipt(room_id, content) for content in receipts.values()]

    def _presence(self, user_id: str, answer: Json) -> list[Json]:
        """That of the user is always among them."""
        events: list[Json] = _events(answer, "presence")
        if any(event["sender"] == user_id for event in events):
            return events
        return [*events, *self._sources.presence.presence_of([user_id])]

    async def _listed(self, row: Membership, entry: Json, end: str) -> Json:
        timeline = entry["timeline"]
        return {
            "room_id": row.room_id,
            "membership": row.membership,
            "messages": {"start": timeline["prev_batch"], "end": end, "chunk": timeline["events"]},
            "state": [_in_old_form(event) for event in _events(entry, "state_after")],
            "visibility": await self._visibility(row.room_id),
            "account_data": _events(entry, "account_data"),
        }

    async def _visibility(self, room_id: str) -> str:
        return "public" if await self._rooms.is_published(room_id) else "private"


def _joined_in(state: list[msgspec.Raw]) -> set[str]:
    """Who is joined, by a state as the reader knows it."""
    events: list[Json] = [msgspec.json.decode(event) for event in state]
    members = [event for event in events if event["type"] == "m.room.member"]
    return {event["state_key"] for event in members if event["content"].get("membership") == "join"}


def _in_old_form(event: msgspec.Raw) -> Json:
    """An event as of before `sender`, which was `user_id` then; it has both."""
    decoded: Json = msgspec.json.decode(event)
    return {**decoded, "user_id": decoded["sender"]}


def _invited(room_id: str, entry: Json) -> Json:
    invites = [one for one in _events(entry, "invite_state") if one["type"] == "m.room.member"]
    told: Json = next((one for one in reversed(invites) if one["content"].get("membership") == "invite"), {})
    return {"room_id": room_id, "membership": "invite", "invite": {**told, "room_id": room_id}}


def _events(answer: Mapping[str, Any], section: str) -> list[Any]:
    events: list[Any] = answer.get(section, {}).get("events", [])
    return events


def _receipts(joined: Mapping[str, Json]) -> list[Json]:
    return [
        _receipt(room_id, event["content"])
        for room_id, entry in joined.items()
        for event in _events(entry, "ephemeral")
        if event["type"] == "m.receipt"
    ]


def _receipt(room_id: str, content: Json) -> Json:
    return {"type": "m.receipt", "room_id": room_id, "content": content}
