"""Reading and changing profiles.

https://spec.matrix.org/v1.19/client-server-api/#profiles
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import DeferredLock

from homeserver.accounts.records import User
from homeserver.accounts.registration import in_background
from homeserver.database import Database, Transaction
from homeserver.profiles import queries
from homeserver.profiles.records import (
    GREATEST_DISPLAYNAME_LENGTH,
    MEMBER_FIELDS,
    Profile,
    check_key,
    check_size,
    check_value,
)
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.protocol.ids import check_user_id, localpart_of, server_name_of
from homeserver.protocol.requester import Requester

FetchRemote = Callable[[str, str, str | None], Awaitable[dict[str, Any]]]
"""(server, user id, field or None for all) to the profile; raises `MatrixError`."""

SetInRooms = Callable[[Requester, str, dict[str, str | None]], Awaitable[None]]
"""(requester, user id, display name and avatar that changed): update the member events of the user's rooms."""


OnProfile = Callable[[Transaction, str, str | None, str | None], None]
"""(transaction, user id, display name, avatar): called within the transaction that changes a local user's profile."""

OnField = Callable[[Transaction, str, str], None]
"""(transaction, user id, field): called within the transaction that sets or removes it."""


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """Which of the two fields users may change themselves; administrators always may."""

    server_name: str
    may_set_displayname: bool = True
    may_set_avatar_url: bool = True


