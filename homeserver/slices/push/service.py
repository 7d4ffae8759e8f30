"""The pushers of local users.

https://spec.matrix.org/v1.19/client-server-api/#push-notifications
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, invalid_param
from homeserver.protocol.requester import Requester
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.push import queries
from homeserver.slices.push.records import EMAIL, EMAIL_APP, MOST_PUSHERS, TOPIC, Json, Pusher, PusherKey, PusherShape

OwnsAddress = Callable[[str, str], Awaitable[bool]]
"""(user id, e-mail address): whether the user has shown that it is theirs."""


class Pushers:
    """Sets and removes them. `devices_deleted` and `deactivate` take part in transactions of others. `owns_address`:
    None where this server sends no mail about what was missed."""

    def __init__(self, database: Database, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock = clock
        self.owns_address: OwnsAddress | None = None

    async def pushers_of(self, user_id: str) -> list[Json]:
        """All of a user's, as clients see them."""
        return [one.body() for one in await self._database.glance(queries.pushers_of, user_id)]

    async def set_pusher(self, requester: Requester, shape: PusherShape, *, is_appended: bool) -> None:
        """Add a pusher, or change it. Unless `is_appended`, other users have none with its key any more. Raises
        `MatrixError` 400 `M_INVALID_PARAM`, `M_LIMIT_EXCEEDED`; `M_THREEPID_NOT_FOUND` for an address not the user's.
        """
        device_id = requester.device_id
        if shape.kind == EMAIL:
            device_id = None
            await self._check_address(requester.user_id, shape.key.pushkey)
        await self._database.transact(self._set, requester.user_id, device_id, shape, is_appended)

    async def remove_pusher(self, user_id: str, key: PusherKey) -> None:
        """Remove one; harmless where it is not there."""
        await self._database.transact(self.remove, user_id, key)

    def remove(self, tx: Transaction, user_id: str, key: PusherKey) -> None:
        """The same within a transaction."""
        if queries.delete_pusher(tx, user_id, key):
            tx.publish(TOPIC, user_id)

    async def find_by_token(self, token: str) -> Pusher | None:
        """The pusher that the link in a mail ends."""
        return await self._database.glance(queries.find_by_token, token) if token and "\0" not in token else None

    async def unsubscribe(self, token: str) -> bool:
        """End the mails with this link; False where there are none."""
        pusher = await self.find_by_token(token)
        if pusher is not None:
            await self.remove_pusher(pusher.user_id, pusher.shape.key)
        return pusher is not None

    def add_mail(self, tx: Transaction, user_id: str, address: str, lang: str = "en") -> None:
        """A new user is told by mail what they miss."""
        names = {"app_display_name": "Email Notifications", "device_display_name": address[:255], "lang": lang}
        self._set(tx, user_id, None, PusherShape(PusherKey(EMAIL_APP, address), EMAIL, names, {}), True)

    def address_removed(self, tx: Transaction, user_id: str, address: str) -> None:
        """An address is the user's no more."""
        self.remove(tx, user_id, PusherKey(EMAIL_APP, address))

    def devices_deleted(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """Logins have ended: what they set goes with them."""
        queries.delete_of_devices(tx, user_id, device_ids)
        tx.publish(TOPIC, user_id)

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended."""
        queries.delete_user(tx, user_id)
        tx.publish(TOPIC, user_id)

    async def _check_address(self, user_id: str, address: str) -> None:
        if self.owns_address is None:
            raise invalid_param("kind: this server sends no mail about messages.")
        if not await self.owns_address(user_id, address):
            raise MatrixError(400, "M_THREEPID_NOT_FOUND", "pushkey: must be an e-mail address of your account.")

    def _set(self, tx: Transaction, user_id: str, device_id: str | None, shape: PusherShape, is_appended: bool) -> None:
        known = {one.shape.key for one in queries.pushers_of(tx, user_id)}
        if shape.key not in known and len(known) >= MOST_PUSHERS:
            raise MatrixError(400, "M_LIMIT_EXCEEDED", f"You have {MOST_PUSHERS} pushers already. Remove one first.")
        if not is_appended:
            for other in queries.users_with(tx, shape.key):
                if other != user_id:
                    self.remove(tx, other, shape.key)
        row = {
            "user_id": user_id,
            "app_id": shape.key.app_id,
            "pushkey": shape.key.pushkey,
            "kind": shape.kind,
            "device_id": device_id,
            "names": msgspec.json.encode(shape.names).decode(),
            "data": msgspec.json.encode(shape.data).decode(),
            "enabled": None if shape.enabled is None else int(shape.enabled),
            "ts": self._clock(),
            "position": tx.publish(TOPIC, user_id),
            "token": secrets.token_urlsafe(24) if shape.kind == EMAIL else None,
        }
        queries.write_pusher(tx, row)
