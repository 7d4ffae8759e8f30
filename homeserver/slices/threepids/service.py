"""The identifiers that users have added to their accounts.

https://spec.matrix.org/v1.19/client-server-api/#adding-account-administrative-contact-information
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.devices.records import wall_clock_ms
from homeserver.slices.threepids import queries
from homeserver.slices.threepids.records import EMAIL, Purpose, Threepid, ValidationSession, in_use
from homeserver.slices.threepids.sessions import ValidationSessions


class Threepids:
    """Knows whose an address is."""

    def __init__(self, database: Database, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock = clock
        self.on_removed: list[Callable[[Transaction, str, str, str], None]] = []
        """(transaction, user id, medium, address): called within the transaction."""

    async def threepids_of(self, user_id: str) -> list[Threepid]:
        """All of a user's."""
        return await self._database.glance(queries.threepids_of, user_id)

    async def find_user(self, medium: str, address: str) -> str | None:
        """The user an identifier belongs to."""
        if "\0" in medium + address:
            return None
        return await self._database.glance(queries.find_user, medium, address)

    async def add(self, user_id: str, sessions: ValidationSessions, sid: str, client_secret: str) -> None:
        """Add an address that was validated for this. Raises `MatrixError` 400 `M_THREEPID_IN_USE`, and as
        `ValidationSessions.get_validated`."""
        await self._database.transact(self._add, user_id, sessions, sid, client_secret)

    async def delete(self, user_id: str, medium: str, address: str) -> None:
        """Remove an identifier from an account; harmless where it is none of its."""
        await self._database.transact(self._delete, user_id, medium, address)

    def signed_up(self, tx: Transaction, user_id: str, result: Any) -> None:
        """Somebody has registered; `result` is that of the e-mail stage, or None. 400 `M_THREEPID_IN_USE`."""
        if isinstance(result, dict):
            self._insert(tx, user_id, result["address"], result["validated_ts"])

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account ends."""
        queries.delete_user(tx, user_id)

    def _delete(self, tx: Transaction, user_id: str, medium: str, address: str) -> None:
        queries.delete_threepid(tx, user_id, medium, address)
        for hook in self.on_removed:
            hook(tx, user_id, medium, address)

    def _add(self, tx: Transaction, user_id: str, sessions: ValidationSessions, sid: str, client_secret: str) -> None:
        session = sessions.take(tx, sid, client_secret, Purpose.ADD)
        if queries.find_user(tx, EMAIL, session.address) != user_id:
            self._insert(tx, user_id, session.address, validated_ts(session))

    def _insert(self, tx: Transaction, user_id: str, address: str, validated: int) -> None:
        if not queries.insert_threepid(tx, user_id, Threepid(EMAIL, address, validated, self._clock())):
            raise in_use()


def validated_ts(session: ValidationSession) -> int:
    """When a session that was validated was so."""
    assert session.validated_ts is not None
    return session.validated_ts
