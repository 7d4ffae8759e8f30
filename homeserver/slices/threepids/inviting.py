"""Inviting people by their address: who an identity server knows to have it, or whoever will have it.

https://spec.matrix.org/v1.19/client-server-api/#third-party-invites
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from homeserver.protocol.base64 import encode_base64_url
from homeserver.protocol.errors import MatrixError, invalid_param
from homeserver.protocol.ids import is_valid_user_id, server_name_of
from homeserver.protocol.requester import Requester
from homeserver.protocol.third_party_invites import OFFER
from homeserver.rooms.facts import RoomFacts
from homeserver.rooms.memberships import Change, Memberships
from homeserver.rooms.records import EventDraft
from homeserver.rooms.service import Rooms
from homeserver.rooms.third_party import ThreepidInvite
from homeserver.slices.threepids.identity_calls import IdentityCalls, bad_answer
from homeserver.slices.threepids.records import EMAIL, MEDIA, check_address

_V2 = "/_matrix/identity/v2"
_TOKEN = re.compile(r"[0-9a-zA-Z.=_-]{1,255}")
_MSISDN = re.compile(r"[1-9][0-9]{3,14}")
_MOST_KEYS = 10
_MOST_NAME = 255
#: Field of `store-invite`, and of the room's entry in a list of rooms.
_ROOM_FIELDS = (
    ("room_name", "name"),
    ("room_alias", "canonical_alias"),
    ("room_avatar_url", "avatar_url"),
    ("room_join_rules", "join_rule"),
    ("room_type", "room_type"),
)

FindProfile = Callable[[str], Awaitable[dict[str, str]]]
"""A user's id to the `displayname` and `avatar_url` that go into member events."""


class Inviting:
    """Asks identity servers, and invites."""

    def __init__(
        self, rooms: Rooms, facts: RoomFacts, memberships: Memberships, calls: IdentityCalls, profile: FindProfile
    ) -> None:
        self._rooms = rooms
        self._facts = facts
        self._memberships = memberships
        self._calls = calls
        self._profile = profile

    async def invite(self, room_id: str, invite: ThreepidInvite, requester: Requester, content: dict[str, Any]) -> None:
        """See `ThirdPartyInvites`."""
        address = _checked_address(invite)
        await self._facts.check_may_invite(room_id, requester.user_id)
        user_id = await self._find_user(invite, address)
        if user_id is not None:
            if server_name_of(user_id) == server_name_of(requester.user_id):
                content = {**content, **await self._profile(user_id)}
            await self._memberships.change(Change(room_id, user_id, "invite", content), requester)
            return
        self._memberships.check_may_invite(requester, room_id, f"{invite.medium} {address}")
        token, offer = await self._offer(room_id, invite, address, requester.user_id)
        await self._rooms.send(room_id, EventDraft(OFFER, requester.user_id, offer, state_key=token), requester)

    async def _find_user(self, invite: ThreepidInvite, address: str) -> str | None:
        """Who has bound the address. The pepper may change between two requests; then they are made anew, once."""
        try:
            return await self._look_up(invite, address)
        except MatrixError as error:
            if error.errcode != "M_INVALID_PEPPER":
                raise
        return await self._look_up(invite, address)

    async def _look_up(self, invite: ThreepidInvite, address: str) -> str | None:
        """https://spec.matrix.org/v1.19/identity-service-api/#post_matrixidentityv2lookup"""
        details = await self._calls.ask(invite.id_server, f"{_V2}/hash_details", invite.id_access_token)
        pepper, algorithms = details.get("lookup_pepper"), details.get("algorithms")
        if not isinstance(pepper, str) or not isinstance(algorithms, list) or "sha256" not in algorithms:
            raise bad_answer("how to look up addresses by SHA-256")
        text = f"{address} {invite.medium} {pepper}"
        hashed = encode_base64_url(hashlib.sha256(text.encode("utf-8", "replace")).digest())
        body = {"algorithm": "sha256", "pepper": pepper, "addresses": [hashed]}
        answer = await self._calls.ask(invite.id_server, f"{_V2}/lookup", invite.id_access_token, body)
        mappings = answer.get("mappings")
        user_id = mappings.get(hashed) if isinstance(mappings, dict) else None
        if user_id is not None and not (isinstance(user_id, str) and is_valid_user_id(user_id)):
            raise bad_answer("who has the address")
        return user_id

    async def _offer(
        self, room_id: str, invite: ThreepidInvite, address: str, sender: str
    ) -> tuple[str, dict[str, Any]]:
        """(token, content of the `m.room.third_party_invite`).

        https://spec.matrix.org/v1.19/identity-service-api/#post_matrixidentityv2store-invite
        """
        room = await self._facts.describe(room_id) or {}
        profile = await self._profile(sender)
        body = {"medium": invite.medium, "address": address, "room_id": room_id, "sender": sender}
        body |= {field: room[name] for field, name in _ROOM_FIELDS if name in room}
        body |= {f"sender_{field}": profile[name] for field, name in _SENDER_FIELDS if name in profile}
        answer = await self._calls.ask(invite.id_server, f"{_V2}/store-invite", invite.id_access_token, body)
        return _read_stored(answer)


_SENDER_FIELDS = (("display_name", "displayname"), ("avatar_url", "avatar_url"))


def _checked_address(invite: ThreepidInvite) -> str:
    """The address in the form in which identity servers have it.

    https://spec.matrix.org/v1.19/appendices/#3pid-types
    """
    if invite.medium not in MEDIA:
        raise invalid_param(f"medium: must be one of {', '.join(MEDIA)}.")
    if invite.medium == EMAIL:
        return check_address(invite.address)
    if _MSISDN.fullmatch(invite.address) is None:
        raise invalid_param("address: must be a telephone number of digits alone, with the country's code.")
    return invite.address


def _read_stored(answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    token, name, keys = answer.get("token"), answer.get("display_name"), answer.get("public_keys")
    if not isinstance(token, str) or _TOKEN.fullmatch(token) is None or not isinstance(name, str):
        raise bad_answer("under which token and name it has stored the invite")
    if not isinstance(keys, list) or not keys or not all(_is_key(key) for key in keys):
        raise bad_answer("with which keys it will sign the invite")
    kept = [{"public_key": key["public_key"], "key_validity_url": key["key_validity_url"]} for key in keys[:_MOST_KEYS]]
    # The first is the one the server has for long; older servers know no other place for it.
    return token, {"display_name": name[:_MOST_NAME], **kept[0], "public_keys": kept}


def _is_key(key: Any) -> bool:
    if not isinstance(key, dict) or not isinstance(key.get("public_key"), str):
        return False
    url = key.get("key_validity_url")
    return isinstance(url, str) and urlsplit(url).scheme == "https"