class Profiles:
    """The profiles of local users, and those of others by asking their servers.

    Each change is published under the topic `profiles` with the user's id as key. `register` and `deactivate` take part
    in the transactions of `AccountHooks.on_registered` and `on_deactivated`. `on_changed`: slices that keep a name;
    `on_field_changed`: those that tell of changes.
    """

    def __init__(
        self, database: Database, settings: ProfileSettings, fetch_remote: FetchRemote, set_in_rooms: SetInRooms
    ) -> None:
        self._database = database
        self._settings = settings
        self._fetch_remote = fetch_remote
        self._set_in_rooms = set_in_rooms
        self._spreading: dict[str, DeferredLock] = {}
        self.on_changed: list[OnProfile] = []
        self.on_field_changed: list[OnField] = []

    async def get_profile(self, user_id: str) -> dict[str, Any]:
        """All fields of anybody's profile; 404 `M_NOT_FOUND` for an unknown user, 403 where the server will not say."""
        if not self._is_local(user_id):
            return await self._fetch_remote(server_name_of(user_id), user_id, None)
        return await self.get_local_profile(user_id)

    async def get_field(self, user_id: str, key: str) -> Any:
        """One field of anybody's profile; 404 `M_NOT_FOUND` where there is none."""
        if self._is_local(user_id):
            profile = await self.get_local_profile(user_id)
        else:
            profile = await self._fetch_remote(server_name_of(user_id), user_id, key)
        if key not in profile:
            raise not_found(f"{user_id} has no profile field {key}.")
        return profile[key]

    async def get_local_profile(self, user_id: str) -> dict[str, Any]:
        """All fields of a local user's profile; 404 `M_NOT_FOUND`."""
        profile = await self._database.glance(queries.find_profile, user_id)
        if profile is None:
            raise not_found("There is no such user.")
        return profile.content()

    async def find_profile(self, user_id: str) -> dict[str, str]:
        """The `displayname` and `avatar_url` of a local user, for member events; empty where there are none."""
        profile = await self._database.glance(queries.find_profile, user_id)
        return {} if profile is None else profile.member_content()

    def contents_of(self, tx: Transaction, user_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """The profiles of those of some users who have one here, within a transaction."""
        return {user_id: profile.content() for user_id, profile in queries.profiles_of(tx, user_ids).items()}

    async def set_field(self, requester: Requester, key: str, value: Any) -> None:
        """Set a field of the requester's own; 400 `M_INVALID_PARAM`, `M_BAD_JSON`, `M_KEY_TOO_LARGE`,
        `M_PROFILE_TOO_LARGE`; 403 where users may not change it."""
        check_key(key)
        check_value(key, value)
        await self._change(requester, key, lambda profile: profile.with_field(key, value))

    async def delete_field(self, requester: Requester, key: str) -> None:
        """Remove a field of the requester's own, if it is there; 400 `M_INVALID_PARAM`, 403 as `set_field`."""
        check_key(key)
        await self._change(requester, key, lambda profile: profile.without(key))

    def register(self, tx: Transaction, user: User, displayname: str | None) -> None:
        """A new account: it is called by its localpart unless something better is known."""
        name = localpart_of(user.user_id) if displayname is None else displayname.replace("\0", "")
        tx.publish("profiles", user.user_id)
        self._save(tx, user.user_id, Profile(name[:GREATEST_DISPLAYNAME_LENGTH] or None), None)

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended: where it is to be erased, so is its profile."""
        if erase:
            tx.publish("profiles", user_id)
            before = queries.find_profile(tx, user_id) or Profile()
            self._save(tx, user_id, Profile(), None)
            self._note_fields(tx, user_id, before.content())

    async def resume(self) -> None:
        """At start: carry the changes that a stop interrupted into the rooms."""
        for user_id in await self._database.read(queries.spreading_users):
            in_background(self._spread(Requester(user_id, None, 0), MEMBER_FIELDS), "a change of profile")

    def _is_local(self, user_id: str) -> bool:
        check_user_id(user_id)
        return server_name_of(user_id) == self._settings.server_name

    async def _change(self, requester: Requester, key: str, change: Callable[[Profile], Profile]) -> None:
        self._check_may_change(requester, key)
        lock = f"profile:{requester.user_id}"
        stale = await self._database.transact(self._write, requester.user_id, key, change, locks=(lock,))
        if stale:
            await self._spread(requester, stale)

    def _check_may_change(self, requester: Requester, key: str) -> None:
        if requester.is_guest and key != "displayname":
            raise MatrixError(403, "M_GUEST_ACCESS_FORBIDDEN", "Guests may change no more than their display name.")
        is_open = {
            "displayname": self._settings.may_set_displayname,
            "avatar_url": self._settings.may_set_avatar_url,
        }
        if not is_open.get(key, True) and not requester.is_admin:
            raise forbidden(f"This server does not let users change their {key}.")

    def _write(self, tx: Transaction, user_id: str, key: str, change: Callable[[Profile], Profile]) -> tuple[str, ...]:
        """The fields that the user's rooms do not show: the one changed, and all after a change got stuck."""
        before = queries.find_profile(tx, user_id) or Profile()
        spreading = queries.find_spreading(tx, user_id)
        stale: tuple[str, ...] = () if spreading is None else MEMBER_FIELDS
        profile = change(before)
        if profile == before:
            return stale
        check_size(profile)
        position = tx.publish("profiles", user_id)
        if key in MEMBER_FIELDS:
            spreading = position
            stale = stale or (key,)
        self._save(tx, user_id, profile, spreading)
        self._note_fields(tx, user_id, [key])
        return stale

    def _note_fields(self, tx: Transaction, user_id: str, keys: Iterable[str]) -> None:
        for key in keys:
            for hook in self.on_field_changed:
                hook(tx, user_id, key)

    def _save(self, tx: Transaction, user_id: str, profile: Profile, spreading: int | None) -> None:
        queries.write_profile(tx, user_id, profile, spreading)
        for hook in self.on_changed:
            hook(tx, user_id, profile.displayname, profile.avatar_url)

    async def _spread(self, requester: Requester, keys: tuple[str, ...]) -> None:
        """Carry what the profile says now into the rooms; one change after another, so that the last one stays."""
        user_id = requester.user_id
        lock = self._spreading.setdefault(user_id, DeferredLock())
        await lock.acquire()
        try:
            position = await self._database.glance(queries.find_spreading, user_id)
            content = await self.find_profile(user_id)
            await self._set_in_rooms(requester, user_id, {key: content.get(key) for key in keys})
            if position is not None:
                await self._database.transact(queries.note_spread, user_id, position)
        finally:
            lock.release()
            if not lock.locked:
                self._spreading.pop(user_id, None)
