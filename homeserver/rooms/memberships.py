"""Joining, leaving, inviting, kicking, banning, knocking: membership changes that local users make.

https://spec.matrix.org/v1.19/client-server-api/#room-membership
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.protocol.events import Event
from homeserver.protocol.ids import is_valid_user_id, server_name_of
from homeserver.protocol.requester import Requester
from homeserver.rooms import queries_members
from homeserver.rooms.composing import Composed
from homeserver.rooms.invites import invite_events
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.policies import RoomPolicies
from homeserver.rooms.receiving import Arrival, Missing
from homeserver.rooms.records import EventDraft, Membership, RoomRecord
from homeserver.rooms.restricted import authorising_user
from homeserver.rooms.service import Rooms, wall_clock_ms


@dataclass(frozen=True, slots=True)
class Change:
    """A wish to change `target`'s membership in a room. `via`: servers to ask where this one is not in the room."""

    room_id: str
    target: str
    membership: str
    content: dict[str, Any] = field(default_factory=dict)
    via: tuple[str, ...] = ()


class RemoteMemberships(Protocol):
    """What other servers do for membership changes. Each raises `MatrixError` when all of them fail."""

    async def join(self, room_id: str, user_id: str, content: dict[str, Any], via: Sequence[str]) -> str:
        """Join a room this server is not in; the join event's id."""

    async def leave(self, room_id: str, user_id: str, content: dict[str, Any], via: Sequence[str]) -> None:
        """Leave, or refuse the invite to, a room this server is not in; the leave is recorded here even if all fail."""

    async def knock(self, room_id: str, user_id: str, content: dict[str, Any], via: Sequence[str]) -> str:
        """Knock on a room this server is not in; the knock event's id."""

    async def invite(self, room: RoomRecord, event: Event, room_state: list[dict[str, Any]]) -> Event:
        """Have the invited user's server sign an invite. `room_state`: whole events that tell the room."""


