"""From an offer to whoever will have an address to the invite of a user who has it.

https://spec.matrix.org/v1.19/server-server-api/#third-party-invites
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol

from twisted.internet.defer import Deferred, gatherResults

from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.protocol.events import Event
from homeserver.protocol.ids import server_name_of
from homeserver.protocol.third_party_invites import OFFER, keys_that_signed, offered_keys
from homeserver.rooms.memberships import Memberships
from homeserver.rooms.records import EventDraft, RoomRecord
from homeserver.rooms.service import Rooms
from homeserver.rooms.third_party import Redemption, no_offer
from homeserver.slices.threepids.identity_calls import IdentityCalls

logger = logging.getLogger(__name__)

Exchange = Callable[[str, str, dict[str, Any]], Awaitable[None]]
"""(server, room id, partial member event): have the inviting server make the invite; raises `MatrixError`."""


class Admits(Protocol):
    """Which servers a room shuts out."""

    async def check_may_take_part(self, room_id: str, server_name: str) -> None:
        """Raise 403 `M_FORBIDDEN` for a server that the room shuts out."""


class Redeeming:
    """Makes invites of offers, here or at the inviting server."""

    def __init__(
        self, rooms: Rooms, memberships: Memberships, calls: IdentityCalls, exchange: Exchange, server_name: str
    ) -> None:
        self._rooms = rooms
        self._memberships = memberships
        self._calls = calls
        self._exchange = exchange
        self._server_name = server_name

    async def redeem(self, redemption: Redemption) -> None:
        """See `ThirdPartyInvites`. For a user of this server; the room may be another's."""
        inviter = server_name_of(redemption.sender)
        room = await self._find_joined(redemption.room_id)
        # The event ids of the first room versions name the sender's server, so that only that one can sign them.
        if room is not None and (inviter == self._server_name or not room.version.references_are_pairs):
            await self._redeem_inside(room, redemption)
        elif inviter == self._server_name:
            raise not_found("This server is not in the room any more.")
        else:
            await self._exchange(inviter, redemption.room_id, _partial_event(redemption))

    async def redeem_here(self, redemption: Redemption) -> None:
        """The same at the request of another server, for its user; 404 where this server is not in the room."""
        room = await self._find_joined(redemption.room_id)
        if room is None:
            raise not_found("This server is not in the room.")
        await self._redeem_inside(room, redemption)

    async def redeem_all(self, redemptions: Collection[Redemption]) -> None:
        """As many as can be. Raises the first `MatrixError` where none can."""
        errors = await gatherResults([Deferred.fromCoroutine(self._try(one)) for one in redemptions])
        failed = [error for error in errors if error is not None]
        if failed and len(failed) == len(redemptions):
            raise failed[0]

    async def _try(self, redemption: Redemption) -> MatrixError | None:
        try:
            await self.redeem(redemption)
        except MatrixError as error:
            logger.info("a third-party invite to %s cannot be redeemed: %s", redemption.room_id, error.message)
            return error
        return None

    async def _find_joined(self, room_id: str) -> RoomRecord | None:
        room = await self._rooms.find_room(room_id)
        return room if room is not None and await self._memberships.is_in_room(room) else None

    async def _redeem_inside(self, room: RoomRecord, redemption: Redemption) -> None:
        membership = await self._rooms.occupancy.membership(room.room_nid, redemption.user_id)
        if membership in ("invite", "join"):
            return
        offer = await self._rooms.find_state_event(room.room_nid, (OFFER, redemption.token))
        if offer is None or offer.sender != redemption.sender:
            raise no_offer()
        await self._check_keys(offer, redemption)
        content = {"membership": "invite", "third_party_invite": _third_party_invite(redemption, offer)}
        draft = EventDraft("m.room.member", redemption.sender, content, state_key=redemption.user_id)
        await self._memberships.append_invite(room, draft)

    async def _check_keys(self, offer: Event, redemption: Redemption) -> None:
        """One of the offer's keys must have signed and, asked for where the offer says, be good still. Only the server
        that makes the invite asks: all others must come to one mind without the identity server."""
        keys = offered_keys(offer.content)
        if not keys:
            raise no_offer()
        signing = {key.public_key for key in keys_that_signed(redemption.signed, keys)}
        if not signing:
            raise forbidden("The third-party invite's signature is wrong.")
        for public_key in signing:
            urls = {key.validity_url for key in keys if key.public_key == public_key and key.validity_url}
            if all([await self._calls.is_key_valid(url, public_key) for url in sorted(urls)]):
                return
        raise forbidden("The identity server does not say that the key of the third-party invite is valid.")


def _third_party_invite(redemption: Redemption, offer: Event) -> dict[str, Any]:
    name = offer.content.get("display_name")
    return {"display_name": name if isinstance(name, str) else "", "signed": redemption.signed}


def _partial_event(redemption: Redemption) -> dict[str, Any]:
    """https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1exchange_third_party_inviteroomid"""
    content = {
        "membership": "invite",
        # The inviting server has the name that goes into the event.
        "third_party_invite": {"display_name": redemption.user_id, "signed": redemption.signed},
    }
    return {
        "type": "m.room.member",
        "room_id": redemption.room_id,
        "sender": redemption.sender,
        "state_key": redemption.user_id,
        "content": content,
    }
