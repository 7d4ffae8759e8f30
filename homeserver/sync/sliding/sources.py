"""What sliding sync is put together from, beside what `/sync` is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.database import Transaction
from homeserver.sync.encryption import EncryptionSources
from homeserver.sync.sources import Json, Sources


class RoomAccountDataSource(Protocol):
    """Account data of rooms, with where it was set."""

    def rooms_changed_since(self, tx: Transaction, user_id: str, since: int) -> Mapping[str, list[tuple[int, Json]]]:
        """Room id to (position, event) of what was set after a position."""

    def direct_rooms(self, tx: Transaction, user_id: str) -> Collection[str]:
        """The ids of the rooms that are direct chats."""


class EventReceiptSource(Protocol):
    """Receipts of certain events."""

    def receipts_at(self, tx: Transaction, room_id: str, event_ids: Collection[str], upto: int, user_id: str) -> Json:
        """The content of an `m.receipt` event, of all receipts at some events and all of the user's own."""


class ProfileSource(Protocol):
    """Profiles of local users, and when they changed."""

    def changed_between(self, tx: Transaction, user_id: str, since: int, upto: int) -> Mapping[str, set[str]]:
        """Of those a user is told of, which fields changed in (since, upto]."""

    def gone_between(self, tx: Transaction, user_id: str, since: int, upto: int) -> set[str]:
        """Who shares no room with a user any more."""

    def contents(self, tx: Transaction, user_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """The profiles of those of some users who are known."""

    def members(self, tx: Transaction, room_nid: int) -> Collection[str]:
        """The local users in a room."""


class ThreadSubscriptionSource(Protocol):
    """Which threads a user follows."""

    def changed_between(
        self, tx: Transaction, user_id: str, span: tuple[int, int], limit: int
    ) -> tuple[Json, str | None]:
        """(`subscribed` and `unsubscribed`, a token where that is not all) of the latest changes in (since, upto]."""


@dataclass(frozen=True, slots=True)
class SlidingSources:
    """All that is composed."""

    usual: Sources
    room_account_data: RoomAccountDataSource
    event_receipts: EventReceiptSource
    encryption: EncryptionSources
    profiles: ProfileSource
    threads: ThreadSubscriptionSource
