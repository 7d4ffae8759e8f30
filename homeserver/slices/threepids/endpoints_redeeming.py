"""What identity servers tell of addresses that users have bound, and what other servers' users redeem here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param, missing_param, not_found
from homeserver.protocol.ids import check_user_id, server_name_of
from homeserver.rooms.third_party import Redemption, read_redemption
from homeserver.slices.threepids.redeeming import Admits, Redeeming

logger = logging.getLogger(__name__)

UserExists = Callable[[str], Awaitable[bool]]

_V1 = "/_matrix/federation/v1"
_MOST_INVITES = 100
_MOST_BODY_BYTES = 256 * 1024


class RedeemingEndpoints:
    """`/3pid/onbind` and `/exchange_third_party_invite`."""

    def __init__(self, redeeming: Redeeming, admission: Admits, user_exists: UserExists, server_name: str) -> None:
        self._redeeming = redeeming
        self._admission = admission
        self._user_exists = user_exists
        self._server_name = server_name

    @route(
        # The specification of identity servers says POST, that of homeservers PUT.
        ("PUT", "POST"),
        f"{_V1}/3pid/onbind",
        access=Access.NONE,
        limit="rc_third_party_invite",
        max_body_bytes=_MOST_BODY_BYTES,
    )
    async def on_bind(self, request: Request) -> Json:
        """An identity server tells that a user has bound an address, and which invites wait for it. Anybody may say
        so: what counts is whether the rooms' offers name the keys with which the invites are signed.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv13pidonbind
        """
        body = request.json_object()
        mxid, invites = _text(body, "mxid"), body.get("invites")
        check_user_id(mxid)
        if not isinstance(invites, list):
            raise missing_param("invites: must be a list.")
        if len(invites) > _MOST_INVITES:
            raise MatrixError(413, "M_TOO_LARGE", f"invites: no more than {_MOST_INVITES} at a time.")
        if server_name_of(mxid) != self._server_name or not await self._user_exists(mxid):
            raise not_found("The user is not of this server.")
        await self._redeeming.redeem_all({(one.room_id, one.token): one for one in _read(invites, mxid)}.values())
        return {}

    @route("PUT", f"{_V1}/exchange_third_party_invite/{{roomId}}", access=Access.SERVER)
    async def exchange(self, request: Request, origin: str) -> Json:
        """Another server's user redeems an offer in a room of this server's.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1exchange_third_party_inviteroomid
        """
        body, room_id = request.json_object(), request.parameters["roomId"]
        content = body.get("content")
        invite = content.get("third_party_invite") if isinstance(content, dict) else None
        if not isinstance(content, dict) or not isinstance(invite, dict):
            raise bad_json("content.third_party_invite: must be an object.")
        if body.get("type") != "m.room.member" or content.get("membership") != "invite":
            raise invalid_param("The event must be an invite.")
        if body.get("room_id") != room_id:
            raise invalid_param("room_id: must be the one in the path.")
        redemption = read_redemption(room_id, body.get("sender"), invite.get("signed"))
        if redemption.user_id != body.get("state_key"):
            raise forbidden("The third-party invite is for somebody else.")
        if server_name_of(redemption.user_id) != origin:
            raise forbidden("A server can only speak for its own users.")
        await self._admission.check_may_take_part(room_id, origin)
        await self._redeeming.redeem_here(redemption)
        return {}


def _read(invites: list[Any], mxid: str) -> Iterator[Redemption]:
    """Those that can be ones: they come from many servers, and a bad one is no reason to lose the others."""
    for invite in invites:
        try:
            if not isinstance(invite, dict):
                raise bad_json("An invite must be an object.")
            redemption = read_redemption(_text(invite, "room_id"), invite.get("sender"), invite.get("signed"))
        except MatrixError as error:
            logger.info("a third-party invite for %s is none: %s", mxid, error.message)
            continue
        if redemption.user_id == mxid:
            yield redemption


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        raise missing_param(f"{name}: is missing.")
    if not isinstance(value, str) or "\0" in value:
        raise bad_json(f"{name}: must be a string without null characters.")
    return value
