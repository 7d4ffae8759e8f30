"""Who is told that a profile changed: those who share a room with the user, and the user.

https://github.com/matrix-org/matrix-spec-proposals/pull/4262
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from homeserver.database import Transaction
from homeserver.rooms import queries_members
from homeserver.slices.profile_updates import queries

_MOST_FIELDS = 200

ContentsOf = Callable[[Transaction, Collection[str]], Mapping[str, Mapping[str, Any]]]
"""(transaction, ids of local users) to each one's profile."""


class Sharing(Protocol):
    """Who shares rooms with whom."""

    def joined_rooms(self, tx: Transaction, user_id: str) -> Collection[int]:
        """The numbers of the rooms that a user is joined to."""

    def sharing_with(self, tx: Transaction, user_id: str, others: Collection[str]) -> set[str]:
        """Those of some users who share a room with this one."""

    def come_and_gone(self, tx: Transaction, user_id: str, since: int, upto: int) -> tuple[set[str], set[str]]:
        """(who has begun to share a room with a user, who shares none any more) in (since, upto]."""


class ProfileUpdates:
    """Changes of local users' profiles: other servers tell of none. Each is published under `profiles_in` with the
    number of every room of theirs as key. `note` takes part in the transactions of `Profiles.on_field_changed`.
    """

    def __init__(self, sharing: Sharing, contents_of: ContentsOf, server_name: str) -> None:
        self._sharing = sharing
        self._contents_of = contents_of
        self._suffix = f":{server_name}"

    def note(self, tx: Transaction, user_id: str, field: str) -> None:
        """A field of a user's profile was set or removed."""
        for room_nid in self._sharing.joined_rooms(tx, user_id):
            tx.publish("profiles_in", str(room_nid))
        queries.write_change(tx, user_id, field, tx.position)
        queries.delete_beyond(tx, user_id, _MOST_FIELDS)

    def changed_between(self, tx: Transaction, user_id: str, since: int, upto: int) -> Mapping[str, set[str]]:
        """Of those a user is told of, which fields changed in (since, upto]."""
        changed: dict[str, set[str]] = {}
        for other, field in queries.changed_between(tx, since, upto):
            changed.setdefault(other, set()).add(field)
        told = self._sharing.sharing_with(tx, user_id, set(changed)) | {user_id}
        return {other: fields for other, fields in changed.items() if other in told}

    def gone_between(self, tx: Transaction, user_id: str, since: int, upto: int) -> set[str]:
        """Which local users share no room with a user any more, by changes in (since, upto]."""
        _, gone = self._sharing.come_and_gone(tx, user_id, since, upto)
        return {other for other in gone if other.endswith(self._suffix)}

    def contents(self, tx: Transaction, user_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """The profiles of those of some users who are local."""
        return self._contents_of(tx, [user_id for user_id in user_ids if user_id.endswith(self._suffix)])

    def members(self, tx: Transaction, room_nid: int) -> Collection[str]:
        """The local users in a room."""
        return [user for user in queries_members.members_with(tx, room_nid, "join") if user.endswith(self._suffix)]
