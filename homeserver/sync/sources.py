"""What `/sync` asks of the slices it composes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.database import Transaction

Json = dict[str, Any]


class InviteSource(Protocol):
    """Whose invites users want to see."""

    def hides(self, tx: Transaction, user_id: str, inviters: Collection[str]) -> set[str]:
        """Those of whom the user does not."""


class AccountDataSource(Protocol):
    """Account data, each as `{"type", "content"}`, changed after a position (all of it since 0)."""

    def global_since(self, tx: Transaction, user_id: str, since: int) -> list[Json]:
        """The user's own."""

    def rooms_since(self, tx: Transaction, user_id: str, since: int) -> Mapping[str, list[Json]]:
        """By room id."""

    def of_room(self, tx: Transaction, user_id: str, room_id: str) -> list[Json]:
        """All of one room's, whenever it was set."""

    def ignored_users(self, tx: Transaction, user_id: str) -> Collection[str]:
        """Whose messages and invites the user does not want to see."""

    @property
    def invites(self) -> InviteSource:
        """Of whose invites users are told."""


class ReceiptSource(Protocol):
    """Read receipts."""

    def receipts_between(
        self, tx: Transaction, room_ids: Collection[str], since: int, upto: int, user_id: str
    ) -> Mapping[str, Json]:
        """Room id to the content of an `m.receipt` event, of what changed in (since, upto]."""


class Unread(Protocol):
    """What is not read of a room. Each count: (notifications, those of them that are highlighted)."""

    @property
    def main(self) -> tuple[int, int]:
        """Of the main timeline."""

    @property
    def threads(self) -> Mapping[str, tuple[int, int]]:
        """Of the threads in which there is anything, by their roots' ids."""

    @property
    def total(self) -> tuple[int, int]:
        """Of all timelines."""


class UnreadSource(Protocol):
    """What users have not read."""

    def unread(self, tx: Transaction, user_id: str, room_nid: int) -> Unread:
        """What a user who is joined to a room has not read of it."""


class TypingSource(Protocol):
    """Who is typing."""

    def typing_since(self, room_nid: int, volatile: int) -> list[str] | None:
        """The users typing, where that changed after a serial; None where it did not."""


class PresenceSource(Protocol):
    """Who is online."""

    def presence_since(self, user_id: str, volatile: int) -> list[Json]:
        """`m.presence` events of the users this one may see, changed after a serial (all since 0)."""

    def presence_of(self, user_ids: Iterable[str]) -> list[Json]:
        """`m.presence` events of users, whether or not the reader may see them."""

    def presence_of_unknown(self, user_ids: Iterable[str]) -> list[Json]:
        """`m.presence` events of those of the users who have not been seen yet."""

    def set_presence(self, user_id: str, presence: str, device_id: str = "") -> None:
        """A device of the user is syncing with this `set_presence`."""

    async def settled(self) -> None:
        """Wait, not for long, until those are told who see what has just changed."""


class PushRuleSource(Protocol):
    """Push rules, as the account data event `m.push_rules`."""

    def push_rules_since(self, tx: Transaction, user_id: str, since: int) -> list[Json]:
        """The event, where the rules changed after a position."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All that is composed."""

    account_data: AccountDataSource
    receipts: ReceiptSource
    typing: TypingSource
    presence: PresenceSource
    push_rules: PushRuleSource
    notifications: UnreadSource
