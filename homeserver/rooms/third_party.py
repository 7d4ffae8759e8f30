"""Invites by e-mail address or telephone number: what clients ask for, and what rooms need done for it.

https://spec.matrix.org/v1.19/client-server-api/#third-party-invites
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param, missing_param
from homeserver.protocol.ids import check_room_id, check_user_id
from homeserver.protocol.requester import Requester

_FIELDS = ("medium", "address", "id_server", "id_access_token")
_SIGNED_FIELDS = ("sender", "mxid", "token", "signatures")
_MOST_TOKEN = 255


@dataclass(frozen=True, slots=True)
class ThreepidInvite:
    """Somebody to invite, the identity server that may know who that is, and the inviter's right to ask it."""

    medium: str
    address: str
    id_server: str
    id_access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redemption:
    """What makes an `m.room.third_party_invite` of `sender` an invite of a user: an object that the identity server
    signed, with the user's `mxid` and the `token`, which have been checked to be strings."""

    room_id: str
    sender: str
    signed: dict[str, Any]

    @property
    def user_id(self) -> str:
        """Who is invited."""
        return str(self.signed["mxid"])

    @property
    def token(self) -> str:
        """The state key of the `m.room.third_party_invite`."""
        return str(self.signed["token"])


class ThirdPartyInvites(Protocol):
    """Invites and redeems."""

    async def invite(self, room_id: str, invite: ThreepidInvite, requester: Requester, content: dict[str, Any]) -> None:
        """Invite who has an address, with further `content` of the member event, or whoever will have it. Raises
        `MatrixError`: 403 by the room's rules, and what the identity server answers."""

    async def redeem(self, redemption: Redemption) -> None:
        """Make it an invite; harmless for who is invited or in the room already. Raises `MatrixError`: 403 where the
        room has no such offer or its keys are not good, 502 where the inviting server cannot be reached."""


def is_threepid_invite(body: dict[str, Any]) -> bool:
    """Whether an invite names an address in place of a user."""
    return "user_id" not in body and any(name in body for name in _FIELDS)


def read_threepid_invite(body: Any) -> ThreepidInvite:
    """The invite in a body, its form checked. 400 `M_MISSING_PARAM` or `M_BAD_JSON` for what is none."""
    if not isinstance(body, dict):
        raise bad_json("A third-party invite must be an object.")
    for name in _FIELDS:
        if body.get(name) is None:
            raise missing_param(f"{name}: is missing.")
        if not isinstance(body[name], str):
            raise bad_json(f"{name}: must be a string.")
    return ThreepidInvite(*(body[name] for name in _FIELDS))


def read_redemption(room_id: str, sender: Any, signed: Any) -> Redemption:
    """A redemption as somebody else sends it; 400 for what cannot be one."""
    if not isinstance(signed, dict) or not isinstance(signed.get("signatures"), dict):
        raise bad_json("signed: must be an object with signatures.")
    mxid, token = signed.get("mxid"), signed.get("token")
    if not isinstance(mxid, str) or not isinstance(sender, str) or not isinstance(token, str):
        raise bad_json("The sender, mxid and token must be strings.")
    check_room_id(room_id)
    check_user_id(mxid)
    check_user_id(sender)
    if not 0 < len(token) <= _MOST_TOKEN or not (token.isascii() and token.isprintable()):
        raise invalid_param("token: must have 1 to 255 printable characters.")
    return Redemption(room_id, sender, signed)


def read_third_party_signed(room_id: str, body: dict[str, Any], user_id: str) -> Redemption | None:
    """What a user who joins shows to have been invited by; None for nothing.

    https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3joinroomidoralias
    """
    signed = body.get("third_party_signed")
    if signed is None:
        return None
    if not isinstance(signed, dict):
        raise bad_json("third_party_signed: must be an object.")
    for name in _SIGNED_FIELDS:
        if name not in signed:
            raise missing_param(f"third_party_signed.{name}: is missing.")
    redemption = read_redemption(room_id, signed["sender"], signed)
    if redemption.user_id != user_id:
        raise forbidden("third_party_signed: is for somebody else.")
    return redemption


def no_offer() -> MatrixError:
    """403: nobody has made such an offer, or it was taken back."""
    return forbidden("The room has no such third-party invite.")
