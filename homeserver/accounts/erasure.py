"""Who has ended their account and wants to be forgotten, and since when: in memory, kept true by the change feed.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate
"""

from __future__ import annotations

from collections.abc import Mapping

from homeserver.accounts import queries_users as queries
from homeserver.database import Change, ChangeFeed, Transaction

TOPIC = "erased_users"


class ErasedUsers:
    """Answers within a transaction, from any thread."""

    def __init__(self, feed: ChangeFeed) -> None:
        self._users: Mapping[str, int] | None = None
        self._drops = 0
        feed.subscribe(TOPIC, self._drop)

    def get(self, tx: Transaction) -> Mapping[str, int]:
        """All of them, with the position at which they were erased. On most servers, nobody."""
        users = self._users
        if users is None:
            drops = self._drops
            users = queries.erased_users(tx)
            # What was read may be older than a change that was told meanwhile; then it must not stay.
            if drops == self._drops:
                self._users = users
        return users

    def _drop(self, changes: list[Change]) -> None:
        self._drops += 1
        self._users = None
