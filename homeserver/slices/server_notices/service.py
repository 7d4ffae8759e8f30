"""Sending notices: to each user in one room, which the server's own user makes and invites them to.

https://spec.matrix.org/v1.19/client-server-api/#server-notices
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock

from homeserver.accounts.service import Accounts
from homeserver.config.server_notices import ServerNoticesConfig
from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, not_found
from homeserver.protocol.requester import Requester
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.rooms.creation import RoomRequest
from homeserver.rooms.founding import Founding
from homeserver.rooms.memberships import Change, Memberships
from homeserver.rooms.records import EventDraft
from homeserver.rooms.service import Rooms, TransactionKey
from homeserver.slices.server_notices import queries

TAG = "m.server_notice"
#: Nobody answers in it.
_MUTED = {"users_default": -10}

Json = dict[str, Any]

PutTag = Callable[[str, str, str, Json], Awaitable[None]]
"""(user id, room id, tag, what it says): tag a user's room."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An event that a user is to get."""

    user_id: str
    content: Json
    type: str = "m.room.message"
    state_key: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeParts:
    """What works together. `user_id`: the server's own user. `default_version`: of the rooms."""

    database: Database
    rooms: Rooms
    memberships: Memberships
    founding: Founding
    accounts: Accounts
    put_tag: PutTag
    default_version: str
    user_id: str


class ServerNotices:
    """Sends them. Used on the reactor thread."""

    def __init__(self, parts: NoticeParts, config: ServerNoticesConfig) -> None:
        self._parts = parts
        self._config = config
        self._lock = DeferredLock()
        self._requester = Requester(parts.user_id, None, 0)

    async def send(self, notice: Notice, txn: TransactionKey | None = None) -> str:
        """Send a notice; the event's id. The same transaction key gives the event of the first time.

        Raises `MatrixError` 404 where there is no such user, 400 where the name of the server's own user is taken.
        """
        if not await self._parts.accounts.user_exists(notice.user_id):
            raise not_found("There is no such user.")
        # One after another, so that nobody gets two rooms.
        room_id = await self._lock.run(self._room_in_turn, notice.user_id)
        draft = EventDraft(notice.type, self._parts.user_id, notice.content, state_key=notice.state_key)
        return await self._parts.rooms.send(room_id, draft, self._requester, txn)

    async def check_may_refuse(self, room_id: str, user_id: str) -> None:
        """Raise 403 `M_CANNOT_LEAVE_SERVER_NOTICE_ROOM` for an invite to the room of a user's notices."""
        if await self._parts.database.glance(queries.find_room, user_id) == room_id:
            raise MatrixError(
                403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM", "The invite to this server's notices cannot be refused."
            )

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended: it gets no more."""
        queries.delete_user(tx, user_id)

    def _room_in_turn(self, user_id: str) -> Any:
        return Deferred.fromCoroutine(self._room(user_id))

    async def _room(self, user_id: str) -> str:
        """The room of a user's notices, with the user in it or invited to it."""
        parts = self._parts
        await self._begin()
        room_id = await parts.database.glance(queries.find_room, user_id)
        known = None if room_id is None else await parts.rooms.find_room(room_id)
        if known is None or await parts.rooms.occupancy.membership(known.room_nid, parts.user_id) != "join":
            return await self._new_room(user_id)
        if await parts.rooms.occupancy.membership(known.room_nid, user_id) not in ("join", "invite"):
            await self._invite(user_id, known.room_id)
        return known.room_id

    async def _begin(self) -> None:
        """The server's own user, who has no password, so that nobody is it."""
        user = await self._parts.accounts.find_user(self._parts.user_id)
        if user is None:
            await self._parts.accounts.register(self._parts.user_id)
        elif user.has_password or user.is_deactivated:
            raise MatrixError(
                400, "M_UNKNOWN", f"{self._parts.user_id} is somebody's account; server_notices must name another."
            )

    async def _new_room(self, user_id: str) -> str:
        config, creator = self._config, self._parts.user_id
        state = []
        if config.room_avatar_url is not None:
            state.append(EventDraft("m.room.avatar", creator, {"url": config.room_avatar_url}, state_key=""))
        request = RoomRequest(
            creator=creator,
            version=ROOM_VERSIONS[self._parts.default_version],
            preset="private_chat",
            is_public=False,
            name=config.room_name,
            topic=config.room_topic,
            initial_state=tuple(state),
            power_override=_MUTED,
            profile=self._profile(),
        )
        room_id = await self._parts.founding.create(request, self._requester)
        await self._parts.database.transact(queries.write_room, user_id, room_id)
        await self._invite(user_id, room_id)
        return room_id

    async def _invite(self, user_id: str, room_id: str) -> None:
        """Tagged first, so that the client knows what it is invited to."""
        await self._parts.put_tag(user_id, room_id, TAG, {})
        draft = EventDraft("m.room.member", self._parts.user_id, {"membership": "invite"}, state_key=user_id)
        await self._parts.rooms.send(room_id, draft, self._requester)
        if self._config.auto_join:
            await self._parts.memberships.change(Change(room_id, user_id, "join"), Requester(user_id, None, 0))

    def _profile(self) -> dict[str, str]:
        profile = {"displayname": self._config.display_name, "avatar_url": self._config.avatar_url}
        return {key: value for key, value in profile.items() if value is not None}