class Memberships:
    """Changes memberships at the wish of local users."""

    def __init__(
        self,
        database: Database,
        rooms: Rooms,
        parts: RoomParts,
        remote: RemoteMemberships,
        policies: RoomPolicies,
        server_name: str,
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._remote = remote
        self._policies = policies
        self._server_name = server_name

    async def change(self, change: Change, requester: Requester) -> str | None:
        """Carry out a membership change; the event's id (None for a leave that only this server knows of).

        Raises `MatrixError`: 403 `M_FORBIDDEN` by the auth rules, 404 for a room nobody can lead to.
        """
        room = await self._rooms.find_room(change.room_id)
        is_inside = room is not None and await self.is_in_room(room)
        if change.membership in ("join", "invite", "knock"):
            await self._rooms.check_open(change.room_id)
        elif room is not None and change.membership == "leave" and change.target == requester.user_id:
            await self._check_may_leave(room, change.target)
        if change.membership == "invite":
            self._policies.check_may_invite(requester, change.room_id, change.target)
        elif change.membership == "join":
            self._policies.check_may_join(change.target, change.room_id, is_remote=not is_inside)
            if requester.is_guest and is_inside:
                await self._check_lets_guests_in(room)
        if room is None or not is_inside:
            event_id = await self._change_outside(room, change, requester)
            if requester.is_guest and change.membership == "join":
                await self._leave_without_guests(change, requester)
            return event_id
        if change.membership == "invite":
            return await self.invite(room, change, requester)
        if change.membership == "join":
            return await self._join_inside(room, change, requester)
        return await self._rooms.send(change.room_id, _draft(change, requester), requester)

    async def is_in_room(self, room: RoomRecord) -> bool:
        """Whether this server has a joined user, and so the room's state, now."""
        return self._server_name in await self._rooms.occupancy.joined_servers(room.room_nid)

    def check_may_invite(self, requester: Requester, room_id: str, target: str) -> None:
        """What the operator says about invites, of a user or of whoever will have an address. Raises 403 and 429."""
        self._policies.check_may_invite(requester, room_id, target)

    def check_may_invite_address(self, requester: Requester) -> None:
        """The same before an identity server is asked."""
        self._policies.check_may_invite_address(requester)

    async def invite(self, room: RoomRecord, change: Change, requester: Requester) -> str:
        """Invite to a room this server is in, when `check_may_invite` has been asked; raises as `change`."""
        return await self.append_invite(room, _draft(change, requester))

    async def append_invite(self, room: RoomRecord, draft: EventDraft) -> str:
        """Append an invite, which a third party's signature may allow whoever sends it; the event's id.

        Raises `MatrixError` 403 by the auth rules, and what the invited user's server answers.
        """
        if server_name_of(str(draft.state_key)) != self._server_name:
            return await self._invite_remote(room, draft)
        lock = room_lock(room.room_nid)
        stored = await self._database.transact(self._rooms.send_within, room, draft, None, locks=(lock,))
        return stored.event.event_id

    async def forget(self, room_id: str, user_id: str) -> None:
        """Forget a room that was left; 400 while the user is still in it."""
        room = await self._rooms.get_room(room_id)
        await self._database.transact(self._forget, room, user_id)

    async def set_profile(self, requester: Requester, user_id: str, fields: dict[str, str | None]) -> None:
        """Carry a changed display name or avatar into the member events of all joined rooms."""
        for membership in (await self._rooms.occupancy.memberships(user_id)).values():
            if membership.membership != "join":
                continue
            try:
                await self._set_profile_in(membership, requester, user_id, fields)
            except MatrixError as error:
                if error.status >= 500:
                    raise

    async def _set_profile_in(
        self, membership: Membership, requester: Requester, user_id: str, fields: dict[str, str | None]
    ) -> None:
        event = await self._rooms.find_state_event(membership.room_nid, ("m.room.member", user_id))
        if event is None:
            return
        content = {key: value for key, value in {**event.content, **fields}.items() if value is not None}
        content.pop("join_authorised_via_users_server", None)
        await self._rooms.send(
            membership.room_id, EventDraft("m.room.member", user_id, content, state_key=user_id), requester
        )

    async def _check_may_leave(self, room: RoomRecord, user_id: str) -> None:
        """Raise 403 for who refuses an invite that cannot be refused."""
        if await self._rooms.occupancy.membership(room.room_nid, user_id) == "invite":
            await self._rooms.check_may_refuse(room.room_id, user_id)

    async def _check_lets_guests_in(self, room: RoomRecord | None) -> None:
        """Raise 403 where the room has no guests.

        https://spec.matrix.org/v1.19/client-server-api/#guest-access
        """
        access = None if room is None else await self._rooms.find_state_event(room.room_nid, _GUEST_ACCESS)
        if access is None or access.content.get("guest_access") != "can_join":
            raise MatrixError(403, "M_GUEST_ACCESS_FORBIDDEN", "Guests may not join this room.")

    async def _leave_without_guests(self, change: Change, requester: Requester) -> None:
        """Whether a room lets guests in is known once this server is in it: a guest who may not be there leaves."""
        try:
            await self._check_lets_guests_in(await self._rooms.find_room(change.room_id))
        except MatrixError:
            await self.change(Change(change.room_id, change.target, "leave"), requester)
            raise

    async def _change_outside(self, room: RoomRecord | None, change: Change, requester: Requester) -> str | None:
        """This server is not in the room: whatever is to happen, other servers have to do it."""
        own = change.target == requester.user_id
        before = None if room is None else await self._rooms.occupancy.membership(room.room_nid, change.target)
        via = await self._via(room, change)
        if not own or change.membership not in ("join", "leave", "knock"):
            raise forbidden(f"{requester.user_id} is not in the room.")
        content = {**change.content, "membership": change.membership}
        if change.membership == "join":
            return await self._remote.join(change.room_id, change.target, content, via)
        if change.membership == "knock":
            return await self._remote.knock(change.room_id, change.target, content, via)
        if before == "leave":
            return None
        if before not in ("invite", "knock"):
            raise forbidden(f"{requester.user_id} is not in the room.")
        await self._remote.leave(change.room_id, change.target, content, via)
        return None

    async def _via(self, room: RoomRecord | None, change: Change) -> tuple[str, ...]:
        """The servers to ask: those named, the inviter's, those that made what is known of the room, and the one in
        the room id."""
        servers = list(change.via)
        if room is not None:
            servers += await self._database.glance(self._servers_known, room, change.target)
        if ":" in change.room_id:
            servers.append(server_name_of(change.room_id))
        return tuple(dict.fromkeys(name for name in servers if name and name != self._server_name))

    def _servers_known(self, tx: Transaction, room: RoomRecord, user_id: str) -> list[str]:
        """Of an invite or a knock: the inviter's server, and those whose users set the stripped state."""
        row = queries_members.find_membership(tx, user_id, room.room_nid)
        if row is None or row.membership not in ("invite", "knock"):
            return []
        senders = [stored.event.sender for stored in self._parts.loader.stored_by_nid(tx, [row.event_nid]).values()]
        told = queries_members.find_stripped(tx, user_id, room.room_nid)
        senders += [str(one.get("sender", "")) for one in ([] if told is None else msgspec.json.decode(told))]
        return [server_name_of(sender) for sender in senders if is_valid_user_id(sender)]

    async def _join_inside(self, room: RoomRecord, change: Change, requester: Requester) -> str:
        """A join to a room this server is in; a restricted one is authorised by a local user who may invite."""
        content = dict(change.content)
        state = await self._rooms.current_state_of_types(room.room_nid, _DECIDES_JOIN, change.target)
        event = state.get(("m.room.member", change.target))
        if event is not None and event.membership == "join":
            if not content:
                return event.event_id
        else:
            answer = authorising_user(state, change.target, self._server_name, room.version)
            if answer.needs_authorisation:
                await self._check_restricted(room, change, answer.allowed_rooms)
                if answer.authoriser is None:
                    content["membership"] = "join"
                    others = await self._others(room, change)
                    return await self._remote.join(change.room_id, change.target, content, others)
                content["join_authorised_via_users_server"] = answer.authoriser
        draft = _draft(Change(change.room_id, change.target, "join", content), requester)
        return await self._rooms.send(change.room_id, draft, requester)

    async def _check_restricted(self, room: RoomRecord, change: Change, allowed_rooms: Sequence[str]) -> None:
        for room_id in allowed_rooms:
            allowed = await self._rooms.find_room(room_id)
            if allowed and await self._rooms.occupancy.membership(allowed.room_nid, change.target) == "join":
                return
        raise forbidden(f"{change.target} is in none of the rooms whose members may join {room.room_id}.")

    async def _others(self, room: RoomRecord, change: Change) -> tuple[str, ...]:
        servers = await self._rooms.occupancy.joined_servers(room.room_nid)
        return tuple(dict.fromkeys([*change.via, *sorted(servers - {self._server_name})]))

    async def _invite_remote(self, room: RoomRecord, draft: EventDraft) -> str:
        """Build and sign the invite, have the other server sign it too, then append it."""
        lock = room_lock(room.room_nid)
        composed, room_state = await self._database.transact(self._compose_invite, room, draft, locks=(lock,))
        event = await self._remote.invite(room, composed.event, room_state)
        arrival = Arrival(event, is_outbound=True)
        verdict = await self._database.transact(self._parts.receiver.receive, room, arrival, locks=(lock,))
        if isinstance(verdict, Missing) or verdict.status != 0:
            raise forbidden("The room changed while the invite was under way; try again.")
        return verdict.event.event_id

    def _compose_invite(
        self, tx: Transaction, room: RoomRecord, draft: EventDraft
    ) -> tuple[Composed, list[dict[str, Any]]]:
        place = self._parts.composer.place(tx, room)
        composed = self._parts.composer.compose(tx, room, draft, place, now_ms=wall_clock_ms())
        told = invite_events(tx, self._parts.loader, place.state, composed.event)
        return composed, [one.pdu for one in told]

    def _forget(self, tx: Transaction, room: RoomRecord, user_id: str) -> None:
        row = queries_members.find_membership(tx, user_id, room.room_nid)
        if row is None:
            raise not_found("You were never in this room.")
        if row.membership in ("join", "invite", "knock"):
            raise MatrixError(400, "M_UNKNOWN", "Leave the room before forgetting it.")
        queries_members.set_forgotten(tx, user_id, room.room_nid)
        tx.publish("membership", user_id)


_GUEST_ACCESS = ("m.room.guest_access", "")
_DECIDES_JOIN = ("m.room.create", "m.room.join_rules", "m.room.power_levels", "m.room.member")


def _draft(change: Change, requester: Requester) -> EventDraft:
    content = {**change.content, "membership": change.membership}
    return EventDraft("m.room.member", requester.user_id, content, state_key=change.target)
