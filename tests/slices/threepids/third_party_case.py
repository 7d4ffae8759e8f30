"""What tests of invites by address have in common."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.support.api_client import Answer, Json, User
from tests.support.homeserver import Homeserver
from tests.support.identity_server import TOKEN, IdentityServer

ON_BIND = "/_matrix/federation/v1/3pid/onbind"
INSECURE = {"use_insecure_ssl_client_just_for_testing_do_not_use": True}
_numbers = count(1)


def new_address() -> str:
    """Nobody else's."""
    return f"person-{next(_numbers)}@example.org"


def by_address(identity_server: IdentityServer, address: str, /, **body: Any) -> Json:
    """The body of an invite."""
    asked = {"id_server": identity_server.name, "id_access_token": TOKEN, "medium": "email", "address": address}
    return {**asked, **body}


def tell_bound(server: Homeserver, identity_server: IdentityServer, address: str, user: User) -> Answer:
    """A user shows to have an address, and the identity server tells the homeserver."""
    return server.request("PUT", ON_BIND, identity_server.bind(address, user.user_id))


def offers(user: User, room_id: str) -> dict[str, Json]:
    """The room's `m.room.third_party_invite`s, by token."""
    state = user.get(f"/rooms/{room_id}/state")
    return {one["state_key"]: one["content"] for one in state if one["type"] == "m.room.third_party_invite"}


def membership(user: User, room_id: str, target: User) -> str | None:
    """What somebody is in a room, as a member sees it."""
    answer = user.request("GET", f"/rooms/{room_id}/state/m.room.member/{target.user_id}")
    return answer.json["membership"] if answer.status == 200 else None
