"""Membership: joining, leaving, inviting, kicking, banning, knocking, forgetting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param, missing_param
from homeserver.protocol.ids import check_user_id, server_name_of
from homeserver.protocol.requester import Requester
from homeserver.rooms.endpoints_rooms import V3, FindProfile
from homeserver.rooms.following import Succession
from homeserver.rooms.memberships import Change, Memberships
from homeserver.rooms.service import Rooms
from homeserver.rooms.third_party import (
    ThirdPartyInvites,
    is_threepid_invite,
    read_third_party_signed,
    read_threepid_invite,
)

#: Fields of a member event that say what the server knows, and of the request that are for the server.
_NOT_OF_THE_CLIENT = frozenset(
    (
        *("membership", "displayname", "avatar_url", "is_direct", "third_party_invite", "kind", "reason"),
        *("join_authorised_via_users_server", "third_party_signed", "via", "server_name"),
    )
)

ResolveAlias = Callable[[str], Awaitable[tuple[str, list[str]]]]
"""A room alias to (room id, servers that know it); 404 `M_NOT_FOUND`."""


class MembershipEndpoints:
    """The endpoints that change who is in a room."""

    def __init__(
        self,
        rooms: Rooms,
        memberships: Memberships,
        profile: FindProfile,
        resolve: ResolveAlias,
        succession: Succession,
        third_party: ThirdPartyInvites,
    ) -> None:
        self._rooms = rooms
        self._memberships = memberships
        self._profile = profile
        self._resolve = resolve
        self._succession = succession
        self._third_party = third_party

    @route("POST", f"{V3}/join/{{roomIdOrAlias}}", access=Access.GUEST, limit="rc_joins", refuses_suspended=True)
    async def join_by_alias(self, request: Request, requester: Requester) -> Json:
        """Join a room by id or alias.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3joinroomidoralias
        """
        return await self._join(request.parameters["roomIdOrAlias"], request, requester, "join")

    @route("POST", f"{V3}/rooms/{{roomId}}/join", access=Access.GUEST, limit="rc_joins", refuses_suspended=True)
    async def join(self, request: Request, requester: Requester) -> Json:
        """Join a room by id.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidjoin
        """
        return await self._join(request.parameters["roomId"], request, requester, "join")

    @route("POST", f"{V3}/knock/{{roomIdOrAlias}}", limit="rc_joins", refuses_suspended=True)
    async def knock(self, request: Request, requester: Requester) -> Json:
        """Ask to be invited.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3knockroomidoralias
        """
        return await self._join(request.parameters["roomIdOrAlias"], request, requester, "knock")

    @route("POST", f"{V3}/rooms/{{roomId}}/leave", access=Access.GUEST)
    async def leave(self, request: Request, requester: Requester) -> Json:
        """Leave a room, or refuse an invite.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidleave
        """
        content = _reason(request.json_object(optional=True))
        change = Change(request.parameters["roomId"], requester.user_id, "leave", content)
        await self._check_known(change.room_id, requester)
        await self._memberships.change(change, requester)
        return {}

    @route("POST", f"{V3}/rooms/{{roomId}}/invite", limit="rc_invites", refuses_suspended=True)
    async def invite(self, request: Request, requester: Requester) -> Json:
        """Invite a user, or who has an address.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite
        https://spec.matrix.org/v1.19/client-server-api/#thirdparty_post_matrixclientv3roomsroomidinvite
        """
        body = request.json_object()
        content = _reason(body)
        if is_threepid_invite(body):
            wanted = read_threepid_invite(body)
            self._memberships.check_may_invite_address(requester)
            await self._third_party.invite(request.parameters["roomId"], wanted, requester, content)
            return {}
        target = _target(body)
        content.update(await self._profile_of_local(target, requester))
        await self._memberships.change(Change(request.parameters["roomId"], target, "invite", content), requester)
        return {}

    @route("POST", f"{V3}/rooms/{{roomId}}/kick", refuses_suspended=True)
    async def kick(self, request: Request, requester: Requester) -> Json:
        """Make a user leave.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidkick
        """
        body, room_id = request.json_object(), request.parameters["roomId"]
        target, _ = _target(body), _reason(body)
        room = await self._rooms.get_room_of(room_id, requester.user_id)
        if await self._rooms.occupancy.membership(room.room_nid, target) not in ("join", "invite", "knock"):
            raise forbidden(f"{target} is not in the room.")
        return await self._change(request, requester, "leave")

    @route("POST", f"{V3}/rooms/{{roomId}}/ban", refuses_suspended=True)
    async def ban(self, request: Request, requester: Requester) -> Json:
        """Keep a user out.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidban
        """
        return await self._change(request, requester, "ban")

    @route("POST", f"{V3}/rooms/{{roomId}}/unban", refuses_suspended=True)
    async def unban(self, request: Request, requester: Requester) -> Json:
        """Lift a ban.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidunban
        """
        body = request.json_object()
        target, _ = _target(body), _reason(body)
        room = await self._rooms.get_room_of(request.parameters["roomId"], requester.user_id)
        if await self._rooms.occupancy.membership(room.room_nid, target) != "ban":
            raise forbidden(f"{target} is not banned.")
        return await self._change(request, requester, "leave")

    @route("POST", f"{V3}/rooms/{{roomId}}/forget", access=Access.GUEST)
    async def forget(self, request: Request, requester: Requester) -> Json:
        """Forget a room that was left.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidforget
        """
        await self._memberships.forget(request.parameters["roomId"], requester.user_id)
        return {}

    @route("GET", f"{V3}/joined_rooms", access=Access.GUEST)
    async def joined_rooms(self, request: Request, requester: Requester) -> Json:
        """The rooms the user is joined to.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3joined_rooms
        """
        rows = await self._rooms.occupancy.memberships(requester.user_id)
        return {"joined_rooms": [row.room_id for row in rows.values() if row.membership == "join"]}

    async def _join(self, target: str, request: Request, requester: Requester, membership: str) -> Json:
        body = request.json_object(optional=True)
        content = {**(_further(body) if membership == "join" else {}), **_reason(body)}
        via = [*request.query.all("via"), *request.query.all("server_name")]
        room_id = target
        if target.startswith("#"):
            room_id, servers = await self._resolve(target)
            via.extend(servers)
        elif not target.startswith("!"):
            raise invalid_param("Neither a room id nor a room alias.")
        redemption = read_third_party_signed(room_id, body, requester.user_id) if membership == "join" else None
        if redemption is not None:
            await self._third_party.redeem(redemption)
            via.append(server_name_of(redemption.sender))
        content.update(await self._profile(requester.user_id))
        if requester.is_guest:
            content["kind"] = "guest"
        await self._memberships.change(
            Change(room_id, requester.user_id, membership, content, tuple(dict.fromkeys(via))), requester
        )
        if membership == "join":
            await self._succession.follow(requester.user_id, room_id)
        return {"room_id": room_id}

    async def _change(self, request: Request, requester: Requester, membership: str) -> Json:
        body = request.json_object()
        change = Change(request.parameters["roomId"], _target(body), membership, _reason(body))
        await self._memberships.change(change, requester)
        return {}

    async def _check_known(self, room_id: str, requester: Requester) -> None:
        room = await self._rooms.find_room(room_id)
        if room is None:
            raise MatrixError(404, "M_NOT_FOUND", "This server does not know the room.")
        if await self._rooms.occupancy.membership(room.room_nid, requester.user_id) is None:
            raise forbidden("You were never in this room.")

    async def _profile_of_local(self, user_id: str, requester: Requester) -> dict[str, str]:
        if user_id.partition(":")[2] != requester.user_id.partition(":")[2]:
            return {}
        return await self._profile(user_id)


def _target(body: dict[str, Any]) -> str:
    user_id = body.get("user_id")
    if user_id is None:
        raise missing_param("user_id: is missing.")
    if not isinstance(user_id, str):
        raise bad_json("user_id: must be a string.")
    check_user_id(user_id)
    return user_id


def _further(body: dict[str, Any]) -> dict[str, Any]:
    """What else a client wants its member event to say; it could set the event itself, with the same fields."""
    return {name: value for name, value in body.items() if name not in _NOT_OF_THE_CLIENT}


def _reason(body: dict[str, Any]) -> dict[str, Any]:
    reason = body.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise bad_json("reason: must be a string.")
    return {} if reason is None else {"reason": reason}
